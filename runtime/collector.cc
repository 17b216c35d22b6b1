// Job: see collector.h.
#include "runtime/collector.h"

#include <algorithm>
#include <mutex>
#include <optional>
#include <system_error>

#include "runtime/clock.h"
#include "runtime/heap_impl.h"
#include "runtime/mutator_impl.h"

namespace memgc::internal {
namespace {

// The calling thread is blocked in all its heaps. Does nothing on a thread that is attached nowhere or blocked already.
class Blocked {
 public:
  Blocked() : thread_(ThreadRecord::mine()), entered_(thread_.mutators != nullptr && !thread_.blocked) {
    if (entered_) enter_blocked(thread_);
  }
  ~Blocked() {
    if (entered_) leave_blocked(thread_);
  }
  Blocked(const Blocked&) = delete;
  Blocked& operator=(const Blocked&) = delete;

  bool entered() const { return entered_; }

 private:
  ThreadRecord& thread_;
  const bool entered_;
};

// The calling thread's wait for the collector: blocked, and counted as a stop.
class Held {
 public:
  explicit Held(HeapImpl& heap) : heap_(heap), began_ns_(now_ns()) { blocked_.emplace(); }
  ~Held() {
    const bool held = blocked_->entered();
    blocked_.reset();
    if (held) heap_.stops().add(elapsed_ns(began_ns_, now_ns()));
  }
  Held(const Held&) = delete;
  Held& operator=(const Held&) = delete;

 private:
  HeapImpl& heap_;
  std::uint64_t began_ns_;
  std::optional<Blocked> blocked_;
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
  cycle_.stop();
}

bool Collector::start_thread() {
  if (thread_.joinable()) return true;
  try {
    thread_ = sync::start_thread("memgc-mark", [this] { run(); });
  } catch (const std::system_error&) {
    // No memory or no more threads: nothing is collected, and whoever asked goes on to find no memory.
  }
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

void Collector::assist(MutatorImpl& mutator) {
  constexpr std::size_t kSlice = 1024;   // cells, about 15 us
  constexpr std::size_t kEnough = 8192;  // for one refill
  const std::uint64_t began = now_ns();
  std::size_t done = 0;
  while (!heap_.may_grow() && (done < kEnough || heap_.beyond_goal())) {
    if (heap_.debug().gcstoptheworld || !cycle_.team().assist(kSlice)) {
      if (!wait_for_progress()) break;
      continue;
    }
    done += kSlice;
    heap_.allow_growth(cycle_.team().marked_bytes());
    if (mutator.poll.load(std::memory_order_relaxed) != 0) safepoint_slow(mutator);
  }
  heap_.stops().add(elapsed_ns(began, now_ns()));
}

// False when no cycle is under way or wanted.
bool Collector::wait_for_progress() {
  const Blocked blocked;
  std::unique_lock guard(lock_);
  const auto over = [&] { return stopping_ || (begun_ == marked_ && wanted_ == begun_); };
  ++waiting_to_assist_;
  wake_waiters_.wait(guard, [&] { return heap_.may_grow() || cycle_.team().has_work() || over(); });
  --waiting_to_assist_;
  return !over();
}

void Collector::wait_for_finalizers() {
  const Held held(heap_);
  heap_.finalizers().wait();
}

void Collector::note_progress() {
  const std::lock_guard guard(lock_);
  if (waiting_to_assist_ != 0) wake_waiters_.notify_all();
}

void Collector::run() {
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
