// Job: the allocation slow path: poll, stress, trigger, refill; and what happens when there is no memory.
//
// Invariant: a refill never acts on roles that this thread has not acknowledged: it is a safepoint first, and after it
// the roles in its LocalRuns are the heap's until the next safepoint. Threads: the mutator's owner.
#include <algorithm>

#include "allocator/base/bits.h"
#include "allocator/base/check.h"
#include "allocator/base/seeded_bug.h"
#include "memgc/internal/schedule_point.h"
#include "memgc/internal/thread_state.h"
#include "runtime/dead_stack.h"
#include "runtime/heap_impl.h"
#include "runtime/mutator_impl.h"
#include "runtime/object_type.h"

namespace memgc::internal {
namespace {

void poll(MutatorImpl& mutator) {
  schedule_point("poll");
  if (mutator.thread.blocking_depth != 0) [[unlikely]]
    fatal("make within a BlockingScope: the collector may be running");
  if (mutator.poll.load(std::memory_order_relaxed) != 0) [[unlikely]]
    safepoint_slow(mutator);
  const std::uint32_t stress = mutator.heap.debug().gcstress;
  if (stress != 0 && ++mutator.slow_paths % stress == 0) [[unlikely]] {
    constexpr std::uint64_t kFullEvery = 4;  // where there are minor ones
    const bool minor = mutator.heap.pacing().generations().knows_old() && mutator.slow_paths / stress % kFullEvery != 0;
    minor ? mutator.heap.collector().collect_minor() : mutator.heap.collector().collect();
    clear_dead_stack();
  }
}

// Begins a cycle when the heap has grown to its trigger; pays for what was allocated while one marks; gives memory back
// that the limit has no room for. `large_bytes`: of an object that is to have blocks of its own.
void keep_pace(MutatorImpl& mutator, std::size_t large_bytes = 0) {
  HeapImpl& heap = mutator.heap;
  if (heap.trigger_reached(large_bytes)) [[unlikely]]
    heap.collector().collect_due(mutator);
  if (heap.pacing().charging()) [[unlikely]] {
    if (heap.pacing().time_is_owed()) heap.collector().lend_time();
    if (mutator.balance < 0) heap.collector().assist(mutator);
  }
  if (heap.above_hard_goal(large_bytes)) [[unlikely]]
    heap.collector().stay_below_hard_goal(mutator, large_bytes);
  heap.make_room(std::max(large_bytes, kBlockBytes));
  if (heap.wants_fresh()) [[unlikely]]
    heap.collector().want_fresh();
}

// Calls attempt() until it gives memory: once as things are, once after a collection, once after the embedder was
// asked.
template <class Attempt>
void* with_last_resorts(HeapImpl& heap, Attempt&& attempt) {
  if (void* cell = attempt()) return cell;
  heap.collector().collect(WaitKind::kMemory);
  if (void* cell = attempt()) return cell;
  if (!heap.call_pressure(Pressure::kOver)) return nullptr;
  heap.collector().collect(WaitKind::kMemory);
  return attempt();
}

void* bump(Run& run) {
  char* cell = run.cursor;
  run.cursor = cell + run.cell_bytes;
  return cell;
}

// The run has cells that were just cleared. Where stores are remembered and nobody marks, this thread's to them need
// not be, until it answers the collector again.
inline void note_young(MutatorImpl& mutator, const Run& run) {
  if (thread_state.cards == nullptr || thread_state.shades) return;
  if (!mutator.heap.knows_old(mutator.local.roles()) && !seeded_bug("young_too_early")) return;
  thread_state.young = {reinterpret_cast<std::uintptr_t>(run.cursor), static_cast<std::size_t>(run.limit - run.cursor)};
}

// Whether the layout's run has room, without asking anybody. Every 2 KiB at the most, so what it costs shows.
[[gnu::noinline]] bool advance(MutatorImpl& mutator, LayoutId layout) {
  poll(mutator);
  const Run& run = mutator.local.runs()[layout];
  if (run.cursor < run.limit) return true;
  if (!mutator.local.advance(layout)) return false;
  note_young(mutator, run);
  return true;
}

[[gnu::noinline]] void* refill_uncleared(MutatorImpl& mutator, LayoutId layout) {
  Run& run = mutator.local.runs()[layout];
  clear_dead_stack();
  mutator.heap.count_allocation(mutator);
  keep_pace(mutator);
  // While a cycle marks, no more at once than can be paid for.
  const std::size_t most_bytes =
      mutator.heap.pacing().charging() ? affordable_bytes(mutator.heap.pacing().ratio()) : kBlockBytes;
  return with_last_resorts(mutator.heap, [&]() -> void* {
    for (;;) {
      switch (mutator.local.refill(layout, most_bytes)) {
        case LocalRuns::Refill::kDone:
          note_young(mutator, run);
          mutator.note_lock_waits();
          return bump(run);
        case LocalRuns::Refill::kNoMemory:
          return nullptr;
        case LocalRuns::Refill::kStale:  // another thread has answered the end of a cycle, and this one has not
          safepoint_slow(mutator);
      }
    }
  });
}

[[gnu::noinline]] void* refill(MutatorImpl& mutator, LayoutId layout) {
  return clear_dead_stack(refill_uncleared(mutator, layout));
}

[[gnu::noinline]] void* take_unsampled(MutatorImpl& mutator, LayoutId layout) {
  if (advance(mutator, layout)) [[likely]]
    return clear_shallow_stack(bump(mutator.local.runs()[layout]));
  return refill(mutator, layout);
}

[[gnu::noinline]] void* note_sample(MutatorImpl& mutator, void* cell, std::size_t bytes, const TypeInfo& type,
                                    bool array) {
  if (cell != nullptr) mutator.heap.allocation_sampler().add(cell, bytes, type, array, mutator.local.roles());
  return clear_deep_stack(cell);
}

[[gnu::noinline]] void* take_sampled(MutatorImpl& mutator, LayoutId layout, std::size_t bytes, const TypeInfo& type,
                                     bool array) {
  mutator.local.take_sample(layout);
  void* cell = advance(mutator, layout) ? bump(mutator.local.runs()[layout]) : refill(mutator, layout);
  return clear_dead_stack(note_sample(mutator, cell, bytes, type, array));
}

// Whether the object is a sample is decided before all else: that may be an answer to a handshake, which drops the run
// and what was decided for it. (All that follows is in the place of a return, with arguments in registers: a frame that
// is still there when the stack is cleared would keep what it saved.)
void* take_cell(MutatorImpl& mutator, LayoutId layout, std::size_t bytes, const TypeInfo& type, bool array) {
  if (mutator.local.is_sample(layout, bytes)) [[unlikely]]
    return take_sampled(mutator, layout, bytes, type, array);
  return take_unsampled(mutator, layout);
}

void* take_large(MutatorImpl& mutator, std::size_t bytes, const TypeInfo& type, bool array) {
  const std::size_t block_bytes = round_up(bytes, kBlockBytes);
  const bool sample = mutator.local.points().hit(block_bytes);
  poll(mutator);
  mutator.heap.count_allocation(mutator);
  keep_pace(mutator, bytes);
  const LayoutId layout = large_layout_of(type, array);
  const Layout shape = layout_at(layout);
  void* object = with_last_resorts(
      mutator.heap, [&] { return mutator.heap.large().take(bytes, shape, layout, mutator.local.roles()); });
  if (object != nullptr) mutator.heap.count_large_allocation(mutator, block_bytes);
  mutator.note_lock_waits();
  if (sample) note_sample(mutator, object, block_bytes, type, array);
  return clear_dead_stack(object);
}

}  // namespace

void* allocate_slow(MutatorState& state, const TypeInfo& type) {
  auto& mutator = static_cast<MutatorImpl&>(state);
  LayoutId layout = layout_of_run_offset(type.run_offset.load(std::memory_order_relaxed));
  if (layout == 0) [[unlikely]] {
    layout = layout_of(type);
    if (layout == 0) return take_large(mutator, type.size, type, false);
  }
  return take_cell(mutator, layout, type.cell_bytes, type, false);
}

void* allocate_array(MutatorState& state, const TypeInfo& element, std::size_t count) {
  auto& mutator = static_cast<MutatorImpl&>(state);
  const std::size_t header = array_header_bytes(element);
  std::size_t bytes = 0;
  if (__builtin_mul_overflow(count, element.size, &bytes) || __builtin_add_overflow(bytes, header, &bytes))
    return nullptr;
  void* cell = nullptr;
  const std::size_t size_class = size_class_of(bytes, header);
  if (size_class != kSizeClasses.size()) [[likely]] {
    const LayoutId layout = array_layout_of(element, size_class);
    const std::size_t cell_bytes = kSizeClasses[size_class];
    Run& run = mutator.local.runs()[layout];
    cell = run.cursor < run.limit ? bump(run) : take_cell(mutator, layout, cell_bytes, element, true);
  } else {
    cell = take_large(mutator, bytes, element, true);
  }
  // Relaxed: nobody else knows the cell yet; the marker may look at it, and then reads 0 or the count.
  if (cell != nullptr) static_cast<std::atomic<std::size_t>*>(cell)->store(count, std::memory_order_relaxed);
  return cell;
}

void wait_for_memory(MutatorState& state, std::uint64_t ns) {
  static_cast<MutatorImpl&>(state).heap.collector().wait_for_room(ns);
}

}  // namespace memgc::internal
