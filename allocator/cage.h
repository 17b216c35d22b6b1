// Job: the reserved range, its block descriptors and its bitmaps: from an address to what stands there, by arithmetic.
//
//   cage        | block 0 (never used) | block 1 | block 2 | ...        kBlockBytes each, at a multiple of 2 MiB
//   descriptors | Block, 64 bytes each                                  a cache line, so one touch tells all
//   bitmaps     | kBitmapWords words per block, four times              bit i: cell i; apart from the cells, so that
//                                                                       no write to a cell reaches them
//   cards       | a byte for each 512 bytes of cells                    if wanted: where the layer above notes stores
// The bitmaps of a block: the *occupied* cells, and the *kept* ones, that the layer above fills in and then makes the
// occupied ones by exchanging the roles of the first two. The third, *new*, holds cells to be kept that were handed out
// meanwhile: it is apart because only one thread writes to the kept bitmap, with plain loads and stores; merge_new()
// adds it to that in the end. The fourth, *owed*, has the cells whose contents must be ended (Layout::end) when they
// are dead; it costs nothing until one is.
//
// Invariants:
//   I1  Descriptors and bitmaps are ready (readable, zero at first) for every block below `frontier()`.
//   I2  A block's geometry (state, cell size, reciprocal, kind, data) is written before the first address in it is
//       handed out and stays until no cell of it is occupied or kept: who holds a valid address may read it unlocked.
// Threads: reading, any, no lock. grow() under the block heap's lock.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>

#include "allocator/base/check.h"
#include "allocator/base/lock.h"
#include "allocator/bitmap.h"
#include "allocator/layout.h"
#include "allocator/os_memory.h"
#include "memgc/internal/card_table.h"
#include "memgc/internal/schedule_point.h"

namespace memgc::internal {

using BlockIndex = std::uint32_t;

inline constexpr std::size_t kMaxCells = kBlockBytes / kMinCellBytes;
inline constexpr std::size_t kBitmapWords = kMaxCells / 64;
inline constexpr BlockIndex kNoBlock = 0;
inline constexpr unsigned kBitmaps = 4;
inline constexpr unsigned kNewBitmap = 2;
inline constexpr unsigned kOwedBitmap = 3;  // ready only where Cage::owe() has been

inline constexpr std::size_t kCardBytes = std::size_t{1} << kCardShift;
inline constexpr std::size_t kCardsPerBlock = kBlockBytes / kCardBytes;

enum class BlockState : std::uint8_t {
  kUnused,     // above the frontier, never taken, or taken and not yet put to use
  kFree,       // in the block heap
  kCells,      // cut into cells of one layout
  kLarge,      // the first block of a large object
  kLargeTail,  // a further block of one; head says which
};

/// Descriptor and bitmaps, the owed one included.
inline constexpr std::size_t kMetadataBytesPerBlock = 64 + kBitmaps * kBitmapWords * sizeof(BitmapWord);

/// A block's descriptor.
struct alignas(64) Block {
  // What finding a cell's pointers takes; see I2.
  std::atomic<BlockState> state;  // released last when a block is taken into use, so that it vouches for the rest
  std::uint8_t kind;              // Layout::kind
  bool zeroed;                    // every cell that was never handed out reads as zero
  bool resident;                  // of a free block: its pages have not been given back; of one that is taken: it
                                  // was so then
  std::uint32_t reciprocal;       // ceil(2^32 / cell_bytes): offset -> cell index by a multiply and a shift
  std::uint32_t cell_bytes;       // 0 for large ones
  std::uint32_t cells;
  std::uint64_t data[2];  // Layout::data
  bool has_end;           // Layout::end is not 0

  // Whose, and where it is listed; under the lock of the block set, of the large objects, or of the block heap.
  LayoutId layout;
  BlockIndex next;
  BlockIndex previous;      // block heap: free lists are doubly linked
  BlockIndex head;          // kLargeTail: the object's first block
  std::uint32_t length;     // blocks: of a free stretch (first and last block), of a large object (first block)
  std::uint32_t untouched;  // bytes at its end that nobody has touched since its pages came from the kernel
  std::atomic<std::uint32_t> handed_out;  // cells below this were occupied or handed out since the roles changed
};
static_assert(sizeof(Block) == 64);

/// A cell, named by its block and its number in it.
struct CellRef {
  BlockIndex block = kNoBlock;
  std::uint32_t index = 0;

