// Job: Go's own pacer scenarios (runtime/mgcpacer_test.go), with Go's assertions, run against memgc's pacer.
//
// Cycles are counted from 1, as there. Threads: one.
#include <gtest/gtest.h>

#include <cmath>
#include <cstdint>
#include <cstdio>
#include <functional>
#include <numbers>
#include <random>
#include <vector>

#include "runtime/pacer.h"
#include "tests/runtime/pacer_simulation.h"

namespace memgc::testing {
namespace {

constexpr double kKiB = 1024;
constexpr double kMiB = 1024 * kKiB;
constexpr std::size_t kLimit = std::size_t{512} << 20;

// What is left of a limit for objects when nothing else needs memory.
constexpr std::size_t kWithinLimit = kLimit - kLimit / 100 * 3;

// --- What changes from cycle to cycle. `i` counts from 0.

double ramp(double height, int length, int i) { return height * std::min(i, length) / length; }
double step(double height, int at, int i) { return i > at ? height : 0; }
double pulse(double height, int at, int i) { return i == at ? height : 0; }
// From `from` down to one.
double settling(double from, int length, int i) { return from - ramp(from - 1, length, i); }

class Jitter {
 public:
  Jitter(double amplitude, std::uint64_t seed) : random_(seed), spread_(-amplitude, amplitude) {}
  double operator()() { return spread_(random_); }

