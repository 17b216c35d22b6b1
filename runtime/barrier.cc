// Job: the write barrier's slow path: shading, before the store.
//
//   store slot = p, while this thread's barrier is on:   shade(*slot); and, until its stack is copied, shade(p);
//                                                        *slot = p
//
// Stores to many fields at once (memgc::copy, memgc::fill) shade the old and new values of a stretch, then store it.
// The colour of the object that holds the slot plays no part; runtime/README.md has the argument. A shaded pointer goes
// into this thread's buffer, unless its object is marked already; the marker gets the buffer when it is full or when a
// handshake asks for it. There is no safepoint between shading and the store.
//
// For minor cycles a store is remembered as well (remembered.h): then the barrier is always on, and
// `ThreadState::shades` says whether a store must do more than that.
//
// `ThreadState::shades` is also on while a thread is blocked or attached to nothing: such a thread may store to Roots
// (that is how they are dropped from anywhere), and no handshake waits for it. It then stores under one lock of the
// process, which a cycle takes once between turning barriers on and the second handshake: a store that found no heap
// marking has ended by then.
#include <atomic>
#include <cstddef>
#include <span>

#include "allocator/base/seeded_bug.h"
#include "memgc/internal/schedule_point.h"
#include "memgc/internal/thread_state.h"
#include "memgc/root.h"
#include "runtime/dead_stack.h"
#include "runtime/heap_impl.h"
#include "runtime/mutator_impl.h"
#include "runtime/outside_stores.h"
#include "runtime/remembered.h"

namespace memgc::internal {
namespace {

// What is to be shaded of a store.
const void* old_value(const void* target) { return seeded_bug("old_value_unshaded") ? nullptr : target; }
const void* new_value(const void* target) { return seeded_bug("new_value_unshaded") ? nullptr : target; }

template <class F>
void for_each_marking(ThreadRecord& thread, F&& f) {
  for (MutatorImpl* mutator = thread.mutators; mutator != nullptr; mutator = mutator->next_on_thread) {
    if (mutator->marking) f(*mutator);
  }
}

void shade_in_all(ThreadRecord& thread, std::span<const void* const> targets) {
  for_each_marking(thread, [&](MutatorImpl& mutator) {
    for (const void* target : targets) {
      mutator.shade(target);
      schedule_point("between shades");
    }
  });
}

// A store's old value; and the new one for heaps that have not copied this thread's stack yet.
void shade_store(ThreadRecord& thread, const void* old_target, const void* new_target) {
  for_each_marking(thread, [&](MutatorImpl& mutator) {
    mutator.shade(old_value(old_target));
    schedule_point("between shades");
    if (mutator.shades_new()) mutator.shade(new_value(new_target));
    schedule_point("between shades");
  });
}

// For minor cycles: what is stored may be young, and what it is stored in old. False if that is not known by the
// address: then remember_elsewhere() is due.
inline bool remember(const void* word, const void* target) {
  if (seeded_bug("store_unremembered") || (seeded_bug("store_unremembered_while_marking") && thread_state.shades))
    return true;
  schedule_point("remember");
  return thread_state.cards == nullptr || target == nullptr || thread_state.young.hold(word) ||
         thread_state.cards->note(word);
}

Remembered& remembered() { return static_cast<Remembered&>(*thread_state.cards); }
void remember_elsewhere(const void* word) { remembered().note_elsewhere(word); }

bool runs_attached(const ThreadRecord& thread) { return thread.mutators != nullptr && !thread.blocked; }

[[gnu::noinline]] void shade_uncleared(const void* const* targets, std::size_t count) {
  ThreadRecord& thread = ThreadRecord::mine();
  if (runs_attached(thread)) {
    shade_in_all(thread, {targets, count});
  } else {
    OutsideStores::shade({targets, count});
  }
}

[[gnu::noinline]] void shade_both_uncleared(const void* old_target, const void* new_target) {
  ThreadRecord& thread = ThreadRecord::mine();
  if (runs_attached(thread)) {
    shade_store(thread, old_target, new_target);
  } else {
    const void* both[] = {old_value(old_target), new_value(new_target)};
    OutsideStores::shade(both);
  }
}

[[gnu::noinline]] void shade_both(const void* old_target, const void* new_target) {
  shade_both_uncleared(old_target, new_target);
  clear_shallow_stack();
}

[[gnu::noinline]] void store_word(void* word, const void* target) {
  const std::atomic_ref<const void*> slot(*static_cast<const void**>(word));
  shade_both_uncleared(slot.load(std::memory_order_relaxed), target);
  schedule_point("store");
  slot.store(target, std::memory_order_release);  // as Member::store()
}

[[gnu::noinline]] void store_root(RootSlot* slot, const void* target) {
  ThreadRecord& thread = ThreadRecord::mine();
  if (runs_attached(thread)) {
    if (!seeded_bug("root_store_unshaded")) shade_store(thread, slot->load(std::memory_order_relaxed), target);
    schedule_point("store");
    slot->store(target, std::memory_order_release);  // as Root::set()
  } else {
    OutsideStores::store(slot, target);
  }
}

}  // namespace

void shade(const void* old_target, const void* new_target) noexcept {
  if (!thread_state.shades) return;
  schedule_point("shade");
  // Most of what is stored is null, new or marked already: nothing is done then, and no register need be saved.
  const auto* mutator = static_cast<MutatorImpl*>(thread_state.shading);
  if (mutator == nullptr || mutator->wants_shading(old_target, new_target)) [[unlikely]]
    shade_both(old_target, new_target);
}

namespace {

[[gnu::noinline]] void shade_field_elsewhere(const void* word, const void* old_target, const void* new_target) {
  remember_elsewhere(word);
  shade(old_target, new_target);
  clear_shallow_stack();
}

inline void store_remembered(void* word, const void* target) {
  const std::atomic_ref<const void*> slot(*static_cast<const void**>(word));
  if (thread_state.shades) {
    schedule_point("shade");
    const auto* mutator = static_cast<MutatorImpl*>(thread_state.shading);
    if (mutator == nullptr || mutator->wants_shading(slot.load(std::memory_order_relaxed), target)) [[unlikely]] {
      store_word(word, target);
      return clear_shallow_stack();
    }
  }
  schedule_point("store");
  slot.store(target, std::memory_order_release);  // as Member::store()
}

[[gnu::noinline]] void store_elsewhere(void* word, const void* target) {
  remember_elsewhere(word);
  store_remembered(word, target);
  clear_shallow_stack();
}

}  // namespace

// These two are entered by most stores while the barrier is on. What is rare is a call that is the last thing they do,
// so that they save no registers: see dead_stack.h.

void shade_field(const void* word, const void* old_target, const void* new_target) noexcept {
  if (!remember(word, new_target)) [[unlikely]]
    return shade_field_elsewhere(word, old_target, new_target);
  shade(old_target, new_target);
}

void store_shaded(void* word, const void* target) noexcept {
  if (!remember(word, target)) [[unlikely]]
    return store_elsewhere(word, target);
  store_remembered(word, target);
}

void shade_all(const void* fields, std::size_t bytes, const void* const* targets, std::size_t count) noexcept {
  schedule_point("shade");
  if (thread_state.cards != nullptr && !seeded_bug("range_unremembered")) remembered().note_range(fields, bytes);
  if (thread_state.shades) shade_uncleared(targets, count);
  clear_shallow_stack();
}

void store_root_slow(RootSlot* slot, const void* target) noexcept {
  store_root(slot, target);
  clear_shallow_stack();
}

}  // namespace memgc::internal
