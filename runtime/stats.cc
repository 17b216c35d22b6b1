// Job: the histogram of stops. See memgc/stats.h.
#include "memgc/stats.h"

#include <algorithm>
#include <bit>
#include <cmath>

namespace memgc {

// Below 16 ns a bucket is one ns; above, the four bits under the leading one choose among 16 (HdrHistogram's scheme).
std::size_t StopHistogram::bucket_of(std::uint64_t ns) {
  if (ns < kSubBuckets) return static_cast<std::size_t>(ns);
  const auto exponent = static_cast<unsigned>(std::bit_width(ns)) - 5;  // ns >> exponent lies in [16, 32)
  const std::size_t bucket =
      (std::size_t{exponent} + 1) * kSubBuckets + static_cast<std::size_t>((ns >> exponent) - kSubBuckets);
  return std::min(bucket, kBuckets - 1);
}

std::uint64_t StopHistogram::upper_bound_ns(std::size_t bucket) {
  if (bucket < kSubBuckets) return bucket;
  const std::size_t exponent = bucket / kSubBuckets - 1;
  return ((std::uint64_t{bucket % kSubBuckets} + kSubBuckets + 1) << exponent) - 1;
}

void StopHistogram::add(std::uint64_t ns) {
  ++buckets_[bucket_of(ns)];
  ++count_;
  total_ns_ += ns;
  max_ns_ = std::max(max_ns_, ns);
}

std::uint64_t StopHistogram::quantile(double q) const {
  if (count_ == 0) return 0;
  const auto rank = static_cast<std::uint64_t>(std::ceil(std::clamp(q, 0.0, 1.0) * static_cast<double>(count_)));
  std::uint64_t seen = 0;
  for (std::size_t bucket = 0; bucket < kBuckets; ++bucket) {
    seen += buckets_[bucket];
    if (seen >= std::max<std::uint64_t>(rank, 1)) return std::min(upper_bound_ns(bucket), max_ns_);
  }
  return max_ns_;
}

}  // namespace memgc
