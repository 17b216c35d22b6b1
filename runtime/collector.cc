// Job: see collector.h.
#include "runtime/collector.h"

#include <pthread.h>
#include <signal.h>

#include <algorithm>
#include <system_error>

#include "runtime/clock.h"
#include "runtime/heap_impl.h"
#include "runtime/mutator_impl.h"

namespace memgc::internal {
namespace {

// The calling thread's wait for the collector: blocked in all its heaps, and counted as a stop. Does nothing on a
// thread that is attached nowhere or blocked already.
class Held {
 public:
  explicit Held(HeapImpl& heap) : heap_(heap), thread_(ThreadRecord::mine()), began_ns_(now_ns()) {
    held_ = thread_.mutators != nullptr && !thread_.blocked;
    if (held_) enter_blocked(thread_);
  }
  ~Held() {
    if (!held_) return;
    leave_blocked(thread_);
    heap_.stops().add(elapsed_ns(began_ns_, now_ns()));
  }
  Held(const Held&) = delete;
  Held& operator=(const Held&) = delete;

 private:
  HeapImpl& heap_;
  ThreadRecord& thread_;
  std::uint64_t began_ns_;
  bool held_;
};

}  // namespace

Collector::~Collector() { stop(); }

void Collector::stop() {
  {
    const std::lock_guard guard(lock_);
    stopping_ = true;
  }
  wake_collector_.notify_all();
  if (thread_.joinable()) thread_.join();
}

bool Collector::start_thread() {
  if (thread_.joinable()) return true;
  // The program's signals are the program's: its handlers never run on this thread.
  sigset_t all, before;
  ::sigfillset(&all);
  ::pthread_sigmask(SIG_SETMASK, &all, &before);
  try {
    thread_ = std::thread([this] { run(); });
  } catch (const std::system_error&) {
    // No memory or no more threads: nothing is collected, and whoever asked goes on to find no memory.
  }
  ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
  return thread_.joinable();
}

void Collector::collect() {
  const Held held(heap_);
  std::unique_lock guard(lock_);
  if (!start_thread()) return;
  const std::uint64_t ticket = begun_ + 1;
  wanted_ = std::max(wanted_, ticket);
  forced_ = std::max(forced_, ticket);
  wake_collector_.notify_one();
  wake_waiters_.wait(guard, [&] { return settled_ >= ticket || stopping_; });
}

void Collector::collect_due(MutatorImpl&) {
  if (!heap_.debug().gcstoptheworld) {
    const std::lock_guard guard(lock_);
    if (begun_ != marked_ || wanted_ > begun_) return;
    if (!start_thread()) return;
    wanted_ = begun_ + 1;
    wake_collector_.notify_one();
    return;
  }
  const Held held(heap_);
  std::unique_lock guard(lock_);
  // A cycle that ended while this thread was on its way here has done what was due.
  if (!heap_.trigger_reached()) return;
  if (!start_thread()) return;
  const std::uint64_t ticket = ticket_due();
  wanted_ = std::max(wanted_, ticket);
  wake_collector_.notify_one();
  wake_waiters_.wait(guard, [&] { return marked_ >= ticket || stopping_; });
}

void Collector::wait_for_progress(MutatorImpl&) {
  const Held held(heap_);
  std::unique_lock guard(lock_);
  ++waiting_for_progress_;
  wake_waiters_.wait(guard, [&] { return heap_.may_grow() || stopping_ || (begun_ == marked_ && wanted_ == begun_); });
  --waiting_for_progress_;
}

void Collector::wait_for_finalizers() {
  const Held held(heap_);
  heap_.finalizers().wait();
}

void Collector::note_progress() {
  const std::lock_guard guard(lock_);
  if (waiting_for_progress_ != 0) wake_waiters_.notify_all();
}

void Collector::run() {
  ::pthread_setname_np(::pthread_self(), "memgc-mark");
  std::unique_lock guard(lock_);
  for (;;) {
    wake_collector_.wait(guard, [&] { return stopping_ || wanted_ > begun_; });
    if (stopping_) break;
    const std::uint64_t number = ++begun_;
    const bool forced = forced_ == number;
    guard.unlock();
    cycle_.mark(number, forced);
    guard.lock();
    marked_ = number;
    wake_waiters_.notify_all();
    guard.unlock();
    cycle_.settle();
    guard.lock();
    settled_ = number;
    wake_waiters_.notify_all();
  }
}

}  // namespace memgc::internal
