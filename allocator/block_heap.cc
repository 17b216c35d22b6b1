// Job: see block_heap.h.
#include "allocator/block_heap.h"

#include <algorithm>
#include <mutex>

#include "allocator/base/check.h"

namespace memgc::internal {

void BlockHeap::insert(BlockIndex first, std::size_t length) {
  Block& head = cage_.block(first);
  const BlockIndex last = first + static_cast<BlockIndex>(length) - 1;
  head.length = cage_.block(last).length = static_cast<std::uint32_t>(length);
  BlockIndex& list = lists_[list_of(length)];
  head.previous = kNoBlock;
  head.next = list;
  if (list != kNoBlock) cage_.block(list).previous = first;
  list = first;
}

void BlockHeap::remove(BlockIndex first) {
  Block& head = cage_.block(first);
  if (head.previous != kNoBlock) {
    cage_.block(head.previous).next = head.next;
  } else {
    lists_[list_of(head.length)] = head.next;
  }
  if (head.next != kNoBlock) cage_.block(head.next).previous = head.previous;
}

BlockIndex BlockHeap::take_listed(std::size_t count) {
  for (std::size_t list = list_of(count); list < kLists; ++list) {
    for (BlockIndex first = lists_[list]; first != kNoBlock; first = cage_.block(first).next) {
      const std::size_t length = cage_.block(first).length;
      if (length < count) continue;  // only in the last list
      remove(first);
      if (length > count) insert(first + static_cast<BlockIndex>(count), length - count);
      for (std::size_t i = 0; i < count; ++i) {
        const Block& block = cage_.block(first + static_cast<BlockIndex>(i));
        (block.resident ? resident_free_blocks_ : released_blocks_) -= 1;
      }
      return first;
    }
  }
  return kNoBlock;
}

BlockIndex BlockHeap::take_fresh(std::size_t count) {
  const std::size_t ready = cage_.frontier() - fresh_begin_;
  if (ready < count && !cage_.grow(count - ready)) return kNoBlock;
  const BlockIndex first = fresh_begin_;
  fresh_begin_ += static_cast<BlockIndex>(count);
  for (std::size_t i = 0; i < count; ++i) cage_.block(first + static_cast<BlockIndex>(i)).zeroed = true;
  return first;
}

BlockIndex BlockHeap::take(std::size_t count) {
  const std::lock_guard guard(lock_);
  if (count == 0 || count > cage_.capacity()) return kNoBlock;
  BlockIndex first = take_listed(count);
  if (first == kNoBlock) first = take_fresh(count);
  if (first != kNoBlock) taken_blocks_ += count;
  return first;
}

void BlockHeap::give_back(BlockIndex first, std::size_t count) {
  const std::lock_guard guard(lock_);
  for (std::size_t i = 0; i < count; ++i) {
    Block& block = cage_.block(first + static_cast<BlockIndex>(i));
    MEMGC_DCHECK(block.state != BlockState::kFree);
    block.zeroed = false;
    block.resident = true;
  }
  put(first, count);
}

BlockIndex BlockHeap::put(BlockIndex first, std::size_t count) {
  taken_blocks_ -= count;
  for (std::size_t i = 0; i < count; ++i) {
    Block& block = cage_.block(first + static_cast<BlockIndex>(i));
    block.state.store(BlockState::kFree, std::memory_order_relaxed);
    (block.resident ? resident_free_blocks_ : released_blocks_) += 1;
  }
  // Join with the neighbours. The block before is the last of its stretch, the one behind the first of its.
  if (const BlockIndex before = first - 1; before != kNoBlock && cage_.block(before).state == BlockState::kFree) {
    const std::size_t length = cage_.block(before).length;
    first -= static_cast<BlockIndex>(length);
    remove(first);
    count += length;
  }
  const BlockIndex behind = first + static_cast<BlockIndex>(count);
  if (behind < fresh_begin_ && cage_.block(behind).state == BlockState::kFree) {
    const std::size_t length = cage_.block(behind).length;
    remove(behind);
    count += length;
  }
  insert(first, count);
  return first + static_cast<BlockIndex>(count);
}

BlockIndex BlockHeap::next_resident_stretch(BlockIndex from) const {
  while (from < fresh_begin_) {
    const Block& block = cage_.block(from);
    if (block.state == BlockState::kFree) {
      for (BlockIndex i = 0; i < block.length; ++i) {
        if (cage_.block(from + i).resident) return from;
      }
      from += block.length;
    } else {
      ++from;
    }
  }
  return kNoBlock;
}

std::size_t BlockHeap::release(std::size_t bytes) {
  // One pass by address. A stretch is taken out while the kernel works, so that the lock is not held over the call; the
  // pass goes on behind it in the same critical section that puts it back, so `at` is never inside a stretch.
  std::size_t released = 0;
  lock_.lock();
  for (BlockIndex at = 1; released < bytes;) {
    const BlockIndex first = next_resident_stretch(at);
    if (first == kNoBlock) break;
    std::size_t length = cage_.block(first).length;
    remove(first);
    if (const std::size_t wanted = ((bytes - released - 1) >> kBlockShift) + 1; length > wanted) {
      insert(first + static_cast<BlockIndex>(wanted), length - wanted);
      length = wanted;
    }
    std::size_t resident = 0;
    for (std::size_t i = 0; i < length; ++i) {
      Block& block = cage_.block(first + static_cast<BlockIndex>(i));
      block.state.store(BlockState::kUnused, std::memory_order_relaxed);  // so that no neighbour joins it meanwhile
      resident += block.resident;
    }
    taken_blocks_ += length;
    resident_free_blocks_ -= resident;
    released_blocks_ -= length - resident;
    lock_.unlock();
    const bool done = os::release(cage_.address_of(first), length << kBlockShift);
    lock_.lock();
    for (std::size_t i = 0; done && i < length; ++i) {
      Block& block = cage_.block(first + static_cast<BlockIndex>(i));
      block.resident = false;
      block.zeroed = true;
    }
    at = put(first, length);
    if (!done) break;
    released += resident << kBlockShift;
  }
  lock_.unlock();
  return released;
}

BlockHeapStats BlockHeap::stats() const {
  const std::lock_guard guard(lock_);
  return {taken_blocks_ << kBlockShift, resident_free_blocks_ << kBlockShift, released_blocks_ << kBlockShift};
}

void BlockHeap::verify() const {
  const std::lock_guard guard(lock_);
  std::size_t listed = 0;
  for (std::size_t list = 0; list < kLists; ++list) {
    BlockIndex previous = kNoBlock;
    for (BlockIndex first = lists_[list]; first != kNoBlock; first = cage_.block(first).next) {
      const Block& head = cage_.block(first);
      MEMGC_CHECK_2(head.previous == previous, head.previous, previous);
      MEMGC_CHECK_2(list_of(head.length) == list, head.length, list);
      MEMGC_CHECK_2(cage_.block(first + head.length - 1).length == head.length, first, head.length);
      for (BlockIndex i = 0; i < head.length; ++i)
        MEMGC_CHECK_2(cage_.block(first + i).state == BlockState::kFree, first, i);
      listed += head.length;
      previous = first;
    }
  }
  MEMGC_CHECK_2(listed == resident_free_blocks_ + released_blocks_, listed, resident_free_blocks_ + released_blocks_);
  MEMGC_CHECK_2(listed + taken_blocks_ + 1 == fresh_begin_, listed + taken_blocks_ + 1, fresh_begin_);
}

}  // namespace memgc::internal
