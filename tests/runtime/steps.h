// Job: threads that answer a cycle's handshakes one by one, when the test says so; a cycle that a test steps through.
//
// A Stepper is a thread attached to a heap that does nothing but what it is told: run() something, or answer() the next
// handshake, for which it waits. While one owes an answer no handshake ends, so whatever it does meanwhile happens at
// that point of the cycle, each time the test runs. It looks into the library, so a shared one will not do. Threads:
// all calls are the test's.
#pragma once

#include <atomic>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <thread>
#include <utility>

#include "runtime/heap_impl.h"
#include "runtime/mutator_impl.h"
#include "tests/runtime/support.h"

namespace memgc::testing {

class Stepper {
 public:
  using Work = std::function<void(Mutator&)>;

  explicit Stepper(Heap& heap) : thread_([this, &heap] { loop(heap); }) {
    run([](Mutator&) {});  // attached from here on
  }
  ~Stepper() { detach(); }
  Stepper(const Stepper&) = delete;
  Stepper& operator=(const Stepper&) = delete;

  /// A reference that is scanned with the thread's stack. With precise_stacks it is the only one.
  const void* local = nullptr;

  /// Runs work(Mutator&) on the thread and returns when it is done.
  void run(Work work) {
    start(std::move(work));
    wait();
  }
  /// The two halves of run().
  void start(Work work) {
    const std::lock_guard guard(lock_);
    work_ = std::move(work);
    changed_.notify_all();
  }
  void wait() {
    std::unique_lock guard(lock_);
    changed_.wait(guard, [&] { return !work_; });
  }
  /// Waits until something is asked of the thread.
  void wait_until_asked() {
    run([](Mutator&) {
      while (mine().poll.load(std::memory_order_relaxed) == 0) std::this_thread::yield();
    });
  }
  /// Waits until something is asked of the thread, and answers it.
  void answer() {
    wait_until_asked();
    run([](Mutator&) { answer_one(); });
  }
  /// Detaches the thread and ends it.
  void detach() {
    if (!thread_.joinable()) return;
    start([this](Mutator&) { ending_ = true; });
    thread_.join();
  }

 private:
  static internal::MutatorImpl& mine() { return static_cast<internal::MutatorImpl&>(*internal::thread_state.current); }

  // A safepoint may answer more than one handshake: it is blocked for a moment, and then whoever asks answers for it.
  static void answer_one() {
    internal::MutatorImpl& me = mine();
    me.thread.note_position();
    me.poll.store(0, std::memory_order_relaxed);
    bool last = false;
    {
      const std::lock_guard guard(me.lock);
      last = me.heap.handshakes().respond(me, me.heap.handshakes().number());
    }
    if (last) me.heap.handshakes().advance();
    me.thread.update_barrier();
  }

  void loop(Heap& heap) {
    Mutator me(heap);
    const RootRange locals(&local, &local + 1);
    while (!ending_) {
      std::unique_lock guard(lock_);
      changed_.wait(guard, [&] { return static_cast<bool>(work_); });
      const Work work = work_;
      guard.unlock();
      work(me);
      guard.lock();
      work_ = nullptr;
      changed_.notify_all();
    }
  }

  std::mutex lock_;  // guards work_
  std::condition_variable changed_;
  Work work_;
  bool ending_ = false;  // the thread's own
  std::thread thread_;   // last: it uses the rest
};

/// A cycle that a thread of its own has asked for; a minor one if that may be.
class SteppedCycle {
 public:
  explicit SteppedCycle(Heap& heap, bool minor = false)
      : thread_([this, &heap, minor] {
          if (minor) {
            heap.impl().collector().collect_minor();
          } else {
            heap.collect();
          }
          ended_ = true;
        }) {}
  ~SteppedCycle() { thread_.join(); }
  SteppedCycle(const SteppedCycle&) = delete;
  SteppedCycle& operator=(const SteppedCycle&) = delete;

  /// Lets these threads answer all that is asked until the cycle has ended.
  template <class... Steppers>
  void finish(Steppers&... steppers) {
    // All at once: where marks are verified, a handshake stops each until all have answered.
    const auto answer = [this](Mutator& me) {
      while (!ended_) {
        me.safepoint();
        std::this_thread::yield();
      }
    };
    (steppers.start(answer), ...);
    (steppers.wait(), ...);
  }

 private:
  std::atomic<bool> ended_{false};
  std::thread thread_;
};

}  // namespace memgc::testing
