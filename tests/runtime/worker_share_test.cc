// Job: tests how many processors mark: a quarter, at any number of them, and how the fractional worker keeps to its
// part.
//
// Threads: one.
#include "runtime/worker_share.h"

#include <gtest/gtest.h>

#include <cstdint>

namespace memgc::testing {
namespace {

using internal::fractional_done;
using internal::fractional_due;
using internal::fractional_rest_ns;
using internal::worker_share;
using internal::WorkerShare;

TEST(WorkerShare, IsGosTable) {
  struct Row {
    unsigned processors, dedicated;
    double fractional;
  };
  for (const Row& row : {Row{1, 0, 0.25}, Row{2, 0, 0.5}, Row{3, 0, 0.75}, Row{4, 1, 0}, Row{5, 1, 0}, Row{6, 1, 0.5},
                         Row{7, 2, 0}, Row{8, 2, 0}, Row{16, 4, 0}, Row{64, 16, 0}}) {
    const WorkerShare share = worker_share(row.processors);
    EXPECT_EQ(share.dedicated, row.dedicated) << row.processors;
    EXPECT_DOUBLE_EQ(share.fractional, row.fractional) << row.processors;
    EXPECT_EQ(share.idle_most, row.processors - row.dedicated);
  }
}

TEST(WorkerShare, IsAboutAQuarterOfAnyNumber) {
  for (unsigned processors = 1; processors <= 1024; ++processors) {
    const WorkerShare share = worker_share(processors);
    const double quarter = static_cast<double>(processors) / 4;
    EXPECT_NEAR(share.total(), quarter, 0.3 * quarter + 1e-9) << processors;
    EXPECT_LT(share.fractional, 1.0);
    EXPECT_GE(share.fractional, 0.0);
    EXPECT_EQ(share.processors, processors);
    if (share.fractional > 0) {
      EXPECT_DOUBLE_EQ(share.total(), quarter) << processors;
    }
  }
}

TEST(WorkerShare, OfNoProcessorIsThatOfOne) {
  EXPECT_EQ(worker_share(0).processors, 1u);
  EXPECT_DOUBLE_EQ(worker_share(0).fractional, 0.25);
}

TEST(WorkerShare, IsAllOfThemWhenMutatorsAreStopped) {
  const WorkerShare share = worker_share(6, true);
  EXPECT_EQ(share.dedicated, 6u);
  EXPECT_EQ(share.fractional, 0.0);
  EXPECT_EQ(share.idle_most, 0u);
}

TEST(WorkerShare, LeavesIdleProcessorsAloneInPeriodicCycles) {
  EXPECT_EQ(worker_share(8, false, true).idle_most, 0u);
  EXPECT_EQ(worker_share(2, false, true).idle_most, 1u) << "else nobody might bring the cycle to its end";
}

TEST(FractionalWorker, IsDueUpToItsShareAndDoneAFifthAbove) {
  const WorkerShare share = worker_share(2);
  EXPECT_TRUE(fractional_due(share, 0, 0));
  EXPECT_TRUE(fractional_due(share, 500, 1000));
  EXPECT_FALSE(fractional_due(share, 501, 1000));
  EXPECT_FALSE(fractional_done(share, 600, 1000));
  EXPECT_TRUE(fractional_done(share, 601, 1000));
}

TEST(FractionalWorker, RestsUntilItIsDueAndNoLonger) {
  for (const unsigned processors : {1u, 2u, 3u, 6u}) {
    const WorkerShare share = worker_share(processors);
    for (const std::uint64_t worked : {1u, 999u, 1'000'000u, 123'456'789u}) {
      const std::uint64_t rest = fractional_rest_ns(share, worked, worked);
      EXPECT_TRUE(fractional_due(share, worked, worked + rest)) << processors;
      EXPECT_FALSE(fractional_due(share, worked, worked + rest - 1)) << processors;
    }
    EXPECT_EQ(fractional_rest_ns(share, 0, 1000), 0u);
  }
  EXPECT_EQ(fractional_rest_ns(worker_share(1), std::uint64_t{1} << 62, 0), 1'000'000'000u);
}

TEST(FractionalWorker, DoesNotExistWhereDedicatedOnesDo) {
  const WorkerShare share = worker_share(8);
  EXPECT_FALSE(fractional_due(share, 0, 1000));
  EXPECT_TRUE(fractional_done(share, 1, 1000));
  EXPECT_EQ(fractional_rest_ns(share, 0, 0), 1'000'000'000u);
}

// Slices of 1 ms, rests as told: over time it takes its share, whatever the slices overrun.
TEST(FractionalWorker, TakesItsShareOverTime) {
  for (const unsigned processors : {1u, 2u, 3u, 6u}) {
    const WorkerShare share = worker_share(processors);
    std::uint64_t worked = 0;
    std::uint64_t elapsed = 0;
    for (int i = 0; i < 1000; ++i) {
      const std::uint64_t slice = 700'000 + static_cast<std::uint64_t>(i % 7) * 100'000;
      worked += slice;
      elapsed += slice;
      elapsed += fractional_rest_ns(share, worked, elapsed);
    }
    EXPECT_NEAR(static_cast<double>(worked) / static_cast<double>(elapsed), share.fractional, 0.001) << processors;
  }
}

}  // namespace
}  // namespace memgc::testing
