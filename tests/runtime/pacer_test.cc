// Job: tests the pacer's functions one by one: goals, the limit's headroom, cons/mark, runway, trigger and its bounds.
//
// Threads: one.
#include "runtime/pacer.h"

#include <gtest/gtest.h>

#include <climits>
#include <cstdint>
#include <cstdio>
#include <random>

namespace memgc::testing {
namespace {

using internal::cons_mark;
using internal::ConsMark;
using internal::cycle_trigger;
using internal::CycleMeasure;
using internal::GoalInput;
using internal::growth_goal;
using internal::heap_goal;
using internal::HeapGoal;
using internal::kNoGoal;
using internal::limit_goal;
using internal::runway;
using internal::sweep_floor;

constexpr std::size_t kKiB = 1024;
constexpr std::size_t kMiB = 1024 * kKiB;
constexpr std::size_t kTiB = 1024 * 1024 * kMiB;

GoalInput living(std::size_t live, int percent = 100, std::size_t roots = 0) {
  GoalInput in;
  in.live = live;
  in.roots = roots;
  in.growth_percent = percent;
  return in;
}

TEST(GrowthGoal, AddsThePercentOfLiveAndRoots) {
  EXPECT_EQ(growth_goal(living(100 * kMiB)), 200 * kMiB);
  EXPECT_EQ(growth_goal(living(100 * kMiB, 25)), 125 * kMiB);
  EXPECT_EQ(growth_goal(living(100 * kMiB, 50, 40 * kMiB)), 170 * kMiB) << "roots are paid for, not counted";
}

TEST(GrowthGoal, IsAtLeastFourMegabytesTimesThePercent) {
  EXPECT_EQ(growth_goal(living(0)), 4 * kMiB);
  EXPECT_EQ(growth_goal(living(kMiB)), 4 * kMiB);
  EXPECT_EQ(growth_goal(living(0, 25)), kMiB);
  EXPECT_EQ(growth_goal(living(0, 800)), 32 * kMiB);
}

TEST(GrowthGoal, AtTheEndsOfItsRange) {
  EXPECT_EQ(growth_goal(living(100 * kMiB, 0)), 100 * kMiB);
  EXPECT_EQ(growth_goal(living(0, 0)), 0u);
  EXPECT_EQ(growth_goal(living(kMiB, -1)), kNoGoal);
  EXPECT_EQ(growth_goal(living(kTiB, INT_MAX)), kNoGoal) << "saturates";
  EXPECT_EQ(growth_goal(living(10 * kMiB, INT_MAX)), 10 * kMiB + 10 * kMiB * INT_MAX / 100);
  EXPECT_EQ(growth_goal(living(SIZE_MAX, 100, SIZE_MAX)), kNoGoal);
}

GoalInput limited(std::size_t limit, std::size_t live) {
  GoalInput in = living(live);
  in.memory_limit = limit;
  return in;
}

TEST(LimitGoal, LeavesThreePercentOrAMegabyte) {
  EXPECT_EQ(limit_goal(limited(1000 * kMiB, 0)), 1000 * kMiB - 1000 * kMiB / 100 * 3);
  EXPECT_EQ(limit_goal(limited(10 * kMiB, 0)), 9 * kMiB);
  EXPECT_EQ(limit_goal(limited(kMiB + 1, 0)), kMiB) << "never less than the headroom itself";
  EXPECT_EQ(limit_goal(living(kMiB)), kNoGoal);
}

TEST(LimitGoal, IsNeverBelowWhatLives) {
  EXPECT_EQ(limit_goal(limited(100 * kMiB, 99 * kMiB)), 99 * kMiB);
  EXPECT_EQ(limit_goal(limited(100 * kMiB, 300 * kMiB)), 300 * kMiB);
  EXPECT_EQ(limit_goal(limited(0, 7)), 7u);
}

TEST(LimitGoal, TakesOffWhatIsNotObjectsAndWhatIsOverAlready) {
  GoalInput in = limited(1000 * kMiB, 0);
  in.heap_in_use = 300 * kMiB;
  in.heap_free = 100 * kMiB;
  in.mapped_ready = 500 * kMiB;
  EXPECT_EQ(limit_goal(in), 900 * kMiB - 900 * kMiB / 100 * 3) << "free blocks can be had";
  in.mapped_ready = 1100 * kMiB;
  EXPECT_EQ(limit_goal(in), 200 * kMiB - 200 * kMiB / 100 * 3) << "700 of other things, 100 over";
  in.mapped_ready = 1500 * kMiB;
  in.live = 123;
  EXPECT_EQ(limit_goal(in), 123u) << "other things alone are too much";
}

TEST(HeapGoal, IsTheSmallerAndSaysWhichItIs) {
  HeapGoal goal = heap_goal(limited(1000 * kMiB, 100 * kMiB));
  EXPECT_EQ(goal.bytes, 200 * kMiB);
  EXPECT_FALSE(goal.by_limit);
  goal = heap_goal(limited(100 * kMiB, 60 * kMiB));
  EXPECT_EQ(goal.bytes, 97 * kMiB);
  EXPECT_TRUE(goal.by_limit);
  EXPECT_EQ(heap_goal(living(kMiB, -1)).bytes, kNoGoal);
}

TEST(HeapGoal, LeavesRoomToSweepAndToFinishButNotBeyondALimit) {
  GoalInput in = living(4 * kMiB, 10);
  in.least_trigger = sweep_floor(6 * kMiB, false);
  EXPECT_EQ(in.least_trigger, 7 * kMiB);
  EXPECT_EQ(heap_goal(in).bytes, 7 * kMiB);
  EXPECT_EQ(heap_goal(in).least_trigger, 7 * kMiB);
  in.begun = 8 * kMiB;
  EXPECT_EQ(heap_goal(in).bytes, 8 * kMiB + 64 * kKiB);
  in.memory_limit = 5 * kMiB;
  EXPECT_EQ(heap_goal(in).bytes, 4 * kMiB);
  EXPECT_EQ(heap_goal(in).least_trigger, 0u);
  EXPECT_EQ(sweep_floor(6 * kMiB, true), 0u);
  EXPECT_EQ(sweep_floor(SIZE_MAX, false), SIZE_MAX);
}

CycleMeasure measured(std::size_t allocated, std::size_t work) {
  CycleMeasure cycle;
  cycle.begun = 10 * kMiB;
  cycle.ended = 10 * kMiB + allocated;
  cycle.work = work;
  cycle.wall_ns = 1'000'000;
  cycle.processors = 8;
  return cycle;
}

TEST(ConsMark, IsAllocationPerWorkPerProcessor) {
  // A quarter marked 30 MiB while three quarters allocated 9: one allocates 0.1 byte while one marks a byte.
  EXPECT_DOUBLE_EQ(cons_mark(measured(9 * kMiB, 30 * kMiB)), 0.1);
  CycleMeasure cycle = measured(9 * kMiB, 30 * kMiB);
  cycle.assist_ns = 2'000'000;  // another quarter
  EXPECT_DOUBLE_EQ(cons_mark(cycle), 0.3);
  cycle.assist_ns = 0;
  cycle.idle_ns = 2'000'000;
  EXPECT_DOUBLE_EQ(cons_mark(cycle), 0.2);
  cycle.wall_ns = 0;
  EXPECT_DOUBLE_EQ(cons_mark(cycle), 0.1) << "without a clock";
  EXPECT_EQ(cons_mark(measured(0, 30 * kMiB)), 0);
}

TEST(ConsMark, IsFiniteWhateverIsMeasured) {
  CycleMeasure cycle = measured(kTiB, 0);
  cycle.assist_ns = UINT64_MAX;
  cycle.idle_ns = UINT64_MAX;
  const double ratio = cons_mark(cycle);
  EXPECT_GT(ratio, 0);
  EXPECT_LT(ratio, 1e300);
  EXPECT_EQ(runway(ratio, 0, kTiB), std::size_t{1} << 62);
}

TEST(ConsMark, RemembersTheLargestOfFive) {
  ConsMark memory;
  EXPECT_EQ(memory.ratio(), 0);
  memory.add(measured(9 * kMiB, 3 * kMiB));
  for (int i = 0; i < 4; ++i) {
    memory.add(measured(9 * kMiB, 30 * kMiB));
    EXPECT_DOUBLE_EQ(memory.ratio(), 1.0) << i;
  }
  memory.add(measured(9 * kMiB, 30 * kMiB));
  EXPECT_DOUBLE_EQ(memory.ratio(), 0.1);
  memory.add(measured(0, 30 * kMiB));
  EXPECT_DOUBLE_EQ(memory.ratio(), 0.1) << "a cycle in which nothing was allocated says nothing";
}

TEST(ConsMark, CountsOnIdleWorkersThatWereThereFiveTimes) {
  ConsMark memory;
  CycleMeasure cycle = measured(9 * kMiB, 30 * kMiB);
  cycle.idle_ns = 4'000'000;
  for (int i = 0; i < 4; ++i) memory.add(cycle);
  EXPECT_EQ(memory.idle_share(), 0);
  memory.add(cycle);
  EXPECT_DOUBLE_EQ(memory.idle_share(), 0.5);
  memory.add(measured(9 * kMiB, 30 * kMiB));
  EXPECT_EQ(memory.idle_share(), 0);
}

TEST(Runway, IsWhatTheLastCycleAllocatedIfNothingChanges) {
  const CycleMeasure cycle = measured(9 * kMiB, 30 * kMiB);
  EXPECT_NEAR(static_cast<double>(runway(cons_mark(cycle), 0, cycle.work)), 9.0 * kMiB, 1);
  EXPECT_NEAR(static_cast<double>(runway(cons_mark(cycle), 0, 2 * cycle.work)), 18.0 * kMiB, 1);
  CycleMeasure idling = cycle;
  idling.idle_ns = 2'000'000;
  EXPECT_NEAR(static_cast<double>(runway(cons_mark(idling), 0.25, idling.work)), 9.0 * kMiB, 1);
  EXPECT_NEAR(static_cast<double>(runway(cons_mark(idling), 0, idling.work)), 18.0 * kMiB, 1) << "as Go has it";
}

HeapGoal goal_of(std::size_t bytes) {
  HeapGoal goal;
  goal.bytes = bytes;
  return goal;
}

TEST(Trigger, LiesTheRunwayBeforeTheGoal) {
  EXPECT_EQ(cycle_trigger(goal_of(200 * kMiB), 100 * kMiB, 20 * kMiB), 180 * kMiB);
}

TEST(Trigger, IsBetweenSeventyAndNinetyFivePercentOfTheWay) {
  const std::size_t low = 64 * kMiB + 45 * kMiB;
  EXPECT_EQ(cycle_trigger(goal_of(128 * kMiB), 64 * kMiB, 60 * kMiB), low);
  EXPECT_EQ(cycle_trigger(goal_of(128 * kMiB), 64 * kMiB, SIZE_MAX), low);
  EXPECT_EQ(cycle_trigger(goal_of(128 * kMiB), 64 * kMiB, 0), 64 * kMiB + 61 * kMiB);
  EXPECT_EQ(cycle_trigger(goal_of(4 * kMiB), 0, 0), 61 * 64 * kKiB);
}

TEST(Trigger, OfALargeHeapMayBeFourMegabytesBeforeTheGoal) {
  EXPECT_EQ(cycle_trigger(goal_of(2048 * kMiB), 1024 * kMiB, 0), 2044 * kMiB);
}

TEST(Trigger, WaitsForTheSweep) {
  HeapGoal goal = goal_of(200 * kMiB);
  goal.least_trigger = 190 * kMiB;
  EXPECT_EQ(cycle_trigger(goal, 100 * kMiB, 50 * kMiB), 190 * kMiB);
  goal.least_trigger = 300 * kMiB;
  EXPECT_EQ(cycle_trigger(goal, 100 * kMiB, 50 * kMiB), 200 * kMiB) << "never above the goal";
}

TEST(Trigger, WithoutRoomIsTheGoal) {
  EXPECT_EQ(cycle_trigger(goal_of(100), 100, 5), 100u);
  EXPECT_EQ(cycle_trigger(goal_of(100), 200, 5), 100u);
  EXPECT_EQ(cycle_trigger(goal_of(kNoGoal), 100, 5), kNoGoal);
}

TEST(Trigger, KeepsItsBoundsForAnyNumbers) {
  constexpr std::uint64_t kSeed = 20240917;
  std::printf("seed %llu\n", static_cast<unsigned long long>(kSeed));
  std::mt19937_64 random(kSeed);
  const auto any = [&] { return static_cast<std::size_t>(random() >> (random() % 64)); };
  for (int i = 0; i < 200'000; ++i) {
    GoalInput in;
    in.live = any();
    in.roots = any();
    in.growth_percent = static_cast<int>(any() % INT_MAX) - 1;
    in.memory_limit = any();
    in.mapped_ready = any();
    in.heap_free = any();
    in.heap_in_use = any();
    in.begun = any();
    const HeapGoal goal = heap_goal(in);
    const std::size_t trigger = cycle_trigger(goal, in.live, any());
    ASSERT_GE(goal.bytes, in.live) << i;
    ASSERT_LE(trigger, goal.bytes) << i;
    ASSERT_GE(trigger, in.live) << i;
    if (goal.bytes != kNoGoal) {
      ASSERT_GE(trigger - in.live, (goal.bytes - in.live) / 64 * 45) << i;
    }
  }
}

}  // namespace
}  // namespace memgc::testing
