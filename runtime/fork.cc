// Job: see fork.h.
#include "runtime/fork.h"

#include <pthread.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <mutex>

#include "allocator/base/check.h"
#include "allocator/layout.h"
#include "runtime/heap_impl.h"
#include "runtime/heaps.h"
#include "runtime/mutator_impl.h"
#include "runtime/outside_stores.h"
#include "runtime/roots.h"

#if defined(MEMGC_SCHEDULED)

// A scheduler of coroutines does not fork.
namespace memgc::internal {
void join_forks(HeapImpl&) {}
void leave_forks(HeapImpl&) {}
}  // namespace memgc::internal

#else

namespace memgc::internal {
namespace {

bool forking_thread_entered = false;  // it was running in its heaps. Under the heaps' lock, held across the fork

bool block_this_thread(ThreadRecord& thread) {
  const bool enters = thread.mutators != nullptr && !thread.blocked;
  if (enters) enter_blocked(thread);
  return enters;
}

void before_fork() {
  ThreadRecord& thread = ThreadRecord::mine();
  const bool entered = block_this_thread(thread);  // whoever forks at the same time stops us too
  heaps.lock.lock();
  forking_thread_entered = entered;
  heaps.for_each([](HeapImpl& heap) { heap.collector().hold_off(); });
  heaps.for_each([](HeapImpl& heap) { heap.handshakes().ask(Ask::kPark, heap.roles()); });
  // Threads that no stop waits for may still be within these.
  heaps.for_each([](HeapImpl& heap) { heap.lock_for_fork(); });
  OutsideStores::lock_for_fork();
  heaps.for_each([](HeapImpl& heap) { heap.lock_memory_for_fork(); });
  lock_roots_for_fork();
  lock_layouts_for_fork();
}

void let_all_go_on() {
  unlock_layouts_after_fork();
  unlock_roots_after_fork();
  heaps.for_each([](HeapImpl& heap) { heap.unlock_memory_after_fork(); });
  OutsideStores::unlock_after_fork();
  heaps.for_each([](HeapImpl& heap) { heap.unlock_after_fork(); });
  heaps.for_each([](HeapImpl& heap) {
    heap.handshakes().resume_all();
    heap.collector().go_on();
  });
  const bool entered = forking_thread_entered;
  heaps.lock.unlock();
  if (entered) leave_blocked(ThreadRecord::mine());
}

void after_fork_in_child() {
  ThreadRecord& thread = ThreadRecord::mine();
  thread.tid = static_cast<int>(::syscall(SYS_gettid));
  heaps.for_each([&](HeapImpl& heap) {
    heap.handshakes().forget_others(thread);
    heap.collector().forget_thread();
    heap.finalizers().forget_thread();
  });
  let_all_go_on();
}

}  // namespace

void join_forks(HeapImpl& heap) {
  ThreadRecord& thread = ThreadRecord::mine();
  const bool entered = block_this_thread(thread);
  {
    const std::lock_guard guard(heaps.lock);
    static const int failed = ::pthread_atfork(&before_fork, &let_all_go_on, &after_fork_in_child);
    if (failed != 0) fatal("no memory to be told of forks");
    heaps.add(heap);
  }
  if (entered) leave_blocked(thread);
}

void leave_forks(HeapImpl& heap) {
  ThreadRecord& thread = ThreadRecord::mine();
  const bool entered = block_this_thread(thread);
  {
    const std::lock_guard guard(heaps.lock);
    heaps.remove(heap);
  }
  if (entered) leave_blocked(thread);
}

}  // namespace memgc::internal

#endif  // MEMGC_SCHEDULED
