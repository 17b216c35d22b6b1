// Job: fork(): the child has the heaps as they were, one thread, and goes on; the parent goes on.
//
// Before the fork the forking thread waits for the cycle under way, keeps the next from beginning, stops all mutators
// at a safepoint, and takes the locks under which anybody else could be changing something. So the child never sees a
// cycle half done, and no run of a thread that is gone holds cells. In the child those threads' mutators are dropped
// (what only their stacks referred to is dead at the next cycle), and threads of the library are made again when they
// are wanted. A destructor or cleanup that is running runs to its end in the parent alone.
//
// Cost: a fork waits for a whole cycle at worst, and every mutator for the fork. vfork() and posix_spawn() do not come
// here. Not to be called from a trace function or, in a thread that is attached, from a signal handler.
// Invariant: heaps are made, destroyed and forked one at a time. Threads: any.
#pragma once

namespace memgc::internal {

class HeapImpl;

/// From now on forks take the heap along. Waits for a fork under way, blocked.
void join_forks(HeapImpl& heap);
/// No longer. Before anything of the heap is torn down.
void leave_forks(HeapImpl& heap);

}  // namespace memgc::internal
