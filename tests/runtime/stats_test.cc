// Job: pins Stats, whose figures must agree with each other and with what the test did, and StopHistogram.
//
// Threads: figures of threads that have detached are exact.
#include <gtest/gtest.h>
#include <memgc/memgc.h>

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <random>
#include <thread>
#include <vector>

#include "tests/runtime/support.h"

namespace memgc::testing {
namespace {

void expect_consistent(const Stats& stats) {
  EXPECT_LE(stats.forced_cycles, stats.cycles);
  EXPECT_LE(stats.live_bytes, stats.heap_bytes);
  EXPECT_LE(stats.metadata_bytes, stats.managed_bytes);
  EXPECT_GE(stats.gc_cpu_seconds, 0.0);
  EXPECT_LE(stats.stops.max(), stats.stops.total());
  EXPECT_LE(stats.stops.quantile(0.5), stats.stops.quantile(0.999));
}

TEST(Stats, AllocationIsCountedToTheObject) {
  Heap heap(manual_options());
  constexpr std::uint64_t kCount = 12'345;
  on_another_thread(heap, [&](Mutator& me) {
    for (std::uint64_t i = 0; i < kCount; ++i) me.make<Node>();
  });
  const Stats stats = heap.stats();
  EXPECT_EQ(stats.allocated_objects, kCount);
  EXPECT_EQ(stats.allocated_bytes % kCount, 0u);
  EXPECT_GE(stats.allocated_bytes / kCount, sizeof(Node));
  EXPECT_LE(stats.allocated_bytes / kCount, sizeof(Node) + 16);
  EXPECT_EQ(stats.live_bytes, 0u) << "no cycle yet";
  EXPECT_GE(stats.heap_bytes, stats.allocated_bytes);
  on_another_thread(heap, [&](Mutator& me) { me.make_array<char>(10 << 20); });
  EXPECT_EQ(heap.stats().allocated_objects, kCount + 1);
  EXPECT_GE(heap.stats().allocated_bytes, stats.allocated_bytes + (10 << 20));
  EXPECT_LE(heap.stats().allocated_bytes, stats.allocated_bytes + (11 << 20));
}

TEST(Stats, AllocationIsCountedAcrossCollectionsAndThreads) {
  Heap heap(manual_options());
  std::vector<std::thread> threads;
  const std::uint64_t count = scaled(300'000);
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&] {
      Mutator me(heap);
      for (std::uint64_t i = 0; i < count; ++i) me.make<Node>();
    });
  }
  for (int i = 0; i < 20; ++i) heap.collect();
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(heap.stats().allocated_objects, 4 * count);
}

TEST(Stats, HeapBytesAreLiveAndAllocatedSince) {
  Heap heap(manual_options());
  Root<Array<char>> keep;
  on_another_thread(heap, [&](Mutator& me) {
    keep = me.make_array<char>(1 << 20);
    me.make_array<char>(5 << 20);
  });
  heap.collect();
  const Stats collected = heap.stats();
  EXPECT_GE(collected.live_bytes, std::uint64_t{1} << 20);
  EXPECT_LT(collected.live_bytes, std::uint64_t{2} << 20);
  EXPECT_EQ(collected.heap_bytes, collected.live_bytes);
  on_another_thread(heap, [&](Mutator& me) { me.make_array<char>(3 << 20); });
  const Stats after = heap.stats();
  EXPECT_EQ(after.live_bytes, collected.live_bytes);
  EXPECT_GE(after.heap_bytes, collected.heap_bytes + (3 << 20));
  EXPECT_LE(after.heap_bytes, collected.heap_bytes + (4 << 20));
  expect_consistent(after);
}

TEST(Stats, ManagedBytesCoverTheHeap) {
  Heap heap(manual_options());
  Mutator me(heap);
  Root<Link> head;
  for (int i = 0; i < 500'000; ++i) {
    Link* link = make<Link>();
    link->next = head;
    head = link;
  }
  heap.collect();
  const Stats stats = heap.stats();
  EXPECT_GE(stats.managed_bytes, stats.live_bytes + stats.metadata_bytes);
  EXPECT_GT(stats.metadata_bytes, 0u);
  expect_consistent(stats);
}

