// Job: pins the levels of pressure: their thresholds, that they do not flutter, and that the heap tells them.
//
// Threads: callbacks run on the heap's own thread; the tests read what they left once they have run.
#include "runtime/pressure.h"

#include <gtest/gtest.h>
#include <memgc/memgc.h>

#include <atomic>
#include <chrono>
#include <cstddef>
#include <mutex>
#include <thread>
#include <vector>

#include "tests/runtime/support.h"

namespace memgc::testing {
namespace {

using internal::pressure_level;
using internal::PressureInput;

Pressure at(std::size_t percent, Pressure before, bool no_room = false) {
  return pressure_level(before, {percent << 20, std::size_t{100} << 20, no_room});
}

TEST(PressureLevel, RisesAtItsThresholds) {
  EXPECT_EQ(at(0, Pressure::kBelow), Pressure::kBelow);
  EXPECT_EQ(at(84, Pressure::kBelow), Pressure::kBelow);
  EXPECT_EQ(at(85, Pressure::kBelow), Pressure::kNear);
  EXPECT_EQ(at(96, Pressure::kBelow), Pressure::kNear);
  EXPECT_EQ(at(97, Pressure::kBelow), Pressure::kOver);
  EXPECT_EQ(at(300, Pressure::kBelow), Pressure::kOver);
}

TEST(PressureLevel, FallsLower) {
  EXPECT_EQ(at(92, Pressure::kOver), Pressure::kOver);
  EXPECT_EQ(at(91, Pressure::kOver), Pressure::kNear);
  EXPECT_EQ(at(80, Pressure::kNear), Pressure::kNear);
  EXPECT_EQ(at(79, Pressure::kNear), Pressure::kBelow);
  EXPECT_EQ(at(10, Pressure::kOver), Pressure::kBelow);
}

TEST(PressureLevel, IsOverWhenTheCpuIsLimitedOnlyNearTheLimit) {
  PressureInput in{std::size_t{84} << 20, std::size_t{100} << 20};
  in.cpu_limited = true;
  EXPECT_EQ(pressure_level(Pressure::kBelow, in), Pressure::kBelow);
  EXPECT_EQ(pressure_level(Pressure::kOver, in), Pressure::kNear) << "fallen below: near until 5 % lower";
  in.needed = std::size_t{85} << 20;
  EXPECT_EQ(pressure_level(Pressure::kBelow, in), Pressure::kOver);
}

TEST(PressureLevel, IsOverWhenThereIsNoRoom) { EXPECT_EQ(at(50, Pressure::kBelow, true), Pressure::kOver); }

TEST(PressureLevel, IsNothingWithoutALimit) {
  EXPECT_EQ(pressure_level(Pressure::kOver, {std::size_t{1} << 40, SIZE_MAX, true}), Pressure::kBelow);
}

TEST(LimitLeavesRoom, WhenAnEighthIsLeftAndSomeOfThatIsFound) {
  const auto leaves = [](std::size_t needed, std::size_t freed) {
    return internal::limit_leaves_room({2400, needed, freed});
  };
  EXPECT_TRUE(leaves(2100, 100));
  EXPECT_TRUE(leaves(0, 2400));
  EXPECT_FALSE(leaves(2101, 100)) << "too large a heap";
  EXPECT_FALSE(leaves(2100, 99)) << "too full of holes";
  EXPECT_FALSE(internal::limit_leaves_room({SIZE_MAX, 0, SIZE_MAX})) << "there is no limit to keep";
  EXPECT_FALSE(internal::limit_leaves_room({0, 1, 1}));
}

TEST(RoomJudge, GivesALimitUpAfterFourCyclesWithoutRoomInARow) {
  constexpr internal::RoomInput kRoom{2400, 2000, 300}, kNoRoom{2400, 2200, 300}, kNothingFreed{2400, 2000, 0};
  internal::RoomJudge judge;
  for (int i = 0; i < 100; ++i) {
    ASSERT_TRUE(judge.worth_keeping(kNoRoom)) << "one cycle says little";
    ASSERT_TRUE(judge.worth_keeping(kNothingFreed));
    ASSERT_TRUE(judge.worth_keeping(kNoRoom));
    ASSERT_TRUE(judge.worth_keeping(kRoom));
  }
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(judge.worth_keeping(kNothingFreed));
  for (int i = 0; i < 3; ++i) EXPECT_FALSE(judge.worth_keeping(kNothingFreed));
  EXPECT_TRUE(judge.worth_keeping(kRoom)) << "there is room again";
  EXPECT_FALSE(judge.worth_keeping({SIZE_MAX, 0, SIZE_MAX})) << "there is no limit to keep";
}

constexpr std::size_t kLimit = std::size_t{64} << 20;

Options limited_options() {
  Options options = manual_options();
  options.memory_limit = kLimit;
  options.debug.gcperiodms = 0;
  return options;
}

TEST(Pressure, IsToldAsItRisesAndFalls) {
  Heap heap(limited_options());
  std::mutex lock;
  std::vector<Pressure> seen;
  std::atomic<bool> on_a_mutator{false};
  const std::thread::id mine = std::this_thread::get_id();
  heap.on_pressure([&](Pressure pressure) {
    const std::lock_guard guard(lock);
    if (std::this_thread::get_id() == mine) on_a_mutator = true;
    seen.push_back(pressure);
  });
  EXPECT_EQ(heap.pressure(), Pressure::kBelow);
  heap.add_external_bytes(kLimit * 90 / 100);
  heap.collect();
  EXPECT_EQ(heap.pressure(), Pressure::kNear);
  heap.add_external_bytes(kLimit * 8 / 100);
  heap.collect();
  EXPECT_EQ(heap.pressure(), Pressure::kOver);
  heap.add_external_bytes(-static_cast<std::ptrdiff_t>(kLimit * 98 / 100));
  heap.collect();
  EXPECT_EQ(heap.pressure(), Pressure::kBelow);
  heap.collect();
  heap.wait_for_finalizers();  // and callbacks
  const std::lock_guard guard(lock);
  EXPECT_EQ(seen, (std::vector<Pressure>{Pressure::kNear, Pressure::kOver, Pressure::kBelow})) << "changes, once each";
  EXPECT_FALSE(on_a_mutator);
}

TEST(Pressure, FollowsTheLimit) {
  Options options = manual_options();
  options.debug.gcperiodms = 0;
  Heap heap(options);
  heap.add_external_bytes(kLimit);
  heap.collect();
  EXPECT_EQ(heap.pressure(), Pressure::kBelow) << "no limit";
  heap.set_memory_limit(kLimit);
  EXPECT_EQ(heap.pressure(), Pressure::kOver) << "at once";
  heap.set_memory_limit(2 * kLimit);
  EXPECT_EQ(heap.pressure(), Pressure::kBelow);
}

TEST(Pressure, WhatLivesCountsAndGarbageDoesNot) {
  Heap heap(limited_options());
  Root<Array<char>> keep;
  on_another_thread(heap, [&](Mutator& me) {
    for (int i = 0; i < 50; ++i) me.make_array<char>(kLimit / 10);
  });
  EXPECT_EQ(heap.pressure(), Pressure::kBelow);
  on_another_thread(heap, [&](Mutator& me) { keep = me.make_array<char>(kLimit * 88 / 100); });
  heap.collect();
  EXPECT_EQ(heap.pressure(), Pressure::kNear);
}

// Who sheds load allocates nothing, and is told all the same when there is room again.
TEST(Pressure, FallsByItselfWhileNobodyAllocates) {
  Options options = manual_options();
  options.memory_limit = kLimit;
  options.precise_stacks = true;
  Heap heap(options);
  {
    Root<Array<char>> keep;
    on_another_thread(heap, [&](Mutator& me) { keep = me.make_array<char>(kLimit * 98 / 100); });
    heap.collect();
    EXPECT_EQ(heap.pressure(), Pressure::kOver);
  }
  for (int i = 0; i < 6000 && heap.pressure() != Pressure::kBelow; ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  EXPECT_EQ(heap.pressure(), Pressure::kBelow);
}

struct Chunk {
  Member<Chunk> next;
  char bytes[4000];
  static constexpr auto fields = memgc::fields(&Chunk::next);
};

TEST(MaxBytes, AreNeverPassed) {
  constexpr std::size_t kMost = std::size_t{32} << 20;
  Options options;
  options.max_bytes = kMost;
  options.debug.safepointms = 0;
  Heap heap(options);
  Root<Chunk> head;
  std::size_t chunks = 0;
  on_another_thread(heap, [&](Mutator& me) {
    while (Chunk* chunk = me.try_make<Chunk>()) {
      chunk->next = head;
      head = chunk;
      ASSERT_LE(heap.stats().managed_bytes, kMost) << ++chunks;
    }
    EXPECT_EQ(me.try_make_array<char>(1 << 20), nullptr);
    EXPECT_LE(heap.stats().managed_bytes, kMost);
    EXPECT_GE(heap.stats().live_bytes, kMost * 8 / 10) << "and used";
    EXPECT_THROW(me.make_array<char>(1 << 20), std::bad_alloc);
  });
  EXPECT_EQ(heap.pressure(), Pressure::kOver);
  head = nullptr;
  on_another_thread(heap, [&](Mutator& me) { EXPECT_NE(me.try_make_array<char>(8 << 20), nullptr); });
}

TEST(MakeWithin, WaitsForMemoryThatAnotherThreadLetsGo) {
  Options options;
  options.max_bytes = std::size_t{16} << 20;
  options.precise_stacks = true;  // unoptimised code leaves the array's address on its frame
  options.debug.safepointms = 0;
  Heap heap(options);
  Root<Array<char>> keep;
  on_another_thread(heap, [&](Mutator& me) {
    keep = me.make_array<char>(12 << 20);
    std::thread other([&] { keep = nullptr; });
    EXPECT_NE(me.make_array_within<char>(std::chrono::minutes(2), 8 << 20), nullptr);
    const BlockingScope waiting(me);
    other.join();
  });
}

TEST(MakeWithin, AnswersNullWhenTheTimeIsOver) {
  Options options;
  options.max_bytes = std::size_t{16} << 20;
  Heap heap(options);
  Root<Array<char>> keep;
  on_another_thread(heap, [&](Mutator& me) {
    keep = me.make_array<char>(12 << 20);
    EXPECT_EQ(me.make_array_within<char>(std::chrono::milliseconds(20), 8 << 20), nullptr);
    EXPECT_NE(me.make_within<Leaf>(std::chrono::milliseconds(0)), nullptr) << "there is room for a little";
  });
}

}  // namespace
}  // namespace memgc::testing
