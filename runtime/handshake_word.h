// Job: the two numbers of a handshake: which one it is, and how many answers are awaited.
//
//   who asks, under a lock            mutator, with its lock held
//   what is asked = ...               n = number()              whether it was asked or not
//   publish()                         does what is asked
//   for each, with its lock held:     if it was counted: answered()
//     expect_one() if it runs
//   waits until all_answered()
//
// Invariants: who sees a number sees what it asks, and all that who asked did before; who sees that all have
// answered sees all that they did before. A template, so that tests/relacy checks it with words whose memory is as weak
// as the standard allows. Threads: publish() and expect_one(), one at a time, under one lock; the rest, any.
#pragma once

#include <atomic>
#include <cstdint>

namespace memgc::internal {

template <template <class> class Atomic>
class HandshakeWord {
 public:
  /// The number of the last handshake. Acquire: pairs with the release in publish().
  std::uint64_t number() const { return number_.load(std::memory_order_acquire); }
  /// The same, where a lock orders it.
  std::uint64_t number_under_lock() const { return number_.load(std::memory_order_relaxed); }

  /// Begins the next one; its number. Release: pairs with the acquire in number().
  std::uint64_t publish() {
    const std::uint64_t next = number_.load(std::memory_order_relaxed) + 1;
    number_.store(next, std::memory_order_release);
    return next;
  }
  /// One more answer is awaited. Relaxed: whoever is to give it takes its lock after the collector has held it.
  void expect_one() { pending_.fetch_add(1, std::memory_order_relaxed); }
  /// One is given; true if it was the last. Release: pairs with the acquire in all_answered().
  bool answered() { return pending_.fetch_sub(1, std::memory_order_acq_rel) == 1; }
  bool all_answered() const { return pending_.load(std::memory_order_acquire) == 0; }

 private:
  Atomic<std::uint64_t> number_{0};
  Atomic<std::uint32_t> pending_{0};
};

}  // namespace memgc::internal
