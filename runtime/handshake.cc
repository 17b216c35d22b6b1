// Job: see handshake.h.
#include "runtime/handshake.h"

#include <execinfo.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstring>
#include <utility>

#include "allocator/base/check.h"
#include "allocator/base/seeded_bug.h"
#include "memgc/internal/schedule_point.h"
#include "runtime/clock.h"
#include "runtime/heap_impl.h"
#include "runtime/mutator_impl.h"
#include "runtime/outside_stores.h"
#include "runtime/trace_line.h"

namespace memgc::internal {

namespace {

struct KernelView {
  bool waiting = false;  // in the kernel, for something
  std::uint64_t cpu_ns = 0;
};

// By the kernel's account; nothing but zeros when it cannot be read.
KernelView thread_state_of(int tid) {
  KernelView out;
  char path[64];
  std::snprintf(path, sizeof(path), "/proc/self/task/%d/stat", tid);
  std::FILE* file = std::fopen(path, "re");
  if (file == nullptr) return out;
  char text[512];
  const std::size_t length = std::fread(text, 1, sizeof(text) - 1, file);
  std::fclose(file);
  text[length] = '\0';
  const char* behind_name = std::strrchr(text, ')');
  char state = 'R';
  unsigned long user = 0, system = 0;
  if (behind_name == nullptr || std::sscanf(behind_name + 1, " %c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu",
                                            &state, &user, &system) != 3) {
    return out;
  }
  out.waiting = state == 'S';  // not D: a page fault is nobody's fault
  out.cpu_ns = (user + system) * (1'000'000'000ULL / static_cast<unsigned long>(::sysconf(_SC_CLK_TCK)));
  return out;
}

}  // namespace

void Handshakes::attach(MutatorImpl& mutator) {
  for (;;) {
    {
      const std::lock_guard guard(registry_lock_);
      if (!stopping()) {
        mutator.acknowledged = word_.number_under_lock();
        mutator.marking = marking_ && !seeded_bug("attaches_without_barrier");
        Roles roles = heap_.roles();
        if (seeded_bug("attaches_white")) roles.keep = Keep::kNothing;
        mutator.local.retire_all(roles);
        heap_.count_thread_bytes(mutator, sizeof(MutatorImpl) + mutator.local.metadata_bytes());
        mutator.next = first_;
        if (first_ != nullptr) first_->previous = &mutator;
        first_ = &mutator;
        return;
      }
    }
    wait_until_resumed();
  }
}

void Handshakes::detach(MutatorImpl& mutator) {
  if (leave_registry(mutator)) advance();
}

// Whether the mutator's was the last answer awaited.
bool Handshakes::leave_registry(MutatorImpl& mutator) {
  bool was_last = false;
  const std::lock_guard guard(registry_lock_);
  {
    const std::lock_guard mine(mutator.lock);
    was_last = respond(mutator, number());
    if (!seeded_bug("grey_lost_at_detach")) mutator.hand_over_grey();
    mutator.local.retire_all(mutator.local.roles());
    heap_.count_allocation(mutator);
    heap_.count_thread_bytes(mutator, 0);
  }
  if (mutator.snapshot.begin() != mutator.snapshot.end() && !seeded_bug("copied_stack_lost_at_detach")) {
    orphans_.push_back(std::make_unique<Snapshot>());
    orphans_.back()->swap(mutator.snapshot);
  }
  (mutator.previous != nullptr ? mutator.previous->next : first_) = mutator.next;
  if (mutator.next != nullptr) mutator.next->previous = mutator.previous;
  return was_last;
}

void Handshakes::perform(MutatorImpl& mutator) {
  switch (asked_) {
    case Ask::kBarrierOn:
      mutator.marking = true;
      if (seeded_bug("stack_copied_at_once")) mutator.snapshot.take(mutator.thread, !heap_.precise_stacks());
      break;
    case Ask::kFence:
      break;
    case Ask::kSnapshot:
    case Ask::kStop:
      if (!seeded_bug("run_outlives_the_copy")) mutator.local.retire_all(heap_.roles());
      heap_.count_allocation(mutator);
      mutator.balance = 0;
      if (!seeded_bug("stack_copied_at_once")) mutator.snapshot.take(mutator.thread, !heap_.precise_stacks());
      break;
    case Ask::kPark:
      mutator.local.retire_all(heap_.roles());
      heap_.count_allocation(mutator);
      break;
    case Ask::kFlush:
      if (!seeded_bug("grey_lost_at_flush")) mutator.hand_over_grey();
      if (seeded_bug("barrier_off_at_flush")) mutator.marking = false;
      mutator.local.keep_in_kept_bitmap();
      break;
    case Ask::kEnd:
      // Nothing was grey at the end of marking. What has been shaded since is marked, or was made by a mutator that had
      // answered already, for the next epoch: the cycle forgets it.
      mutator.hand_over_grey();
      mutator.marking = false;
      mutator.local.retire_all(heap_.roles());
      heap_.count_allocation(mutator);
      break;
  }
}

// On the late thread itself, where it answers at last: behind the loop or the call that held it.
void Handshakes::show_where_late(const MutatorImpl& mutator) {
  char line[128];
  const int length = std::snprintf(line, sizeof(line), "memgc: thread %s (%d) answers now, here:\n",
                                   mutator.thread.name, mutator.thread.tid);
  if (length > 0) write_line(line, std::min(static_cast<std::size_t>(length), sizeof(line) - 1));
  void* frames[32];
  ::backtrace_symbols_fd(frames, ::backtrace(frames, 32), STDERR_FILENO);
}

bool Handshakes::respond(MutatorImpl& mutator, std::uint64_t number) {
  if (mutator.acknowledged == number) return false;
  mutator.stopped_since_ns = now_ns();
  schedule_point("answer");
  perform(mutator);
  schedule_point("answered");
  const bool was_late = mutator.reported_late == mutator.acknowledged + 1;
  mutator.acknowledged = number;
  if (!mutator.asked) return false;
  mutator.asked = false;
  if (was_late) show_where_late(mutator);
  count_stop(elapsed_ns(mutator.stopped_since_ns, now_ns()));
  return word_.answered();
}

void Handshakes::count_stop(std::uint64_t took) {
  total_ns_.fetch_add(took, std::memory_order_relaxed);
  std::uint64_t longest = longest_ns_.load(std::memory_order_relaxed);
  while (took > longest && !longest_ns_.compare_exchange_weak(longest, took, std::memory_order_relaxed)) {
  }
}

void Handshakes::ask(Ask what, const Roles& roles) {
  const Question question{what, roles, false};
  ask({&question, 1});
}

void Handshakes::ask(std::span<const Question> questions) {
  {
    const std::lock_guard guard(registry_lock_);
    std::copy(questions.begin(), questions.end(), questions_.begin());
    question_count_ = questions.size();
    asked_count_ = 0;
    over_.store(false, std::memory_order_relaxed);  // read by this thread, or under the lock
  }
  ask_next();
  wait_for_answers();
}

// Under registry_lock_.
void Handshakes::publish(const Question& question) {
  if (question.outside) OutsideStores::enter(heap_, question.roles.kept());
  const Ask what = question.what;
  asked_ = what;
  heap_.set_roles(question.roles);
  if (what == Ask::kBarrierOn) marking_ = true;
  if (what == Ask::kEnd) marking_ = false;
  if (what == Ask::kStop || what == Ask::kPark) stopping_.store(true, std::memory_order_relaxed);
  const std::uint64_t number = word_.publish();
  published_ns_ = now_ns();
  schedule_point("ask");
  for (MutatorImpl* mutator = first_; mutator != nullptr; mutator = mutator->next) {
    const std::lock_guard its(mutator->lock);
    if (mutator->blocked) {
      if (!seeded_bug("blocked_thread_forgotten")) respond(*mutator, number);  // nobody awaits that answer
    } else if (mutator->acknowledged != number) {
      mutator->asked = true;
      word_.expect_one();
      mutator->raise_polls();
    }
  }
}

void Handshakes::advance() {
  const std::uint64_t began = now_ns();
  if (ask_next()) count_stop(elapsed_ns(began, now_ns()));
}

// Whether it asked anything. Each round looks at the answers once: while the lock is held and nothing is being asked
// they only become fewer, and who gives the last comes here after. Within publish() they may be fewer than they will
// be.
bool Handshakes::ask_next() {
  bool asked = false;
  {
    const std::lock_guard guard(registry_lock_);
    for (;;) {
      if (over_.load(std::memory_order_relaxed) || !word_.all_answered()) return asked;
      if (asked_count_ == question_count_ || (seeded_bug("questions_left") && asked_count_ != 0)) break;
      publish(questions_[asked_count_++]);
      asked = true;
      schedule_point("between questions");
    }
    bytes_when_over_ = heap_.heap_bytes();
    // Release: pairs with the acquire in wait_for_answers(). What others answered before is seen here by all_answered()
    // and, of earlier questions, by the lock.
    over_.store(true, std::memory_order_release);
  }
  { const std::lock_guard guard(answers_lock_); }
  all_answered_.notify_one();
  return asked;
}

void Handshakes::wait_for_answers() {
  schedule_point("asked");
  const std::uint32_t patience_ms = heap_.debug().safepointms;
  // Acquire: pairs with the release in ask_next().
  const auto done = [&] { return over_.load(std::memory_order_acquire); };
  for (int spin = 0; spin < sync::spins(200); ++spin) {  // answers often come within microseconds
    if (done()) return;
    sync::pause();
  }
  std::unique_lock guard(answers_lock_);
  while (patience_ms != 0 && !all_answered_.wait_for(guard, std::chrono::milliseconds(patience_ms), done)) {
    guard.unlock();
    report_late(std::uint64_t{patience_ms} * 1'000'000);
    guard.lock();
  }
  all_answered_.wait(guard, done);
}

// A thread is late if it waits for something that is no safepoint, or has used a processor for as long as our patience;
// one that merely got no processor is not.
void Handshakes::report_late(std::uint64_t patience_ns) {
  for_each([&](MutatorImpl& mutator) {  // with the registry's lock, so the question stays the same
    const std::uint64_t waited_ns = elapsed_ns(published_ns_, now_ns());
    if (waited_ns < patience_ns) return;
    const std::lock_guard its(mutator.lock);
    if (!mutator.asked || mutator.reported_late == mutator.acknowledged + 1) return;
    const KernelView now = thread_state_of(mutator.thread.tid);
    if (mutator.watched != mutator.acknowledged + 1) {
      mutator.watched = mutator.acknowledged + 1;
      mutator.watched_cpu_ns = now.cpu_ns;
    }
    if (!now.waiting && now.cpu_ns - mutator.watched_cpu_ns < patience_ns) return;
    mutator.reported_late = mutator.acknowledged + 1;
    heap_.count_late_answer();
    char line[256];
    const int length =
        std::snprintf(line, sizeof(line), "memgc: thread %s (%d) has not reached a safepoint for %llu ms: %s\n",
                      mutator.thread.name, mutator.thread.tid, static_cast<unsigned long long>(waited_ns / 1'000'000),
                      now.waiting ? "it waits, and wants a BlockingScope around that call"
                                  : "it runs, and wants a safepoint() in a loop that does not allocate");
    if (length > 0) write_line(line, std::min(static_cast<std::size_t>(length), sizeof(line) - 1));
  });
}

void Handshakes::resume_all() {
  stopping_.store(false, std::memory_order_release);
  sync::notify_all(stopping_);
}

std::size_t Handshakes::take_snapshots(std::vector<std::unique_ptr<Snapshot>>& out) {
  std::size_t count = 0;
  const std::lock_guard guard(registry_lock_);
  const auto take = [&](Snapshot& snapshot) {
    if (count == out.size()) out.push_back(std::make_unique<Snapshot>());
    out[count]->clear();
    out[count++]->swap(snapshot);
  };
  for (MutatorImpl* mutator = first_; mutator != nullptr; mutator = mutator->next) take(mutator->snapshot);
  for (const auto& orphan : orphans_) take(*orphan);
  orphans_.clear();
  for (std::size_t i = count; i < out.size(); ++i) out[i]->clear();  // of an earlier cycle with more mutators
  return count;
}

StopSum Handshakes::take_stop_sum() {
  return {longest_ns_.exchange(0, std::memory_order_relaxed), total_ns_.exchange(0, std::memory_order_relaxed)};
}

// What belongs to the threads themselves (their records, their ranges) is let be: nobody looks at it any more.
void Handshakes::forget_others(const ThreadRecord& thread) {
  for (MutatorImpl* mutator = first_; mutator != nullptr;) {
    MutatorImpl* const gone = std::exchange(mutator, mutator->next);
    if (&gone->thread == &thread) continue;
    (gone->previous != nullptr ? gone->previous->next : first_) = gone->next;
    if (gone->next != nullptr) gone->next->previous = gone->previous;
    heap_.count_thread_bytes(*gone, 0);
    delete gone;
  }
  sync::renew(answers_lock_);
  sync::renew(all_answered_);
}

std::size_t Handshakes::count() {
  std::size_t count = 0;
  for_each([&](MutatorImpl&) { ++count; });
  return count;
}

std::size_t Handshakes::running() {
  std::size_t count = 0;
  for_each([&](MutatorImpl& mutator) {
    const std::lock_guard its(mutator.lock);
    count += !mutator.blocked;
  });
  return count;
}

}  // namespace memgc::internal
