// Job: objects above kMaxCellBytes: each has blocks of its own, and cell 0 of the first block's bitmaps.
//
// Invariant: the bytes of a large object read as zero when it is handed out. Threads: any; one lock.
#pragma once

#include <atomic>
#include <cstddef>

#include "allocator/base/lock.h"
#include "allocator/block_heap.h"
#include "allocator/block_set.h"
#include "allocator/cage.h"

namespace memgc::internal {

class LargeObjects {
 public:
  LargeObjects(Cage& cage, BlockHeap& heap) : cage_(cage), heap_(heap) {}

  /// A zeroed object of at least `bytes`, occupied (and kept, as roles.keep says) at once; nullptr when there is no
  /// memory. Only kind and data of `shape` matter. REQUIRES: roles.swaps is the present number of swaps.
  void* take(std::size_t bytes, const Layout& shape, LayoutId layout, const Roles& roles);

  /// Gives back those that are no longer occupied. Returns the bytes. REQUIRES and threads: as for BlockSets::settle().
  std::size_t settle(unsigned occupied);

  /// Of blocks in use, the ends that are not resident, because their objects do not reach so far.
  std::size_t untouched_bytes() const { return untouched_bytes_.load(std::memory_order_relaxed); }

 private:
  Cage& cage_;
  BlockHeap& heap_;
  Lock lock_;
  BlockIndex first_ = kNoBlock;
  std::atomic<std::size_t> untouched_bytes_{0};
};

}  // namespace memgc::internal
