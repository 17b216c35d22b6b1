// Job: pins the lock and how an assertion dies.
#include <gtest/gtest.h>

#include <chrono>
#include <mutex>

#include "allocator/base/check.h"
#include "allocator/base/lock.h"
#include "tests/allocator/support.h"

namespace memgc::internal {
namespace {

TEST(LockTest, LetsOneThreadInAtATime) {
  Lock lock;
  std::size_t count = 0;  // plain: ThreadSanitizer would see a hole in the lock
  const std::size_t rounds = scaled(200'000);
  on_threads(6, [&](unsigned) {
    for (std::size_t i = 0; i < rounds; ++i) {
      const std::lock_guard guard(lock);
      ++count;
    }
  });
  EXPECT_EQ(count, 6 * rounds);
}

TEST(LockTest, TryLockFailsOnlyWhileItIsHeld) {
  Lock lock;
  EXPECT_TRUE(lock.try_lock());
  on_threads(1, [&](unsigned) { EXPECT_FALSE(lock.try_lock()); });
  lock.unlock();
  on_threads(1, [&](unsigned) {
    EXPECT_TRUE(lock.try_lock());
    lock.unlock();
  });
  EXPECT_TRUE(lock.try_lock());
  lock.unlock();
}

// All of them sleep in the kernel by the time the lock is free; each must be woken by the one before.
TEST(LockTest, WakesEverybodyWhoWaits) {
  Lock lock;
  std::atomic<unsigned> started{0}, done{0};
  lock.lock();
  std::vector<std::thread> threads;
  for (int i = 0; i < 8; ++i) {
    threads.emplace_back([&] {
      ++started;
      const std::lock_guard guard(lock);
      ++done;
    });
  }
  while (started != 8) std::this_thread::yield();
  std::this_thread::sleep_for(std::chrono::milliseconds(30));
  EXPECT_EQ(done, 0u);
  lock.unlock();
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(done, 8u);
}

TEST(LockTest, IsFreeInZeroedMemory) {
  alignas(Lock) unsigned char zeros[sizeof(Lock)] = {};
  EXPECT_TRUE(reinterpret_cast<Lock*>(zeros)->try_lock());
}

TEST(CheckDeathTest, AFailedCheckNamesConditionPlaceAndOperands) {
  const unsigned one = 17, other = 255;
  EXPECT_DEATH(MEMGC_CHECK_2(one == other, one, other),
               "^memgc: check failed: one == other \\(base_test.cc:[0-9]+; operands 0x11, 0xff\\)\n$");
  MEMGC_CHECK(one < other);
}

TEST(CheckDeathTest, AFatalErrorIsOneLine) {
  EXPECT_DEATH(fatal("block %u of %s", 3u, "many"), "^memgc: block 3 of many\n$");
}

TEST(CheckDeathTest, ALongMessageIsCutAndStillEndsInANewline) {
  const std::string text(5000, 'x');
  EXPECT_DEATH(fatal("%s", text.c_str()), "^memgc: x{900,1100}\n$");
}

}  // namespace
}  // namespace memgc::internal
