// Job: a bounded queue between threads, whose slots are an array in the heap under test.
//
// Who finds it empty sleeps until it is half full, who finds it full until it is half empty: a thread is woken once for
// many items, not for each.
//
// Threads: open() comes before all else; any number put and take at once. There is no data race: slots, positions and
// counts are touched under the lock alone, and what an item refers to is written before put() and read after take(),
// which the lock orders. A thread that must wait, for the lock too, does so in a BlockingScope: a collector never waits
// for a thread that waits here, so whoever holds the lock may safely wait for the collector.
#pragma once

#include <algorithm>
#include <condition_variable>
#include <cstddef>
#include <mutex>
#include <utility>

#include "harness/check.h"
#include "policies/policy.h"

namespace memgc_bench {

template <class Policy, class T>
class Channel {
 public:
  using Thread = typename Policy::Thread;
  using Local = typename Policy::template Local<T>;

  Channel() : slots_(nullptr) {}
  Channel(const Channel&) = delete;
  Channel& operator=(const Channel&) = delete;

  /// Makes the slots. `writers`: how many threads will close() it.
  void open(Thread& thread, std::size_t capacity, unsigned writers) {
    slots_ = thread.template make_refs<T>(capacity);
    capacity_ = capacity;
    writers_ = writers;
  }
  /// By the thread that opened it, when all others are done with it.
  void free_slots(Thread& thread) {
    if constexpr (Policy::kFreesByHand) thread.free(slots_.get());
  }

  void put(Thread& thread, Local item) {
    auto lock = locked(thread);
    if (size_ == capacity_) wait(thread, lock, drained_, [&] { return size_ <= capacity_ / 2; });
    refuse_if_abandoned();
    (*slots_.get())[(first_ + size_) % capacity_] = std::move(item);
    if (++size_ == half_full()) filled_.notify_all();
  }

  /// Null: nothing is left, and every writer has closed.
  Local take(Thread& thread) {
    auto lock = locked(thread);
    if (size_ == 0) wait(thread, lock, filled_, [&] { return size_ >= half_full() || writers_ == 0; });
    refuse_if_abandoned();
    if (size_ == 0) return nullptr;
    auto& slot = (*slots_.get())[first_];
    Local item = std::move(slot);
    slot = nullptr;
    first_ = (first_ + 1) % capacity_;
    if (--size_ == capacity_ / 2) drained_.notify_all();
    return item;
  }

  /// By each writer, after its last put().
  void close(Thread& thread) {
    auto lock = locked(thread);
    if (--writers_ == 0) filled_.notify_all();
  }

  /// Who waits, and who comes from now on, fails.
  void abandon() {
    std::lock_guard lock(mutex_);
    abandoned_ = true;
    filled_.notify_all();
    drained_.notify_all();
  }

 private:
  using Slots = typename Policy::template Array<typename Policy::template Ref<T>>;

  std::size_t half_full() const { return std::max<std::size_t>(capacity_ / 2, 1); }

  std::unique_lock<std::mutex> locked(Thread& thread) {
    std::unique_lock lock(mutex_, std::try_to_lock);
    if (!lock) {
      [[maybe_unused]] typename Policy::BlockingScope waiting(thread);
      lock.lock();
    }
    return lock;
  }

  template <class Condition>
  void wait(Thread& thread, std::unique_lock<std::mutex>& lock, std::condition_variable& changed, Condition condition) {
    [[maybe_unused]] typename Policy::BlockingScope waiting(thread);
    changed.wait(lock, [&] { return abandoned_ || condition(); });
  }

  void refuse_if_abandoned() const {
    if (abandoned_) [[unlikely]]
      throw WrongAnswer("another thread of this run has failed");
  }

  std::mutex mutex_;
  std::condition_variable filled_, drained_;
  std::size_t capacity_ = 0, first_ = 0, size_ = 0;
  unsigned writers_ = 0;
  bool abandoned_ = false;
  typename Policy::template Root<Slots> slots_;
};

}  // namespace memgc_bench
