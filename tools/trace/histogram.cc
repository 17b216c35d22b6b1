// Job: see histogram.h.
#include "histogram.h"

#include <algorithm>
#include <bit>
#include <cmath>

namespace memgc::trace {
namespace {

constexpr unsigned kBits = Histogram::kStepBits;

// Values below kSteps have a bucket each; above, the kBits bits after the leading one choose the bucket.
std::size_t bucket_of(std::uint64_t value) {
  if (value < Histogram::kSteps) return value;
  const auto octave = static_cast<unsigned>(std::bit_width(value)) - 1 - kBits;
  return (std::size_t{octave} << kBits) + (value >> octave);
}

// The greatest value that falls into the bucket.
std::uint64_t bucket_top(std::size_t bucket) {
  if (bucket < Histogram::kSteps) return bucket;
  const std::size_t octave = (bucket >> kBits) - 1;
  const std::uint64_t first = (bucket - (octave << kBits)) << octave;
  return first + ((std::uint64_t{1} << octave) - 1);
}

}  // namespace

void Histogram::add(std::uint64_t value) {
  const std::size_t bucket = bucket_of(value);
  if (bucket >= buckets_.size()) buckets_.resize(bucket + 1);
  ++buckets_[bucket];
  ++count_;
  sum_ += static_cast<double>(value);
  min_ = std::min(min_, value);
  max_ = std::max(max_, value);
}

std::uint64_t Histogram::top(std::size_t bucket) const { return std::clamp(bucket_top(bucket), min_, max_); }

std::uint64_t Histogram::quantile(double q) const {
  const auto rank = static_cast<std::uint64_t>(std::ceil(q * static_cast<double>(count_)));
  std::uint64_t seen = 0;
  for (std::size_t i = 0; i < buckets_.size(); ++i) {
    seen += buckets_[i];
    if (seen >= rank && seen > 0) return top(i);
  }
  return 0;
}

}  // namespace memgc::trace