 private:
  std::mt19937_64 random_;
  std::uniform_real_distribution<double> spread_;
};

using Results = std::vector<CycleResult>;
using Program = std::function<void(int i, Conditions& now)>;

// Runs the program; what holds of every cycle is checked here.
Results run(int cycles, const Program& program) {
  Simulation simulation(256 * kKiB);
  Results results;
  for (int i = 0; i < cycles; ++i) {
    Conditions now;
    program(i, now);
    results.push_back(simulation.run(now));
    const CycleResult& r = results.back();
    EXPECT_GE(r.utilization, 0) << "cycle " << i + 1;
    EXPECT_LE(r.utilization, 1) << "cycle " << i + 1;
    EXPECT_LE(r.begun, r.goal) << "cycle " << i + 1;
  }
  return results;
}

// Calls check(n, this one, the one before) for cycles n from `from` to `to`, counted from 1.
template <class Check>
void each(const Results& results, int from, int to, const Check& check) {
  for (int n = from; n <= to; ++n) {
    SCOPED_TRACE(::testing::Message() << "cycle " << n);
    check(n, results[static_cast<std::size_t>(n - 1)], results[static_cast<std::size_t>(n - 2)]);
  }
}

void expect_between(double value, double low, double high, const char* what) {
  EXPECT_GE(value, low) << what;
  EXPECT_LE(value, high) << what;
}

void expect_settled(int, const CycleResult& now, const CycleResult& before) {
  EXPECT_NEAR(now.utilization, before.utilization, 0.005);
  expect_between(now.goal_ratio(), 0.95, 1.05, "goal ratio");
}

void expect_steady(int n, const CycleResult& now, const CycleResult& before) {
  EXPECT_NEAR(now.utilization, 0.25, 0.005);
  expect_settled(n, now, before);
}

TEST(GoPacer, Steady) {
  each(run(50, [](int i, Conditions& now) { now.growth = settling(2, 12, i); }), 25, 50, expect_steady);
}

TEST(GoPacer, SteadyBigStacks) {
  const Results results = run(50, [](int i, Conditions& now) {
    now.allocation_rate = 132;
    now.growth = settling(2, 12, i);
    now.stack_bytes = 2048 + ramp(128 * kMiB, 8, i);
  });
  each(results, 25, 50, expect_steady);
}

TEST(GoPacer, SteadyBigGlobals) {
  const Results results = run(50, [](int i, Conditions& now) {
    now.allocation_rate = 132;
    now.growth = settling(2, 12, i);
    now.global_bytes = 128 * kMiB;
  });
  each(results, 25, 50, expect_steady);
}

void expect_settled_around_50(const Results& results) {
  each(results, 25, 49, expect_settled);
  each(results, 75, 100, expect_settled);
}

TEST(GoPacer, StepAlloc) {
  expect_settled_around_50(run(100, [](int i, Conditions& now) {
    now.allocation_rate = 33 + step(66, 50, i);
    now.growth = settling(2, 12, i);
  }));
}

TEST(GoPacer, HeavyStepAlloc) {
  expect_settled_around_50(run(100, [](int i, Conditions& now) {
    now.allocation_rate = 33 + step(330, 50, i);
    now.growth = settling(2, 12, i);
  }));
}

TEST(GoPacer, StepScannableFrac) {
  expect_settled_around_50(run(100, [](int i, Conditions& now) {
    now.allocation_rate = 128;
    now.growth = settling(2, 12, i);
    now.scannable = 0.2 + pulse(0.5, 50, i);
  }));
}

// The scenarios with chance in them, with a few seeds each.
constexpr std::uint64_t kSeeds[] = {0x53, 1, 2, 3, 4};

TEST(GoPacer, HighGOGC) {
  for (const std::uint64_t seed : kSeeds) {
    SCOPED_TRACE(::testing::Message() << "seed " << seed);
    Jitter rate(7, seed);
    Jitter growth(0.01, seed + 1000);
    const Results results = run(50, [&](int i, Conditions& now) {
      now.growth_percent = 1500;
      now.allocation_rate = 165 + rate();
      now.growth = settling(2, 12, i) + growth() + pulse(14, 25, i);
    });
    each(results, 13, 50, [](int n, const CycleResult& now, const CycleResult& before) {
      // The heap grows in the 26th: it may pass the goal, but not by more than the percent.
      expect_between(now.goal_ratio(), 0.90, n == 26 ? 15 : 1.05, "goal ratio");
      EXPECT_NEAR(now.utilization, 0.25, 0.28);
      EXPECT_NEAR(now.utilization, before.utilization, 0.03);
    });
  }
}

TEST(GoPacer, OscAlloc) {
  const Results results = run(50, [](int i, Conditions& now) {
    now.allocation_rate = 67 + 13 * std::sin(i % 8 / 8.0 * 2 * std::numbers::pi);
    now.growth = settling(2, 12, i);
  });
  each(results, 13, 50, [](int, const CycleResult& now, const CycleResult&) {
    expect_between(now.goal_ratio(), 0.95, 1.05, "goal ratio");
    expect_between(now.utilization, 0.25, 0.3, "utilization");
  });
}

TEST(GoPacer, JitterAlloc) {
  for (const std::uint64_t seed : kSeeds) {
    SCOPED_TRACE(::testing::Message() << "seed " << seed);
    Jitter rate(13, seed);
    Jitter growth(0.01, seed + 1000);
    const Results results = run(50, [&](int i, Conditions& now) {
      now.allocation_rate = 132 + rate();
      now.growth = settling(2, 12, i) + growth();
    });
    each(results, 13, 50, [](int, const CycleResult& now, const CycleResult&) {
      expect_between(now.goal_ratio(), 0.95, 1.025, "goal ratio");
      expect_between(now.utilization, 0.25, 0.275, "utilization");
    });
  }
}

TEST(GoPacer, HeavyJitterAlloc) {
  for (const std::uint64_t seed : kSeeds) {
    SCOPED_TRACE(::testing::Message() << "seed " << seed);
    Jitter rate(33, seed);
    Jitter growth(0.01, seed + 1000);
    const Results results = run(50, [&](int i, Conditions& now) {
      now.allocation_rate = 330 + rate();
      now.growth = settling(2, 12, i) + growth();
    });
    each(results, 14, 50, [&](int, const CycleResult& now, const CycleResult& before) {
      expect_between(now.goal_ratio(), 0.95, 1.05, "goal ratio");
      EXPECT_NEAR(now.utilization, before.utilization, 0.05);
      EXPECT_NEAR(now.utilization, results[11].utilization, 0.05);
    });
  }
}

// --- A program that allocates slowly: cycles are to begin late, and end near the goal all the same.

Results run_slowly(double growth, int length) {
  return run(50, [&](int i, Conditions& now) {
    now.allocation_rate = 1;
    now.scan_rate = 2048;
    now.growth = settling(growth, length, i);
    now.scannable = 0.01;
  });
}

void expect_quiet(int n, const CycleResult& now, const CycleResult& before) {
  if (n <= 25) return;
  EXPECT_NEAR(now.utilization, 0.25, 0.005);
  EXPECT_NEAR(now.utilization, before.utilization, 0.05);
}

void expect_late_and_quiet(int n, const CycleResult& now, const CycleResult& before) {
  expect_between(now.goal_ratio(), 0.925, 1.025, "goal ratio");
  expect_between(now.trigger_ratio(), 0.925, 0.975, "trigger ratio");
  expect_quiet(n, now, before);
}

TEST(GoPacer, SmallHeapSlowAlloc) { each(run_slowly(2, 3), 5, 50, expect_late_and_quiet); }
TEST(GoPacer, MediumHeapSlowAlloc) { each(run_slowly(2, 8), 10, 50, expect_late_and_quiet); }

TEST(GoPacer, LargeHeapSlowAlloc) {
  each(run_slowly(4, 12), 14, 50, [](int n, const CycleResult& now, const CycleResult& before) {
    expect_between(now.goal_ratio(), 0.95, 1.05, "goal ratio");
    EXPECT_NEAR(static_cast<double>(now.runway()), 4 * kMiB, 64 * kKiB);
    expect_quiet(n, now, before);
  });
}

// --- Under a memory limit.

Results run_limited(int percent, double growth) {
  return run(50, [&](int i, Conditions& now) {
    now.growth_percent = percent;
    now.memory_limit = kLimit;
    now.growth = settling(growth, 12, i);
  });
}

TEST(GoPacer, SteadyMemoryLimit) {
  const Results results = run_limited(100, 2);
  for (const CycleResult& r : results) EXPECT_LT(r.peak, kWithinLimit);
  each(results, 25, 50, expect_steady);
}

TEST(GoPacer, SteadyMemoryLimitNoGCPercent) {
  const Results results = run_limited(-1, 2);
  for (const CycleResult& r : results) EXPECT_EQ(r.goal, kWithinLimit);
  each(results, 25, 50, expect_steady);
}

void expect_all_out(int n, const CycleResult& now, const CycleResult&) {
  EXPECT_EQ(now.goal, now.live);
  if (n < 25) return;
  EXPECT_NEAR(now.utilization, 1.0, 0.005);  // of the pacer alone: the limiter is another matter
}

TEST(GoPacer, ExceedMemoryLimit) { each(run_limited(100, 3.5), 13, 50, expect_all_out); }

TEST(GoPacer, ExceedMemoryLimitNoGCPercent) {
  const Results results = run_limited(-1, 3.5);
  for (std::size_t i = 0; i < 9; ++i) EXPECT_EQ(results[i].goal, kWithinLimit) << i;
  each(results, 13, 50, expect_all_out);
}

TEST(GoPacer, MaintainMemoryLimit) {
  const Results results = run_limited(100, 3);
  each(results, 13, 50, [](int, const CycleResult& now, const CycleResult&) { EXPECT_EQ(now.goal, kWithinLimit); });
  each(results, 25, 50, expect_steady);
}

TEST(GoPacer, MaintainMemoryLimitNoGCPercent) {
  const Results results = run_limited(-1, 3);
  for (const CycleResult& r : results) EXPECT_EQ(r.goal, kWithinLimit);
  each(results, 25, 50, expect_steady);
}

}  // namespace
}  // namespace memgc::testing