  explicit operator bool() const { return block != kNoBlock; }
  friend bool operator==(const CellRef&, const CellRef&) = default;
};

class Cage {
 public:
  Cage() = default;
  ~Cage();
  Cage(const Cage&) = delete;
  Cage& operator=(const Cage&) = delete;

  /// Reserves `bytes` (rounded to blocks), or the largest power of two below that is to be had; false if there is none.
  /// With `huge_pages` there are none but those that map_huge_pages() makes; without, what the system's setting says.
  /// `cards`: whether there are any.
  bool reserve(std::size_t bytes, bool huge_pages = false, bool cards = false);

  char* base() const { return base_; }
  std::size_t reserved_bytes() const { return reserved_bytes_; }
  /// Blocks with an index below this have descriptors, bitmaps and ready memory.
  BlockIndex frontier() const { return frontier_.load(std::memory_order_acquire); }
  BlockIndex capacity() const { return static_cast<BlockIndex>(reserved_bytes_ >> kBlockShift); }
  /// Moves the frontier up by at least `blocks`. False when there is no more; nothing has changed then.
  bool grow(std::size_t blocks);

  /// Blocks to a huge page. The cage begins where one does.
  static constexpr std::size_t kHugePageBlocks = (std::size_t{2} << 20) / kBlockBytes;
  bool huge_pages() const { return huge_pages_; }
  /// Of a cage with huge pages: puts such behind blocks from `begin` to below `end`, which begin and end where one does
  /// and were never touched. False when the kernel has none. About 0.1 ms for each, and more where memory must be
  /// found.
  bool map_huge_pages(BlockIndex begin, BlockIndex end) const;

  /// Whether a word lies in the cage: a subtraction and a compare. (Null does not: the base is far from 0.)
  bool contains(const void* pointer) const { return offset_of(pointer) < reserved_bytes_; }
  std::size_t offset_of(const void* pointer) const {
    return reinterpret_cast<std::uintptr_t>(pointer) - reinterpret_cast<std::uintptr_t>(base_);
  }
  /// REQUIRES: contains(pointer).
  BlockIndex block_of(const void* pointer) const { return static_cast<BlockIndex>(offset_of(pointer) >> kBlockShift); }

  Block& block(BlockIndex index) const { return blocks_[index]; }
  char* address_of(BlockIndex index) const { return base_ + (static_cast<std::size_t>(index) << kBlockShift); }
  char* address_of(CellRef cell) const {
    return address_of(cell.block) + static_cast<std::size_t>(cell.index) * blocks_[cell.block].cell_bytes;
  }

  /// The cell that an address points into, interior addresses included. Empty for an address outside the cage, in a
  /// free block, or in the scrap behind a block's last cell. Says nothing about whether the cell is occupied.
  CellRef cell_of(const void* pointer) const;
  std::size_t cell_bytes(CellRef cell) const {
    const Block& b = blocks_[cell.block];
    return b.cell_bytes != 0 ? b.cell_bytes : static_cast<std::size_t>(b.length) << kBlockShift;
  }

  /// A block's cards; null without any.
  Card* cards(BlockIndex index) const { return cards_ == nullptr ? nullptr : cards_ + index * kCardsPerBlock; }

