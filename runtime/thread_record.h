// Job: what is known of one thread, whatever heaps it is attached to: its stack, its registers when it waits, its root
// ranges, its mutators.
//
// A thread is *blocked* while it waits for the collector or is in a BlockingScope: its stack from `stack_top` up and
// `registers` then hold all its references, but for what has changed since: the frames nearest to a BlockingScope go on
// running and may reuse a stack slot whose pointer they moved to a register; and the frame that noted the position is
// gone, with the registers that it had pushed. So those frames are copied aside when the thread blocks.
// Threads: the owner; the collector reads stack and registers of a blocked thread, whose mutator's lock ordered it.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <mutex>

#include "allocator/base/lock.h"
#include "allocator/base/poison.h"
#include "memgc/allocation_counter.h"
#include "memgc/internal/thread_state.h"
#include "memgc/root.h"
#include "runtime/call_stack.h"

namespace memgc::internal {

class MutatorImpl;

/// The registers that a call preserves: all others are dead, or saved by their owner, at a call.
struct SavedRegisters {
  std::array<std::uintptr_t, 12> words{};
};

/// One RootRange; owned by it, listed in its thread's record.
struct RangeEntry {
  const void* begin;
  const void* end;
  const void* const* top;  // when set, *top is the end
  RootRange::Decode decode;
  RangeEntry* next;
  struct ThreadRecord* thread;
};

struct ThreadRecord {
  static constexpr std::size_t kNearestBytes = MEMGC_ASAN ? 16384 : 2048;  // sanitized frames are large

  Lock lock;                        // guards mutators, ranges
  MutatorImpl* mutators = nullptr;  // attached by this thread, latest first
  RangeEntry* ranges = nullptr;

  const char* stack_base = nullptr;  // the high end; the stack grows down from here
  const char* stack_top = nullptr;
  SavedRegisters registers;
  std::array<std::uintptr_t, kNearestBytes / sizeof(std::uintptr_t)> nearest_frames{};
  std::size_t nearest_words = 0;
  void* fake_stack = nullptr;  // AddressSanitizer's, for use-after-return detection
  Allocations detached;        // what its mutators had allocated that have gone. The owner's
  int blocking_depth = 0;
  bool blocked = false;  // by the owner, for its own slow paths; the collector goes by MutatorImpl::blocked
  char name[16] = {};
  int tid = 0;                     // the kernel's number for it
  CallStack::Last last_stack;      // the owner's
  std::atomic<int> references{1};  // the thread itself, its mutators, each RangeEntry

  static ThreadRecord& mine();
  void release();
  /// Recomputes thread_state.barrier. By the owner.
  void update_barrier() noexcept;
  /// Notes where this thread's references are as of the call, for as long as it is blocked. By the owner.
  void note_position() noexcept;
};

#if defined(MEMGC_SCHEDULED)
/// What thread_local variables hold of one thread, for a scheduler that runs several on one.
struct ThreadLocals {
  ThreadState state;
  ThreadRecord* record = nullptr;
};
ThreadLocals exchange_thread_locals(const ThreadLocals& next);
/// What the end of a thread does: drops its own reference to its record.
void end_scheduled_thread();
#endif

/// RootRanges that exist at present, of all threads.
std::size_t root_range_count();

/// Calls f(range, begin, end) for each of the thread's root ranges. Returns their bytes.
template <class F>
std::size_t for_each_range(ThreadRecord& thread, F&& f) {
  const std::lock_guard guard(thread.lock);
  std::size_t bytes = 0;
  for (const RangeEntry* range = thread.ranges; range != nullptr; range = range->next) {
    const char* begin = static_cast<const char*>(range->begin);
    const char* end = static_cast<const char*>(range->top != nullptr ? *range->top : range->end);
    f(*range, begin, end);
    bytes += static_cast<std::size_t>(end - begin);
  }
  return bytes;
}

}  // namespace memgc::internal
