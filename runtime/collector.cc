// Job: see collector.h.
#include "runtime/collector.h"

#include <algorithm>
#include <chrono>
#include <mutex>
#include <optional>
#include <system_error>
#include <utility>

#include "runtime/clock.h"
#include "runtime/heap_impl.h"
#include "runtime/mutator_impl.h"
#include "runtime/trace_line.h"

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

// The opposite, within the life of a Blocked.
class Running {
 public:
  Running() : thread_(ThreadRecord::mine()) { leave_blocked(thread_); }
  ~Running() { enter_blocked(thread_); }
  Running(const Running&) = delete;
  Running& operator=(const Running&) = delete;

 private:
  ThreadRecord& thread_;
};

// The calling thread's wait for the collector: blocked, and counted as a stop.
class Held {
 public:
  Held(HeapImpl& heap, WaitKind why) : heap_(heap), why_(why), began_ns_(now_ns()) { blocked_.emplace(); }
  ~Held() {
    const bool held = blocked_->entered();
    blocked_.reset();
    if (held) heap_.count_stop(why_, elapsed_ns(began_ns_, now_ns()));
  }
  Held(const Held&) = delete;
  Held& operator=(const Held&) = delete;

 private:
  HeapImpl& heap_;
  const WaitKind why_;
  std::uint64_t began_ns_;
  std::optional<Blocked> blocked_;
};

constexpr char kPeriodicLine[] = "GC forced\n";  // as Go says it

constexpr std::size_t kAssistSlice = std::size_t{32} << 10;  // bytes between two looks at the poll, about 10 us
constexpr std::uint64_t kMostAssistCpuNs = 120'000;          // of one thread's, in one step of its program

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

// Under lock_: a cycle that begins from now on, and counts as forced unless it is to be minor. 0 if there can be none.
std::uint64_t Collector::ask_for_cycle(bool minor) {
  if (!start_thread()) return 0;
  const std::uint64_t ticket = begun_ + 1;
  wanted_ = std::max(wanted_, ticket);
  (minor ? minor_ : forced_) = ticket;
  wake_collector_.notify_one();
  return ticket;
}

void Collector::collect(bool minor, WaitKind why) {
  const Held held(heap_, why);
  std::unique_lock guard(lock_);
  const std::uint64_t ticket = ask_for_cycle(minor);
  if (ticket != 0) wake_waiters_.wait(guard, [&] { return settled_ >= ticket || stopping_; });
}

bool Collector::collect(HeapDump& dump) {
  const Held held(heap_, WaitKind::kCollect);
  std::unique_lock guard(lock_);
  wake_waiters_.wait(guard, [&] { return dump_ == nullptr || stopping_; });
  const std::uint64_t ticket = stopping_ ? 0 : ask_for_cycle(false);
  if (ticket == 0) return false;
  dump_ = &dump;
  dump_of_ = ticket;
  wake_waiters_.wait(guard, [&] { return settled_ >= ticket || stopping_; });
  dump_ = nullptr;
  wake_waiters_.notify_all();
  return settled_ >= ticket;
}

void Collector::collect_async() {
  const std::lock_guard guard(lock_);
  ask_for_cycle(false);
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
  const Held held(heap_, WaitKind::kMemory);
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
  // An assist ends at any of these, whatever is owed: the rest is paid with the next refill. They bound how long a
  // thread is held up, by work and when there is none to be had.
  constexpr int kMostWaits = 2;
  Pacing& pacing = heap_.pacing();
  if (heap_.gc_cpu().limiting()) {
    mutator.balance = 0;
    return;
  }
  const AssistRatio ratio = pacing.ratio();
  const Assist owed = assist_owed(static_cast<std::size_t>(-mutator.balance), ratio);
  const std::size_t wanted = std::min(owed.work, kMostAssistWork);
  std::size_t done = pacing.take_from_pool(wanted);
  if (done < wanted) {
    const std::uint64_t began = now_ns(), cpu_began = thread_cpu_ns(), waited_before = mutator.waited_ns;
    int waits = 0;
    while (done < wanted && pacing.charging() && !heap_.gc_cpu().limiting() &&
           elapsed_ns(cpu_began, thread_cpu_ns()) < kMostAssistCpuNs) {
      const std::size_t marked = cycle_.team().assist(std::min(wanted - done, kAssistSlice));
      done += marked;
      if (marked == 0) {
        if (waits++ == kMostWaits) break;
        wait_for_work(mutator);
        done += pacing.take_from_pool(wanted - done);
      }
      if (mutator.poll.load(std::memory_order_relaxed) != 0) safepoint_slow(mutator);
    }
    heap_.count_stop(WaitKind::kAssist, elapsed_ns(began, now_ns()), mutator.waited_ns - waited_before);
  }
  mutator.balance += static_cast<std::int64_t>(credit_for(owed, std::min(done, owed.work), ratio));
}

