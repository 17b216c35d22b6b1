// Job: what was allocated between two moments, exactly, although makes count nothing: AllocationCounter, and
// allocs_per_run() on top of it.
//
// Counting goes by how far each run was bumped, at either moment; it makes no managed object and leaves every run as it
// is, so the program in between is the one that runs without a counter. See also memgc/testing.h and memgc/benchmark.h.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "memgc/internal/export.h"

namespace memgc {

class Heap;

namespace internal {
struct ThreadRecord;

// For memgc/benchmark.h. From restart_peak() on, the peak is the most that Stats::heap_bytes has been; one for each
// heap.
MEMGC_EXPORT void restart_peak(Heap& heap);
MEMGC_EXPORT std::size_t peak_heap_bytes(Heap& heap);
}  // namespace internal

/// What was allocated, as Stats counts it. A make whose constructor throws has allocated; one that found no memory has
/// not. Setting a Weak is one object of 16 bytes.
struct Allocations {
  std::uint64_t objects = 0;
  /// Of the cells, which are as large as their size class; a large object (above 32 KiB) has whole blocks of 64 KiB.
  std::uint64_t bytes = 0;
};

/// Counts from when it is made or was last restarted, either what one thread allocates or what all do on one heap.
/// Makes no managed object; is a value, and may be copied.
class MEMGC_EXPORT AllocationCounter {
 public:
  /// Of the calling thread, on all heaps that it is attached to or will be; exact, no other thread counted, cycles and
  /// detaching make no difference. Used by this thread only (the program stops with one line otherwise). A thread that
  /// is not attached allocates nothing. Making, restarting and reading it cost a short lock for each Mutator of the
  /// thread and some nanoseconds for each layout that it has allocated since the last cycle: 0.1 us as a rule.
  AllocationCounter();
  /// Of all threads on `heap`, which must outlive it; any thread may use it. Exact for the calling thread and those
  /// that are in a BlockingScope or have detached, each as of about the same moment. What a thread that runs meanwhile
  /// has made since its last refill (of each layout, up to 64 KiB) is counted later: bytes at its next refill, objects
  /// when a run is used up, all of it at the next cycle. Costs as above for each attached thread, and while it lasts
  /// none can attach or detach.
  explicit AllocationCounter(Heap& heap);

  /// What has been allocated since the beginning.
  Allocations allocated() const;
  /// From now on counts from now.
  void restart();

 private:
  Allocations now() const;

  Heap* heap_ = nullptr;                            // none: of a thread
  const internal::ThreadRecord* thread_ = nullptr;  // which is not looked into
  Allocations start_;
};

/// How many objects the calling thread allocates in one call of `f`: the average of `runs` calls (0 counts as 1),
/// rounded down, after one call that is not counted and may fill caches. Rounded down as in Go: a buffer that grows now
/// and then does not count. What `f` throws is passed on. Cost: `f`, and twice that of an AllocationCounter.
template <class F>
std::uint64_t allocs_per_run(std::uint64_t runs, F&& f) {
  static_cast<void>(f());
  runs = std::max<std::uint64_t>(runs, 1);
  const AllocationCounter counter;
  for (std::uint64_t run = 0; run < runs; ++run) static_cast<void>(f());
  return counter.allocated().objects / runs;
}

}  // namespace memgc
