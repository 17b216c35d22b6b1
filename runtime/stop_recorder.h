// Job: record how long mutators were held up, from any thread, without a lock.
#pragma once

#include <algorithm>
#include <atomic>
#include <cstdint>

#include "memgc/metrics.h"
#include "memgc/stats.h"

namespace memgc {

class StopRecorder {
 public:
  void add(std::uint64_t ns) {
    buckets_[StopHistogram::bucket_of(ns)].fetch_add(1, std::memory_order_relaxed);
    const auto bound = std::lower_bound(StopBuckets::bounds_ns.begin(), StopBuckets::bounds_ns.end(), ns);
    within_[static_cast<std::size_t>(bound - StopBuckets::bounds_ns.begin())].fetch_add(1, std::memory_order_relaxed);
    total_ns_.fetch_add(ns, std::memory_order_relaxed);
    std::uint64_t longest = max_ns_.load(std::memory_order_relaxed);
    while (ns > longest && !max_ns_.compare_exchange_weak(longest, ns, std::memory_order_relaxed)) {
    }
  }

  /// A copy; what is added meanwhile is in it or not, bucket by bucket.
  StopHistogram snapshot() const {
    StopHistogram out;
    for (std::size_t i = 0; i < StopHistogram::kBuckets; ++i) {
      out.buckets_[i] = buckets_[i].load(std::memory_order_relaxed);
      out.count_ += out.buckets_[i];
    }
    out.total_ns_ = total_ns_.load(std::memory_order_relaxed);
    out.max_ns_ = max_ns_.load(std::memory_order_relaxed);
    return out;
  }

  /// The same in the buckets of metrics.
  StopBuckets buckets() const {
    StopBuckets out;
    std::uint64_t sum = 0;
    for (std::size_t i = 0; i < out.at_most.size(); ++i) {
      out.at_most[i] = sum += within_[i].load(std::memory_order_relaxed);
    }
    out.total_ns = total_ns_.load(std::memory_order_relaxed);
    out.max_ns = max_ns_.load(std::memory_order_relaxed);
    return out;
  }

 private:
  std::atomic<std::uint64_t> buckets_[StopHistogram::kBuckets]{};
  std::atomic<std::uint64_t> within_[StopBuckets::kBounds + 1]{};  // a bound, and not the one before
  std::atomic<std::uint64_t> total_ns_{0};
  std::atomic<std::uint64_t> max_ns_{0};
};

}  // namespace memgc
