// Job: tests what a mutator owes: the price of a byte, the stretched goal, the hard goal, and that the books balance.
//
// Threads: one.
#include "runtime/assist.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <random>

namespace memgc::testing {
namespace {

using internal::affordable_bytes;
using internal::Assist;
using internal::assist_owed;
using internal::assist_ratio;
using internal::AssistInput;
using internal::AssistRatio;
using internal::credit_for;
using internal::hard_goal;
using internal::kLeastAssistWork;
using internal::kMostAssistWork;
using internal::work_from_pool;

constexpr std::size_t kMiB = std::size_t{1} << 20;

AssistInput steady() {
  AssistInput in;
  in.begun = 90 * kMiB;
  in.heap = 90 * kMiB;
  in.goal = 100 * kMiB;
  in.expected_work = 50 * kMiB;
  in.most_work = 90 * kMiB;
  return in;
}

TEST(AssistRatio, SpreadsTheWorkLeftOverTheBytesLeft) {
  AssistInput in = steady();
  AssistRatio ratio = assist_ratio(in);
  EXPECT_DOUBLE_EQ(ratio.work_per_byte, 5.0);
  EXPECT_DOUBLE_EQ(ratio.bytes_per_work, 0.2);
  EXPECT_EQ(ratio.goal, in.goal);

  in.work = 25 * kMiB;
  in.heap = 92 * kMiB;
  ratio = assist_ratio(in);
  EXPECT_DOUBLE_EQ(ratio.work_per_byte, 25.0 / 8);
}

TEST(AssistRatio, StaysAPriceWhenTheWorkIsAsGoodAsDone) {
  AssistInput in = steady();
  in.work = in.expected_work;
  EXPECT_DOUBLE_EQ(assist_ratio(in).work_per_byte, 1000.0 / (10.0 * kMiB));
}

TEST(AssistRatio, StretchesTheGoalForALiveHeapThatHasGrown) {
  AssistInput in = steady();
  in.work = in.expected_work + 1;
  const AssistRatio ratio = assist_ratio(in);
  EXPECT_EQ(ratio.expected_work, in.most_work);
  EXPECT_EQ(ratio.goal, 108 * kMiB) << "ten MiB of way for 50 of work: 18 for 90";
}

TEST(AssistRatio, StretchesNoFurtherThanThePercentAllows) {
  AssistInput in = steady();
  in.begun = in.heap = 10 * kMiB;
  in.expected_work = kMiB;
  in.most_work = 10 * kMiB;
  in.work = 2 * kMiB;
  EXPECT_EQ(assist_ratio(in).goal, 200 * kMiB);
  in.growth_percent = 25;
  EXPECT_EQ(assist_ratio(in).goal, 125 * kMiB);
  in.growth_percent = 0;
  EXPECT_EQ(assist_ratio(in).goal, 100 * kMiB);
  in.growth_percent = -1;
  EXPECT_EQ(assist_ratio(in).goal, 910 * kMiB) << "off: as far as the work asks";
}

TEST(AssistRatio, StretchesNoFurtherThanTheLimit) {
  AssistInput in = steady();
  in.begun = in.heap = 10 * kMiB;
  in.expected_work = kMiB;
  in.most_work = 10 * kMiB;
  in.work = 2 * kMiB;
  in.most = 120 * kMiB;
  EXPECT_EQ(assist_ratio(in).goal, 120 * kMiB);
  in.most = 80 * kMiB;
  EXPECT_EQ(assist_ratio(in).goal, 100 * kMiB) << "a goal beyond the limit is not lowered here";
}

TEST(AssistRatio, GivesAHeapBeyondTheGoalTheHardGoal) {
  AssistInput in = steady();
  in.heap = in.goal + 1;
  const AssistRatio ratio = assist_ratio(in);
  EXPECT_EQ(ratio.goal, 110 * kMiB);
  EXPECT_EQ(ratio.expected_work, in.most_work);
  EXPECT_NEAR(ratio.work_per_byte, 9.0, 0.001);

  in.heap = 110 * kMiB;
  EXPECT_DOUBLE_EQ(assist_ratio(in).work_per_byte, 90.0 * kMiB) << "beyond it everything is owed for a byte";
  in.heap = 200 * kMiB;
  EXPECT_DOUBLE_EQ(assist_ratio(in).work_per_byte, 90.0 * kMiB);
}

TEST(AssistRatio, IsFiniteWithNothingToGoBy) {
  const AssistRatio ratio = assist_ratio(AssistInput());
  EXPECT_TRUE(std::isfinite(ratio.work_per_byte));
  EXPECT_GT(ratio.work_per_byte, 0);
  EXPECT_TRUE(std::isfinite(ratio.bytes_per_work));
  EXPECT_GT(ratio.bytes_per_work, 0);
}

TEST(HardGoal, IsATenthAboveAndDoesNotOverflow) {
  EXPECT_EQ(hard_goal(100), 110u);
  EXPECT_EQ(hard_goal(SIZE_MAX - 1), SIZE_MAX);
}

TEST(Assist, IsForTheDebtAlone) {
  const AssistRatio ratio = assist_ratio(steady());
  const Assist owed = assist_owed(kMiB, ratio);
  EXPECT_EQ(owed.work, 5 * kMiB);
  EXPECT_EQ(owed.bytes, kMiB);
}

TEST(Assist, IsNeverShort) {
  const AssistRatio ratio = assist_ratio(steady());
  const Assist owed = assist_owed(1, ratio);
  EXPECT_EQ(owed.work, kLeastAssistWork);
  EXPECT_EQ(owed.bytes, static_cast<std::size_t>(0.2 * static_cast<double>(kLeastAssistWork)));
}

TEST(Assist, DrawsOnThePoolFirst) {
  EXPECT_EQ(work_from_pool(0, 100), 0u);
  EXPECT_EQ(work_from_pool(-5, 100), 0u);
  EXPECT_EQ(work_from_pool(60, 100), 60u);
  EXPECT_EQ(work_from_pool(INT64_MAX, 100), 100u);
}

TEST(Assist, EarnsAllWhenAllIsDoneAndAShareOtherwise) {
  const AssistRatio ratio = assist_ratio(steady());
  const Assist owed = assist_owed(kMiB, ratio);
  EXPECT_EQ(credit_for(owed, owed.work, ratio), owed.bytes);
  EXPECT_EQ(credit_for(owed, owed.work / 5, ratio), 1 + kMiB / 5);
  EXPECT_EQ(credit_for(owed, 0, ratio), 1u) << "a debt of one byte is let go";
}

TEST(Assist, IsNothingMuchWhenThereIsNoGoal) {
  AssistInput in = steady();  // a cycle asked for by hand, with neither percent nor limit
  in.goal = SIZE_MAX;
  in.growth_percent = -1;
  for (const std::size_t work : {in.work, in.most_work}) {
    in.work = work;
    const AssistRatio ratio = assist_ratio(in);
    const Assist owed = assist_owed(kMiB, ratio);
    EXPECT_EQ(owed.work, kLeastAssistWork);
    EXPECT_GT(owed.bytes, std::size_t{1} << 50) << "one assist pays for the whole cycle";
  }
}

TEST(Assist, OfAnyDebtAtAnyPriceFitsItsWords) {
  for (const std::size_t heap : {std::size_t{0}, kMiB, kMiB << 20, std::size_t{1} << 62}) {
    for (const std::size_t left : {std::size_t{0}, std::size_t{1}, kMiB, kMiB << 20}) {
      for (const std::size_t debt : {std::size_t{1}, std::size_t{2048}, kMiB << 20, std::size_t{1} << 62}) {
        AssistInput in;
        in.begun = in.heap = heap;
        in.goal = heap + left;
        in.expected_work = in.most_work = heap;
        const AssistRatio ratio = assist_ratio(in);
        const Assist owed = assist_owed(debt, ratio);
        EXPECT_GE(owed.work, kLeastAssistWork);
        EXPECT_GE(owed.bytes, debt) << "paying what is owed clears the debt";
        EXPECT_LE(owed.bytes, std::size_t{1} << 62);
        const std::size_t credit = credit_for(owed, owed.work, ratio);
        EXPECT_GE(static_cast<std::int64_t>(credit) - static_cast<std::int64_t>(debt), 0) << "in a signed balance";
      }
    }
  }
}

// Several mutators at random sizes, a background worker that fills the pool: whoever pays before going on, the work is
// done when the heap reaches its goal, and not much sooner than the ratio asks.
TEST(Assist, PaysForWhatMayBeTakenAtOnce) {
  for (const double work_per_byte : {0.01, 1.0, 13.0, 30.0}) {
    AssistRatio ratio;
    ratio.work_per_byte = work_per_byte;
    ratio.bytes_per_work = 1 / work_per_byte;
    const std::size_t bytes = affordable_bytes(ratio);
    EXPECT_LE(assist_owed(bytes, ratio).work, kMostAssistWork);
    EXPECT_GE(static_cast<double>(bytes) * work_per_byte, kLeastAssistWork) << "no assist for next to nothing";
  }
  // Beyond any price a refill is still worth its lock.
  EXPECT_EQ(affordable_bytes(AssistRatio()), 4096u);
}

TEST(Assist, EndsTheWorkAtTheGoalWhateverTheOrder) {
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    SCOPED_TRACE(seed);
    std::mt19937_64 random(seed);
    AssistInput in = steady();
    std::int64_t pool = 0;
    std::int64_t balance[4] = {};
    std::size_t assisted = 0;
    const std::size_t background = random() % 4;  // bytes marked behind the mutators' backs for each byte allocated
    while (in.work < in.expected_work && in.heap < hard_goal(in.goal)) {
      const AssistRatio ratio = assist_ratio(in);
      std::int64_t& mine = balance[random() % 4];
      const std::size_t bytes = 1 + random() % 8192;
      in.heap += bytes;
      const std::size_t behind = std::min(background * bytes, in.expected_work - in.work);
      in.work += behind;
      pool += static_cast<std::int64_t>(behind);
      mine -= static_cast<std::int64_t>(bytes);
      if (mine >= 0) continue;
      const Assist owed = assist_owed(static_cast<std::size_t>(-mine), ratio);
      const std::size_t taken = work_from_pool(pool, owed.work);
      pool -= static_cast<std::int64_t>(taken);
      in.work += owed.work - taken;
      assisted += owed.work - taken;
      mine += static_cast<std::int64_t>(credit_for(owed, owed.work, ratio));
      EXPECT_GE(mine, 0);
    }
    EXPECT_GE(in.work, in.expected_work);
    EXPECT_LE(in.heap, in.goal + 4 * 8192);
    // Each assist is rounded up to 64 KiB, and a balance may be left over.
    EXPECT_GE(in.heap, in.goal - kMiB / 2) << "nobody was made to hurry";
    if (background == 0) {
      EXPECT_GE(assisted, in.expected_work);
    }
  }
}

}  // namespace
}  // namespace memgc::testing
