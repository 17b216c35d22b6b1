// Job: see scheduler.h.
#include "tests/schedule/scheduler.h"

#include <fmt/core.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <string_view>
#include <utility>

#include "allocator/base/sync.h"

namespace memgc::testing {
namespace {

constexpr std::size_t kStackBytes = 256 * 1024;
constexpr std::uint64_t kMostSteps = 3'000'000;       // a run takes some thousands
constexpr std::uint64_t kFairAfter = 100'000;         // from then on by chance: no rule may starve anybody for ever
constexpr std::uint64_t kLikelySteps = 4000;          // where drops of priority are worth most
constexpr std::uint64_t kStallEvery = 400;            // steps, about
constexpr std::uint64_t kStallStoresEvery = 25;       // of them
constexpr std::uint64_t kLongestStall = 1000;         // steps
constexpr std::uint64_t kFirstPriority = 1ULL << 32;  // above all that were dropped

// Between the barrier's first look and the store: what is held up here is what handshakes must not overtake.
bool is_within_a_store(std::string_view where) {
  return where == "store" || where == "between shades" || where == "shade" || where == "outside store" ||
         where == "exchange";
}

}  // namespace

Scheduler& Scheduler::the() {
  static Scheduler scheduler;
  return scheduler;
}

void Scheduler::begin(std::uint64_t seed) {
  dice_ = Dice(seed);
  count_ = 0;
  steps_ = 0;
  hash_ = 0xcbf29ce484222325;
  lowest_ = kFirstPriority;
  processors_ = static_cast<unsigned>(1 + dice_.below(8));
  constexpr std::uint64_t kStays[] = {1, 2, 4, 10, 30};
  stay_ = kStays[dice_.below(std::size(kStays))];
  drops_at_.clear();
  if (dice_.one_in(3)) {
    for (std::uint64_t i = 0, n = 1 + dice_.below(5); i < n; ++i) drops_at_.push_back(dice_.below(kLikelySteps));
    std::sort(drops_at_.begin(), drops_at_.end(), std::greater<>());
  }
}

void Scheduler::run(std::uint64_t seed, std::function<void()> job, std::function<void(const char*)> watch) {
  begin(seed);
  watch_ = std::move(watch);
  start("main", std::move(job));
  current_ = threads_[0].get();
  const internal::ThreadLocals mine = internal::exchange_thread_locals(current_->locals);
  outside_.switch_to(*current_->stack);
  internal::exchange_thread_locals(mine);
  current_ = nullptr;
  watch_ = nullptr;
}

unsigned Scheduler::start(const char* name, std::function<void()> job) {
  if (count_ == threads_.size()) {
    threads_.push_back(std::make_unique<Thread>());
    threads_.back()->stack = std::make_unique<Coroutine>(kStackBytes);
  }
  Thread& thread = *threads_[count_];
  thread.scheduler = this;
  thread.number = count_;
  thread.stalled_until = 0;
  thread.job = std::move(job);
  thread.name = name;
  thread.state = State::kReady;
  thread.priority = kFirstPriority + 1 + dice_.below(kFirstPriority);
  thread.locals = internal::ThreadLocals();
  thread.stack->start(&body, &thread);
  return static_cast<unsigned>(count_++);
}

void Scheduler::body(void* thread) {
  auto& self = *static_cast<Thread*>(thread);
  self.job();
  self.job = nullptr;
  internal::end_scheduled_thread();
  self.scheduler->end_current();
}

void Scheduler::end_current() {
  Thread& self = *current_;
  self.state = State::kEnded;
  wake(&self, true);
  step("end");
  const auto ended = [](const auto& thread) { return thread->state == State::kEnded; };
  if (std::all_of(threads_.begin(), threads_.begin() + static_cast<std::ptrdiff_t>(count_), ended)) {
    self.stack->switch_for_good_to(outside_);
  }
  switch_to(*choose(), true);
}

void Scheduler::join(unsigned number) {
  Thread& other = *threads_[number];
  point("join");
  while (other.state != State::kEnded) block(&other, "join", false);
}

void Scheduler::step(const char* where) {
  ++steps_;
  constexpr std::uint64_t kPrime = 0x100000001b3;
  hash_ = (hash_ ^ current_->number) * kPrime;
  for (const char* letter = where; *letter != '\0'; ++letter) {
    hash_ = (hash_ ^ static_cast<unsigned char>(*letter)) * kPrime;
  }
  if (print_) fmt::print("{:6} {} {:12} {}\n", steps_, current_->number, current_->name, where);
  if (watch_) {
    watching_ = true;
    watch_(where);
    watching_ = false;
  }
  if (steps_ > kMostSteps) fail("there is no end to it");
}

void Scheduler::point(const char* where) {
  if (current_ == nullptr || watching_) return;
  step(where);
  if (dice_.one_in(is_within_a_store(where) ? kStallStoresEvery : kStallEvery)) {
    current_->stalled_until = steps_ + dice_.below(kLongestStall);
  }
  // Who says that it has nothing to do has nothing against another's turn.
  const bool gives_way = std::strcmp(where, "yield") == 0 || std::strcmp(where, "sleep") == 0;
  if (gives_way) current_->priority = --lowest_;
  reschedule();
}

bool Scheduler::block(const void* queue, const char* why, bool for_a_while) {
  if (current_ == nullptr) fail("something waits where nobody can wake it");
  current_->state = for_a_while ? State::kBlockedForAWhile : State::kBlocked;
  current_->queue = queue;
  current_->why = why;
  current_->ran_out = false;
  Thread& self = *current_;
  step(why);
  reschedule();
  return !self.ran_out;
}

void Scheduler::wake(const void* queue, bool all) {
  ready_.clear();
  for (std::size_t i = 0; i < count_; ++i) {
    Thread& thread = *threads_[i];
    const bool blocked = thread.state == State::kBlocked || thread.state == State::kBlockedForAWhile;
    if (blocked && thread.queue == queue) ready_.push_back(&thread);
  }
  if (ready_.empty()) return;
  if (!all) ready_ = {ready_[dice_.below(ready_.size())]};
  for (Thread* thread : ready_) thread->state = State::kReady;
}

void Scheduler::reschedule() {
  Thread* next = choose();
  if (next->state == State::kBlockedForAWhile) {
    next->state = State::kReady;
    next->ran_out = true;
  }
  if (next != current_) switch_to(*next, false);
}

template <class F>
void Scheduler::collect_ready(F&& is_ready) {
  ready_.clear();
  for (std::size_t i = 0; i < count_; ++i) {
    if (is_ready(*threads_[i])) ready_.push_back(threads_[i].get());
  }
}

Scheduler::Thread* Scheduler::choose() {
  const bool can_stay = current_->state == State::kReady && current_->stalled_until <= steps_;
  const bool by_priority = !drops_at_.empty() && steps_ < kFairAfter;
  if (by_priority) {
    if (drops_at_.size() > 1 && drops_at_.back() <= steps_) {  // the last stands for the rule
      drops_at_.pop_back();
      current_->priority = --lowest_;
    }
  } else if (can_stay && !dice_.one_in(stay_)) {
    return current_;
  }
  collect_ready([&](const Thread& thread) { return thread.state == State::kReady && thread.stalled_until <= steps_; });
  if (ready_.empty() || dice_.one_in(50)) {
    collect_ready([&](const Thread& t) { return t.state == State::kReady || t.state == State::kBlockedForAWhile; });
  }
  if (ready_.empty()) fail("all wait for each other");
  if (!by_priority) return ready_[dice_.below(ready_.size())];
  return *std::max_element(ready_.begin(), ready_.end(),
                           [](const Thread* a, const Thread* b) { return a->priority < b->priority; });
}

void Scheduler::switch_to(Thread& next, bool for_good) {
  Thread& self = *current_;
  current_ = &next;
  self.locals = internal::exchange_thread_locals(next.locals);
  if (for_good) {
    self.stack->switch_for_good_to(*next.stack);
  } else {
    self.stack->switch_to(*next.stack);
  }
}

void Scheduler::fail(const char* what) const {
  fmt::print(stderr, "schedule: {} (step {})\n", what, steps_);
  for (std::size_t i = 0; i < count_; ++i) {
    const Thread& thread = *threads_[i];
    if (thread.state != State::kEnded) {
      fmt::print(stderr, "schedule:   {} {}\n", thread.name, thread.state == State::kReady ? "can run" : thread.why);
    }
  }
  std::abort();
}

}  // namespace memgc::testing

namespace memgc::internal {

using testing::Scheduler;

void schedule_point(const char* where) { Scheduler::the().point(where); }

namespace scheduled {

void block(const void* queue, const char* why) { Scheduler::the().block(queue, why, false); }
bool block_for_a_while(const void* queue, const char* why) { return Scheduler::the().block(queue, why, true); }
void wake_one(const void* queue) { Scheduler::the().wake(queue, false); }
void wake_all(const void* queue) { Scheduler::the().wake(queue, true); }
unsigned start(const char* name, std::function<void()> job) { return Scheduler::the().start(name, std::move(job)); }
void join(unsigned thread) { Scheduler::the().join(thread); }
unsigned processors() { return Scheduler::the().processors(); }
std::uint64_t now_ns() { return Scheduler::the().steps() * 1000; }
const char* stack_base() { return Scheduler::the().stack_base(); }

}  // namespace scheduled
}  // namespace memgc::internal
