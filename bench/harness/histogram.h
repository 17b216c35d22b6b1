// Job: how many of many durations were how long, in little memory: buckets as wide as a 32nd of what they hold.
//
// Invariant: recording costs a few instructions and never allocates, so that it disturbs nothing. Threads: of one.
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>

namespace memgc_bench {

class LatencyHistogram {
 public:
  void add(std::uint64_t ns) {
    ++counts_[bucket_of(ns)];
    ++count_;
    max_ = std::max(max_, ns);
  }

  std::uint64_t count() const { return count_; }
  std::uint64_t max() const { return max_; }

  /// What a share `q` of all values does not exceed, at most a 32nd too high; 0 of nothing.
  std::uint64_t quantile(double q) const {
    const double rank = std::max(1.0, std::ceil(q * static_cast<double>(count_)));
    std::uint64_t seen = 0;
    for (std::size_t bucket = 0; bucket < kBuckets; ++bucket) {
      seen += counts_[bucket];
      if (static_cast<double>(seen) >= rank) return std::min(last_of(bucket), max_);
    }
    return max_;
  }

 private:
  // Values below kParts have a bucket each; from there on, every power of two is divided into kParts.
  static constexpr unsigned kPartBits = 5;
  static constexpr std::uint64_t kParts = 1 << kPartBits;
  static constexpr std::size_t kBuckets = (64 - kPartBits + 1) * kParts;

  static std::size_t bucket_of(std::uint64_t value) {
    if (value < kParts) return value;
    const auto shift = static_cast<unsigned>(std::bit_width(value)) - 1 - kPartBits;
    return shift * kParts + (value >> shift);
  }
  static std::uint64_t last_of(std::size_t bucket) {
    if (bucket < kParts) return bucket;
    const std::uint64_t shift = bucket / kParts - 1;
    return ((bucket % kParts + kParts + 1) << shift) - 1;
  }

  std::array<std::uint64_t, kBuckets> counts_{};
  std::uint64_t count_ = 0;
  std::uint64_t max_ = 0;
};

}  // namespace memgc_bench
