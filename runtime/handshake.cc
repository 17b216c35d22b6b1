// Job: see handshake.h.
#include "runtime/handshake.h"

#include <algorithm>
#include <chrono>
#include <cstdio>

#include "allocator/base/check.h"
#include "runtime/clock.h"
#include "runtime/heap_impl.h"
#include "runtime/mutator_impl.h"
#include "runtime/trace_line.h"

namespace memgc::internal {

void Handshakes::attach(MutatorImpl& mutator) {
  for (;;) {
    {
      const std::lock_guard guard(registry_lock_);
      if (!stopping()) {
        mutator.acknowledged = number_.load(std::memory_order_relaxed);
        mutator.marking = marking_;
        mutator.local.retire_all(heap_.roles());
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
  const std::lock_guard guard(registry_lock_);
  {
    const std::lock_guard mine(mutator.lock);
    respond(mutator, number());
    mutator.hand_over_grey();
    mutator.local.retire_all(mutator.local.roles());
    heap_.count_allocation(mutator);
  }
  if (mutator.snapshot.begin() != mutator.snapshot.end()) {
    orphans_.push_back(std::make_unique<Snapshot>());
    orphans_.back()->swap(mutator.snapshot);
  }
  (mutator.previous != nullptr ? mutator.previous->next : first_) = mutator.next;
  if (mutator.next != nullptr) mutator.next->previous = mutator.previous;
}

void Handshakes::perform(MutatorImpl& mutator) {
  switch (asked_) {
    case Ask::kBarrierOn:
      mutator.marking = true;
      break;
    case Ask::kFence:
      break;
    case Ask::kSnapshot:
    case Ask::kStop:
      mutator.local.retire_all(heap_.roles());
      heap_.count_allocation(mutator);
      mutator.snapshot.take(mutator.thread, !heap_.precise_stacks());
      break;
    case Ask::kFlush:
      mutator.hand_over_grey();
      mutator.local.keep_in_kept_bitmap();
      break;
    case Ask::kEnd:
      MEMGC_DCHECK(mutator.grey == nullptr);  // nothing was grey any more
      mutator.hand_over_grey();
      mutator.marking = false;
      mutator.local.retire_all(heap_.roles());
      heap_.count_allocation(mutator);
      break;
  }
}

void Handshakes::respond(MutatorImpl& mutator, std::uint64_t number) {
  if (mutator.acknowledged == number) return;
  mutator.stopped_since_ns = now_ns();
  perform(mutator);
  mutator.acknowledged = number;
  if (!mutator.asked) return;
  mutator.asked = false;
  const std::uint64_t took = elapsed_ns(mutator.stopped_since_ns, now_ns());
  total_ns_.fetch_add(took, std::memory_order_relaxed);
  std::uint64_t longest = longest_ns_.load(std::memory_order_relaxed);
  while (took > longest && !longest_ns_.compare_exchange_weak(longest, took, std::memory_order_relaxed)) {
  }
  // Release: pairs with the acquire in wait_for_answers(): all that this mutator did before is seen by the collector.
  if (pending_.fetch_sub(1, std::memory_order_acq_rel) == 1) {
    { const std::lock_guard guard(answers_lock_); }
    all_answered_.notify_one();
  }
}

void Handshakes::ask(Ask what, const Roles& roles) {
  {
    const std::lock_guard guard(registry_lock_);
    asked_ = what;
    heap_.set_roles(roles);
    if (what == Ask::kBarrierOn) marking_ = true;
    if (what == Ask::kEnd) marking_ = false;
    if (what == Ask::kStop) stopping_.store(true, std::memory_order_relaxed);
    const std::uint64_t number = number_.load(std::memory_order_relaxed) + 1;
    number_.store(number, std::memory_order_release);  // pairs with the acquire in number()
    for (MutatorImpl* mutator = first_; mutator != nullptr; mutator = mutator->next) {
      const std::lock_guard its(mutator->lock);
      if (mutator->blocked) {
        respond(*mutator, number);
      } else if (mutator->acknowledged != number) {
        mutator->asked = true;
        pending_.fetch_add(1, std::memory_order_relaxed);
        mutator->raise_polls();
      }
    }
  }
  wait_for_answers();
}

void Handshakes::wait_for_answers() {
  const std::uint64_t began = now_ns();
  const std::uint32_t patience_ms = heap_.debug().safepointms;
  const auto done = [&] { return pending_.load(std::memory_order_acquire) == 0; };
  for (int spin = 0; spin < 200; ++spin) {  // answers often come within microseconds
    if (done()) return;
#if defined(__x86_64__)
    __builtin_ia32_pause();
#endif
  }
  std::unique_lock guard(answers_lock_);
  if (patience_ms != 0 && !all_answered_.wait_for(guard, std::chrono::milliseconds(patience_ms), done)) {
    guard.unlock();
    report_late(elapsed_ns(began, now_ns()));
    guard.lock();
  }
  all_answered_.wait(guard, done);
}

void Handshakes::report_late(std::uint64_t waited_ns) {
  for_each([&](MutatorImpl& mutator) {
    const std::lock_guard its(mutator.lock);
    if (!mutator.asked) return;
    heap_.count_late_answer();
    char line[256];
    const int length =
        std::snprintf(line, sizeof(line),
                      "memgc: thread %s has not reached a safepoint for %llu ms: it wants a safepoint() in a loop that "
                      "does not allocate, or a BlockingScope around a call that waits\n",
                      mutator.thread.name, static_cast<unsigned long long>(waited_ns / 1'000'000));
    if (length > 0) write_line(line, std::min(static_cast<std::size_t>(length), sizeof(line) - 1));
  });
}

void Handshakes::resume_all() {
  stopping_.store(false, std::memory_order_release);
  stopping_.notify_all();
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
