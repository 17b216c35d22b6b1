// Job: see block_heap.h.
#include "allocator/block_heap.h"

#include <algorithm>
#include <mutex>

#include "allocator/base/bits.h"
#include "allocator/base/check.h"
#include "allocator/base/sync.h"

namespace memgc::internal {

void BlockHeap::insert(BlockIndex first, std::size_t length) {
  Block& head = cage_.block(first);
  const BlockIndex last = first + static_cast<BlockIndex>(length) - 1;
  head.length = cage_.block(last).length = static_cast<std::uint32_t>(length);
  List& list = lists_[list_of(length)];
  const bool front = head.resident;
  head.previous = front ? kNoBlock : list.last;
  head.next = front ? list.first : kNoBlock;
  (head.previous != kNoBlock ? cage_.block(head.previous).next : list.first) = first;
  (head.next != kNoBlock ? cage_.block(head.next).previous : list.last) = first;
}

void BlockHeap::remove(BlockIndex first) {
  const Block& head = cage_.block(first);
  List& list = lists_[list_of(head.length)];
  (head.previous != kNoBlock ? cage_.block(head.previous).next : list.first) = head.next;
  (head.next != kNoBlock ? cage_.block(head.next).previous : list.last) = head.previous;
}

// Free blocks that are in no list are free no longer. Their state says so at once, long before the taker says what they
// have become: a neighbour that is given back meanwhile must not join them.
void BlockHeap::unlist(BlockIndex first, std::size_t count) {
  for (std::size_t i = 0; i < count; ++i) {
    Block& block = cage_.block(first + static_cast<BlockIndex>(i));
    block.state.store(BlockState::kUnused, std::memory_order_relaxed);
    subtract(block.resident ? resident_free_blocks_ : released_blocks_, 1);
    subtract(untouched_free_bytes_, block.untouched);
    block.untouched = 0;
  }
}

BlockIndex BlockHeap::find_listed(std::size_t count, bool resident) const {
  for (std::size_t list = list_of(count); list < kLists; ++list) {
    for (BlockIndex first = lists_[list].first; first != kNoBlock; first = cage_.block(first).next) {
      if (resident && !cage_.block(first).resident) break;
      if (cage_.block(first).length >= count) return first;  // shorter ones only in the last list
    }
  }
  return kNoBlock;
}

// A stretch that is too long is better than one whose pages must be found again.
BlockIndex BlockHeap::find_listed(std::size_t count) const {
  const BlockIndex first = find_listed(count, true);
  return first != kNoBlock ? first : find_listed(count, false);
}

void BlockHeap::take_listed(BlockIndex first, std::size_t count) {
  const std::size_t length = cage_.block(first).length;
  remove(first);
  if (length > count) insert(first + static_cast<BlockIndex>(count), length - count);
  unlist(first, count);
}

BlockIndex BlockHeap::take_fresh(std::size_t count) {
  // A free stretch that ends where the fresh blocks begin is their beginning. (find_listed() found it too short.)
  const BlockIndex fresh_begin = used_end();
  const Block& last = cage_.block(fresh_begin - 1);
  const std::size_t listed = last.state == BlockState::kFree ? last.length : 0;
  const std::size_t ready = cage_.frontier() - fresh_begin;
  const std::size_t fresh = count - listed;
  if (ready < fresh && !cage_.grow(fresh - ready)) return kNoBlock;
  const BlockIndex first = fresh_begin - static_cast<BlockIndex>(listed);
  if (listed > 0) {
    remove(first);
    unlist(first, listed);
  }
  for (std::size_t i = 0; i < fresh; ++i) cage_.block(fresh_begin + static_cast<BlockIndex>(i)).zeroed = true;
  fresh_begin_.store(fresh_begin + static_cast<BlockIndex>(fresh), std::memory_order_relaxed);
  return first;
}

bool BlockHeap::map_fresh(std::size_t most_bytes) {
  constexpr std::size_t kBlocks = Cage::kHugePageBlocks;
  constexpr std::size_t kAhead = 8 * kBlocks;
  const std::lock_guard guard(lock_);
  const BlockIndex begin = used_end();
  const auto from = static_cast<BlockIndex>(round_up(begin, Cage::kHugePageBlocks));
  const std::size_t count = from - begin + kBlocks;
  if (count > cage_.capacity() - begin) return false;
  const BlockIndex end = begin + static_cast<BlockIndex>(count);
  const std::size_t after = resident_bytes() + (kBlocks << kBlockShift) + cage_.metadata_bytes(end);
  if (after > std::min(most_bytes, most_bytes_.load(std::memory_order_relaxed))) return false;
  // The kernel makes whoever grows the cage meanwhile wait until the pages are mapped: so that is done before.
  if (cage_.frontier() < end + kBlocks) cage_.grow(std::min<std::size_t>(kAhead, cage_.capacity() - cage_.frontier()));
  if (cage_.frontier() < end) return false;
  fresh_begin_.store(end, std::memory_order_relaxed);
  add(releasing_blocks_, count);
  lock_.unlock();
  const bool mapped = cage_.map_huge_pages(from, end);
  lock_.lock();
  subtract(releasing_blocks_, count);
  for (BlockIndex i = begin; i < end; ++i) {
    cage_.block(i).zeroed = true;
    cage_.block(i).resident = mapped && i >= from;
  }
  put(begin, count);
  return mapped;
}

// What taking these blocks makes resident: those of a stretch that had been given back; or fresh ones and what
// describes them (less, if a free stretch ends where they begin).
std::size_t BlockHeap::added_bytes(BlockIndex listed, std::size_t count) const {
  const BlockIndex end = used_end();
  if (listed == kNoBlock)
    return (count << kBlockShift) + cage_.metadata_bytes(end + static_cast<BlockIndex>(count)) -
           cage_.metadata_bytes(end);
  std::size_t released = 0;
  for (std::size_t i = 0; i < count; ++i) released += !cage_.block(listed + static_cast<BlockIndex>(i)).resident;
  return released << kBlockShift;
}

// Whether so many fit below most_bytes_, when free ones that are over have been given back; and from which stretch, or
// kNoBlock for fresh ones. The lock is held before and after, not meanwhile.
bool BlockHeap::find_room(std::size_t count, BlockIndex& listed) {
  for (;;) {
    listed = find_listed(count);
    const std::size_t most = most_bytes_.load(std::memory_order_relaxed);
    if (most == SIZE_MAX) return true;
    const std::size_t tables = cage_.metadata_bytes(used_end());
    const std::size_t free = resident_free_blocks_ + releasing_blocks_;
    const std::size_t after = ((taken_blocks_ + free) << kBlockShift) + tables + added_bytes(listed, count);
    if (after <= most) return true;
    if (((taken_blocks_ + count) << kBlockShift) + tables > most) return false;
    lock_.unlock();
    const std::size_t released = release(after - most);
    lock_.lock();
    if (released == 0 && releasing_blocks_ == 0) return false;  // else another thread is at it, and soon done
  }
}

BlockIndex BlockHeap::take(std::size_t count) {
  if (count == 0 || count > cage_.capacity()) return kNoBlock;
  const std::lock_guard guard(lock_);
  BlockIndex first = kNoBlock;
  if (!find_room(count, first)) return kNoBlock;
  if (first != kNoBlock) {
    take_listed(first, count);
  } else {
    first = take_fresh(count);
  }
  if (first != kNoBlock) add(taken_blocks_, count);
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
  subtract(taken_blocks_, count);
  put(first, count);
}

BlockIndex BlockHeap::put(BlockIndex first, std::size_t count) {
  for (std::size_t i = 0; i < count; ++i) {
    Block& block = cage_.block(first + static_cast<BlockIndex>(i));
    block.state.store(BlockState::kFree, std::memory_order_relaxed);
    add(block.resident ? resident_free_blocks_ : released_blocks_, 1);
    add(untouched_free_bytes_, block.untouched);
  }
  // Join with the neighbours. The block before is the last of its stretch, the one behind the first of its.
  if (const BlockIndex before = first - 1; before != kNoBlock && cage_.block(before).state == BlockState::kFree) {
    const std::size_t length = cage_.block(before).length;
    first -= static_cast<BlockIndex>(length);
    remove(first);
    count += length;
  }
  const BlockIndex behind = first + static_cast<BlockIndex>(count);
  if (behind < used_end() && cage_.block(behind).state == BlockState::kFree) {
    const std::size_t length = cage_.block(behind).length;
    remove(behind);
    count += length;
  }
  insert(first, count);
  return first;
}

// Goes on before `behind`, where no stretch is in two, and moves it to the beginning of what was looked at: all of a
// stretch, or some blocks that are not free.
BlockHeap::Piece BlockHeap::last_resident_piece(BlockIndex& behind, std::size_t wanted) const {
  constexpr BlockIndex kMostLookedAt = 4096;  // about 10 us
  const BlockIndex stop = behind > kMostLookedAt ? behind - kMostLookedAt : 1;
  while (behind > stop) {
    const Block& last = cage_.block(behind - 1);
    if (last.state != BlockState::kFree) {
      --behind;
      continue;
    }
    const BlockIndex end = behind;
    behind -= last.length;
    Piece piece{behind, behind, behind, 0};
    for (BlockIndex i = end; i > behind && piece.resident < wanted; --i) {
      if (!cage_.block(i - 1).resident) continue;
      if (piece.resident++ == 0) piece.end = i;
      piece.begin = i - 1;
    }
    if (piece.resident > 0) return piece;
  }
  return {};
}

std::size_t BlockHeap::release(std::size_t bytes) {
  // One pass by address, downwards. A piece is taken out of its stretch while the kernel works, so that the lock is not
  // held over the call. The pass goes on before the stretch in the same critical section that puts the piece back; and
  // a piece that begins after its stretch does is the last.
  std::size_t released = 0;
  const std::lock_guard guard(lock_);
  for (BlockIndex behind = used_end(); released < bytes && behind > 1;) {
    const Piece piece = last_resident_piece(behind, ((bytes - released - 1) >> kBlockShift) + 1);
    if (piece.resident == 0) {
      lock_.unlock();
      sync::yield();  // others may come in between; and may have made a stretch of what is on both sides
      lock_.lock();
      while (behind > 1 && behind < used_end() && cage_.block(behind).state == BlockState::kFree &&
             cage_.block(behind - 1).state == BlockState::kFree)
        ++behind;
      continue;
    }
    const BlockIndex stretch_end = piece.stretch + cage_.block(piece.stretch).length;
    remove(piece.stretch);
    if (piece.begin > piece.stretch) insert(piece.stretch, piece.begin - piece.stretch);
    if (piece.end < stretch_end) insert(piece.end, stretch_end - piece.end);
    const bool done = release_piece(piece);
    behind = put(piece.begin, piece.end - piece.begin);
    if (!done) break;
    released += piece.resident << kBlockShift;
  }
  return released;
}

// Of blocks in no list. The lock is held before and after, not meanwhile.
bool BlockHeap::release_piece(const Piece& piece) {
  const std::size_t length = piece.end - piece.begin;
  unlist(piece.begin, length);
  add(releasing_blocks_, length);
  lock_.unlock();
  const bool done = os::release(cage_.address_of(piece.begin), length << kBlockShift);
  lock_.lock();
  subtract(releasing_blocks_, length);
  for (BlockIndex i = piece.begin; done && i < piece.end; ++i) {
    cage_.block(i).resident = false;
    cage_.block(i).zeroed = true;
  }
  return done;
}

// The lock is held after it. Whoever releases needs no lock but this one, so its pass ends.
void BlockHeap::lock_when_all_listed() {
  lock_.lock();
  while (releasing_blocks_ != 0) {
    lock_.unlock();
    sync::yield();
    lock_.lock();
  }
}

void BlockHeap::wait_until_listed() {
  lock_when_all_listed();
  lock_.unlock();
}

std::size_t BlockHeap::release_all() {
  const std::size_t released = release(SIZE_MAX);
  wait_until_listed();  // what another thread is at counts as held until it is done
  return released;
}

BlockHeapStats BlockHeap::stats() const {
  const auto bytes = [](const Count& blocks) { return blocks.load(std::memory_order_relaxed) << kBlockShift; };
  // Not of one moment: each figure is right, their difference may not be.
  const std::size_t free = bytes(resident_free_blocks_) + bytes(releasing_blocks_);
  const std::size_t untouched = untouched_free_bytes_.load(std::memory_order_relaxed);
  return {bytes(taken_blocks_), free - std::min(untouched, free), bytes(released_blocks_)};
}

std::size_t BlockHeap::resident_bytes() const {
  const BlockHeapStats now = stats();
  return now.taken_bytes + now.free_bytes;
}

void BlockHeap::verify() const {
  const std::lock_guard guard(lock_);
  std::size_t listed = 0;
  for (std::size_t list = 0; list < kLists; ++list) {
    BlockIndex previous = kNoBlock;
    for (BlockIndex first = lists_[list].first; first != kNoBlock; first = cage_.block(first).next) {
      const Block& head = cage_.block(first);
      MEMGC_CHECK_2(head.previous == previous, head.previous, previous);
      MEMGC_CHECK_2(!head.resident || previous == kNoBlock || cage_.block(previous).resident, first, previous);
      MEMGC_CHECK_2(list_of(head.length) == list, head.length, list);
      MEMGC_CHECK_2(cage_.block(first + head.length - 1).length == head.length, first, head.length);
      for (BlockIndex i = 0; i < head.length; ++i)
        MEMGC_CHECK_2(cage_.block(first + i).state == BlockState::kFree, first, i);
      listed += head.length;
      previous = first;
    }
    MEMGC_CHECK_2(lists_[list].last == previous, lists_[list].last, previous);
  }
  const std::size_t free = resident_free_blocks_ + released_blocks_;
  MEMGC_CHECK_2(listed == free, listed, free);
  const std::size_t all = listed + taken_blocks_ + releasing_blocks_ + 1;
  MEMGC_CHECK_2(all == fresh_begin_, all, fresh_begin_.load());
}

}  // namespace memgc::internal
