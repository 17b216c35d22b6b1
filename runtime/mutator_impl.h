// Job: a thread's side of its attachment to one heap: its runs, its grey buffer, whether it is blocked, what it has
// answered.
//
// Invariants:
//   I1  `acknowledged` is the number of the last handshake that was done for this mutator, by itself or, while it was
//       blocked, by whoever asked.
//   I2  While `blocked`, the thread touches neither its runs nor managed objects, and its ThreadRecord says where its
//       references are.
// Threads: `runs`, `local`, `grey` and `marking` belong to the owner; `lock` guards blocked, asked and acknowledged,
// and hands the rest to whoever asks while blocked.
#pragma once

#include <cstdint>

#include "allocator/base/lock.h"
#include "allocator/local_runs.h"
#include "memgc/allocation_counter.h"
#include "memgc/internal/thread_state.h"
#include "memgc/profile.h"
#include "runtime/grey_queue.h"
#include "runtime/snapshot.h"
#include "runtime/thread_record.h"

namespace memgc::internal {

class HeapImpl;

class MutatorImpl : public MutatorState {
 public:
  MutatorImpl(HeapImpl& owner, ThreadRecord& record);

  /// Makes this thread come to a slow path soon, whichever of its mutators it uses. Under `lock`.
  void raise_polls();
  /// Whether this is an object of the heap's that nobody has marked. While `marking`.
  bool is_white(const void* target) const;
  /// Whether what is stored is shaded as well as what it overwrites: until this thread's stack is copied. Then each
  /// reference that it has is in the copy, or read from a slot that is shaded when it is overwritten, or new.
  bool shades_new() const { return local.roles().keep == Keep::kNothing; }
  /// Whether what is stored is remembered for minor cycles.
  bool remembers() const { return local.roles().remember; }
  /// Whether a store must shade something. While `marking`.
  bool wants_shading(const void* old_target, const void* new_target) const {
    return (old_target != nullptr && is_white(old_target)) || (shades_new() && is_white(new_target));
  }
  /// Makes the object grey, unless it is marked already. While `marking`.
  void shade(const void* target);
  /// Gives the buffer of shaded pointers to the marker. False when there was nothing in it.
  bool hand_over_grey();

  /// This thread was held up for `ns`, of which what it waited for locks counts as such: perhaps samples it. With no
  /// lock held.
  void note_wait(WaitKind kind, std::uint64_t ns);
  /// The same for locks alone, where nothing else has held it up.
  void note_lock_waits() {
    if (waited_for_locks_ns != 0) [[unlikely]]
      note_wait(WaitKind::kLock, 0);
  }

  HeapImpl& heap;
  ThreadRecord& thread;
  LocalRuns local;

  Lock lock;
  bool blocked = false;
  bool asked = false;          // counted as pending in the handshake under way
  bool answered_last = false;  // the thread is to ask the next question: Handshakes::advance()
  bool marking = false;        // stores shade
  std::uint64_t acknowledged = 0;
  std::uint64_t stopped_since_ns = 0;  // when it was last asked for something

  Allocations allocated;     // what has been counted of it since it attached; as `local` is
  std::int64_t balance = 0;  // bytes that it may allocate before it has to assist, while a cycle marks

  SamplePoints waits;           // which waits are samples
  std::uint64_t waited_ns = 0;  // all that was noted, so that what holds others within it counts the rest

  std::size_t counted_bytes = 0;  // of what belongs to it, in the heap's count

  GreyChunk* grey = nullptr;  // shaded and not handed over
  Snapshot snapshot;          // as of the third handshake

  std::uint64_t watched = 0;  // the handshake for which its processor time is watched
  std::uint64_t watched_cpu_ns = 0;
  std::uint64_t reported_late = 0;  // the handshake for which it was reported
  std::uint64_t slow_paths = 0;     // for gcstress
  MutatorImpl* next_on_thread = nullptr;
  MutatorImpl* next = nullptr;  // the heap's registry
  MutatorImpl* previous = nullptr;
};

/// This thread's mutator of the heap that holds `object`; aborts if there is none, with `what` was wanted.
MutatorImpl& mutator_of(const void* object, const char* what);

/// Marks this thread as blocked in all its heaps, answering what is asked of it first. Does not nest.
void enter_blocked(ThreadRecord& thread);
/// Ends that: waits for stops under way, answers what was asked meanwhile.
void leave_blocked(ThreadRecord& thread);

}  // namespace memgc::internal