void Collector::want_fresh() {
  if (fresh_wanted_.load(std::memory_order_relaxed)) return;
  const std::lock_guard guard(lock_);
  if (begun_ != settled_ || held_off_ != 0 || !start_thread()) return;  // it has other things to do
  fresh_wanted_.store(true, std::memory_order_relaxed);
  wake_collector_.notify_one();
}

// At most one slice: the next refill lends more.
void Collector::lend_time() {
  const std::uint64_t began = now_ns();
  const std::uint64_t lent = cycle_.team().lend(kAssistSlice / 2);
  if (lent == 0) return;
  heap_.pacing().lend_time(lent);
  heap_.count_stop(WaitKind::kAssist, elapsed_ns(began, now_ns()));
}

void Collector::stay_below_hard_goal(MutatorImpl& mutator, std::size_t large_bytes) {
  if (heap_.gc_cpu().limiting()) return;
  const Held held(heap_, WaitKind::kMemory);
  const std::uint64_t cpu_began = thread_cpu_ns();
  // The cycle under way keeps what was made since it began: before the limit is passed one more looks for room.
  bool asked = false;
  std::uint64_t ticket = 0;  // the cycle that is waited for; others may ask for more
  while (heap_.above_hard_goal(large_bytes) && !heap_.gc_cpu().limiting()) {
    // Who has marked its time sleeps until the marking is over: the processor is then the collector's.
    const bool may_mark = elapsed_ns(cpu_began, thread_cpu_ns()) < kMostAssistCpuNs;
    if (may_mark && heap_.pacing().charging()) {
      const Running running;
      if (cycle_.team().assist(kAssistSlice) == 0) wait_for_work(mutator);
      continue;
    }
    std::unique_lock guard(lock_);
    if (ticket == 0) ticket = std::max(wanted_, begun_);
    const auto over = [&] { return stopping_ || settled_ >= ticket || heap_.gc_cpu().limiting(); };
    wake_waiters_.wait(guard, [&] {
      return over() || (may_mark && heap_.pacing().charging()) || !heap_.above_hard_goal(large_bytes);
    });
    if (!over()) continue;
    if (stopping_ || asked || heap_.gc_cpu().limiting() || !heap_.above_hard_blocks(large_bytes) || !start_thread())
      return;
    asked = true;
    ticket = begun_ + 1;
    wanted_ = std::max(wanted_, ticket);
    wake_collector_.notify_one();
  }
}

bool Collector::assist_may_go_on() const {
  return cycle_.team().has_work() || !heap_.pacing().pool_is_empty() || !heap_.pacing().charging() ||
         heap_.gc_cpu().limiting();
}

