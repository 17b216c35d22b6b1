// Job: attaching, blocking and safepoints. See mutator_impl.h and handshake.h.
#include "runtime/mutator_impl.h"

#include <algorithm>
#include <mutex>
#include <new>
#include <utility>

#include "allocator/base/check.h"
#include "allocator/base/seeded_bug.h"
#include "memgc/internal/schedule_point.h"
#include "memgc/mutator.h"
#include "runtime/clock.h"
#include "runtime/dead_stack.h"
#include "runtime/heap_impl.h"
#include "runtime/remembered.h"

namespace memgc::internal {

MutatorImpl::MutatorImpl(HeapImpl& owner, ThreadRecord& record)
    : heap(owner), thread(record), local(owner.cage(), owner.sets()) {
  owner.allocation_sampler().begin(local);
  owner.waiting_sampler().begin(waits);
}

void MutatorImpl::raise_polls() {
  const std::lock_guard guard(thread.lock);
  for (MutatorImpl* mutator = thread.mutators; mutator != nullptr; mutator = mutator->next_on_thread) {
    mutator->poll.store(1, std::memory_order_relaxed);
  }
}

void MutatorImpl::shade(const void* target) {
  if (!is_white(target)) return;
  schedule_point("grey");
  if (grey == nullptr) grey = heap.grey().take_empty();
  grey->entries[grey->count++] = target;
  if (grey->count == GreyChunk::kEntries) hand_over_grey();
}

bool MutatorImpl::hand_over_grey() {
  if (grey == nullptr) return false;
  schedule_point("hand over");
  heap.grey().put(std::exchange(grey, nullptr));
  return true;
}

namespace {

// The scheduled world may switch threads between a card and its store.
#if defined(MEMGC_SCHEDULED)
constexpr bool kStepsThroughStores = true;
#else
constexpr bool kStepsThroughStores = false;
#endif

}  // namespace

void ThreadRecord::update_barrier() noexcept {
  bool shades = blocked || mutators == nullptr, remembers = false;
  for (const MutatorImpl* m = mutators; m != nullptr; m = m->next_on_thread) {
    shades = shades || m->marking;
    remembers = remembers || m->remembers();
  }
  thread_state.shades = shades;
  const bool one = !blocked && mutators != nullptr && mutators->next_on_thread == nullptr;
  thread_state.shading = one && mutators->marking ? mutators : nullptr;
  thread_state.cards = !remembers || blocked ? nullptr : one ? &mutators->heap.remembered() : &Remembered::several();
  thread_state.notes_inline = remembers && !shades && one && !kStepsThroughStores && !seeded_bug("store_unremembered");
  thread_state.barrier = shades || remembers;
  if (!seeded_bug("young_for_ever")) thread_state.young = {};
}

namespace {

// Of all heaps whose last answer was this thread's; with no lock held.
void advance_handshakes(ThreadRecord& thread) {
  for (MutatorImpl* m = thread.mutators; m != nullptr; m = m->next_on_thread) {
    if (std::exchange(m->answered_last, false)) m->heap.handshakes().advance();
  }
}

}  // namespace

void enter_blocked(ThreadRecord& thread) {
  thread.note_position();
  thread.blocked = true;
  thread_state.barrier = thread_state.shades = true;
  thread_state.notes_inline = false;
  thread_state.shading = nullptr;
  thread_state.cards = nullptr;
  // All polls first: one that is raised after this, for whichever heap, is still up when we are done.
  for (MutatorImpl* m = thread.mutators; m != nullptr; m = m->next_on_thread)
    m->poll.store(0, std::memory_order_relaxed);
  for (MutatorImpl* m = thread.mutators; m != nullptr; m = m->next_on_thread) {
    const std::lock_guard guard(m->lock);
    m->answered_last |= m->heap.handshakes().respond(*m, m->heap.handshakes().number());
    m->blocked = true;
  }
  advance_handshakes(thread);  // which answers for this thread, too: a safepoint may be through with several questions
}

namespace {

// Ends the blocked state of all mutators but for those of a heap that is stopping; that heap, or null.
HeapImpl* try_leave_blocked(ThreadRecord& thread) {
  HeapImpl* stopping = nullptr;
  MutatorImpl* m = thread.mutators;
  for (; m != nullptr && stopping == nullptr; m = m->next_on_thread) {
    const std::lock_guard guard(m->lock);
    // The number first: who sees that of a stop then sees that it is one.
    const std::uint64_t number = m->heap.handshakes().number();
    if (m->heap.handshakes().stopping()) {
      stopping = &m->heap;
    } else {
      m->answered_last |= m->heap.handshakes().respond(*m, number);
      m->blocked = false;
    }
  }
  if (stopping == nullptr) return nullptr;
  // Back into the blocked state with those that had left it: they may have been asked again in between.
  for (MutatorImpl* done = thread.mutators; done != m; done = done->next_on_thread) {
    const std::lock_guard guard(done->lock);
    if (done->blocked) continue;
    done->answered_last |= done->heap.handshakes().respond(*done, done->heap.handshakes().number());
    done->blocked = true;
  }
  return stopping;
}

}  // namespace

void leave_blocked(ThreadRecord& thread) {
  HeapImpl* stopping = nullptr;
  do {
    if (stopping != nullptr) stopping->handshakes().wait_until_resumed();
    stopping = try_leave_blocked(thread);
    advance_handshakes(thread);
  } while (stopping != nullptr);
  thread.blocked = false;
  thread.update_barrier();
}

namespace {

[[gnu::noinline]] void sample_wait(MutatorImpl& mutator, WaitKind kind, std::uint64_t ns) {
  mutator.heap.waiting_sampler().add(kind, ns);
  clear_deep_stack();
}

}  // namespace

void MutatorImpl::note_wait(WaitKind kind, std::uint64_t ns) {
  const std::uint64_t locks_ns = std::exchange(waited_for_locks_ns, 0);
  waited_ns += std::max(ns, locks_ns);
  if (waits.hit(locks_ns)) [[unlikely]]
    sample_wait(*this, WaitKind::kLock, locks_ns);
  const std::uint64_t others_ns = elapsed_ns(locks_ns, ns);
  if (waits.hit(others_ns)) [[unlikely]]
    sample_wait(*this, kind, others_ns);
}

namespace {

[[gnu::noinline]] void answer(MutatorImpl& mutator) {
  const std::uint64_t begin = now_ns();
  enter_blocked(mutator.thread);
  leave_blocked(mutator.thread);
  mutator.heap.count_stop(WaitKind::kHandshake, elapsed_ns(begin, now_ns()));
}

}  // namespace

void safepoint_slow(MutatorState& state) {
  schedule_point("slow safepoint");
  answer(static_cast<MutatorImpl&>(state));
  clear_dead_stack();
}

MutatorImpl& mutator_of(const void* object, const char* what) {
  for (MutatorImpl* m = ThreadRecord::mine().mutators; m != nullptr; m = m->next_on_thread) {
    if (m->heap.cage().contains(object)) return *m;
  }
  abort_not_attached(what);
}

MutatorState& mutator_for(const void* object) { return mutator_of(object, "Weak"); }

void abort_not_attached(std::string_view what) {
  fatal("%.*s on a thread that is not attached to the heap: make a memgc::Mutator on it first",
        static_cast<int>(what.size()), what.data());
}

}  // namespace memgc::internal

