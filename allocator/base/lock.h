// Job: a four-byte lock that may live in zeroed memory, for the many small critical sections of the heap.
//
// States: 0 free, 1 held, 2 held and somebody waits (Drepper, "Futexes are tricky", the second mutex). Waiting goes
// through std::atomic::wait (by allocator/base/sync.h), so ThreadSanitizer sees every edge.
//
// Lock order, outermost first; a thread takes a lock only if all it holds come before it in this list:
//   registry of threads > stores from outside > one thread's own state > merging of new cells > block set > large
//   objects > block heap > layout table
#pragma once

#include <atomic>
#include <cstdint>

#include "allocator/base/sync.h"

namespace memgc::internal {

/// How long this thread has waited for locks since whoever wants to know last set it to 0, in ns. Measured only when a
/// lock is held by another thread, and told to nobody while one is held.
inline constinit thread_local std::uint64_t waited_for_locks_ns __attribute__((tls_model("initial-exec"))) = 0;

/// How a Lock waits.
struct LockWaiting {
  /// From a wait's beginning to its end.
  class Timer {
   public:
    ~Timer() {
      const std::uint64_t now = sync::read_clock(CLOCK_MONOTONIC);
      if (now > began_ns_) waited_for_locks_ns += now - began_ns_;
    }

   private:
    std::uint64_t began_ns_ = sync::read_clock(CLOCK_MONOTONIC);
  };
  static int spins(int times) noexcept { return sync::spins(times); }
  static void pause() noexcept { sync::pause(); }
  static void wait(std::atomic<std::uint32_t>& state, std::uint32_t old) noexcept {
    sync::wait(state, old, std::memory_order_relaxed);
  }
  static void wake(std::atomic<std::uint32_t>& state) noexcept { sync::notify_one(state); }
};

/// A template, so that tests/relacy checks it with words whose memory is as weak as the standard allows.
template <class Word, class Waiting>
class BasicLock {
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
    if (state_.exchange(kFree, std::memory_order_release) == kContended) Waiting::wake(state_);
#if defined(MEMGC_SCHEDULED)
    schedule_point("unlock");
#endif
  }

 private:
  static constexpr std::uint32_t kFree = 0, kHeld = 1, kContended = 2;

  void lock_slow() noexcept {
    [[maybe_unused]] const typename Waiting::Timer timer;
    for (int spin = 0; spin < Waiting::spins(100); ++spin) {
      if (state_.load(std::memory_order_relaxed) == kFree && try_lock()) return;
      Waiting::pause();
    }
    while (state_.exchange(kContended, std::memory_order_acquire) != kFree) {
      Waiting::wait(state_, kContended);
    }
  }

  Word state_{kFree};
};

using Lock = BasicLock<std::atomic<std::uint32_t>, LockWaiting>;

}  // namespace memgc::internal
