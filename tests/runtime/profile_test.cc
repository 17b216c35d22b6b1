// Job: pins what the samples of allocations and waits say: estimates that are right on average for every size, objects
// that are found dead when they are, and no sample that stands for another object than its own.
//
// Tolerances follow from the variance: a sample of an object of s bytes counts 1/p times, p its chance, so the variance
// of an estimate of n such objects is n (1-p)/p. Seeds are fixed: a test passes or fails for good.
#include "memgc/profile.h"

#include <gtest/gtest.h>
#include <memgc/memgc.h>

#include <cmath>
#include <map>
#include <string>
#include <thread>
#include <vector>

#include "allocator/sample_points.h"
#include "tests/runtime/support.h"

namespace memgc::testing {
namespace {

using internal::SamplePoints;

Options sampling(std::uint32_t rate, std::uint32_t seed) {
  Options options = precise_options();
  options.debug.profilerate = rate;
  options.debug.profileseed = seed;
  return options;
}

struct Estimate {
  double objects = 0, bytes = 0, alive = 0, variance = 0;
};

// By size of cell.
std::map<std::size_t, Estimate> estimates(Heap& heap) {
  const AllocationProfile profile = allocation_profile(heap);
  std::map<std::size_t, Estimate> out;
  for (const AllocationSite& site : profile.sites) {
    Estimate& to = out[site.object_bytes];
    to.objects += site.allocated_objects();
    to.alive += site.live_objects();
    to.bytes += site.allocated_objects() * static_cast<double>(site.object_bytes);
  }
  return out;
}

// Six standard deviations: by chance one run in 500 million is further off.
void expect_near(double estimate, double exact, std::size_t bytes, std::uint32_t rate) {
  const double p = SamplePoints::probability(rate, bytes);
  const double deviation = std::sqrt(exact * (1 - p) / p);
  EXPECT_NEAR(estimate, exact, 6 * deviation) << bytes << " bytes at rate " << rate;
}

template <std::size_t kBytes>
struct Sized {
  char bytes[kBytes];
};

TEST(SamplePoints, FallOnEachUnitAlike) {
  for (const std::uint64_t size : {1U, 16U, 100U, 5000U}) {
    SamplePoints points;
    points.begin(1000, 7);
    constexpr int kPieces = 200'000;
    int hits = 0;
    for (int i = 0; i < kPieces; ++i) hits += points.hit(size) ? 1 : 0;
    const double p = SamplePoints::probability(1000, size);
    EXPECT_NEAR(hits, kPieces * p, 6 * std::sqrt(kPieces * p * (1 - p))) << size;
  }
}
TEST(SamplePoints, AreAtEachUnitOrNone) {
  SamplePoints points;
  EXPECT_FALSE(points.hit(std::uint64_t{1} << 60)) << "not begun";
  points.begin(1, 3);
  for (int i = 0; i < 100; ++i) EXPECT_TRUE(points.hit(1));
  points.begin(0, 3);
  EXPECT_FALSE(points.hit(std::uint64_t{1} << 60));
}

TEST(AllocationProfile, IsUnbiasedForEachSize) {
  constexpr std::uint32_t kRate = 4096;
  Heap heap(sampling(kRate, 11));
  const std::size_t count = scaled(200'000);
  {
    Mutator me(heap);
    for (std::size_t i = 0; i < count; ++i) {
      me.make<Sized<16>>();
      me.make<Sized<96>>();
      if (i % 10 == 0) me.make_array<char>(1000);
      if (i % 100 == 0) me.make<Sized<8192>>();
      if (i % 2000 == 0) me.make_array<char>(100'000);
    }
  }
  auto found = estimates(heap);
  const double n = static_cast<double>(count);
  expect_near(found[16].objects, n, 16, kRate);
  expect_near(found[96].objects, n, 96, kRate);
  expect_near(found[1024].objects, n / 10, 1024, kRate);
  expect_near(found[8192].objects, n / 100, 8192, kRate);
  expect_near(found[128 << 10].objects, n / 2000, 128 << 10, kRate);
  double bytes = 0;
  for (const auto& [size, estimate] : found) bytes += estimate.bytes;
  const double exact = static_cast<double>(heap.stats().allocated_bytes);
  EXPECT_NEAR(bytes, exact, 6 * std::sqrt(exact * (kRate + 16384.0)));
}

// Each cycle drops the runs of all threads, in which samples may be due: they must not be lost, nor found twice.
TEST(AllocationProfile, IsUnbiasedUnderThreadsAndCycles) {
  constexpr std::uint32_t kRate = 1024;
  constexpr int kThreads = 3;
  Options options = sampling(kRate, 5);
  options.debug.gcstress = 97;
  Heap heap(options);
  const std::size_t count = scaled(100'000);
  std::vector<std::thread> threads;
  threads.reserve(kThreads);
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([&] {
      for (int part = 0; part < 10; ++part) {  // threads come and go
        Mutator me(heap);
        for (std::size_t i = 0; i < count / 10; ++i) {
          me.make<Sized<32>>();
          if (i % 3 == 0) me.make<Sized<512>>();
        }
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  auto found = estimates(heap);
  const std::size_t part = count / 10, thirds = kThreads * 10 * ((part + 2) / 3);
  expect_near(found[32].objects, static_cast<double>(kThreads * 10 * part), 32, kRate);
  expect_near(found[512].objects, static_cast<double>(thirds), 512, kRate);
  heap.collect();
  found = estimates(heap);
  EXPECT_EQ(found[32].alive + found[512].alive, 0) << "nothing is reachable";
}

TEST(AllocationProfile, CountsEachObjectAtRateOne) {
  Heap heap(sampling(1, 1));
  Mutator me(heap);
  const Root<Array<Member<Leaf>>> all(me.make_array<Member<Leaf>>(1000));
  for (auto& leaf : *all) leaf = me.make<Leaf>();
  for (int i = 0; i < 500; ++i) me.make<Node>();
  const AllocationProfile profile = allocation_profile(heap);
  std::map<std::string, double> by_type;
  for (const AllocationSite& site : profile.sites) {
    EXPECT_EQ(site.scale, 1);
    EXPECT_FALSE(site.stack.empty());
    by_type[site.type] += site.allocated_objects();
  }
  EXPECT_EQ(profile.lost_samples, 0u);
  EXPECT_EQ(by_type["memgc::testing::Leaf"], 1000);
  EXPECT_EQ(by_type["memgc::testing::Node"], 500);
}

Lifetimes sum_of(Heap& heap, Lifetimes AllocationSite::*which, const std::string& type) {
  Lifetimes out{};
  for (const AllocationSite& site : allocation_profile(heap).sites) {
    if (site.type != type) continue;
    for (std::size_t i = 0; i < kLifetimes; ++i) out[i] += (site.*which)[i];
  }
  return out;
}

TEST(AllocationProfile, TellsHowManyCyclesObjectsSurvive) {
  Heap heap(sampling(1, 1));
  Mutator me(heap);
  const std::string type = "memgc::testing::Leaf";
  Root<Array<Member<Leaf>>> all(me.make_array<Member<Leaf>>(10));
  for (auto& leaf : *all) leaf = me.make<Leaf>();
  for (int i = 0; i < 7; ++i) me.make<Leaf>();
  EXPECT_EQ(sum_of(heap, &AllocationSite::alive, type), (Lifetimes{17, 0, 0, 0, 0}));
  const std::size_t keep_for[] = {0, 1, 2, 3, 5, 8, 9};
  for (std::size_t cycle = 0; cycle < 12; ++cycle) {
    for (std::size_t i = 0; i < std::size(keep_for); ++i) {
      if (keep_for[i] == cycle) (*all)[i] = nullptr;
    }
    heap.collect();
  }
  EXPECT_EQ(sum_of(heap, &AllocationSite::died, type), (Lifetimes{8, 1, 2, 1, 2}));
  EXPECT_EQ(sum_of(heap, &AllocationSite::alive, type), (Lifetimes{0, 0, 0, 0, 3}));
}

// The cells of the dead are handed out again: their samples are gone by then.
TEST(AllocationProfile, NeverTakesARecycledCellForTheSample) {
  Heap heap(sampling(1, 1));
  Mutator me(heap);
  for (int i = 0; i < 300; ++i) me.make<Leaf>();
  heap.collect();
  Root<Array<Member<Link>>> all(me.make_array<Member<Link>>(300));
  for (auto& link : *all) link = me.make<Link>();  // of the same size
  heap.collect();
  const Lifetimes leaves = sum_of(heap, &AllocationSite::alive, "memgc::testing::Leaf");
  EXPECT_EQ(AllocationSite::sum(leaves), 0u);
  EXPECT_EQ(sum_of(heap, &AllocationSite::alive, "memgc::testing::Link"), (Lifetimes{0, 300, 0, 0, 0}));
}

TEST(AllocationProfile, IsTheSameForTheSameSeed) {
  const auto run = [](std::uint32_t seed) {
    Heap heap(sampling(4096, seed));
    Mutator me(heap);
    for (int i = 0; i < 20'000; ++i) me.make<Node>();
    return estimates(heap)[24].objects;
  };
  EXPECT_EQ(run(3), run(3));
  EXPECT_NE(run(3), run(4));
}

TEST(AllocationProfile, IsEmptyAtRateNought) {
  Heap heap(sampling(0, 1));
  Mutator me(heap);
  for (int i = 0; i < 100'000; ++i) me.make<Node>();
  EXPECT_TRUE(allocation_profile(heap).sites.empty());
}

TEST(WaitingProfile, NamesWhatThreadsWaitedFor) {
  Options options = manual_options();
  options.debug.waitrate = 1;
  Heap heap(options);
  Mutator me(heap);
  for (int i = 0; i < 5; ++i) heap.collect();
  const WaitingProfile profile = waiting_profile(heap);
  double waits = 0, ns = 0;
  for (const WaitingSite& site : profile.sites) {
    if (site.kind != WaitKind::kCollect) continue;
    EXPECT_FALSE(site.stack.empty());
    waits += site.waits;
    ns += site.wait_ns;
  }
  EXPECT_DOUBLE_EQ(waits, 5);
  EXPECT_GT(ns, 0);
  EXPECT_LE(ns, static_cast<double>(heap.stats().stops.total()));
}

TEST(WaitingProfile, SeesHandshakesAndLocks) {
  Options options = manual_options();
  options.debug.waitrate = 1;
  Heap heap(options);
  std::atomic<bool> over{false};
  std::thread busy([&] {
    Mutator me(heap);
    while (!over) me.safepoint();
  });
  for (int i = 0; i < 20; ++i) heap.collect();
  over = true;
  busy.join();
  double handshakes = 0;
  for (const WaitingSite& site : waiting_profile(heap).sites) {
    if (site.kind == WaitKind::kHandshake) handshakes += site.waits;
  }
  EXPECT_GT(handshakes, 0);
}

TEST(WaitingProfile, IsEmptyAtRateNought) {
  Options options = manual_options();
  options.debug.waitrate = 0;
  Heap heap(options);
  Mutator me(heap);
  heap.collect();
  EXPECT_TRUE(waiting_profile(heap).sites.empty());
}

}  // namespace
}  // namespace memgc::testing
