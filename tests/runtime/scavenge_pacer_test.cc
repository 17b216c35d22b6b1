// Job: tests what is given back, when and how fast: the goals, what a mutator must do, the share of CPU time, and how
// long a simulated heap takes to shrink after a spike.
//
// Threads: one.
#include "runtime/scavenge_pacer.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <cstdio>
#include <random>

namespace memgc::testing {
namespace {

using internal::RecentMost;
using internal::resident_goal;
using internal::retain_goal;
using internal::scavenge_before_growth;
using internal::scavenge_excess;
using internal::ScavengeInput;
using internal::ScavengeNow;
using internal::ScavengePace;

constexpr std::size_t kPage = 4096;
constexpr std::size_t kMiB = std::size_t{1} << 20;
constexpr std::uint64_t kMs = 1'000'000;

ScavengeInput steady() {
  ScavengeInput in;
  in.last_in_use = 100 * kMiB;
  in.last_goal = 100 * kMiB;
  in.goal = 100 * kMiB;
  in.retained = 105 * kMiB;
  in.mapped_ready = 110 * kMiB;
  return in;
}

TEST(RetainGoal, IsATenthAboveWhatWasInUse) {
  EXPECT_EQ(retain_goal(steady()), 110 * kMiB);
  ScavengeInput in = steady();
  in.last_in_use = 1001;
  EXPECT_EQ(retain_goal(in), kPage) << "in whole pages, upwards";
}

TEST(RetainGoal, MovesWithTheHeapsGoal) {
  ScavengeInput in = steady();
  in.goal = 50 * kMiB;
  EXPECT_EQ(retain_goal(in), 55 * kMiB);
  in.goal = 400 * kMiB;
  EXPECT_EQ(retain_goal(in), 440 * kMiB);
}

TEST(RetainGoal, IsNoneBeforeTheFirstCycleAndWithoutAGoal) {
  ScavengeInput in = steady();
  in.last_goal = 0;
  EXPECT_EQ(retain_goal(in), SIZE_MAX);
  in = steady();
  in.goal = SIZE_MAX;
  EXPECT_EQ(retain_goal(in), SIZE_MAX);
  in.goal = SIZE_MAX - 1;
  in.last_goal = 1;
  EXPECT_EQ(retain_goal(in), SIZE_MAX) << "saturates";
}

TEST(ResidentGoal, IsNinetyFivePercentOfTheLimit) {
  ScavengeInput in = steady();
  EXPECT_EQ(resident_goal(in), SIZE_MAX);
  in.memory_limit = 100 * kMiB;
  EXPECT_EQ(resident_goal(in), 95 * kMiB);
  in.memory_limit = SIZE_MAX - 1;
  EXPECT_EQ(resident_goal(in), SIZE_MAX / 100 * 95 + 13);
}

TEST(ScavengeExcess, IsWhatBothGoalsAskFor) {
  ScavengeInput in = steady();
  EXPECT_EQ(scavenge_excess(in), 0u);
  in.retained = 130 * kMiB;
  EXPECT_EQ(scavenge_excess(in), 20 * kMiB);
  in.memory_limit = 100 * kMiB;
  in.mapped_ready = 140 * kMiB;
  EXPECT_EQ(scavenge_excess(in), 45 * kMiB);
  in.mapped_ready = 96 * kMiB;
  EXPECT_EQ(scavenge_excess(in), 20 * kMiB);
}

TEST(ScavengeExcess, OfLessThanAPageIsNothing) {
  ScavengeInput in = steady();
  in.retained = 110 * kMiB + kPage - 1;
  EXPECT_EQ(scavenge_excess(in), 0u);
  in.retained = 110 * kMiB + kPage;
  EXPECT_EQ(scavenge_excess(in), kPage);
}

TEST(ScavengeExcess, SparesWhatWasWantedLatelyButNotFromTheLimit) {
  ScavengeInput in = steady();
  in.retained = 150 * kMiB;
  in.mapped_ready = 155 * kMiB;
  in.used_lately = 145 * kMiB;
  EXPECT_EQ(scavenge_excess(in), 5 * kMiB);
  in.used_lately = 150 * kMiB;
  EXPECT_EQ(scavenge_excess(in), 0u);
  in.used_lately = SIZE_MAX;
  in.memory_limit = 100 * kMiB;
  EXPECT_EQ(scavenge_excess(in), 60 * kMiB);
}

TEST(RecentMost, KeepsTheLargestForOneToTwoHalves) {
  constexpr std::uint64_t kHalf = RecentMost::kHalfNs;
  for (std::uint64_t began : {std::uint64_t{0}, 12345 * kHalf, std::uint64_t{1} << 62}) {
    RecentMost most;
    EXPECT_EQ(most.note(7, began), 7u);
    const std::uint64_t largest = began + kHalf / 5;
    EXPECT_EQ(most.note(9, largest), 9u);
    std::uint64_t now = largest;
    while (now < largest + 10 * kHalf && most.note(5, now) == 9) now += kHalf / 50;
    EXPECT_GE(now, largest + kHalf);
    EXPECT_LE(now, largest + 2 * kHalf);
    EXPECT_EQ(most.note(5, now + 1), 5u);
  }
}

TEST(RecentMost, ForgetsAllAfterAQuietTime) {
  RecentMost most;
  most.note(9, 1);
  EXPECT_EQ(most.note(1, 1 + 2 * RecentMost::kHalfNs), 1u);
}

TEST(ScavengeBeforeGrowth, MakesRoomUnderTheLimitByForce) {
  ScavengeInput in = steady();
  in.memory_limit = 120 * kMiB;
  ScavengeNow now = scavenge_before_growth(in, 4 * kMiB, false);
  EXPECT_EQ(now.bytes, 0u);
  EXPECT_FALSE(now.forced);
  now = scavenge_before_growth(in, 15 * kMiB, false);
  EXPECT_EQ(now.bytes, 10 * kMiB) << "more than the 5 over the limit: 10 over what is to be retained";
  EXPECT_TRUE(now.forced);
  in.mapped_ready = 130 * kMiB;
  now = scavenge_before_growth(in, kMiB, false);
  EXPECT_EQ(now.bytes, 11 * kMiB);
  EXPECT_TRUE(now.forced);
}

TEST(ScavengeBeforeGrowth, LetsTheLimitGoWhileTheLimiterIsOn) {
  ScavengeInput in = steady();
  in.memory_limit = 100 * kMiB;
  const ScavengeNow now = scavenge_before_growth(in, kMiB, true);
  EXPECT_EQ(now.bytes, 0u);
  EXPECT_FALSE(now.forced);
}

TEST(ScavengeBeforeGrowth, AsksForNoMoreThanTheGrowthForTheGoalsSake) {
  ScavengeInput in = steady();
  in.retained = 200 * kMiB;
  const ScavengeNow now = scavenge_before_growth(in, 3 * kMiB, false);
  EXPECT_EQ(now.bytes, 3 * kMiB);
  EXPECT_FALSE(now.forced);
}

TEST(ScavengeBeforeGrowth, DoesNotOverflow) {
  ScavengeInput in = steady();
  in.memory_limit = SIZE_MAX - 1;
  EXPECT_EQ(scavenge_before_growth(in, SIZE_MAX, false).bytes, SIZE_MAX - 110 * kMiB);
}

// --- How fast.

TEST(ScavengePace, RestsSoThatItTakesAHundredth) {
  ScavengePace pace;
  EXPECT_EQ(pace.rest_ns(kMs, 16, kMs, 1), 99 * kMs);
  EXPECT_EQ(pace.rest_ns(kMs, 16, 100 * kMs, 1), 99 * kMs) << "rested as told, worked again";
  EXPECT_EQ(pace.rest_ns(kMs, 16, 104 * kMs, 1), 95 * kMs) << "4 ms too long: made up for";
  ScavengePace eight;
  EXPECT_EQ(eight.rest_ns(kMs, 16, kMs, 8), 11'500'000u);
}

TEST(ScavengePace, AssumesTenMicrosecondsAPageWhenTheClockSaysNothing) {
  ScavengePace pace;
  EXPECT_EQ(pace.rest_ns(0, 100, kMs, 1), 99 * kMs);
}

TEST(ScavengePace, HasNoBurstAfterAQuietTime) {
  ScavengePace pace;
  EXPECT_EQ(pace.rest_ns(kMs, 16, 3'600'000 * kMs, 1), 0u);
  EXPECT_EQ(pace.rest_ns(kMs, 16, kMs, 1), 89 * kMs) << "a hundredth of a second is let go, not an hour";
}

TEST(ScavengePace, NeverRestsForLongerThanTenSeconds) {
  ScavengePace pace;
  EXPECT_EQ(pace.rest_ns(std::uint64_t{1} << 62, 16, 0, 1), 10'000 * kMs);
  EXPECT_EQ(pace.rest_ns(std::uint64_t{1} << 62, 16, 0, 0), 10'000 * kMs);
}

TEST(ScavengePace, KeepsTheShareHoweverCoarseTheSleep) {
  constexpr std::uint64_t kSeed = 5;
  std::printf("seed %llu\n", static_cast<unsigned long long>(kSeed));
  std::mt19937_64 random(kSeed);
  for (const unsigned processors : {1u, 2u, 8u, 64u}) {
    ScavengePace pace;
    std::uint64_t worked = 0;
    std::uint64_t elapsed = 0;
    std::uint64_t rested = 0;
    for (int i = 0; i < 20'000; ++i) {
      const std::uint64_t work = kMs / 2 + random() % (2 * kMs);
      worked += work;
      elapsed += rested + work;
      const std::uint64_t told = pace.rest_ns(work, 16, rested + work, processors);
      rested = told == 0 ? 0 : told + random() % (2 * kMs);
    }
    const double share = static_cast<double>(worked) / static_cast<double>(elapsed) / processors;
    EXPECT_NEAR(share, 0.01, 0.0005) << processors;
  }
}

// 2 GiB are free after a spike; giving back 64 KiB takes 4 us of CPU time. Ten seconds are allowed on two processors.
TEST(ScavengePace, IsThroughWithASpikeInTime) {
  ScavengeInput in = steady();
  in.retained = 2048 * kMiB;
  ScavengePace pace;
  std::uint64_t elapsed = 0;
  std::uint64_t since = 0;
  while (scavenge_excess(in) > 0) {
    const std::uint64_t work = kMs;
    const std::size_t bytes = work / 4000 * (64 << 10);
    in.retained -= std::min(bytes, scavenge_excess(in));
    since += work;
    const std::uint64_t rest = pace.rest_ns(work, bytes / kPage, since, 2);
    elapsed += work + rest;
    since = rest;
  }
  EXPECT_LE(in.retained, 110 * kMiB);
  EXPECT_LE(elapsed, 10'000 * kMs);
  EXPECT_GE(elapsed, 2'000 * kMs) << "and not at once";
}

}  // namespace
}  // namespace memgc::testing
