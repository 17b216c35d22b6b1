#include "trend.h"

#include <gtest/gtest.h>

#include <random>

namespace memgc::trace {
namespace {

TEST(TraceTrend, AHeapThatRisesUnderItsWavesIsSuspected) {
  std::mt19937 random(3);
  Trend trend;
  for (int i = 0; i < 20000; ++i) trend.add(i, 100 + 0.01 * i + static_cast<double>(random() % 40));
  const Rise rise = trend.rise().value();
  EXPECT_TRUE(rise.suspected_leak);
  EXPECT_NEAR(rise.slope, 0.01, 0.0005);
  EXPECT_LE(rise.slope_low, rise.slope);
  EXPECT_GE(rise.slope_high, rise.slope);
  EXPECT_GT(rise.confidence, 0.99);
}

TEST(TraceTrend, NoiseAndWarmingUpAreNoLeak) {
  std::mt19937 random(4);
  Trend trend;
  for (int i = 0; i < 5000; ++i) trend.add(i, std::min(i, 1000) + static_cast<double>(random() % 40));
  const Rise rise = trend.rise().value();
  EXPECT_FALSE(rise.suspected_leak);
}

TEST(TraceTrend, AHeapThatFallsHasNoConfidenceInARise) {
  Trend trend;
  for (int i = 0; i < 100; ++i) trend.add(i, 200 - i);
  EXPECT_LT(trend.rise()->confidence, 0.01);
  EXPECT_FALSE(trend.rise()->suspected_leak);
}

TEST(TraceTrend, AFlatHeapIsEvenOdds) {
  Trend trend;
  for (int i = 0; i < 100; ++i) trend.add(i, 5);
  EXPECT_DOUBLE_EQ(trend.rise()->confidence, 0.5);
  EXPECT_DOUBLE_EQ(trend.rise()->slope, 0);
}

TEST(TraceTrend, AFewCyclesSayNothing) {
  Trend trend;
  for (int i = 0; i < 8; ++i) trend.add(i, i);
  EXPECT_FALSE(trend.rise());
}

}  // namespace
}  // namespace memgc::trace
