// Job: tests that sweeping in step with allocation is over a megabyte before the next cycle, and asks for no more.
//
// Threads: one.
#include "runtime/sweep_pacer.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <cstdio>
#include <random>

namespace memgc::testing {
namespace {

using internal::sweep_due;
using internal::sweep_pace;
using internal::SweepPace;

constexpr std::size_t kMiB = std::size_t{1} << 20;

TEST(SweepPace, SpreadsTheBlocksOverTheWayToTheTrigger) {
  const SweepPace pace = sweep_pace(100 * kMiB, 201 * kMiB, 100);
  EXPECT_DOUBLE_EQ(pace.blocks_per_byte, 1.0 / static_cast<double>(kMiB));
  EXPECT_EQ(sweep_due(pace, 110 * kMiB, 0, 0), 10u);
  EXPECT_EQ(sweep_due(pace, 110 * kMiB, kMiB, 0), 11u) << "for what is about to be allocated as well";
  EXPECT_EQ(sweep_due(pace, 110 * kMiB, 0, 4), 6u);
  EXPECT_EQ(sweep_due(pace, 110 * kMiB, 0, 50), 0u) << "somebody was ahead";
}

TEST(SweepPace, AsksForNothingWhenNothingIsLeft) {
  EXPECT_EQ(sweep_due(sweep_pace(10, 20, 0), SIZE_MAX, SIZE_MAX, 0), 0u);
}

TEST(SweepPace, OfATriggerThatIsPassedTakesAPage) {
  const SweepPace pace = sweep_pace(100 * kMiB, 50 * kMiB, 16);
  EXPECT_EQ(sweep_due(pace, 100 * kMiB, 8192, 0), 16u);
  EXPECT_EQ(sweep_due(pace, 100 * kMiB, 512, 0), 1u);
}

TEST(SweepPace, IsNotUpsetByAHeapThatShrank) {
  const SweepPace pace = sweep_pace(100 * kMiB, 201 * kMiB, 100);
  EXPECT_EQ(sweep_due(pace, 10 * kMiB, kMiB, 0), 1u);
  EXPECT_EQ(sweep_due(pace, 0, 0, 0), 0u);
}

TEST(SweepPace, FitsItsWordsAtAnySize) {
  const SweepPace pace = sweep_pace(0, 0, SIZE_MAX);
  EXPECT_EQ(sweep_due(pace, SIZE_MAX, SIZE_MAX, 0), std::size_t{1} << 62);
  EXPECT_EQ(sweep_due(sweep_pace(0, SIZE_MAX, 1), 1, 1, 0), 1u);
}

TEST(SweepPace, IsDoneBeforeTheTriggerWhateverIsAllocated) {
  for (std::uint64_t seed = 1; seed <= 50; ++seed) {
    SCOPED_TRACE(::testing::Message() << "seed " << seed);
    std::mt19937_64 random(seed);
    const std::size_t trigger = 2 * kMiB + random() % (500 * kMiB);
    const std::size_t blocks = random() % 20'000;
    std::size_t heap = random() % (trigger - kMiB);
    std::size_t swept = 0;
    std::size_t longest = 0;
    const std::size_t way = trigger - heap - kMiB;
    const SweepPace pace = sweep_pace(heap, trigger, blocks);
    while (heap + kMiB <= trigger) {
      const std::size_t bytes = 1 + random() % 4096;
      const std::size_t due = sweep_due(pace, heap, bytes, swept);
      longest = std::max(longest, due);
      swept += due;
      heap += bytes;
    }
    EXPECT_GE(swept, blocks);
    EXPECT_LE(swept, blocks + 1 + blocks * 4096 / std::max<std::size_t>(way, 1));
    EXPECT_LE(longest, 2 + blocks * 4096 / std::max<std::size_t>(way, 8192)) << "in small pieces";
  }
}

}  // namespace
}  // namespace memgc::testing
