// Job: a four-byte lock that may live in zeroed memory, for the many small critical sections of the heap.
//
// States: 0 free, 1 held, 2 held and somebody waits (Drepper, "Futexes are tricky", the second mutex). Waiting goes
// through std::atomic::wait (by allocator/base/sync.h), so ThreadSanitizer sees every edge.
//
// Lock order, outermost first; a thread takes a lock only if all it holds come before it in this list:
//   registry of threads > one thread's own state > merging of new cells > block set > large objects > block heap >
//   layout table
#pragma once

#include <atomic>
#include <cstdint>

#include "allocator/base/sync.h"

namespace memgc::internal {

class Lock {
 public:
  void lock() noexcept {
#if defined(MEMGC_SCHEDULED)
    schedule_point("lock");
#endif
    std::uint32_t expected = kFree;
    // Acquire pairs with the release in unlock().
    if (state_.compare_exchange_strong(expected, kHeld, std::memory_order_acquire, std::memory_order_relaxed)) return;
    lock_slow();
  }
  bool try_lock() noexcept {
    std::uint32_t expected = kFree;
    return state_.compare_exchange_strong(expected, kHeld, std::memory_order_acquire, std::memory_order_relaxed);
  }
  void unlock() noexcept {
    if (state_.exchange(kFree, std::memory_order_release) == kContended) sync::notify_one(state_);
#if defined(MEMGC_SCHEDULED)
    schedule_point("unlock");
#endif
  }

 private:
  static constexpr std::uint32_t kFree = 0, kHeld = 1, kContended = 2;

  void lock_slow() noexcept {
    for (int spin = 0; spin < sync::spins(100); ++spin) {
      if (state_.load(std::memory_order_relaxed) == kFree && try_lock()) return;
      sync::pause();
    }
    while (state_.exchange(kContended, std::memory_order_acquire) != kFree) {
      sync::wait(state_, kContended, std::memory_order_relaxed);
    }
  }

  std::atomic<std::uint32_t> state_{kFree};
};

}  // namespace memgc::internal
