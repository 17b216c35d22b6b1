// Job: for each layout, its blocks, and which of them to hand cells out from.
//
// A block goes through these lists once between two swaps of the bitmaps' roles:
//
//   pending --(settle: empty)--> block heap
//      |  \---(settle)---------> partial | done (full)
//      |                            |
//      `---------> current <--------'            cells are handed out in order, up to `handed_out`
//                     |
//                     `--> done
//
// When the roles have changed all of them are pending again: a set learns of it from the first thread that comes with
// the new roles, or from swap_roles(). A thread that needs cells takes what others have given back, then from current,
// then partial, then pending, and asks the block heap for a block only after that, or after looking through many
// pending ones that are full.
//
// Invariants: a block is in one list, or current, or in the hands of settle(). A cell is handed out at most once
// between two swaps. Threads: any; one lock per layout.
#pragma once

#include <cstddef>
#include <cstdint>

#include "allocator/base/lock.h"
#include "allocator/bitmap.h"
#include "allocator/block_heap.h"
#include "allocator/cage.h"
#include "allocator/layout.h"

namespace memgc::internal {

/// Whether cells that are handed out are kept at once, and where that is noted.
enum class Keep : std::uint8_t { kNothing, kInNewBitmap, kInKeptBitmap };

/// What the bitmaps of each block are at present, as one thread knows it.
struct Roles {
  unsigned occupied = 0;       // which bitmap says what is occupied; the other is the kept one
  Keep keep = Keep::kNothing;  // what becomes of cells that are handed out
  std::uint32_t swaps = 0;     // how often the roles have changed
  bool remember = false;       // whether stores into cells are noted on cards

  unsigned kept() const { return 1 - occupied; }
  unsigned keep_bitmap() const { return keep == Keep::kInNewBitmap ? kNewBitmap : kept(); }
};

/// A part of a block that belongs to one thread: it may fill the cells that are not occupied.
struct Segment {
  BlockIndex block = kNoBlock;
  CellRange cells;
  bool zeroed = false;  // its free cells read as zero

  bool stale = false;  // nothing was handed out: the roles that were given are no longer the present ones

  explicit operator bool() const { return block != kNoBlock; }
};

class BlockSets {
 public:
  BlockSets(Cage& cage, BlockHeap& heap) : cage_(cage), heap_(heap) {}
  ~BlockSets();
  BlockSets(const BlockSets&) = delete;
  BlockSets& operator=(const BlockSets&) = delete;

  /// Reserves the table of sets. False when there is no address space.
  bool reserve();

  /// Hands out about `bytes` of a block of the layout, at least one free cell, kept as roles.keep says. Empty when
  /// there is no memory; stale when another thread has been here with newer roles.
  Segment take(LayoutId layout, std::size_t bytes, const Roles& roles);
  /// What is left of a segment is not to be kept any longer: cells [rest.begin, rest.end) that are not occupied.
  void drop_rest(BlockIndex block, CellRange rest, const Roles& roles);

  /// Takes back the cells of a segment at and after `from`, which nobody has filled or will, for the next thread that
  /// comes. REQUIRES: those that are free are not kept; they were taken with these roles.
  void give_back(const Segment& segment, std::uint32_t from, const Roles& roles);

  /// Makes every block pending, where take() with these roles has not done so yet.
  void swap_roles(const Roles& roles);
  /// Adds the new bitmap to the kept one and clears it. Returns the bytes of cells that were in both.
  /// REQUIRES: nobody takes with Keep::kInNewBitmap any more.
  std::size_t merge_new(unsigned kept);
  struct Cells {
    std::size_t count = 0, bytes = 0;
  };
  /// Begins a kept bitmap with a copy of the occupied one, or clear. Returns what is in it. Of cells that are handed
  /// out meanwhile some are. REQUIRES: nobody takes but with Keep::kNothing.
  Cells begin_kept(unsigned kept, bool copy);

  /// Goes through pending blocks: gives empty ones back, sorts the rest. Returns the bytes given back.
  /// REQUIRES: begin_kept(). Threads: one at a time; take() may run beside it.
  std::size_t settle(unsigned occupied);

  /// Bytes of the table of sets that are in use.
  std::size_t metadata_bytes() const { return sizeof(BlockSet) * layout_count(); }

 private:
  struct List {
    BlockIndex first = kNoBlock;
    BlockIndex last = kNoBlock;
  };
  struct Returned {
    BlockIndex block;
    CellRange cells;
  };
  // Ends of segments that are remembered; what does not fit is free again after the next swap. Threads seldom go away
  // all at once.
  static constexpr std::size_t kMostReturned = 8;
  struct BlockSet {
    Lock lock;
    BlockIndex current;
    std::uint32_t swaps;  // of the roles that the lists are for
    List partial, sparse, pending, done;
    std::uint32_t returned_count;
    Returned returned[kMostReturned];
  };

  void push(List& list, BlockIndex block);
  BlockIndex pop(List& list);
  void append(List& to, List& from);

  void make_pending(BlockSet& set, std::uint32_t swaps);
  BlockIndex open_next(BlockSet& set, LayoutId layout, bool search);
  BlockIndex take_new(LayoutId layout);
  Segment cut(BlockIndex index, CellRange from, std::size_t bytes, const Roles& roles);
  Segment take_returned(BlockSet& set, std::size_t bytes, const Roles& roles);
  std::size_t settle_some(BlockSet& set, unsigned occupied, bool& more);

  Cage& cage_;
  BlockHeap& heap_;
  Lock merge_lock_;  // a segment's rest is dropped from both bitmaps, or merged before
  BlockSet* sets_ = nullptr;
  std::size_t reserved_bytes_ = 0;
};

}  // namespace memgc::internal
