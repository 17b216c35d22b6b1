// Job: what allocator/base/sync.h says, for threads that are coroutines of one thread.
//
// The functions of namespace `scheduled` are the scheduler's; tests/schedule/ has the one there is. Invariant: between
// two calls of them no other coroutine runs, so nothing here needs an atomic of its own.
#pragma once

#include <time.h>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <mutex>
#include <utility>

namespace memgc::internal {

void schedule_point(const char* where);

namespace scheduled {

/// The calling coroutine goes on after wake(queue).
void block(const void* queue, const char* why);
/// The same; or after some time, as the scheduler decides. False in this case.
bool block_for_a_while(const void* queue, const char* why);
/// One of those blocked on the queue, or all.
void wake_one(const void* queue);
void wake_all(const void* queue);
/// A further coroutine; its number, from 1 on.
unsigned start(const char* name, std::function<void()> job);
void join(unsigned thread);
/// Grows with every step.
std::uint64_t now_ns();
/// How many there are, as the seed has it.
unsigned processors();
/// The high end of the calling coroutine's stack.
const char* stack_base();

}  // namespace scheduled

namespace sync {

class Mutex {
 public:
  void lock() {
    schedule_point("lock");
    while (held_) scheduled::block(this, "mutex");
    held_ = true;
  }
  bool try_lock() {
    schedule_point("try_lock");
    return !std::exchange(held_, true);
  }
  void unlock() {
    held_ = false;
    scheduled::wake_one(this);
    schedule_point("unlock");
  }

 private:
  friend class Condition;
  bool held_ = false;
};

class Condition {
 public:
  void notify_one() { scheduled::wake_one(this); }
  void notify_all() { scheduled::wake_all(this); }

  void wait(std::unique_lock<Mutex>& guard) { wait_some(guard, false); }
  template <class Predicate>
  void wait(std::unique_lock<Mutex>& guard, Predicate done) {
    while (!done()) wait_some(guard, false);
  }
  template <class Rep, class Period, class Predicate>
  bool wait_for(std::unique_lock<Mutex>& guard, std::chrono::duration<Rep, Period>, Predicate done) {
    while (!done()) {
      if (!wait_some(guard, true)) return done();
    }
    return true;
  }

 private:
  bool wait_some(std::unique_lock<Mutex>& guard, bool for_a_while) {
    Mutex& mutex = *guard.mutex();
    mutex.held_ = false;
    scheduled::wake_one(&mutex);
    bool woken = true;
    if (for_a_while) {
      woken = scheduled::block_for_a_while(this, "condition, for a while");
    } else {
      scheduled::block(this, "condition");
    }
    while (mutex.held_) scheduled::block(&mutex, "mutex");
    mutex.held_ = true;
    return woken;
  }
};

class Thread {
 public:
  Thread() = default;
  explicit Thread(unsigned number) : number_(number) {}
  Thread(Thread&& other) noexcept : number_(std::exchange(other.number_, 0)) {}
  Thread& operator=(Thread&& other) noexcept {
    number_ = std::exchange(other.number_, 0);
    return *this;
  }
  bool joinable() const { return number_ != 0; }
  void join() { scheduled::join(std::exchange(number_, 0)); }

 private:
  unsigned number_ = 0;
};

template <class F>
Thread start_thread(const char* name, F&& job) {
  return Thread(scheduled::start(name, std::forward<F>(job)));
}

inline bool is_this_thread(const Thread&) { return false; }  // nobody forks here
template <class T>
void renew(T& object) {
  object = T();
}

template <class T>
void wait(const std::atomic<T>& word, T old, std::memory_order order) {
  schedule_point("wait");
  while (word.load(order) == old) scheduled::block(&word, "word");
}
template <class T>
void notify_one(std::atomic<T>& word) {
  scheduled::wake_one(&word);
}
template <class T>
void notify_all(std::atomic<T>& word) {
  scheduled::wake_all(&word);
}

inline void yield() { schedule_point("yield"); }
inline void sleep_ns(std::uint64_t) { schedule_point("sleep"); }
constexpr int spins(int) { return 0; }
inline void pause() {}
inline std::uint64_t read_clock(clockid_t) { return scheduled::now_ns(); }

}  // namespace sync
}  // namespace memgc::internal