  /// A block's bitmap; `which` is 0, 1, kNewBitmap, or kOwedBitmap for blocks with owes().
  BitmapWord* bitmap(unsigned which, BlockIndex index) const {
    return bitmaps_[which] + static_cast<std::size_t>(index) * kBitmapWords;
  }
  /// Has the pages of a block's bitmaps mapped for writing. Else whoever sets the first bit would be the first there:
  /// reading first, it would get the kernel's page of zeros, then fault again to write, and have every processor flush
  /// its translations. So nobody reads bitmaps of blocks that were never taken.
  void touch_bitmaps(BlockIndex index) const {
    for (unsigned which = 0; which < kOwedBitmap; ++which) {
      std::uint64_t clear = 0;  // a compare-and-swap of like for like writes, and changes nothing
      bitmap(which, index)->compare_exchange_strong(clear, 0, std::memory_order_relaxed);
    }
  }
  bool test(unsigned which, CellRef cell) const {
    return is_set(bitmap(which, cell.block)[cell.index / 64], mask_of(cell));
  }
  /// Whether a cell is kept, or new and to be kept.
  bool is_kept(unsigned kept, CellRef cell) const {
    const std::size_t word = cell.index / 64;
    return kept_cells(bitmap(kNewBitmap, cell.block)[word], bitmap(kept, cell.block)[word], mask_of(cell)) != 0;
  }
  /// Whether a cell is occupied and not to be kept: nobody can reach it any more. Right once marking has ended and all
  /// hand out with Keep::kInKeptBitmap; a cell that is handed out meanwhile is kept before it is occupied.
  bool is_dead(unsigned kept, CellRef cell) const {
    const std::size_t word = cell.index / 64;
    return dead_cells(bitmap(1 - kept, cell.block)[word], bitmap(kept, cell.block)[word], mask_of(cell)) != 0;
  }
  /// Sets a bit; true if it was clear. Relaxed: what a bit protects is ordered by the handshakes of the layer above.
  bool set(unsigned which, CellRef cell) const {
    const std::uint64_t bit = mask_of(cell);
    return (bitmap(which, cell.block)[cell.index / 64].fetch_or(bit, std::memory_order_relaxed) & bit) == 0;
  }

  /// Notes that the cell's contents must be ended. False when there is no memory to note it.
  bool owe(CellRef cell);
  /// Whether any cell of the block may be owed an end.
  bool owes(BlockIndex index) const {
    // Acquire: pairs with the release in owe().
    return static_cast<std::size_t>(index + 1) * kBitmapWords * sizeof(BitmapWord) <=
           owed_bytes_.load(std::memory_order_acquire);
  }

  /// Clears one bitmap of the blocks below `end_block`. REQUIRES: nobody sets bits in it meanwhile.
  void clear_bitmap(unsigned which, BlockIndex end_block) const;

  /// Bytes of descriptors and bitmaps of the blocks below `end`, in whole pages: resident, once these are in use.
  std::size_t metadata_bytes(BlockIndex end) const;
  /// Bytes of descriptors and bitmaps that are ready.
  std::size_t metadata_bytes() const {
    return metadata_bytes_.load(std::memory_order_relaxed) + owed_bytes_.load(std::memory_order_relaxed);
  }

 private:
  bool reserve_exactly(std::size_t bytes);
  static std::uint64_t mask_of(CellRef cell) { return std::uint64_t{1} << (cell.index % 64); }

  void* reservation_ = nullptr;
  std::size_t reservation_bytes_ = 0;
  Region cells_, descriptors_, bits_[kBitmaps], card_bytes_;
  std::atomic<std::size_t> metadata_bytes_{0};
  std::atomic<std::size_t> owed_bytes_{0};  // of the owed bitmap, ready
  Lock owed_lock_;
  char* base_ = nullptr;
  std::size_t reserved_bytes_ = 0;
  bool huge_pages_ = false;
  bool has_cards_ = false;
  Card* cards_ = nullptr;
  Block* blocks_ = nullptr;
  BitmapWord* bitmaps_[kBitmaps] = {};
  std::atomic<BlockIndex> frontier_{0};
};

inline CellRef Cage::cell_of(const void* pointer) const {
  const std::size_t offset = offset_of(pointer);
  if (offset >= static_cast<std::size_t>(frontier()) << kBlockShift) return {};
  const auto index = static_cast<BlockIndex>(offset >> kBlockShift);
  const Block& b = blocks_[index];
  // Acquire: pairs with the release of BlockSets and LargeObjects when they take the block into use.
  switch (b.state.load(std::memory_order_acquire)) {
    case BlockState::kCells: {
      const auto cell = static_cast<std::uint32_t>((offset & (kBlockBytes - 1)) * b.reciprocal >> 32);
      return cell < b.cells ? CellRef{index, cell} : CellRef{};
    }
    case BlockState::kLarge:
      return {index, 0};
    case BlockState::kLargeTail:
      return {b.head, 0};
    default:
      return {};
  }
}

}  // namespace memgc::internal
