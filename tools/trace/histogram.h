// Job: a distribution of times in constant memory, as an HDR histogram keeps one: linear buckets within each power of
// two.
//
// Invariant: quantile() is at most 1/kSteps (0.4 %) above what sorting all values would give, and never below it;
// count, sum, min and max are exact.
//
// One thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace memgc::trace {

class Histogram {
 public:
  static constexpr unsigned kStepBits = 8;
  static constexpr std::uint64_t kSteps = 1u << kStepBits;  // buckets in each power of two

  void add(std::uint64_t value);

  std::uint64_t count() const { return count_; }
  std::uint64_t min() const { return min_; }
  std::uint64_t max() const { return max_; }
  double sum() const { return sum_; }
  // visit(value, count) for each value that there is, low to high; as a bucket says it, at most 1/kSteps above.
  template <typename Visit>
  void each(const Visit& visit) const {
    for (std::size_t i = 0; i < buckets_.size(); ++i) {
      if (buckets_[i] > 0) visit(top(i), buckets_[i]);
    }
  }
  // The value at rank ceil(q x count), 0 < q <= 1. Zero if there are none.
  std::uint64_t quantile(double q) const;

 private:
  std::uint64_t top(std::size_t bucket) const;

  std::vector<std::uint64_t> buckets_;  // as far as the greatest value needs, at most 57 x kSteps
  std::uint64_t count_ = 0;
  std::uint64_t min_ = UINT64_MAX;
  std::uint64_t max_ = 0;
  double sum_ = 0;
};

}  // namespace memgc::trace
