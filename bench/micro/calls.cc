// Job: what single calls cost: making, storing, polling, and looking at the heap's figures.
//
// Threads: the main one, and as many attached ones as a benchmark says, which wait or do the same.
#include <benchmark/benchmark.h>
#include <memgc/benchmark.h>
#include <memgc/memgc.h>

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <latch>
#include <thread>
#include <vector>

namespace memgc_bench {
namespace {

struct Pair {
  memgc::Member<Pair> first, second;
  static constexpr auto fields = memgc::fields(&Pair::first, &Pair::second);
};

/// So many threads that are attached and wait.
class Waiting {
 public:
  Waiting(memgc::Heap& heap, std::size_t count) : attached_(static_cast<std::ptrdiff_t>(count)) {
    for (std::size_t i = 0; i < count; ++i) {
      threads_.emplace_back([&] {
        memgc::Mutator me(heap);
        benchmark::DoNotOptimize(me.make<Pair>());
        attached_.count_down();
        const memgc::BlockingScope waiting(me);
        over_.wait(false);
      });
    }
    attached_.wait();
  }
  ~Waiting() {
    over_ = true;
    over_.notify_all();
    for (std::thread& thread : threads_) thread.join();
  }

 private:
  std::latch attached_;
  std::atomic<bool> over_{false};
  std::vector<std::thread> threads_;
};

void stats(benchmark::State& state) {
  memgc::Heap heap(memgc::Options{});
  const Waiting others(heap, static_cast<std::size_t>(state.range(0)));
  for (auto _ : state) benchmark::DoNotOptimize(heap.stats());
}
BENCHMARK(stats)->ArgName("attached")->Arg(0)->Arg(64)->Arg(1000);

/// While another thread allocates, and cycles come and go.
void stats_beside_work(benchmark::State& state) {
  memgc::Heap heap(memgc::Options{});
  std::atomic<bool> over{false};
  std::thread worker([&] {
    memgc::Mutator me(heap);
    memgc::Root<Pair> list;
    for (std::size_t i = 0; !over; ++i) list = i % 1'000'000 == 0 ? nullptr : me.make<Pair>(list.get(), nullptr);
  });
  for (auto _ : state) benchmark::DoNotOptimize(heap.stats());
  over = true;
  worker.join();
}
BENCHMARK(stats_beside_work);

void pressure(benchmark::State& state) {
  memgc::Heap heap(memgc::Options{});
  for (auto _ : state) benchmark::DoNotOptimize(heap.pressure());
}
BENCHMARK(pressure);

void safepoint(benchmark::State& state) {
  memgc::Heap heap(memgc::Options{});
  memgc::Mutator me(heap);
  const memgc::CountAllocations count(state);
  for (auto _ : state) me.safepoint();
}
BENCHMARK(safepoint);

void make(benchmark::State& state) {
  memgc::Heap heap(memgc::Options{});
  memgc::Mutator me(heap);
  const memgc::CountAllocations count(state);
  for (auto _ : state) benchmark::DoNotOptimize(me.make<Pair>());
}
BENCHMARK(make);

/// Work of a thread's own: lists of a thousand pairs, made and dropped. CPU is the whole process's, collecting
/// included. Threads are attached within an iteration only: between two they may wait for each other, which no cycle
/// could know.
void make_lists(benchmark::State& state) {
  constexpr std::size_t kLists = 1000, kLength = 1000;
  static memgc::Heap heap;  // as the environment says
  for (auto _ : state) {
    memgc::Mutator me(heap);
    memgc::Root<Pair> list;
    for (std::size_t i = 0; i < kLists * kLength; ++i)
      list = me.make<Pair>(i % kLength == 0 ? nullptr : list.get(), nullptr);
  }
  state.SetItemsProcessed(static_cast<std::int64_t>(kLists * kLength) * state.iterations());
}
BENCHMARK(make_lists)->ThreadRange(1, 8)->UseRealTime()->MeasureProcessCPUTime();

/// Making what dies at once, beside so much that lives: collecting included, on all threads.
void make_beside(benchmark::State& state) {
  memgc::Heap heap(memgc::Options{});
  memgc::Mutator me(heap);
  memgc::Root<Pair> live;
  const auto pairs = static_cast<std::size_t>(state.range(0) << 20) / sizeof(Pair);
  for (std::size_t i = 0; i < pairs; ++i) live = me.make<Pair>(live.get(), nullptr);
  heap.collect();
  for (auto _ : state) benchmark::DoNotOptimize(me.make<Pair>());
}
BENCHMARK(make_beside)->ArgName("live_mib")->RangeMultiplier(4)->Range(1, 256)->MeasureProcessCPUTime();

void store(benchmark::State& state) {
  memgc::Heap heap(memgc::Options{});
  memgc::Mutator me(heap);
  memgc::Root<Pair> to(me.make<Pair>()), value(me.make<Pair>());
  Pair* const target = to.get();
  Pair* const stored = value.get();
  const memgc::CountAllocations count(state);
  for (auto _ : state) {
    target->first = stored;
    benchmark::ClobberMemory();
  }
}
BENCHMARK(store);

/// Stores into old objects while a cycle marks: of null and of one object by turns, so that the first store to each
/// slot of a cycle has something to shade. A cycle takes tens of milliseconds here: 1 ms after it was asked for it
/// marks, and a stretch of stores is timed if it has not ended then.
void store_while_marking(benchmark::State& state) {
  constexpr std::size_t kLive = 4'000'000, kStretch = 1000;
  using Clock = std::chrono::steady_clock;
  memgc::Options options;
  options.growth_percent = memgc::Options::kOff;
  memgc::Heap heap(options);
  memgc::Mutator me(heap);
  memgc::Root<memgc::Array<memgc::Member<Pair>>> table(memgc::make_array<memgc::Member<Pair>>(kLive));
  for (std::size_t i = 0; i < kLive; ++i) (*table)[i] = me.make<Pair>();
  const memgc::Root<Pair> other(me.make<Pair>());
  const auto begin_cycle = [&] {
    heap.collect_async();
    for (const auto asked = Clock::now(); Clock::now() - asked < std::chrono::milliseconds(1);) me.safepoint();
    return heap.stats().cycles;
  };
  std::uint64_t cycles = begin_cycle();
  std::size_t at = 0;
  for (auto _ : state) {
    for (bool timed = false; !timed; at = (at + kStretch) % kLive) {
      const auto began = Clock::now();
      for (std::size_t i = 0; i < kStretch; ++i) (*table)[at + i] = i % 2 == 0 ? nullptr : other.get();
      const std::chrono::duration<double> took = Clock::now() - began;
      me.safepoint();
      timed = heap.stats().cycles == cycles;
      if (timed) {
        state.SetIterationTime(took.count());
      } else {
        cycles = begin_cycle();
      }
    }
  }
  state.SetItemsProcessed(static_cast<std::int64_t>(kStretch) * state.iterations());
}
BENCHMARK(store_while_marking)->UseManualTime()->Iterations(10'000);

/// Reading what this thread has allocated, with a run of each size class up to so many bytes.
void count_thread(benchmark::State& state) {
  memgc::Heap heap(memgc::Options{});
  memgc::Mutator me(heap);
  for (std::size_t bytes = 0; bytes + sizeof(std::size_t) <= static_cast<std::size_t>(state.range(0)); bytes += 8) {
    me.make_array<char>(bytes);
  }
  const memgc::AllocationCounter counter;
  for (auto _ : state) benchmark::DoNotOptimize(counter.allocated());
}
BENCHMARK(count_thread)->ArgName("bytes")->Arg(16)->Arg(64)->Arg(256);

/// Reading what all threads have.
void count_heap(benchmark::State& state) {
  memgc::Heap heap(memgc::Options{});
  const Waiting others(heap, static_cast<std::size_t>(state.range(0)));
  const memgc::AllocationCounter counter(heap);
  for (auto _ : state) benchmark::DoNotOptimize(counter.allocated());
}
BENCHMARK(count_heap)->ArgName("attached")->Arg(0)->Arg(64)->Arg(1000);

void attach(benchmark::State& state) {
  memgc::Heap heap(memgc::Options{});
  for (auto _ : state) const memgc::Mutator me(heap);
}
BENCHMARK(attach);

}  // namespace
}  // namespace memgc_bench

BENCHMARK_MAIN();
