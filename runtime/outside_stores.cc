// Job: see outside_stores.h.
#include "runtime/outside_stores.h"

#include <mutex>

#include "allocator/base/lock.h"
#include "allocator/base/seeded_bug.h"
#include "memgc/internal/schedule_point.h"
#include "runtime/heap_impl.h"

namespace memgc::internal {
namespace {

constinit Lock lock;
constinit HeapImpl* marking = nullptr;  // heaps that mark, linked by next_marking

void shade_locked(const void* target) {
  if (target == nullptr || seeded_bug("outside_store_unshaded")) return;
  for (HeapImpl* heap = marking; heap != nullptr; heap = heap->next_marking) {
    const Cage& cage = heap->cage();
    if (!cage.contains(target)) continue;
    const CellRef cell = cage.cell_of(target);
    if (!cell || cage.is_kept(heap->outside_kept, cell)) continue;
    heap->grey().put_one(target);
  }
}

}  // namespace

void OutsideStores::store(RootSlot* slot, const void* target) {
  const std::lock_guard guard(lock);
  shade_locked(slot->load(std::memory_order_relaxed));
  shade_locked(target);
  schedule_point("outside store");
  slot->store(target, std::memory_order_release);  // as Root::set()
}

void OutsideStores::shade(std::span<const void* const> targets) {
  const std::lock_guard guard(lock);
  for (const void* target : targets) shade_locked(target);
}

void OutsideStores::lock_for_fork() { lock.lock(); }
void OutsideStores::unlock_after_fork() { lock.unlock(); }

void OutsideStores::enter(HeapImpl& heap, unsigned kept) {
  const std::lock_guard guard(lock);
  heap.outside_kept = kept;
  heap.next_marking = marking;
  marking = &heap;
}

void OutsideStores::leave(HeapImpl& heap) {
  const std::lock_guard guard(lock);
  HeapImpl** link = &marking;
  while (*link != &heap) link = &(*link)->next_marking;
  *link = heap.next_marking;
}

}  // namespace memgc::internal
