// What the histogram promises: quantiles by rank, never below the value and at most a 32nd above it.
#include "harness/histogram.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <limits>

namespace memgc_bench {
namespace {

TEST(LatencyHistogram, SmallValuesAreExact) {
  LatencyHistogram histogram;
  for (std::uint64_t value = 1; value <= 10; ++value) histogram.add(value);
  EXPECT_EQ(histogram.quantile(0.5), 5u);
  EXPECT_EQ(histogram.quantile(0.9), 9u);
  EXPECT_EQ(histogram.quantile(0.91), 10u);
  EXPECT_EQ(histogram.quantile(0), 1u);
  EXPECT_EQ(histogram.quantile(1), 10u);
}

TEST(LatencyHistogram, IsAtMostA32ndTooHigh) {
  for (std::uint64_t value = 1; value < std::uint64_t{1} << 62; value += value / 16 + 1) {
    LatencyHistogram histogram;
    histogram.add(value);
    histogram.add(std::numeric_limits<std::uint64_t>::max());
    const std::uint64_t found = histogram.quantile(0.5);
    ASSERT_GE(found, value);
    ASSERT_LE(found - value, value / 32) << value;
  }
}

TEST(LatencyHistogram, NoQuantileExceedsTheLargestValue) {
  LatencyHistogram histogram;
  for (int i = 0; i < 1000; ++i) histogram.add(1'000'000);
  EXPECT_EQ(histogram.quantile(0.999), 1'000'000u);
  EXPECT_EQ(histogram.max(), 1'000'000u);
  EXPECT_EQ(histogram.count(), 1000u);
}

TEST(LatencyHistogram, OneInTenThousandIsSeenFrom9999) {
  LatencyHistogram histogram;
  for (int i = 0; i < 9998; ++i) histogram.add(10);
  histogram.add(5000);
  histogram.add(9000);
  EXPECT_EQ(histogram.quantile(0.999), 10u);
  EXPECT_GE(histogram.quantile(0.9999), 5000u);
  EXPECT_LT(histogram.quantile(0.9999), 5200u);
}

TEST(LatencyHistogram, NothingHasNoQuantile) { EXPECT_EQ(LatencyHistogram().quantile(0.5), 0u); }

}  // namespace
}  // namespace memgc_bench
