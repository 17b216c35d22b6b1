// Job: how the collector reaches every mutator: the registry of mutators, and asking each of them for something.
//
// ask() raises each running mutator's poll and returns when all have answered; blocked ones are answered for. What is
// asked is done by respond(), on the mutator's own thread at its next safepoint, or here for a blocked one.
//
// Why nobody is missed: ask() goes over the registry with its lock held, and takes each mutator's lock in turn. It
// finds the mutator blocked, and answers for it: then leaving the blocked state takes the same lock later and sees the
// new number. Or it finds it running, counts it as pending and raises its poll under the lock: then whatever the
// mutator does next with its state (a safepoint, blocking, detaching) takes that lock and finds the number to be
// answered. Mutators that attach later start with the present number.
//
// Threads: ask() and stop/resume: the collector's thread only. The rest: any.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <mutex>

#include "allocator/base/lock.h"

namespace memgc::internal {

class HeapImpl;
class MutatorImpl;
struct ThreadRecord;

class Handshakes {
 public:
  explicit Handshakes(HeapImpl& heap) : heap_(heap) {}

  void attach(MutatorImpl& mutator);  // waits for a stop under way
  void detach(MutatorImpl& mutator);

  /// Asks all mutators to stop, and returns when none runs. Until resume() none goes on, attaches or leaves a
  /// BlockingScope.
  void stop_all();
  void resume_all();

  /// Whether a mutator must not go on now. Under its lock.
  bool stopping() const { return stopping_.load(std::memory_order_relaxed); }
  /// Blocks until stopping() is false.
  void wait_until_resumed() const {
    // Acquire: pairs with resume_all(): what the collector did while all stood still is seen after it.
    stopping_.wait(true, std::memory_order_acquire);
  }

  /// The number of the last handshake.
  std::uint64_t number() const {
    // Acquire: pairs with the release in stop_all(): who sees a stop's number sees stopping().
    return number_.load(std::memory_order_acquire);
  }
  /// Does for `mutator` what handshake `number` asks, if it has not been done. Under its lock, by its thread or while
  /// it is blocked.
  void respond(MutatorImpl& mutator, std::uint64_t number);

  /// Calls f(mutator) for each; the registry's lock is held, so none comes or goes meanwhile.
  template <class F>
  void for_each(F&& f);

  std::size_t count();

 private:
  HeapImpl& heap_;
  Lock registry_lock_;
  MutatorImpl* first_ = nullptr;
  std::atomic<std::uint64_t> number_{0};
  std::atomic<std::uint32_t> pending_{0};
  std::atomic<bool> stopping_{false};
};

}  // namespace memgc::internal
