// Job: pins what the kernel is asked for: aligned reservations, a frontier that only rises, pages that come back as
// zero, and refusals that leave things as they were.
#include "allocator/os_memory.h"

#include <gtest/gtest.h>
#include <sys/resource.h>

#include <cstdint>
#include <vector>

#include "allocator/base/bits.h"
#include "tests/allocator/process.h"
#include "tests/allocator/support.h"

namespace memgc::internal {
namespace {

constexpr std::size_t kMiB = std::size_t{1} << 20;

class OsMemory : public testing::Test {
 protected:
  ~OsMemory() override { os::fail_call_for_testing(0, false); }
};

TEST_F(OsMemory, ReservesAtTheAlignmentAskedForAndIsNotResident) {
  const std::size_t before = resident_bytes();
  for (std::size_t align = os::page_bytes(); align <= 64 * kMiB; align *= 4) {
    for (const std::size_t bytes : {os::page_bytes(), 3 * kMiB, 1024 * kMiB}) {
      void* memory = os::reserve(bytes, align);
      ASSERT_NE(memory, nullptr) << bytes << " at " << align;
      EXPECT_EQ(reinterpret_cast<std::uintptr_t>(memory) % align, 0u) << bytes << " at " << align;
      os::unreserve(memory, bytes);
    }
  }
  EXPECT_LE(resident_bytes(), before + 16 * kMiB);
}

#if !defined(__SANITIZE_THREAD__) && !MEMGC_TEST_HAS_FEATURE(thread_sanitizer)
TEST_F(OsMemory, ReservesApartWhereNothingWasBefore) {
  constexpr std::size_t kBytes = 64 * kMiB;
  std::vector<char*> gone;
  for (int i = 0; i < 100; ++i) {
    char* memory = static_cast<char*>(os::reserve_apart(kBytes, 2 * kMiB));
    ASSERT_NE(memory, nullptr);
    for (const char* other : gone) EXPECT_TRUE(memory + kBytes <= other || memory >= other + kBytes);
    gone.push_back(memory);
    os::unreserve(memory, kBytes);
    // As a thread's stack would: it stays below.
    if (i % 10 == 0) {
      ASSERT_NE(os::reserve(8 * kMiB, os::page_bytes()), nullptr);
    }
  }
}
#endif

TEST_F(OsMemory, RefusesSizesThatWouldWrapAround) {
  for (std::size_t below = 0; below < 4 * kMiB; below += os::page_bytes())
    ASSERT_EQ(os::reserve(SIZE_MAX - below, 2 * kMiB), nullptr);
}

TEST_F(OsMemory, WhatIsCommittedReadsAsZeroAndSoDoesWhatWasReleased) {
  char* memory = static_cast<char*>(os::reserve(kMiB, os::page_bytes()));
  ASSERT_NE(memory, nullptr);
  ASSERT_TRUE(os::commit(memory, kMiB));
  EXPECT_TRUE(all_zero(memory, kMiB));
  std::memset(memory, 0xaa, kMiB);
  ASSERT_TRUE(os::release(memory, kMiB / 2));
  EXPECT_TRUE(all_zero(memory, kMiB / 2));
  EXPECT_EQ(memory[kMiB / 2], static_cast<char>(0xaa)) << "only what was named";
  os::unreserve(memory, kMiB);
}

TEST_F(OsMemory, TheNthCallFailsOnceOrFromThenOn) {
  for (const bool sticky : {false, true}) {
    for (std::uint64_t n = 1; n <= 4; ++n) {
      os::fail_call_for_testing(n, sticky);
      for (std::uint64_t call = 1; call <= 6; ++call) {
        void* memory = os::reserve(os::page_bytes(), os::page_bytes());
        const bool fails = call == n || (sticky && call > n);
        EXPECT_EQ(memory == nullptr, fails) << "call " << call << " of " << n;
        if (memory != nullptr) os::unreserve(memory, os::page_bytes());
      }
      os::fail_call_for_testing(0, false);
    }
  }
}

TEST_F(OsMemory, FailuresAskedForAreCounted) {
  const std::uint64_t before = os::failed_calls_for_testing();
  os::fail_call_for_testing(1, false);
  EXPECT_EQ(os::reserve(os::page_bytes(), os::page_bytes()), nullptr);
  EXPECT_EQ(os::failed_calls_for_testing(), before + 1);
  EXPECT_EQ(os::reserve(SIZE_MAX, 1), nullptr);
  EXPECT_EQ(os::failed_calls_for_testing(), before + 1) << "not the kernel's own";
}

TEST_F(OsMemory, KnowsHowMuchAddressSpaceIsLeft) {
  if (kSanitized) GTEST_SKIP() << "a sanitizer's shadow is larger than any limit";
  EXPECT_EQ(os::address_space_left(), SIZE_MAX) << "run this test without ulimit -v";
  const ChildEnd end = in_child([] {
    const rlimit limit{512 * kMiB, 512 * kMiB};
    if (::setrlimit(RLIMIT_AS, &limit) != 0) return 1;
    const std::size_t left = os::address_space_left();
    if (left > 512 * kMiB || left < 256 * kMiB) return 2;
    void* memory = os::reserve(128 * kMiB, os::page_bytes());
    if (memory == nullptr) return 3;
    const std::size_t less = os::address_space_left();
    if (left - less < 128 * kMiB || left - less > 130 * kMiB) return 4;
    return os::reserve(512 * kMiB, os::page_bytes()) == nullptr ? 0 : 5;
  });
  EXPECT_EQ(end.exit_code, 0) << end.errors;
}

TEST_F(OsMemory, KnowsThePhysicalMemory) {
  EXPECT_GE(os::physical_bytes(), 64 * kMiB);
  EXPECT_LE(os::physical_bytes(), std::size_t{1} << 50);
}

class RegionTest : public OsMemory {
 protected:
  RegionTest() : region_(static_cast<char*>(os::reserve(kBytes, os::page_bytes())), kBytes) {}
  ~RegionTest() override { os::unreserve(region_.base(), kBytes); }

