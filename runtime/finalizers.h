// Job: destructors and cleanups of objects that have died, and the thread that runs them.
//
// An object whose type has a destructor is owed it from the end of its construction. When a cycle finds it dead it is
// queued, and with all that it refers to lives on until its destructor has run: its memory is not used again before,
// and its fields stay sound, though what they lead to may have been destroyed first. It is owed nothing from then on,
// so a later cycle frees it. Cleanups refer to their object by address only.
//
// Invariants: each destructor and each cleanup runs once, and not before the cycle that found it has marked its last.
// What is queued is a root (for_each_queued) until it has run.
// Threads: registering, any; find_dead(), wake() and for_each_queued(), the collector; running, the finalizer thread
// ("memgc-final", made when there is first something to run), and the one that destroys the heap.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <mutex>
#include <vector>

#include "allocator/base/sync.h"
#include "allocator/block_set.h"
#include "allocator/cage.h"

namespace memgc {
class Heap;
}

namespace memgc::internal {

class Finalizers {
 public:
  explicit Finalizers(Cage& cage) : cage_(cage) {}
  ~Finalizers();
  Finalizers(const Finalizers&) = delete;
  Finalizers& operator=(const Finalizers&) = delete;

  std::uint64_t add_cleanup(const void* object, std::function<void()> action);
  bool cancel_cleanup(std::uint64_t number);

  /// Marking has ended: finds what is owed to the dead, and calls f(object) for each object that is to be destroyed.
  template <class F>
  void find_dead(const Roles& roles, F&& f);
  /// f(object) for each object that waits for its destructor.
  template <class F>
  void for_each_queued(F&& f);
  /// f(object) for each object that the cycle under way has found. The collector's.
  template <class F>
  void for_each_found(F&& f) {
    for (const Queued& item : found_) {
      if (item.object != nullptr) f(item.object);
    }
  }
  /// Nothing is marked any more: queues what was found and lets it run. `heap`: for cleanups that make objects.
  void wake(Heap& heap);

  /// Runs `action` on the thread, behind what is queued, within a BlockingScope: it may take the program's locks.
  void run_soon(Heap& heap, std::function<void()> action);

  /// Ends the thread, after what is queued has run.
  void end_thread();
  /// Runs, on this thread, what is queued, the destructors of all objects that are left, and all cleanups, in this
  /// order. REQUIRES: no collector, no mutators.
  void run_all(const Roles& roles);

  void lock_for_fork() { lock_.lock(); }
  void unlock_after_fork() { lock_.unlock(); }
  /// In the child of a fork, locked: the thread is gone, unless it is the calling one; and what it was running with it.
  void forget_thread();

  /// Waits until all that is queued now has run.
  void wait(Heap& heap);
  std::size_t pending();
  /// How many have run.
  std::uint64_t done();
  /// f(object) for each object that has a cleanup and has not died.
  template <class F>
  void for_each_cleanup(F&& f);
  /// Whether this is the kernel's number for the thread.
  bool is_thread(int tid) const { return tid_.load(std::memory_order_relaxed) == tid; }

 private:
  struct Cleaning {
    const void* object;
    std::uint64_t number;
    std::function<void()> action;
  };
  struct Queued {
    void* object = nullptr;          // to be destroyed, or
    std::function<void()> action{};  // to be run,
    bool blocked = false;            // within a BlockingScope
  };

  template <class F>
  void for_each_owed(const Roles& roles, bool also_marked, F&& f);
  void collect_cleanups(const Roles& roles);
  void start_if_wanted(Heap& heap);
  void run(Heap& heap);
  void run_one(Queued& item);
  void destroy(void* object);
  bool is_dead(const Roles& roles, const void* object) const;

  Cage& cage_;
  std::vector<Queued> found_;  // by the cycle under way; the collector's
  sync::Mutex lock_;           // guards what follows
  sync::Condition wake_;
  std::deque<Queued> queue_;
  sync::Condition all_done_;
  void* running_ = nullptr;  // the object whose destructor runs
  bool busy_ = false;        // a destructor or a cleanup runs
  std::uint64_t done_ = 0;   // have run
  std::vector<Cleaning> cleanups_;
  std::uint64_t next_cleanup_ = 1;
  sync::Thread thread_;
  std::atomic<int> tid_{0};  // relaxed: a name for the thread, set by it
  bool ending_ = false;
};

template <class F>
void Finalizers::for_each_owed(const Roles& roles, bool also_marked, F&& f) {
  const BlockIndex frontier = cage_.frontier();
  for (BlockIndex index = 1; index < frontier && cage_.owes(index); ++index) {
    const Block& block = cage_.block(index);
    const BlockState state = block.state.load(std::memory_order_acquire);
    if ((state != BlockState::kCells && state != BlockState::kLarge) || !block.has_end) continue;
    BitmapWord* owed = cage_.bitmap(kOwedBitmap, index);
    for (std::uint32_t word = 0; word * 64 < block.cells; ++word) {
      // Acquire: pairs with the release in Cage::owe(): a cell made meanwhile has been kept since it was handed out.
      std::uint64_t bits = owed[word].load(std::memory_order_acquire) &
                           cage_.bitmap(roles.occupied, index)[word].load(std::memory_order_relaxed);
      if (!also_marked) {
        bits &= ~(cage_.bitmap(roles.kept(), index)[word].load(std::memory_order_relaxed) |
                  cage_.bitmap(kNewBitmap, index)[word].load(std::memory_order_relaxed));
      }
      owed[word].fetch_and(~bits, std::memory_order_relaxed);
      for (; bits != 0; bits &= bits - 1) {
        f(cage_.address_of(CellRef{index, word * 64 + static_cast<std::uint32_t>(std::countr_zero(bits))}));
      }
    }
  }
}

template <class F>
void Finalizers::find_dead(const Roles& roles, F&& f) {
  for_each_owed(roles, false, [&](void* object) {
    found_.push_back({object, {}, false});
    f(object);
  });
  collect_cleanups(roles);
}

template <class F>
void Finalizers::for_each_cleanup(F&& f) {
  const std::lock_guard guard(lock_);
  for (const Cleaning& cleaning : cleanups_) f(cleaning.object);
}

template <class F>
void Finalizers::for_each_queued(F&& f) {
  const std::lock_guard guard(lock_);
  if (running_ != nullptr) f(running_);
  for (const Queued& item : queue_) {
    if (item.object != nullptr) f(item.object);
  }
}

}  // namespace memgc::internal
