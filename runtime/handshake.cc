// Job: see handshake.h.
#include "runtime/handshake.h"

#include "allocator/base/check.h"
#include "runtime/clock.h"
#include "runtime/heap_impl.h"
#include "runtime/mutator_impl.h"

namespace memgc::internal {

void Handshakes::attach(MutatorImpl& mutator) {
  for (;;) {
    {
      const std::lock_guard guard(registry_lock_);
      if (!stopping()) {
        mutator.acknowledged = number_.load(std::memory_order_relaxed);
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
    mutator.local.retire_all(heap_.roles());
    heap_.count_allocation(mutator);
  }
  (mutator.previous != nullptr ? mutator.previous->next : first_) = mutator.next;
  if (mutator.next != nullptr) mutator.next->previous = mutator.previous;
}

void Handshakes::respond(MutatorImpl& mutator, std::uint64_t number) {
  if (mutator.acknowledged == number) return;
  mutator.stopped_since_ns = now_ns();
  mutator.local.retire_all(heap_.roles());
  heap_.count_allocation(mutator);
  mutator.acknowledged = number;
  if (!mutator.asked) return;
  mutator.asked = false;
  // Release: pairs with the acquire in stop_all(): all that this mutator did before is seen by the collector.
  if (pending_.fetch_sub(1, std::memory_order_acq_rel) == 1) pending_.notify_one();
}

void Handshakes::stop_all() {
  {
    const std::lock_guard guard(registry_lock_);
    stopping_.store(true, std::memory_order_relaxed);
    const std::uint64_t number = number_.load(std::memory_order_relaxed) + 1;
    number_.store(number, std::memory_order_release);  // pairs with the acquire in number()
    for (MutatorImpl* mutator = first_; mutator != nullptr; mutator = mutator->next) {
      const std::lock_guard its(mutator->lock);
      if (mutator->blocked) {
        respond(*mutator, number);
      } else {
        mutator->asked = true;
        pending_.fetch_add(1, std::memory_order_relaxed);
        mutator->raise_polls();
      }
    }
  }
  for (std::uint32_t left; (left = pending_.load(std::memory_order_acquire)) != 0;) {
    pending_.wait(left, std::memory_order_acquire);
  }
}

void Handshakes::resume_all() {
  stopping_.store(false, std::memory_order_release);
  stopping_.notify_all();
}

std::size_t Handshakes::count() {
  std::size_t count = 0;
  for_each([&](MutatorImpl&) { ++count; });
  return count;
}

}  // namespace memgc::internal
