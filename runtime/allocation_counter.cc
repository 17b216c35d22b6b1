// Job: see memgc/allocation_counter.h.
//
// A thread's sum is kept with each of its mutators, and by its record for those that have gone; a heap's is that of
// Stats. Both lack what was bumped past since a mutator was last counted: so those that may be counted now are, first.
#include "memgc/allocation_counter.h"

#include <cstddef>
#include <mutex>

#include "allocator/base/check.h"
#include "memgc/heap.h"
#include "runtime/heap_impl.h"
#include "runtime/mutator_impl.h"
#include "runtime/thread_record.h"

namespace memgc {

using internal::HeapImpl;
using internal::MutatorImpl;
using internal::ThreadRecord;

namespace {

// By the mutator's thread, or while it is blocked; under the mutator's lock: a blocked one is answered for under it.
void count_up_to_now(MutatorImpl& mutator) {
  mutator.local.count_all();
  mutator.heap.count_allocation(mutator);
}

Allocations allocated_by(ThreadRecord& thread) {
  Allocations sum = thread.detached;
  for (MutatorImpl* mutator = thread.mutators; mutator != nullptr; mutator = mutator->next_on_thread) {
    const std::lock_guard guard(mutator->lock);
    count_up_to_now(*mutator);
    sum.objects += mutator->allocated.objects;
    sum.bytes += mutator->allocated.bytes;
  }
  return sum;
}

Allocations allocated_on(HeapImpl& heap) {
  const ThreadRecord& mine = ThreadRecord::mine();
  heap.handshakes().for_each([&](MutatorImpl& mutator) {
    const std::lock_guard its(mutator.lock);
    if (mutator.blocked || &mutator.thread == &mine) count_up_to_now(mutator);
  });
  return heap.allocated();
}

}  // namespace

namespace internal {

void restart_peak(Heap& heap) { heap.impl().restart_peak(); }
std::size_t peak_heap_bytes(Heap& heap) { return heap.impl().peak_heap_bytes(); }

}  // namespace internal

AllocationCounter::AllocationCounter() : thread_(&ThreadRecord::mine()) { restart(); }
AllocationCounter::AllocationCounter(Heap& heap) : heap_(&heap) { restart(); }

Allocations AllocationCounter::now() const {
  if (heap_ != nullptr) return allocated_on(heap_->impl());
  ThreadRecord& mine = ThreadRecord::mine();
  if (thread_ != &mine) internal::fatal("an AllocationCounter of one thread was used by another");
  return allocated_by(mine);
}

void AllocationCounter::restart() { start_ = now(); }

Allocations AllocationCounter::allocated() const {
  const Allocations end = now();
  return {end.objects - start_.objects, end.bytes - start_.bytes};
}

}  // namespace memgc
