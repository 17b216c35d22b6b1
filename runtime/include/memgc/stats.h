// Job: what a heap can tell about itself, as plain data. Reading it stops nobody.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "memgc/internal/export.h"

namespace memgc {

/// A histogram of durations in nanoseconds: log-linear buckets, 16 to a power of two, so a figure is at most 1/16 too
/// high.
class MEMGC_EXPORT StopHistogram {
 public:
  static constexpr std::size_t kSubBuckets = 16;
  static constexpr std::size_t kBuckets = 41 * kSubBuckets;  // up to 2^44 ns, about five hours

  static std::size_t bucket_of(std::uint64_t ns);           ///< The bucket that `ns` falls into.
  static std::uint64_t upper_bound_ns(std::size_t bucket);  ///< The largest duration of a bucket.

  void add(std::uint64_t ns);  ///< Not thread-safe: this is a value.

  std::uint64_t count() const { return count_; }     ///< How many durations were recorded.
  std::uint64_t max() const { return max_ns_; }      ///< The longest, exact, in ns; 0 when empty.
  std::uint64_t total() const { return total_ns_; }  ///< Their sum, exact, in ns.
  std::uint64_t quantile(
      double q) const;  ///< The duration in ns that a share `q` (0..1) does not exceed; 0 when empty.

 private:
  friend class StopRecorder;
  std::array<std::uint64_t, kBuckets> buckets_{};
  std::uint64_t count_ = 0;
  std::uint64_t total_ns_ = 0;
  std::uint64_t max_ns_ = 0;
};

/// A moment's figures of one heap. All sizes in bytes; all counters run from the heap's making.
struct Stats {
  std::uint64_t cycles = 0;         ///< Collections that have ended.
  std::uint64_t forced_cycles = 0;  ///< Of these, those that collect() asked for.
  std::uint64_t minor_cycles = 0;   ///< Of these, those that looked at young objects only (Options::generational).
  std::uint64_t live_bytes = 0;     ///< What the last cycle found reachable (cells, rounded to their size class).
  std::uint64_t heap_bytes = 0;     ///< Live at the last cycle, and allocated since.
  std::uint64_t goal_bytes = 0;  ///< heap_bytes at which the cycle under way or the next should end. UINT64_MAX: none.
  /// What MEMLIMIT counts, and what is resident: block_bytes + free_bytes + metadata_bytes + external_bytes, exactly.
  std::uint64_t managed_bytes = 0;
  std::uint64_t block_bytes = 0;       ///< Blocks in use: objects, dead ones not yet swept, free cells between them.
  std::uint64_t free_bytes = 0;        ///< Free blocks that were not given back to the kernel.
  std::uint64_t metadata_bytes = 0;    ///< The four parts that follow, exactly.
  std::uint64_t table_bytes = 0;       ///< Descriptors and bitmaps of blocks, and what the heap itself takes.
  std::uint64_t mark_work_bytes = 0;   ///< Mark stacks and the write barrier's buffers.
  std::uint64_t stack_copy_bytes = 0;  ///< Copies of stacks, lists of weak references.
  std::uint64_t thread_bytes = 0;      ///< Attached threads: tables of their runs.
  std::uint64_t external_bytes = 0;    ///< What the program reported with Heap::add_external_bytes().
  std::uint64_t released_bytes = 0;    ///< Of the heap's blocks, how much is given back to the kernel at present.
  std::uint64_t allocated_bytes =
      0;  ///< Allocated since the heap was made (cells; of attached threads, to their last refill).
  std::uint64_t allocated_objects = 0;  ///< The same in objects.
  double gc_cpu_seconds = 0;            ///< CPU time that collection took, on all threads.
  /// Collection took more than half of the CPU time for so long that it now takes no more from the program: allocating
  /// threads do not mark, and the heap may pass its goal and MEMLIMIT. As a rule, the live heap leaves no room below
  /// the limit.
  bool cpu_limited = false;
  std::uint64_t cpu_limited_times = 0;  ///< How often that has begun.
  double cpu_limited_seconds = 0;       ///< For how long it has lasted in all, of wall time.
  StopHistogram stops;                  ///< Every time a mutator was held up by the collector.
};

}  // namespace memgc
