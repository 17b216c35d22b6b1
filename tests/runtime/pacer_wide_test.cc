// Job: the pacer in conditions that Go's scenarios leave out: heaps and rates of any size, live heaps that shrink and
// leap, memory limits that move, processors that come and go, percents that change, idle workers.
//
// Threads: one. No chance in it.
#include <gtest/gtest.h>

#include <climits>
#include <cmath>
#include <vector>

#include "runtime/pacer.h"
#include "tests/runtime/pacer_simulation.h"

namespace memgc::testing {
namespace {

constexpr double kMiB = 1 << 20;
constexpr double kGiB = 1024 * kMiB;
constexpr std::size_t kLimit = std::size_t{512} << 20;
constexpr std::size_t kLeastRunway = std::size_t{64} << 10;

// Of a program whose threads allocate so much a second when a quarter of the processors marks.
double rate_of(double bytes_per_second, unsigned processors) {
  return bytes_per_second / 1024 / 1000 / (processors * 0.75);
}

class PacerAtAnySize : public ::testing::TestWithParam<int> {};

TEST_P(PacerAtAnySize, EndsCyclesAtTheGoal) {
  for (const unsigned processors : {1u, 2u, 64u}) {
    for (const double live : {100.0 * 1024, 100 * kMiB, 1024 * kGiB}) {
      for (const double rate : {1024.0, 10 * kMiB, 10 * kGiB}) {
        SCOPED_TRACE(::testing::Message() << processors << " processors, " << live << " live, " << rate << " bytes/s");
        Simulation simulation(live);
        for (int i = 0; i < 12; ++i) {
          Conditions now;
          now.processors = processors;
          now.growth_percent = GetParam();
          now.live_bytes = live;
          now.allocation_rate = rate_of(rate, processors);
          const CycleResult r = simulation.run(now);
          ASSERT_TRUE(std::isfinite(r.utilization));
          EXPECT_GE(r.utilization, 0.25);
          EXPECT_LE(r.utilization, 1);
          EXPECT_LE(r.begun, r.goal);
          EXPECT_GE(r.peak, r.begun);
          if (i < 6 || r.goal == internal::kNoGoal) continue;
          EXPECT_LE(r.goal_ratio(), 1.05);
          // Short of the goal only by what a cycle begins early at the least.
          EXPECT_GE(static_cast<double>(r.peak),
                    0.95 * static_cast<double>(r.goal) - static_cast<double>(kLeastRunway));
        }
      }
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Percents, PacerAtAnySize, ::testing::Values(0, 25, 100, 800, INT_MAX, -1));

TEST(PacerWide, MarksNoMoreThanAQuarterWhenThatIsEnough) {
  for (const double live : {kMiB, kGiB, 1024 * kGiB}) {
    Simulation simulation(live);
    for (int i = 0; i < 12; ++i) {
      Conditions now;
      now.live_bytes = live;
      const CycleResult r = simulation.run(now);
      if (i >= 6) {
        EXPECT_NEAR(r.utilization, 0.25, 0.005) << live;
      }
    }
  }
}

TEST(PacerWide, FollowsALiveHeapThatShrinksAtOnce) {
  Simulation simulation(kGiB);
  for (int i = 0; i < 30; ++i) {
    Conditions now;
    now.live_bytes = i < 10 ? kGiB : i < 20 ? 10 * kMiB : 100.0 * 1024;
    const CycleResult r = simulation.run(now);
    if (i == 0) continue;  // nothing is known yet
    EXPECT_LE(r.goal_ratio(), 1.05) << i;
    EXPECT_LE(r.utilization, 0.3) << i << ": what has died costs nothing";
    if (i == 12) {
      EXPECT_LT(r.goal, 25 * kMiB);
    }
    if (i == 22) {
      EXPECT_LT(r.goal, 5 * kMiB);
    }
  }
}

TEST(PacerWide, LetsALiveHeapLeapWithoutHoldingMutatorsUpForLong) {
  Simulation simulation(10 * kMiB);
  for (int i = 0; i < 40; ++i) {
    Conditions now;
    now.live_bytes = i < 20 ? 50 * kMiB : 97 * kMiB;  // within what was allocated
    const CycleResult r = simulation.run(now);
    if (i == 20) {
      EXPECT_LE(r.goal_ratio(), 2.0) << "stretched, by the percent at most";
      EXPECT_LE(r.utilization, 0.6);
    } else if (i > 8 && i != 21) {
      EXPECT_LE(r.goal_ratio(), 1.05) << i;
      EXPECT_NEAR(r.utilization, 0.25, 0.01) << i;
    }
  }
}

// --- Limits.

TEST(PacerWide, KeepsTheLimitWhenTheLiveHeapSteps) {
  const double steps[] = {0.1, 0.3, 0.7, 0.1, 0.8, 0.5, 0.2, 0.8};
  for (const int percent : {100, -1, 800}) {
    Simulation simulation(10 * kMiB);
    for (int i = 0; i < 64; ++i) {
      Conditions now;
      now.processors = 2;
      now.memory_limit = kLimit;
      now.growth_percent = percent;
      now.allocation_rate = 100;
      now.live_bytes = static_cast<double>(kLimit) * steps[i / 4 % 8];
      const CycleResult r = simulation.run(now);
      if (r.live > kLimit / 10 * 9) continue;  // as full as this the model makes it, not the pacer
      EXPECT_LE(r.peak, kLimit) << i << " at " << percent << " percent";
      EXPECT_LE(r.goal, kLimit - kLimit / 100 * 3);
    }
  }
}

TEST(PacerWide, GoesByALimitThatMovesFromTheNextCycleOn) {
  Simulation simulation(10 * kMiB);
  for (int i = 0; i < 40; ++i) {
    Conditions now;
    now.live_bytes = 100 * kMiB;
    now.growth_percent = -1;
    now.memory_limit = i < 10 ? kLimit : i < 20 ? kLimit / 2 : i < 30 ? kLimit / 8 : SIZE_MAX;
    if (i >= 30) now.growth_percent = 100;
    const CycleResult r = simulation.run(now);
    if (i < 20) {
      EXPECT_EQ(r.goal, now.memory_limit - now.memory_limit / 100 * 3) << i;
    } else if (i < 30) {
      EXPECT_EQ(r.goal, r.live) << "more lives than the limit: no stretching, no room";
      EXPECT_LE(r.goal_ratio(), 1.1) << "the hard goal";
    } else if (i > 36) {
      EXPECT_NEAR(r.utilization, 0.25, 0.005) << "nothing is held against the program";
      EXPECT_LE(r.goal_ratio(), 1.05);
    }
  }
}

// --- Processors and percents.

TEST(PacerWide, SettlesWhenProcessorsComeAndGo) {
  Simulation simulation(10 * kMiB);
  const unsigned processors[] = {8, 2, 64, 1, 4};
  for (int i = 0; i < 50; ++i) {
    Conditions now;
    now.live_bytes = 100 * kMiB;
    now.processors = processors[i / 10];
    const CycleResult r = simulation.run(now);
    if (i == 0) continue;  // nothing is known yet
    EXPECT_LE(r.goal_ratio(), 1.05) << i;
    if (i % 10 > 5) {
      EXPECT_NEAR(r.utilization, 0.25, 0.005) << i;
      EXPECT_GE(r.goal_ratio(), 0.95) << i;
    }
  }
}

TEST(PacerWide, SettlesWhenThePercentChanges) {
  Simulation simulation(10 * kMiB);
  const int percents[] = {100, 25, 800, 50, 200};
  for (int i = 0; i < 50; ++i) {
    Conditions now;
    now.live_bytes = 100 * kMiB;
    now.growth_percent = percents[i / 10];
    const CycleResult r = simulation.run(now);
    if (i % 10 > 5) {
      EXPECT_NEAR(static_cast<double>(r.goal),
                  static_cast<double>(r.live) * (1 + now.growth_percent / 100.0) + 409.6 * now.growth_percent, kMiB);
      EXPECT_LE(r.goal_ratio(), 1.05) << i;
      EXPECT_GE(r.goal_ratio(), 0.95) << i;
    }
  }
}

// One thread allocates on two processors: the collector has the other. Go would begin early, time after time.
TEST(PacerWide, EndsAtTheGoalWithIdleProcessorsToo) {
  for (const double rate : {33.0, 132.0, 330.0}) {
    Simulation simulation(100 * kMiB);
    for (int i = 0; i < 20; ++i) {
      Conditions now;
      now.processors = 2;
      now.live_bytes = 100 * kMiB;
      now.idle_share = i < 15 ? 0.25 : 0;
      now.allocation_rate = rate;
      const CycleResult r = simulation.run(now);
      if (i >= 6 && i < 15) {
        EXPECT_NEAR(r.goal_ratio(), 1.0, 0.02) << i;
        EXPECT_NEAR(r.utilization, 0.25, 0.005) << i;
      }
      if (i == 15) {  // a second thread wakes: once, assists make up for it
        EXPECT_LE(r.goal_ratio(), 1.05);
        EXPECT_LE(r.utilization, 0.75);
      }
    }
  }
}

}  // namespace
}  // namespace memgc::testing
