// Job: the one way to threads, mutexes, condition variables, waiting and time: what a test can take over.
//
// As shipped these are the standard library's, by other names. With MEMGC_SCHEDULED, which only the library
// memgc_scheduled of the tests is built with, all threads are coroutines of one thread, every name here is a place at
// which another may go on, and time stands still but for what passes here (tests/schedule/). Nothing in the library
// goes past this header: a thread that really waited would stop all of them. Threads: any.
#pragma once

#if defined(MEMGC_SCHEDULED)
#include "allocator/base/sync_scheduled.h"
#else

#include <pthread.h>
#include <signal.h>
#include <time.h>

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <new>
#include <thread>
#include <utility>

namespace memgc::internal::sync {

using Mutex = std::mutex;
using Condition = std::condition_variable;
using Thread = std::thread;

/// A thread of the library's own: named, with all signals blocked, so that the program's handlers never run on it.
/// Throws std::system_error when there is none to be had. `name`: at most 15 characters.
template <class F>
Thread start_thread(const char* name, F&& job) {
  sigset_t all, before;
  ::sigfillset(&all);
  ::pthread_sigmask(SIG_SETMASK, &all, &before);
  struct Restore {
    const sigset_t& mask;
    ~Restore() { ::pthread_sigmask(SIG_SETMASK, &mask, nullptr); }
  } const restore{before};
  return Thread([name, job = std::forward<F>(job)]() mutable {
    ::pthread_setname_np(::pthread_self(), name);
    job();
  });
}

inline bool is_this_thread(const Thread& thread) noexcept { return thread.get_id() == std::this_thread::get_id(); }

/// After a fork, in the child: the object as new, whatever the threads that are gone were doing with it.
template <class T>
void renew(T& object) noexcept {
  new (&object) T();
}

/// std::atomic's waiting, as members of no class.
template <class T>
void wait(const std::atomic<T>& word, T old, std::memory_order order) noexcept {
  word.wait(old, order);
}
template <class T>
void notify_one(std::atomic<T>& word) noexcept {
  word.notify_one();
}
template <class T>
void notify_all(std::atomic<T>& word) noexcept {
  word.notify_all();
}

inline void yield() noexcept { std::this_thread::yield(); }
/// Less than a second.
inline void sleep_ns(std::uint64_t ns) noexcept {
  const timespec pause{0, static_cast<long>(ns)};
  ::nanosleep(&pause, nullptr);
}
/// How often to look again before waiting in earnest; and what to do in between.
constexpr int spins(int times) { return times; }
inline void pause() noexcept {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#endif
}

inline std::uint64_t read_clock(clockid_t clock) noexcept {
  timespec now{};
  ::clock_gettime(clock, &now);
  return static_cast<std::uint64_t>(now.tv_sec) * 1'000'000'000 + static_cast<std::uint64_t>(now.tv_nsec);
}

}  // namespace memgc::internal::sync

#endif  // MEMGC_SCHEDULED
