// Job: tests the limiter: Go's scenario (runtime/mgclimit_test.go), the invariant under any use, and the death spiral
// that it is there for.
//
// Threads: one.
#include "runtime/cpu_limiter.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <cstdio>
#include <random>

namespace memgc::testing {
namespace {

using internal::CpuLimiter;

constexpr unsigned kProcessors = 14;
constexpr std::uint64_t kMs = 1'000'000;
constexpr std::uint64_t kSecond = 1000 * kMs;
constexpr std::uint64_t kCapacity = kProcessors * kSecond;

// A window of `wall_ns` in which `gc_percent` of all processors' time went to collecting and the rest to the program.
bool pass(CpuLimiter& limiter, std::uint64_t wall_ns, std::uint64_t gc_percent, unsigned processors = kProcessors) {
  const std::uint64_t all = wall_ns * processors;
  return limiter.add(all / 100 * gc_percent, all - all / 100 * gc_percent);
}

TEST(CpuLimiter, IsGos) {
  CpuLimiter limiter(kProcessors);
  for (int round = 0; round < 2; ++round) {
    SCOPED_TRACE(round);
    const std::uint64_t overflow = limiter.overflow_ns();
    pass(limiter, 10 * kMs, 0);
    EXPECT_EQ(limiter.fill_ns(), 0u) << "no credit";
    pass(limiter, 2001 * kMs / 1000, 100);
    EXPECT_EQ(limiter.fill_ns(), kProcessors * 2001 * kMs / 1000) << "a stop is all processors'";
    pass(limiter, 4002 * kMs / 1000, 25);
    EXPECT_EQ(limiter.fill_ns(), 0u) << "at a quarter it drains at half the rate";
    pass(limiter, kMs, 100);
    const std::uint64_t fill = limiter.fill_ns();
    EXPECT_EQ(fill, kProcessors * kMs);
    pass(limiter, 100 * kMs, 50);
    EXPECT_EQ(limiter.fill_ns(), fill) << "half and half changes nothing";
    EXPECT_FALSE(limiter.limiting());

    EXPECT_TRUE(limiter.add(kCapacity - fill, 0)) << "exactly full";
    EXPECT_TRUE(limiter.limiting());
    EXPECT_EQ(limiter.overflow_ns(), overflow);
    EXPECT_FALSE(pass(limiter, 10 * kMs, 50));
    EXPECT_TRUE(limiter.limiting()) << "half and half keeps it on";

    pass(limiter, kSecond / 2, 0);
    EXPECT_EQ(limiter.fill_ns(), kCapacity / 2);
    EXPECT_FALSE(limiter.limiting());
    EXPECT_TRUE(pass(limiter, kSecond, 100)) << "half of it does not fit";
    EXPECT_TRUE(limiter.limiting());
    EXPECT_EQ(limiter.fill_ns(), kCapacity);
    EXPECT_EQ(limiter.overflow_ns(), overflow + kCapacity / 2);
    EXPECT_FALSE(pass(limiter, kMs, 100)) << "it limits already";

    limiter.set_processors(kProcessors + 10);
    EXPECT_FALSE(limiter.limiting());
    EXPECT_EQ(limiter.fill_ns(), kCapacity);
    limiter.set_processors(kProcessors);
    EXPECT_TRUE(limiter.limiting());
    limiter.set_processors(kProcessors - 10);
    EXPECT_TRUE(limiter.limiting());
    EXPECT_EQ(limiter.fill_ns(), limiter.capacity_ns());
    limiter.set_processors(kProcessors);
    pass(limiter, 10 * kSecond, 0);
  }
}

TEST(CpuLimiter, OfNoProcessorIsThatOfOne) { EXPECT_EQ(CpuLimiter(0).capacity_ns(), kSecond); }

TEST(CpuLimiter, KeepsItsInvariantUnderAnyUse) {
  constexpr std::uint64_t kSeed = 77;
  std::printf("seed %llu\n", static_cast<unsigned long long>(kSeed));
  std::mt19937_64 random(kSeed);
  CpuLimiter limiter(4);
  bool was = false;
  for (int i = 0; i < 100'000; ++i) {
    const auto any = [&] { return (random() >> 2) >> (random() % 62); };
    if (random() % 50 == 0) {
      limiter.set_processors(static_cast<unsigned>(random() % 200));
    } else {
      const std::uint64_t gc = any();
      const bool began = limiter.add(gc, random() % 2 == 0 ? any() : gc);
      ASSERT_EQ(began, !was && limiter.limiting());
    }
    ASSERT_LE(limiter.fill_ns(), limiter.capacity_ns());
    ASSERT_EQ(limiter.limiting(), limiter.fill_ns() == limiter.capacity_ns());
    was = limiter.limiting();
  }
}

TEST(CpuLimiter, DrainsWhatDidNotFitFirstButNoMoreThanATenth) {
  CpuLimiter limiter(1);
  limiter.add(kSecond + 30 * kMs, 0);
  limiter.add(0, 30 * kMs);
  EXPECT_TRUE(limiter.limiting());
  EXPECT_EQ(limiter.fill_ns(), limiter.capacity_ns());
  limiter.add(0, 1);
  EXPECT_FALSE(limiter.limiting());
  EXPECT_EQ(limiter.fill_ns(), limiter.capacity_ns() - 1);

  limiter.add(100 * kSecond, 0);
  limiter.add(0, kSecond / 10);
  EXPECT_TRUE(limiter.limiting());
  limiter.add(0, kSecond / 2);
  EXPECT_FALSE(limiter.limiting());
  EXPECT_EQ(limiter.fill_ns(), limiter.capacity_ns() / 2);

  limiter.add(100 * kSecond, 0);
  limiter.set_processors(2);
  EXPECT_FALSE(limiter.limiting());
  limiter.add(kSecond, 0);
  limiter.add(0, 1);
  EXPECT_FALSE(limiter.limiting()) << "a larger bucket has forgotten it";
}

// What lives is more than the limit: cycles without end, and assists take everything, unless they are off.
TEST(CpuLimiter, LeavesTheProgramHalfInADeathSpiral) {
  for (const unsigned processors : {1u, 2u, 64u}) {
    SCOPED_TRACE(processors);
    CpuLimiter limiter(processors);
    std::uint64_t gc = 0;
    for (std::uint64_t ms = 0; ms < 60'000; ms += 10) {
      const std::uint64_t percent = limiter.limiting() ? 25 : 100;
      gc += percent * 10;
      pass(limiter, 10 * kMs, percent, processors);
    }
    const double share = static_cast<double>(gc) / 100 / 60'000;
    EXPECT_LE(share, 0.5 + 1.0 / 60 + 0.001) << "half, and what the bucket holds";
    EXPECT_GE(share, 0.49);
  }
}

TEST(CpuLimiter, NeverInterferesBelowHalf) {
  CpuLimiter limiter(8);
  for (int i = 0; i < 10'000; ++i) {
    pass(limiter, 100 * kMs, i % 2 == 0 ? 95 : 4, 8);
    ASSERT_FALSE(limiter.limiting()) << i;
  }
}

}  // namespace
}  // namespace memgc::testing
