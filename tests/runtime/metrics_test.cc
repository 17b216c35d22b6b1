// Job: pins Metrics: what each counts, that they agree with Stats and among themselves, and that they may be read at
// any time from any thread.
//
// Threads: those that allocate, the collector's, and some that only read.
#include <gtest/gtest.h>
#include <memgc/memgc.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <numeric>
#include <random>
#include <thread>
#include <vector>

#include "runtime/stop_recorder.h"
#include "tests/runtime/support.h"

namespace memgc::testing {
namespace {

constexpr auto kForced = static_cast<std::size_t>(CycleCause::kForced);

std::uint64_t sum(const std::array<std::uint64_t, kCycleCauses>& counts) {
  return std::accumulate(counts.begin(), counts.end(), std::uint64_t{0});
}

std::uint64_t cpu_ns(const Metrics& metrics) {
  return metrics.mark_cpu_ns + metrics.idle_mark_cpu_ns + metrics.assist_cpu_ns + metrics.sweep_cpu_ns;
}

// What holds at any time.
void expect_consistent(const Metrics& metrics) {
  EXPECT_EQ(metrics.version, Metrics::kVersion);
  EXPECT_EQ(metrics.managed_bytes, metrics.block_bytes + metrics.free_bytes + metrics.table_bytes +
                                       metrics.mark_work_bytes + metrics.stack_copy_bytes + metrics.thread_bytes +
                                       metrics.external_bytes);
  EXPECT_EQ(metrics.cycles(), sum(metrics.full_cycles) + sum(metrics.minor_cycles));
  for (std::size_t i = 1; i < metrics.stops.at_most.size(); ++i) {
    EXPECT_GE(metrics.stops.at_most[i], metrics.stops.at_most[i - 1]);
  }
  EXPECT_LE(metrics.cycle_ns, metrics.age_ns + 1'000'000'000);
  EXPECT_EQ(metrics.cycles() == 0, metrics.cycle_ns == 0) << "they move together";
}

// What only ever rises.
std::vector<std::uint64_t> counters(const Metrics& metrics) {
  std::vector<std::uint64_t> out{metrics.age_ns,           metrics.cycle_ns,          metrics.mark_cpu_ns,
                                 metrics.idle_mark_cpu_ns, metrics.assist_cpu_ns,     metrics.stop_cpu_ns,
                                 metrics.sweep_cpu_ns,     metrics.allocated_bytes,   metrics.allocated_objects,
                                 metrics.cpu_limited_ns,   metrics.cpu_limited_times, metrics.late_answers,
                                 metrics.stops.total_ns,   metrics.stops.max_ns,      metrics.heap_number};
  for (const std::uint64_t count : metrics.full_cycles) out.push_back(count);
  for (const std::uint64_t count : metrics.minor_cycles) out.push_back(count);
  for (const std::uint64_t count : metrics.stops.at_most) out.push_back(count);
  return out;
}

TEST(Metrics, OfAHeapAtRestAreItsStats) {
  Options options = precise_options();
  options.memory_limit = 1 << 30;
  Heap heap(options);
  Root<Array<char>> keep;
  on_another_thread(heap, [&](Mutator& me) {
    keep = me.make_array<char>(3 << 20);
    for (std::size_t i = 0; i < scaled(200'000); ++i) me.make<Node>();
  });
  heap.add_external_bytes(12'345);
  for (int i = 0; i < 3; ++i) heap.collect();
  const Metrics metrics = heap.metrics();
  const Stats stats = heap.stats();
  expect_consistent(metrics);
  EXPECT_EQ(metrics.full_cycles[kForced], 3u);
  EXPECT_EQ(metrics.cycles(), 3u);
  EXPECT_EQ(stats.cycles, 3u);
  EXPECT_EQ(stats.forced_cycles, 3u);
  EXPECT_EQ(metrics.live_bytes, stats.live_bytes);
  EXPECT_EQ(metrics.heap_bytes, stats.heap_bytes);
  EXPECT_EQ(metrics.goal_bytes, stats.goal_bytes);
  EXPECT_LE(metrics.trigger_bytes, metrics.goal_bytes);
  EXPECT_EQ(metrics.limit_bytes, options.memory_limit);
  EXPECT_LT(metrics.growth_percent, 0);
  EXPECT_EQ(metrics.allocated_bytes, stats.allocated_bytes);
  EXPECT_EQ(metrics.allocated_objects, stats.allocated_objects);
  EXPECT_EQ(metrics.managed_bytes, stats.managed_bytes);
  EXPECT_EQ(metrics.external_bytes, 12'345u);
  EXPECT_EQ(metrics.released_bytes, stats.released_bytes);
  EXPECT_EQ(metrics.attached_threads, 0u);
  EXPECT_EQ(metrics.stops.count(), stats.stops.count());
  EXPECT_EQ(metrics.stops.total_ns, stats.stops.total());
  EXPECT_EQ(metrics.stops.max_ns, stats.stops.max());
  EXPECT_EQ(metrics.last_start_bytes, metrics.live_bytes) << "nothing was made between the last two";
  EXPECT_EQ(metrics.last_end_bytes, metrics.live_bytes);
  EXPECT_NEAR(static_cast<double>(cpu_ns(metrics)) / 1e9, stats.gc_cpu_seconds, 0.001 + stats.gc_cpu_seconds / 100);
  EXPECT_GT(metrics.sweep_cpu_ns, 0u);
}

TEST(Metrics, ThatThereAreNotAreNone) {
  Heap heap(manual_options());
  const Metrics metrics = heap.metrics();
  EXPECT_EQ(metrics.goal_bytes, Metrics::kNone);
  EXPECT_EQ(metrics.trigger_bytes, Metrics::kNone);
  EXPECT_EQ(metrics.limit_bytes, Metrics::kNone);
  heap.set_memory_limit(64 << 20);
  heap.set_growth_percent(50);
  EXPECT_EQ(heap.metrics().limit_bytes, 64u << 20);
  EXPECT_EQ(heap.metrics().growth_percent, 50);
  EXPECT_LE(heap.metrics().goal_bytes, 64u << 20);
}

TEST(Metrics, TellHeapsApartAndCountThreads) {
  Heap a(manual_options());
  Heap b(manual_options());
  EXPECT_EQ(a.metrics().heap_number + 1, b.metrics().heap_number);
  {
    const Mutator me(a);
    EXPECT_EQ(a.metrics().attached_threads, 1u);
    std::thread([&] {
      const Mutator other(a);
      EXPECT_EQ(a.metrics().attached_threads, 2u);
      EXPECT_EQ(b.metrics().attached_threads, 0u);
    }).join();
    EXPECT_EQ(a.metrics().attached_threads, 1u);
  }
  EXPECT_EQ(a.metrics().attached_threads, 0u);
}

TEST(Metrics, CountCyclesByCauseAndKind) {
  Options options = generational_options();
  options.growth_percent = 100;
  options.debug.gccheckmark = false;
  Heap heap(options);
  on_another_thread(heap, [&](Mutator& me) {
    for (std::size_t i = 0; i < scaled(3'000'000); ++i) me.make<Node>();
  });
  heap.collect();
  const Metrics metrics = heap.metrics();
  const Stats stats = heap.stats();
  expect_consistent(metrics);
  EXPECT_EQ(metrics.full_cycles[kForced], 1u);
  EXPECT_EQ(metrics.minor_cycles[kForced], 0u) << "who asks gets a full one";
  EXPECT_GT(metrics.full_cycles[static_cast<std::size_t>(CycleCause::kAuto)] +
                metrics.minor_cycles[static_cast<std::size_t>(CycleCause::kAuto)],
            0u);
  EXPECT_EQ(sum(metrics.minor_cycles), stats.minor_cycles);
  EXPECT_EQ(metrics.cycles(), stats.cycles);
}

TEST(Metrics, AreReadWholeWhileOthersAllocateAndCollect) {
  Options options;
  options.growth_percent = 50;
  options.debug.safepointms = 0;
  Heap heap(options);
  std::atomic<bool> over{false};
  std::vector<std::thread> threads;
  for (int t = 0; t < 2; ++t) {
    threads.emplace_back([&] {
      Mutator me(heap);
      Root<Link> head;
      for (std::size_t i = 0; !over; ++i) {
        Link* link = me.make<Link>();
        link->next = head;
        head = i % 1000 == 0 ? nullptr : link;
      }
    });
  }
  for (int t = 0; t < 2; ++t) {
    threads.emplace_back([&] {
      std::vector<std::uint64_t> before = counters(heap.metrics());
      while (!over) {
        const Metrics metrics = heap.metrics();
        expect_consistent(metrics);
        const std::vector<std::uint64_t> now = counters(metrics);
        for (std::size_t i = 0; i < now.size(); ++i) EXPECT_GE(now[i], before[i]) << i;
        before = now;
      }
    });
  }
  for (std::uint64_t i = 0; i < scaled(200) || heap.metrics().cycles() < 30; ++i) heap.collect();
  over = true;
  for (std::thread& thread : threads) thread.join();
  EXPECT_GT(heap.metrics().stops.count(), 0u);
}

// A program that was compiled against a header with fewer fields has less room.
TEST(Metrics, FillNoMoreThanTheCallerHasRoomFor) {
  Heap heap(manual_options());
  heap.collect();
  std::array<unsigned char, sizeof(Metrics) + 16> room;
  constexpr std::size_t kKnown = offsetof(Metrics, full_cycles);
  room.fill(0xee);
  heap.read_metrics(room.data(), kKnown);
  std::uint64_t version = 0;
  std::memcpy(&version, room.data(), sizeof(version));
  EXPECT_EQ(version, Metrics::kVersion);
  for (std::size_t i = kKnown; i < room.size(); ++i) ASSERT_EQ(room[i], 0xee) << i;
  heap.read_metrics(room.data(), room.size());
  for (std::size_t i = sizeof(Metrics); i < room.size(); ++i) ASSERT_EQ(room[i], 0xee) << i;
}

TEST(StopBuckets, CountExactlyWhatTookAtMostTheirBound) {
  const std::uint64_t seed = std::random_device{}();
  std::printf("seed %llu\n", static_cast<unsigned long long>(seed));
  std::mt19937_64 random(seed);
  std::vector<std::uint64_t> durations{0, UINT64_MAX >> 20};
  for (const std::uint64_t bound : StopBuckets::bounds_ns) {
    durations.insert(durations.end(), {bound - 1, bound, bound + 1});
  }
  for (int i = 0; i < 10'000; ++i) durations.push_back(random() >> (30 + random() % 34));
  StopRecorder recorder;
  for (const std::uint64_t ns : durations) recorder.add(ns);
  const StopBuckets buckets = recorder.buckets();
  for (std::size_t i = 0; i < StopBuckets::kBounds; ++i) {
    std::uint64_t at_most = 0;
    for (const std::uint64_t ns : durations) at_most += ns <= StopBuckets::bounds_ns[i];
    EXPECT_EQ(buckets.at_most[i], at_most) << StopBuckets::bounds_ns[i];
  }
  EXPECT_EQ(buckets.count(), durations.size());
  EXPECT_EQ(buckets.total_ns, std::accumulate(durations.begin(), durations.end(), std::uint64_t{0}));
  EXPECT_EQ(buckets.max_ns, *std::max_element(durations.begin(), durations.end()));
}

}  // namespace
}  // namespace memgc::testing
