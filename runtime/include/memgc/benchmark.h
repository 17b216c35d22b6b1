// Job: Google Benchmark shows what benchmarks allocate from a heap: B/op and allocs/op, as Go's -benchmem does, and the
// fields that Google Benchmark has of its own. Not part of memgc/memgc.h.
//
// Include <benchmark/benchmark.h> (1.7 or later) before this header: the library itself neither knows nor links it.
#pragma once

#if !defined(BENCHMARK_BENCHMARK_H_)
#error "memgc/benchmark.h: include <benchmark/benchmark.h> before it"
#else

#include <cstdint>

#include "memgc/allocation_counter.h"
#include "memgc/heap.h"

namespace memgc {

/// Adds the counters "B/op" and "allocs/op" to a benchmark: bytes and objects (as Allocations has them) that the
/// calling thread allocates while this lives, divided by the iterations; of a benchmark with several threads, by all of
/// them for all iterations. Make it right before the loop, for what is allocated around it counts too (also while
/// timing is paused); it must go before the benchmark's function returns. Used by one thread; costs what an
/// AllocationCounter does, outside the loop.
///
///   memgc::CountAllocations count(state);
///   for (auto _ : state) benchmark::DoNotOptimize(memgc::make<Node>());
class CountAllocations {
 public:
  explicit CountAllocations(benchmark::State& state) : state_(state) {}
  CountAllocations(const CountAllocations&) = delete;
  CountAllocations& operator=(const CountAllocations&) = delete;
  ~CountAllocations() {
    const Allocations allocated = counter_.allocated();
    state_.counters["B/op"] = per_iteration(allocated.bytes);
    state_.counters["allocs/op"] = per_iteration(allocated.objects);
  }

 private:
  static benchmark::Counter per_iteration(std::uint64_t count) {
    return benchmark::Counter(static_cast<double>(count), benchmark::Counter::kAvgIterations);
  }

  benchmark::State& state_;
  AllocationCounter counter_;
};

/// What Google Benchmark calls "allocs_per_iter", "max_bytes_used", "total_allocated_bytes" and "net_heap_growth" (in
/// its JSON; consoles show none of it), of one heap, for all its threads. benchmark::RegisterMemoryManager(&manager)
/// runs every benchmark once more for these figures, untimed, for a few iterations.
///
/// All that the benchmark's function allocates counts, what comes before and after its loop too. Bytes are of objects,
/// live or not yet found dead: max_bytes_used is the most that Stats::heap_bytes has been in between, and
/// net_heap_growth, which may be below 0, how much it has grown. Exact for threads that have detached, block, or call
/// this, as AllocationCounter(Heap&) says. One manager of a heap may be between Start and Stop at a time; the heap
/// outlives it. Any thread.
class BenchmarkMemoryManager : public benchmark::MemoryManager {
 public:
  explicit BenchmarkMemoryManager(Heap& heap) : heap_(heap), counter_(heap) {}

  // Which of the two Stops is virtual, and which pure, is a matter of the version: so none says `override`.
  // NOLINTBEGIN(modernize-use-override)
  void Start() {
    counter_.restart();
    internal::restart_peak(heap_);
    heap_bytes_ = heap_.stats().heap_bytes;
  }
  void Stop(Result& result) {
    const Allocations allocated = counter_.allocated();
    result.num_allocs = static_cast<std::int64_t>(allocated.objects);
    result.total_allocated_bytes = static_cast<std::int64_t>(allocated.bytes);
    result.max_bytes_used = static_cast<std::int64_t>(internal::peak_heap_bytes(heap_));
    result.net_heap_growth = static_cast<std::int64_t>(heap_.stats().heap_bytes - heap_bytes_);
  }
  void Stop(Result* result) { Stop(*result); }
  // NOLINTEND(modernize-use-override)

 private:
  Heap& heap_;
  AllocationCounter counter_;
  std::uint64_t heap_bytes_ = 0;  // at the start
};

}  // namespace memgc

#endif