TEST(Stats, CountersNeverFall) {
  Options options;
  options.growth_percent = 50;
  Heap heap(options);
  std::atomic<bool> done{false};
  std::thread worker([&] {
    Mutator me(heap);
    for (std::size_t i = 0; i < scaled(5'000'000); ++i) me.make<Node>();
    done = true;
  });
  Stats last = heap.stats();
  while (!done) {
    const Stats now = heap.stats();  // of a heap at work
    ASSERT_GE(now.cycles, last.cycles);
    ASSERT_GE(now.forced_cycles, last.forced_cycles);
    ASSERT_GE(now.allocated_bytes, last.allocated_bytes);
    ASSERT_GE(now.allocated_objects, last.allocated_objects);
    ASSERT_GE(now.gc_cpu_seconds, last.gc_cpu_seconds);
    ASSERT_GE(now.stops.count(), last.stops.count());
    ASSERT_GE(now.stops.max(), last.stops.max());
    last = now;
  }
  worker.join();
  EXPECT_GT(heap.stats().cycles, 0u);
  EXPECT_GT(heap.stats().gc_cpu_seconds, 0.0);
  EXPECT_GT(heap.stats().stops.count(), 0u) << "each cycle holds a mutator up for a moment";
  expect_consistent(heap.stats());
}

TEST(StopHistogram, BucketsAreContiguousAndNarrow) {
  EXPECT_EQ(StopHistogram::bucket_of(0), 0u);
  std::uint64_t lower = 0;
  for (std::size_t bucket = 0; bucket + 1 < StopHistogram::kBuckets; ++bucket) {
    const std::uint64_t upper = StopHistogram::upper_bound_ns(bucket);
    ASSERT_EQ(StopHistogram::bucket_of(lower), bucket);
    ASSERT_EQ(StopHistogram::bucket_of(upper), bucket);
    ASSERT_EQ(StopHistogram::bucket_of(upper + 1), bucket + 1);
    ASSERT_LE(static_cast<double>(upper - lower), static_cast<double>(lower) / 16 + 1) << "at most 1/16 wide";
    lower = upper + 1;
  }
  EXPECT_LT(StopHistogram::bucket_of(UINT64_MAX), StopHistogram::kBuckets) << "longer than five hours: the last one";
}

TEST(StopHistogram, IsEmptyWhenMade) {
  const StopHistogram empty;
  EXPECT_EQ(empty.count(), 0u);
  EXPECT_EQ(empty.max(), 0u);
  EXPECT_EQ(empty.total(), 0u);
  EXPECT_EQ(empty.quantile(0.5), 0u);
  EXPECT_EQ(empty.quantile(1), 0u);
}

TEST(StopHistogram, QuantilesAgreeWithASortedList) {
  std::mt19937_64 random(42);
  std::lognormal_distribution<double> durations(9, 3);
  StopHistogram histogram;
  std::vector<std::uint64_t> sorted;
  for (int i = 0; i < 10'000; ++i) {
    const auto ns = static_cast<std::uint64_t>(durations(random));
    histogram.add(ns);
    sorted.push_back(ns);
  }
  std::sort(sorted.begin(), sorted.end());
  std::uint64_t total = 0;
  for (std::uint64_t ns : sorted) total += ns;
  EXPECT_EQ(histogram.count(), sorted.size());
  EXPECT_EQ(histogram.max(), sorted.back());
  EXPECT_EQ(histogram.total(), total);
  for (double q : {0.001, 0.1, 0.5, 0.9, 0.99, 0.999, 1.0}) {
    const auto rank = static_cast<std::size_t>(std::max(0.0, q * static_cast<double>(sorted.size()) - 1));
    const double exact = static_cast<double>(sorted[rank]);
    const auto told = static_cast<double>(histogram.quantile(q));
    EXPECT_GE(told, exact) << q;
    EXPECT_LE(told, static_cast<double>(sorted[std::min(rank + 1, sorted.size() - 1)]) * 17 / 16 + 1) << q;
  }
  EXPECT_LE(histogram.quantile(1.0), StopHistogram::upper_bound_ns(StopHistogram::bucket_of(sorted.back())));
}

}  // namespace
}  // namespace memgc::testing