// Until there is something to mark, or somebody has marked it. The leader shares within a slice, so as a rule this is
// over before the kernel would have put the thread to sleep; and once asleep, a thread waits for whole slices of the
// kernel's until it has a processor again.
void Collector::wait_for_work(MutatorImpl& mutator) {
  constexpr std::uint64_t kPatienceNs = sync::spins(50'000);
  cycle_.team().hunger(1);
  for (const std::uint64_t began = now_ns(); elapsed_ns(began, now_ns()) < kPatienceNs;) {
    if (assist_may_go_on() || mutator.poll.load(std::memory_order_relaxed) != 0) {
      cycle_.team().hunger(-1);
      return;
    }
    for (int i = 0; i < sync::spins(32); ++i) sync::pause();
  }
  {
    const Blocked blocked;
    std::unique_lock guard(lock_);
    ++waiting_to_assist_;
    wake_waiters_.wait(guard, [&] { return assist_may_go_on() || stopping_; });
    --waiting_to_assist_;
  }
  cycle_.team().hunger(-1);
}

std::size_t Collector::waiting_to_assist() {
  const std::lock_guard guard(lock_);
  return waiting_to_assist_;
}

void Collector::wait_for_room(std::uint64_t ns) {
  constexpr std::uint64_t kMomentNs = 10'000'000;  // between two tries, which are a cycle each
  const Held held(heap_, WaitKind::kMemory);
  std::unique_lock guard(lock_);
  const std::uint64_t before = settled_;
  wake_waiters_.wait_for(guard, std::chrono::nanoseconds(std::min(ns, kMomentNs)),
                         [&] { return stopping_ || settled_ > before; });
}

void Collector::wait_for_finalizers() {
  const Held held(heap_, WaitKind::kCollect);
  heap_.finalizers().wait(heap_.facade());
}

void Collector::note_progress() {
  const std::lock_guard guard(lock_);
  if (waiting_to_assist_ != 0) wake_waiters_.notify_all();
}

void Collector::let_go() {
  const std::lock_guard guard(lock_);
  wake_waiters_.notify_all();
}

void Collector::hold_off() {
  std::unique_lock guard(lock_);
  ++held_off_;
  wake_waiters_.wait(guard, [&] { return begun_ == settled_; });
}

void Collector::go_on() {
  const std::lock_guard guard(lock_);
  if (--held_off_ != 0) return;
  look_again_ = true;
  wake_collector_.notify_one();
}

void Collector::forget_thread() {
  sync::renew(thread_);
  sync::renew(wake_collector_);
  sync::renew(wake_waiters_);
  wanted_ = forced_ = minor_ = begun_;
  waiting_to_assist_ = 0;
  dump_ = nullptr;
  fresh_wanted_.store(false, std::memory_order_relaxed);
  cycle_.forget_helpers();
}

void Collector::look_again() {
  const std::lock_guard guard(lock_);
  if (heap_.trigger_reached()) start_thread();
  look_again_ = true;
  wake_collector_.notify_one();
}

// How long until a cycle is due that nobody asked for: so that an idle program's memory is given back; and sooner while
// the heap is under pressure, as who sheds load allocates nothing, and without a cycle would not hear that there is
// room again. Those come ever more rarely while they change nothing, and take a twentieth of the time at most.
std::uint64_t Collector::idle_left_ns() const {
  constexpr std::uint64_t kPressedNs = 100'000'000;
  constexpr unsigned kMostDoublings = 6;
  std::uint64_t period_ns = std::uint64_t{heap_.debug().gcperiodms} * 1'000'000;
  if (period_ns == 0) return UINT64_MAX;
  if (heap_.pressure() != Pressure::kBelow) {
    const std::uint64_t pressed_ns =
        std::max(kPressedNs << std::min(looked_again_, kMostDoublings), 20 * last_took_ns_);
    period_ns = std::min(period_ns, pressed_ns);
  } else if (heap_.pacing().growth_percent() < 0) {
    return UINT64_MAX;
  }
  const std::uint64_t passed = elapsed_ns(last_cycle_ns_, now_ns());
  return passed < period_ns ? period_ns - passed : 0;
}

// Between two cycles: gives memory back, a piece at a time. Whether nobody wants the next one, but it is time for it.
bool Collector::wait_until_wanted(std::unique_lock<sync::Mutex>& guard) {
  constexpr std::uint64_t kLimitedNs = 100'000'000;
  const auto wanted = [&] { return stopping_ || (wanted_ > begun_ && held_off_ == 0); };
  while (!wanted()) {
    const bool look = std::exchange(look_again_, false);
    const bool fresh = fresh_wanted_.load(std::memory_order_relaxed);
    guard.unlock();
    if (fresh) {
      heap_.map_fresh();
      fresh_wanted_.store(false, std::memory_order_relaxed);
    }
    if (look) heap_.update_limits();  // whoever turned a knob may have done so while the last cycle set its own
    std::uint64_t rest = heap_.scavenger().work();
    const bool due = look && heap_.trigger_reached();  // else those who allocate say so
    const std::uint64_t idle_left = idle_left_ns();
    const bool limiting = heap_.gc_cpu().limiting();
    if (limiting) {  // the program's time since counts
      heap_.gc_cpu().begin_cycle();
      heap_.update_pressure();
    }
    guard.lock();
    if (wanted()) return false;
    if (held_off_ == 0 && (due || idle_left == 0)) {
      wanted_ = begun_ + 1;
      if (!due && heap_.debug().gctrace && !heap_.debug().gctrace_json)
        write_line(kPeriodicLine, sizeof(kPeriodicLine) - 1);
      return !due;
    }
    rest = std::min(rest == 0 ? UINT64_MAX : rest, idle_left);
    if (limiting) rest = std::min(rest, kLimitedNs);
    if (held_off_ != 0) rest = UINT64_MAX;  // go_on() has it looked at again
    const auto woken = [&] {
      return wanted() || look_again_ || (fresh_wanted_.load(std::memory_order_relaxed) && held_off_ == 0);
    };
    if (rest == UINT64_MAX) {
      wake_collector_.wait(guard, woken);
    } else {
      wake_collector_.wait_for(guard, std::chrono::nanoseconds(rest), woken);
    }
  }
  return false;
}

void Collector::run() {
  last_cycle_ns_ = now_ns();
  std::unique_lock guard(lock_);
  for (;;) {
    const bool by_itself = wait_until_wanted(guard);
    if (stopping_) break;
    looked_again_ = by_itself ? looked_again_ + 1 : 0;
    last_cycle_ns_ = now_ns();
    const std::uint64_t number = ++begun_;
    const bool forced = forced_ == number;
    // An idle program's garbage is old.
    const CycleKind kind = forced || by_itself ? CycleKind::kFull
                           : minor_ == number  ? CycleKind::kMinor
                                               : CycleKind::kAny;
    const CycleCause cause = forced ? CycleCause::kForced : by_itself ? CycleCause::kPeriodic : heap_.cause_of_growth();
    HeapDump* const dump = dump_ != nullptr && dump_of_ == number ? dump_ : nullptr;
    guard.unlock();
    cycle_.mark(number, cause, kind, dump);
    guard.lock();
    marked_ = number;
    wake_waiters_.notify_all();
    guard.unlock();
    cycle_.settle();
    last_took_ns_ = elapsed_ns(last_cycle_ns_, now_ns());
    guard.lock();
    settled_ = number;
    wake_waiters_.notify_all();
  }
}

}  // namespace memgc::internal