namespace memgc {

using internal::MutatorImpl;
using internal::ThreadRecord;

Mutator::Mutator(Heap& heap) : heap_(heap), state_(nullptr) {
  ThreadRecord& thread = ThreadRecord::mine();
  auto* mutator = new MutatorImpl(heap.impl(), thread);
  if (!mutator->local.reserve()) {
    delete mutator;
    internal::no_memory(0);
  }
  mutator->runs = reinterpret_cast<char*>(mutator->local.runs());
  internal::schedule_point("attach");
  heap.impl().handshakes().attach(*mutator);
  internal::schedule_point("attached");
  thread.references.fetch_add(1, std::memory_order_relaxed);
  {
    const std::lock_guard guard(thread.lock);
    // What another heap asks of this thread is asked of this mutator, too.
    if (thread.mutators != nullptr)
      mutator->poll.store(thread.mutators->poll.load(std::memory_order_relaxed), std::memory_order_relaxed);
    mutator->next_on_thread = thread.mutators;
    thread.mutators = mutator;
  }
  {
    // Who asked since it was registered found no poll to raise.
    const std::lock_guard guard(mutator->lock);
    if (mutator->asked) mutator->raise_polls();
  }
  state_ = mutator;
  internal::thread_state.current = mutator;
  thread.update_barrier();
}

Mutator::~Mutator() {
  auto* mutator = static_cast<MutatorImpl*>(state_);
  ThreadRecord& thread = mutator->thread;
  if (&thread != &ThreadRecord::mine())
    internal::fatal("a Mutator was destroyed on another thread than the one it attached");
  {
    const std::lock_guard guard(thread.lock);
    MutatorImpl** link = &thread.mutators;
    while (*link != mutator) link = &(*link)->next_on_thread;
    *link = mutator->next_on_thread;
  }
  thread.note_position();  // for a handshake under way, which copies the stack of whom it asks
  internal::schedule_point("detach");
  mutator->heap.handshakes().detach(*mutator);
  thread.detached.objects += mutator->allocated.objects;
  thread.detached.bytes += mutator->allocated.bytes;
  delete mutator;
  internal::thread_state.current = thread.mutators;
  thread.update_barrier();
  thread.release();
}

BlockingScope::BlockingScope(Mutator& mutator) : mutator_(mutator) {
  ThreadRecord& thread = static_cast<MutatorImpl*>(mutator_.state_)->thread;
  if (thread.blocking_depth++ == 0) internal::enter_blocked(thread);
}

BlockingScope::~BlockingScope() {
  ThreadRecord& thread = static_cast<MutatorImpl*>(mutator_.state_)->thread;
  if (--thread.blocking_depth == 0) internal::leave_blocked(thread);
}

}  // namespace memgc
