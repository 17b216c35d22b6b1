// memgc-trace compare: noise is not taken for a difference, a difference is not lost in noise, and what few cycles
// cannot tell is not claimed. The traces are made up here, so what is true of them is known.
#include <gtest/gtest.h>

#include <random>
#include <string_view>

#include "comparison.h"

namespace memgc::trace {
namespace {

const CompareFigure& figure(std::string_view key) {
  for (const CompareFigure& it : compare_figures()) {
    if (key == it.key) return it;
  }
  ADD_FAILURE() << "no figure " << key;
  return compare_figures().front();
}

// `cycles` cycles a tenth of a second apart, each of about 10 ms of background marking times `factor`, with noise that
// carries on from a cycle to the next (an autoregressive process of 0.8).
Side make_side(std::uint32_t seed, int cycles, double factor) {
  std::mt19937 random(seed);
  std::normal_distribution<double> noise(0, 1);
  Side side;
  side.begin_file();
  double carried = 0;
  for (int i = 1; i <= cycles; ++i) {
    carried = 0.8 * carried + 0.6 * noise(random);
    Cycle cycle;
    cycle.number = static_cast<std::uint64_t>(i);
    cycle.concurrent_ms = 20;
    cycle.begin_seconds = 0.1 * i;
    cycle.background_cpu_ms = factor * (10 + carried);
    cycle.opening_stop_ms = 0.02;
    cycle.closing_stop_ms = 0.01;
    cycle.start_mib = 39;
    cycle.end_mib = 40;
    cycle.live_mib = 20;
    cycle.goal_mib = 40;
    cycle.processors = 2;
    side.add(cycle);
  }
  side.finish();
  return side;
}

TEST(Compare, SeldomTakesNoiseForADifference) {
  const CompareFigure& cost = figure("cycle_cpu_ms");
  int alarms = 0;
  int judged = 0;
  for (std::uint32_t seed = 1; seed <= 60; ++seed) {
    const Difference difference = compare(cost, make_side(seed, 300, 1), make_side(1000 + seed, 300, 1), 0.95, seed);
    judged += difference.verdict == Verdict::kUnknown ? 0 : 1;
    alarms += difference.verdict == Verdict::kLess || difference.verdict == Verdict::kMore ? 1 : 0;
  }
  // 3 of 60 are expected. Were blocks as short as they are kept drawn, as if they were independent, 10 would be.
  EXPECT_LE(alarms, 6);
  EXPECT_GE(judged, 45);
}

TEST(Compare, FindsADifferenceThatIsThere) {
  const CompareFigure& cost = figure("cycle_cpu_ms");
  int found = 0;
  for (std::uint32_t seed = 1; seed <= 10; ++seed) {
    const Side low = make_side(seed, 300, 1);
    const Side high = make_side(1000 + seed, 300, 1.2);
    const Difference more = compare(cost, low, high, 0.95, seed);
    const Difference less = compare(cost, high, low, 0.95, seed);
    EXPECT_NE(more.verdict, Verdict::kLess) << "seed " << seed;
    EXPECT_NE(less.verdict, Verdict::kMore) << "seed " << seed;
    if (more.verdict == Verdict::kMore && less.verdict == Verdict::kLess) ++found;
  }
  // Noise that happens to look like a drift makes it say that it cannot tell.
  EXPECT_GE(found, 6);
}

TEST(Compare, DoesNotClaimWhatAFewCyclesCannotTell) {
  const Difference difference = compare(figure("cycle_cpu_ms"), make_side(1, 5, 1), make_side(2, 5, 3), 0.95, 1);
  EXPECT_EQ(difference.verdict, Verdict::kUnknown);
  EXPECT_FALSE(difference.why.empty());
}

TEST(Compare, SaysTheSameForTheSameSeed) {
  const Side a = make_side(1, 300, 1);
  const Side b = make_side(2, 300, 1.1);
  for (const CompareFigure& it : compare_figures()) {
    const Difference first = compare(it, a, b, 0.95, 7);
    const Difference second = compare(it, a, b, 0.95, 7);
    EXPECT_EQ(first.low, second.low) << it.key;
    EXPECT_EQ(first.high, second.high) << it.key;
    EXPECT_EQ(first.verdict, second.verdict) << it.key;
  }
}

TEST(Side, KeepsABoundedNumberOfBlocksAndLosesNoCycle) {
  const Side side = make_side(1, 100'000, 1);
  ASSERT_EQ(side.runs().size(), 1u);
  const SideRun& run = side.runs().begin()->second;
  EXPECT_LE(run.blocks.size(), Side::kMostBlocks);
  EXPECT_EQ(run.total.cycles, 100'000);
  EXPECT_EQ(side.cycles(), 100'000u);
}

}  // namespace
}  // namespace memgc::trace
