// Job: see block_set.h.
#include "allocator/block_set.h"

#include <algorithm>
#include <mutex>

#include "allocator/base/bits.h"
#include "allocator/base/check.h"
#include "allocator/base/poison.h"
#include "allocator/base/seeded_bug.h"
#include "memgc/internal/schedule_point.h"

namespace memgc::internal {

bool BlockSets::reserve() {
  reserved_bytes_ = round_up(kMaxLayouts * sizeof(BlockSet), os::page_bytes());
  void* table = os::reserve(reserved_bytes_, os::page_bytes());
  if (table == nullptr) return false;
  sets_ = static_cast<BlockSet*>(table);  // zeroed memory is a table of empty sets
  return os::commit(table, reserved_bytes_);
}

BlockSets::~BlockSets() {
  if (sets_ != nullptr) os::unreserve(sets_, reserved_bytes_);
}

void BlockSets::push(List& list, BlockIndex block) {
  cage_.block(block).next = kNoBlock;
  if (list.first == kNoBlock) {
    list.first = block;
  } else {
    cage_.block(list.last).next = block;
  }
  list.last = block;
}

BlockIndex BlockSets::pop(List& list) {
  const BlockIndex block = list.first;
  if (block != kNoBlock) list.first = cage_.block(block).next;
  return block;
}

void BlockSets::append(List& to, List& from) {
  if (from.first == kNoBlock) return;
  if (to.first == kNoBlock) {
    to.first = from.first;
  } else {
    cage_.block(to.last).next = from.first;
  }
  to.last = from.last;
  from.first = kNoBlock;
}

BlockIndex BlockSets::take_new(LayoutId layout) {
  const BlockIndex index = heap_.take(1);
  if (index == kNoBlock) return kNoBlock;
  const Layout shape = layout_at(layout);
  Block& block = cage_.block(index);
  block.kind = shape.kind;
  block.cell_bytes = shape.cell_bytes;
  block.cells = static_cast<std::uint32_t>(kBlockBytes / shape.cell_bytes);
  block.reciprocal = static_cast<std::uint32_t>(((std::uint64_t{1} << 32) + shape.cell_bytes - 1) / shape.cell_bytes);
  block.data[0] = shape.data[0];
  block.data[1] = shape.data[1];
  block.has_end = shape.end != 0;
  block.layout = layout;
  block.length = 1;
  block.handed_out.store(0, std::memory_order_relaxed);
  cage_.touch_bitmaps(index);
  // Release: pairs with the acquire in Cage::cell_of().
  block.state.store(BlockState::kCells, std::memory_order_release);
  poison(cage_.address_of(index), kBlockBytes);
  return index;
}

BlockIndex BlockSets::open_next(BlockSet& set, LayoutId layout, bool search) {
  BlockIndex index = pop(set.partial);
  if (index == kNoBlock && search) index = pop(set.pending);
  if (index == kNoBlock) index = pop(set.sparse);
  if (index == kNoBlock && (set.current = take_new(layout)) != kNoBlock) return set.current;
  if (index == kNoBlock) index = pop(set.pending);  // no memory: whatever there is
  if (index != kNoBlock) {
    cage_.block(index).zeroed = false;
    cage_.block(index).handed_out.store(0, std::memory_order_relaxed);
  }
  return set.current = index;
}

Segment BlockSets::cut(BlockIndex index, CellRange from, std::size_t bytes, const Roles& roles) {
  const Block& block = cage_.block(index);
  const BitmapWord* occupied = cage_.bitmap(roles.occupied, index);
  const std::uint32_t begin = find_bit(occupied, from.begin, from.end, false);
  if (begin == from.end) return {};
  const auto wanted = static_cast<std::uint32_t>(std::max<std::size_t>(bytes / block.cell_bytes, 1));
  const CellRange cells{begin, wanted < from.end - begin ? begin + wanted : from.end};
  if (roles.keep != Keep::kNothing && !seeded_bug("new_cell_white"))
    set_range_unless(cage_.bitmap(roles.keep_bitmap(), index), occupied, cells);
  return {index, cells, block.zeroed};
}

Segment BlockSets::take_returned(BlockSet& set, std::size_t bytes, const Roles& roles) {
  while (set.returned_count > 0) {
    Returned& last = set.returned[set.returned_count - 1];
    const Segment segment = cut(last.block, last.cells, bytes, roles);
    last.cells.begin = segment ? segment.cells.end : last.cells.end;
    if (last.cells.empty()) --set.returned_count;
    if (segment) return segment;
  }
  return {};
}

Segment BlockSets::take(LayoutId layout, std::size_t bytes, const Roles& roles) {
  // Nobody waits for more full blocks than this to be looked through; settle() sorts them out meanwhile. More would
  // find room in old blocks more often, and hold up a thread for longer.
  constexpr std::size_t kMostFullBlocks = 64;
  BlockSet& set = sets_[layout];
  const std::lock_guard guard(set.lock);
  if (set.swaps != roles.swaps) {
    if (set.swaps > roles.swaps && !seeded_bug("stale_refill")) {
      Segment stale;
      stale.stale = true;
      return stale;
    }
    make_pending(set, roles.swaps);
  }
  if (const Segment segment = take_returned(set, bytes, roles)) return segment;
  for (std::size_t full = 0;; ++full) {
    if (set.current == kNoBlock && open_next(set, layout, full < kMostFullBlocks) == kNoBlock) return {};
    Block& block = cage_.block(set.current);
    const std::uint32_t from = block.handed_out.load(std::memory_order_relaxed);
    if (const Segment segment = cut(set.current, {from, block.cells}, bytes, roles)) {
      schedule_point("hand out");
      const bool forget = seeded_bug("double_handout") && segment.cells.begin % 16 == 0;
      if (!forget) block.handed_out.store(segment.cells.end, std::memory_order_relaxed);
      return segment;
    }
    block.handed_out.store(block.cells, std::memory_order_relaxed);
    push(set.done, set.current);
    set.current = kNoBlock;
  }
}

void BlockSets::give_back(const Segment& segment, std::uint32_t from, const Roles& roles) {
  if (from >= segment.cells.end) return;
  Block& block = cage_.block(segment.block);
  BlockSet& set = sets_[block.layout];
  const std::lock_guard guard(set.lock);
  if (set.swaps != roles.swaps) return;  // free for whoever opens the block
  if (set.current == segment.block && block.handed_out.load(std::memory_order_relaxed) == segment.cells.end) {
    block.handed_out.store(from, std::memory_order_relaxed);
  } else if (set.returned_count < kMostReturned) {
    set.returned[set.returned_count++] = {segment.block, {from, segment.cells.end}};
  }
}

void BlockSets::make_pending(BlockSet& set, std::uint32_t swaps) {
  append(set.pending, set.partial);
  append(set.pending, set.sparse);
  append(set.pending, set.done);
  if (set.current != kNoBlock) push(set.pending, set.current);
  set.current = kNoBlock;
  if (!seeded_bug("returned_cells_outlive_roles")) set.returned_count = 0;
  set.swaps = swaps;
}

void BlockSets::swap_roles(const Roles& roles) {
  const LayoutId count = layout_count();
  for (LayoutId layout = 1; layout < count; ++layout) {
    BlockSet& set = sets_[layout];
    const std::lock_guard guard(set.lock);
    if (set.swaps < roles.swaps) make_pending(set, roles.swaps);
  }
}

void BlockSets::drop_rest(BlockIndex block, CellRange rest, const Roles& roles) {
  const BitmapWord* occupied = cage_.bitmap(roles.occupied, block);
  const std::lock_guard guard(merge_lock_);
  clear_range_unless(cage_.bitmap(kNewBitmap, block), occupied, rest);
  // While the kept bitmap has its one writer, these bits are clear in it and nothing is written to it from here.
  if (roles.keep == Keep::kInKeptBitmap) clear_range_unless(cage_.bitmap(roles.kept(), block), occupied, rest);
}

std::size_t BlockSets::merge_new(unsigned kept) {
  constexpr BlockIndex kBatch = 64;  // blocks for which the lock is held
  std::size_t in_both = 0;
  const BlockIndex used_end = heap_.used_end();  // not beyond: touch_bitmaps()
  for (BlockIndex index = 1; index < used_end;) {
    const std::lock_guard guard(merge_lock_);
    for (const BlockIndex end = std::min(used_end, index + kBatch); index < end; ++index) {
      BitmapWord* to = cage_.bitmap(kept, index);
      BitmapWord* from = cage_.bitmap(kNewBitmap, index);
      unsigned both = 0;
      for (std::size_t word = 0; word < kBitmapWords; ++word) {
        both += count_ones(merge_word(to[word], from[word]));
      }
      if (both != 0) in_both += std::size_t{both} * cage_.cell_bytes({index, 0});
    }
  }
  return in_both;
}

BlockSets::Cells BlockSets::begin_kept(unsigned kept, bool copy) {
  Cells out;
  if (!copy) {
    cage_.clear_bitmap(kept, heap_.used_end());
    return out;
  }
  const BlockIndex used_end = heap_.used_end();
  for (BlockIndex index = 1; index < used_end; ++index) {
    BitmapWord* to = cage_.bitmap(kept, index);
    const BitmapWord* from = cage_.bitmap(1 - kept, index);
    std::size_t count = 0;
    for (std::size_t word = 0; word < kBitmapWords; ++word) {
      schedule_point("copy word");
      // Acquire: pairs with the release in occupy(): who scans the cell sees it as it was made.
      const std::uint64_t bits = from[word].load(std::memory_order_acquire);
      if (to[word].load(std::memory_order_relaxed) != bits) to[word].store(bits, std::memory_order_relaxed);
      count += count_ones(bits);
    }
    if (count == 0) continue;
    out.count += count;
    out.bytes += count * cage_.cell_bytes({index, 0});
  }
  return out;
}

std::size_t BlockSets::settle(unsigned occupied) {
  std::size_t given_back = 0;
  const LayoutId count = layout_count();
  for (LayoutId layout = 1; layout < count; ++layout) {
    for (bool more = true; more;) given_back += settle_some(sets_[layout], occupied, more);
  }
  return given_back;
}

std::size_t BlockSets::settle_some(BlockSet& set, unsigned occupied, bool& more) {
  // A few blocks are taken out of the list at a time, so that no thread waits for the lock while bitmaps are read.
  constexpr std::size_t kBatch = 32;
  // Blocks with fewer cells in use than one in so many are filled last: left alone, some become empty. So memory goes
  // back after a spike, though its survivors are everywhere.
  constexpr std::uint32_t kSparse = 4;
  BlockIndex batch[kBatch];
  std::size_t count = 0;
  {
    const std::lock_guard guard(set.lock);
    while (count < kBatch && (batch[count] = pop(set.pending)) != kNoBlock) ++count;
  }
  more = count == kBatch;
  List partial, sparse, full;
  std::size_t given_back = 0;
  for (std::size_t i = 0; i < count; ++i) {
    const BlockIndex index = batch[i];
    const std::uint32_t cells = cage_.block(index).cells;
    schedule_point("settle");
    const std::uint32_t in_use = count_bits(cage_.bitmap(occupied, index), cells);
    if (in_use == 0 || (seeded_bug("kept_block_given_back") && in_use == 1)) {
      heap_.give_back(index, 1);
      given_back += kBlockBytes;
    } else {
      push(in_use == cells ? full : in_use < cells / kSparse ? sparse : partial, index);
    }
  }
  const std::lock_guard guard(set.lock);
  append(set.partial, partial);
  append(set.sparse, sparse);
  append(set.done, full);
  return given_back;
}

}  // namespace memgc::internal