  static constexpr std::size_t kBytes = 8 * kMiB;
  Region region_;
};

TEST_F(RegionTest, GrowsByWholePagesAndNeverShrinks) {
  EXPECT_EQ(region_.committed_bytes(), 0u);
  ASSERT_TRUE(region_.grow_to(1));
  EXPECT_EQ(region_.committed_bytes(), os::page_bytes());
  ASSERT_TRUE(region_.grow_to(3 * kMiB));
  ASSERT_TRUE(region_.grow_to(kMiB));
  EXPECT_EQ(region_.committed_bytes(), 3 * kMiB);
  EXPECT_TRUE(all_zero(region_.base(), 3 * kMiB));
  std::memset(region_.base(), 1, 3 * kMiB);
  ASSERT_TRUE(region_.grow_to(kBytes));
  EXPECT_EQ(region_.base()[3 * kMiB - 1], 1) << "what was ready keeps its contents";
  EXPECT_EQ(region_.base()[3 * kMiB], 0);
}

TEST_F(RegionTest, EndsWhereItsReservationDoes) {
  EXPECT_FALSE(region_.grow_to(kBytes + 1));
  EXPECT_FALSE(region_.grow_to(SIZE_MAX));
  EXPECT_EQ(region_.committed_bytes(), 0u);
  EXPECT_TRUE(region_.grow_to(kBytes));
}

TEST_F(RegionTest, StaysAsItWasWhenTheKernelRefuses) {
  ASSERT_TRUE(region_.grow_to(kMiB));
  os::fail_call_for_testing(1, false);
  EXPECT_FALSE(region_.grow_to(2 * kMiB));
  EXPECT_EQ(region_.committed_bytes(), kMiB);
  EXPECT_TRUE(region_.grow_to(kMiB)) << "nothing to ask for";
  EXPECT_TRUE(region_.grow_to(2 * kMiB));
}

}  // namespace
}  // namespace memgc::internal
