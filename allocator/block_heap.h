// Job: stretches of free blocks: take, give back, join, release to the kernel.
//
// Free stretches are never neighbours (they are joined), and each is in the list of its length (1 to 31 blocks: a list
// each; longer ones share one). The first and the last block of a stretch carry its length, the first its list links.
// A block that is given back is taken again first: it is the warmest. What begins with a block that was released to the
// kernel comes after all that does not; and stretches are taken from their beginning and released from their end, the
// highest addresses first: so that what was just released is not what is taken next.
//
// Invariant: every block below the cage's frontier but block 0 is in exactly one of: a free stretch, fresh (at or above
// fresh_begin_: never taken), or taken. Threads: any; one lock, held for as long as it takes to list the blocks at hand
// (about 2 ns each) or to look at 4096 others, never over a system call but mprotect, for growing the cage.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>

#include "allocator/base/lock.h"
#include "allocator/cage.h"

namespace memgc::internal {

struct BlockHeapStats {
  std::size_t taken_bytes = 0;     // in use by others
  std::size_t free_bytes = 0;      // free and resident
  std::size_t released_bytes = 0;  // free and given back to the kernel
};

class BlockHeap {
 public:
  explicit BlockHeap(Cage& cage) : cage_(cage) {}

  /// Takes `count` neighbouring blocks; the first one's index, or kNoBlock when there is no memory. Sets `zeroed` on
  /// each to whether it reads as zero. The caller sets all else.
  BlockIndex take(std::size_t count);
  /// From now on, blocks in use, resident free ones, and what describes all that were ever taken, are never more than
  /// this together: take() gives free ones back to the kernel first, and fails if that is not enough.
  void set_most_bytes(std::size_t bytes) { most_bytes_.store(bytes, std::memory_order_relaxed); }
  /// Of a cage with huge pages: whether the heap grows so fast that mapping some ahead pays. A few loads; any thread.
  bool wants_fresh() const {
    return cage_.huge_pages() && used_end() >= 2 * Cage::kHugePageBlocks &&
           resident_free_blocks_.load(std::memory_order_relaxed) < Cage::kHugePageBlocks;
  }
  /// Makes some fresh blocks free that have huge pages behind them, as long as then no more than `most_bytes` are
  /// resident. Calls the kernel, without the lock: for a thread that nobody waits for. False when there is nothing to
  /// be had.
  bool map_fresh(std::size_t most_bytes);
  /// Gives them back. REQUIRES: no cell in them occupied or kept (their bitmaps are clear).
  void give_back(BlockIndex first, std::size_t count);
  /// Gives free resident blocks back to the kernel until `bytes` have been, or none is left. Returns the bytes given.
  std::size_t release(std::size_t bytes);
  /// The same for all of them; what another thread is releasing has been too when this returns.
  std::size_t release_all();
  /// Returns when what other threads are releasing, or mapping ahead, is among the free blocks or the kernel's.
  void wait_until_listed();

  /// Of about one moment; takes no lock.
  BlockHeapStats stats() const;
  std::size_t taken_bytes() const { return taken_blocks_.load(std::memory_order_relaxed) << kBlockShift; }
  /// Of taken blocks, and of free ones that were not given back.
  std::size_t resident_bytes() const;
  /// Blocks that have ever been taken, and block 0: below this, descriptors and bitmaps are in use.
  BlockIndex used_end() const { return fresh_begin_.load(std::memory_order_relaxed); }
  /// Aborts unless lists, lengths and counts agree. Slow. For tests and checks.
  void verify() const;

  /// A fork is not to find the lists half changed, nor blocks in none because they are being released.
  void lock_for_fork() { lock_when_all_listed(); }
  void unlock_after_fork() { lock_.unlock(); }

 private:
  void lock_when_all_listed();               // no block is being released
  static constexpr std::size_t kLists = 32;  // lengths 1..31, and the rest

  // Of the free stretch at `stretch`: from the first resident block that is wanted, or that it has, to its last.
  struct Piece {
    BlockIndex stretch = kNoBlock, begin = kNoBlock, end = kNoBlock;
    std::size_t resident = 0;
  };

  struct List {
    BlockIndex first = kNoBlock, last = kNoBlock;  // stretches whose first block is resident stand before the others
  };

  static std::size_t list_of(std::size_t length) { return length < kLists ? length - 1 : kLists - 1; }
  void insert(BlockIndex first, std::size_t length);
  void remove(BlockIndex first);
  BlockIndex put(BlockIndex first, std::size_t count);  // joins and lists; the joined stretch's first block
  Piece last_resident_piece(BlockIndex& behind, std::size_t wanted) const;
  bool release_piece(const Piece& piece);
  void unlist(BlockIndex first, std::size_t count);
  BlockIndex find_listed(std::size_t count) const;
  BlockIndex find_listed(std::size_t count, bool resident) const;
  std::size_t added_bytes(BlockIndex listed, std::size_t count) const;
  bool find_room(std::size_t count, BlockIndex& listed);
  void take_listed(BlockIndex first, std::size_t count);
  BlockIndex take_fresh(std::size_t count);

  Cage& cage_;
  mutable Lock lock_;
  List lists_[kLists];
  std::atomic<std::size_t> most_bytes_{SIZE_MAX};

  // Written under lock_, read by stats() without.
  using Count = std::atomic<std::size_t>;
  static void add(Count& count, std::size_t more) {
    count.store(count.load(std::memory_order_relaxed) + more, std::memory_order_relaxed);
  }
  static void subtract(Count& count, std::size_t less) { add(count, 0 - less); }

  std::atomic<BlockIndex> fresh_begin_{1};
  Count taken_blocks_{0};
  Count resident_free_blocks_{0};
  Count untouched_free_bytes_{0};  // of resident free blocks
  Count releasing_blocks_{0};      // free, in no list while the kernel takes their pages, or gives them
  Count released_blocks_{0};
};

}  // namespace memgc::internal
