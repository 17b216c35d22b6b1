// Job: see fork.h.
#include "runtime/fork.h"

#include <pthread.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <new>
#include <vector>

#include "allocator/base/check.h"
#include "allocator/base/sync.h"
#include "allocator/layout.h"
#include "runtime/heap_impl.h"
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

// Never destroyed: a process may fork while its static objects are.
struct Forks {
  sync::Mutex lock;  // held from before a fork to after it
  std::vector<HeapImpl*> heaps;
  bool entered = false;  // the forking thread was running in its heaps
};
Forks& forks() {
  static Forks& forever = *new Forks;
  return forever;
}

bool block_this_thread(ThreadRecord& thread) {
  const bool enters = thread.mutators != nullptr && !thread.blocked;
  if (enters) enter_blocked(thread);
  return enters;
}

void before_fork() {
  ThreadRecord& thread = ThreadRecord::mine();
  const bool entered = block_this_thread(thread);  // whoever forks at the same time stops us too
  Forks& all = forks();
  all.lock.lock();
  all.entered = entered;
  for (HeapImpl* heap : all.heaps) {
    heap->collector().hold_off();
  }
  for (HeapImpl* heap : all.heaps) heap->handshakes().ask(Ask::kPark, heap->roles());
  // Threads that no stop waits for may still be within these.
  for (HeapImpl* heap : all.heaps) heap->lock_for_fork();
  OutsideStores::lock_for_fork();
  for (HeapImpl* heap : all.heaps) heap->lock_memory_for_fork();
  lock_roots_for_fork();
  lock_layouts_for_fork();
}

void let_all_go_on() {
  Forks& all = forks();
  unlock_layouts_after_fork();
  unlock_roots_after_fork();
  for (HeapImpl* heap : all.heaps) heap->unlock_memory_after_fork();
  OutsideStores::unlock_after_fork();
  for (HeapImpl* heap : all.heaps) heap->unlock_after_fork();
  for (HeapImpl* heap : all.heaps) {
    heap->handshakes().resume_all();
    heap->collector().go_on();
  }
  const bool entered = all.entered;
  all.lock.unlock();
  if (entered) leave_blocked(ThreadRecord::mine());
}

void after_fork_in_child() {
  ThreadRecord& thread = ThreadRecord::mine();
  thread.tid = static_cast<int>(::syscall(SYS_gettid));
  for (HeapImpl* heap : forks().heaps) {
    heap->handshakes().forget_others(thread);
    heap->collector().forget_thread();
    heap->finalizers().forget_thread();
  }
  let_all_go_on();
}

}  // namespace

void join_forks(HeapImpl& heap) {
  ThreadRecord& thread = ThreadRecord::mine();
  const bool entered = block_this_thread(thread);
  {
    const std::lock_guard guard(forks().lock);
    static const int failed = ::pthread_atfork(&before_fork, &let_all_go_on, &after_fork_in_child);
    if (failed != 0) fatal("no memory to be told of forks");
    forks().heaps.push_back(&heap);
  }
  if (entered) leave_blocked(thread);
}

void leave_forks(HeapImpl& heap) {
  ThreadRecord& thread = ThreadRecord::mine();
  const bool entered = block_this_thread(thread);
  {
    const std::lock_guard guard(forks().lock);
    std::erase(forks().heaps, &heap);
  }
  if (entered) leave_blocked(thread);
}

}  // namespace memgc::internal

#endif  // MEMGC_SCHEDULED
