// Job: pins which block a layout's cells come from: each cell is handed out once between two turns, blocks with room
// come before new ones, empty ones go back for any layout.
#include "allocator/block_set.h"

#include <gtest/gtest.h>

#include "allocator/base/poison.h"
#include "allocator/os_memory.h"
#include "tests/allocator/support.h"

namespace memgc::internal {
namespace {

constexpr std::size_t kMiB = std::size_t{1} << 20;

// Calls f for each free cell of a segment.
template <class F>
std::size_t for_each_free_cell(const Parts& parts, const Segment& segment, F&& f) {
  std::size_t count = 0;
  for (std::uint32_t index = segment.cells.begin; index < segment.cells.end; ++index) {
    const CellRef cell{segment.block, index};
    if (parts.cage.test(parts.roles.occupied, cell)) continue;
    f(cell);
    ++count;
  }
  return count;
}

// Takes free cells until `cells` are taken and keeps them for the next turn, or none of them.
void fill(Parts& parts, LayoutId layout, std::size_t cells, bool keep) {
  while (cells > 0) {
    const Segment segment = parts.sets.take(layout, kBlockBytes, parts.roles);
    ASSERT_TRUE(segment);
    for_each_free_cell(parts, segment, [&](CellRef cell) {
      if (cells == 0) return;
      --cells;
      parts.cage.set(parts.roles.occupied, cell);
      if (keep) parts.cage.set(parts.roles.kept(), cell);
    });
  }
}

TEST(BlockSets, HandOutEveryCellOfABlockOnce) {
  for (const std::size_t cell_bytes : kSizeClasses) {
    Parts parts(64 * kMiB);
    const LayoutId layout = plain_layout(cell_bytes);
    std::vector<bool> seen(kBlockBytes / cell_bytes);
    std::size_t left = seen.size();
    for (std::size_t bytes = 1; left > 0; bytes = bytes * 2 % 8191 + 1) {
      const Segment segment = parts.sets.take(layout, bytes, parts.roles);
      ASSERT_TRUE(segment);
      ASSERT_EQ(parts.taken_blocks(), 1u) << "the block is not used up";
      ASSERT_LE(segment.cells.size(), std::max<std::size_t>(bytes / cell_bytes, 1));
      ASSERT_GE(segment.cells.size(), 1u);
      for (std::uint32_t cell = segment.cells.begin; cell < segment.cells.end; ++cell) {
        ASSERT_FALSE(seen[cell]) << "cell " << cell << " of " << cell_bytes << " bytes";
        seen[cell] = true;
      }
      left -= segment.cells.size();
    }
    EXPECT_TRUE(parts.sets.take(layout, 1, parts.roles));
    EXPECT_EQ(parts.taken_blocks(), 2u);
  }
}

TEST(BlockSets, DescribeABlockByItsLayout) {
  Parts parts(64 * kMiB);
  const LayoutId layout = intern_layout(Layout{208, 3, {0x1234, 0x5678}});
  const Segment segment = parts.sets.take(layout, 1, parts.roles);
  const Block& block = parts.cage.block(segment.block);
  EXPECT_EQ(block.state, BlockState::kCells);
  EXPECT_EQ(block.kind, 3);
  EXPECT_EQ(block.cell_bytes, 208u);
  EXPECT_EQ(block.cells, kBlockBytes / 208);
  EXPECT_EQ(block.data[0], 0x1234u);
  EXPECT_EQ(block.data[1], 0x5678u);
  EXPECT_EQ(block.layout, layout);
}

TEST(BlockSets, SayTruthfullyThatFreeCellsReadAsZero) {
  Parts parts(64 * kMiB);
  const LayoutId layout = plain_layout(1024);
  for (int round = 0; round < 4; ++round) {
    std::size_t zeroed = 0;
    for (int i = 0; i < 200; ++i) {
      const Segment segment = parts.sets.take(layout, 4096, parts.roles);
      ASSERT_TRUE(segment);
      for_each_free_cell(parts, segment, [&](CellRef cell) {
        unpoison(parts.cage.address_of(cell), 1024);
        ASSERT_TRUE(!segment.zeroed || all_zero(parts.cage.address_of(cell), 1024));
        zeroed += segment.zeroed;
        stamp(parts.cage.address_of(cell), 1024, 7);
        parts.cage.set(parts.roles.occupied, cell);
        if (cell.index % 3 == 0) parts.cage.set(parts.roles.kept(), cell);
      });
    }
    EXPECT_TRUE(zeroed > 0 || round > 0) << "memory fresh from the kernel is not cleared twice";
    parts.turn();
  }
}

TEST(BlockSets, UseUpBlocksWithRoomBeforeTheyTakeNewOnes) {
  Parts parts(64 * kMiB);
  const LayoutId layout = plain_layout(32);
  constexpr std::size_t kCells = kBlockBytes / 32, kBlocks = 40;
  fill(parts, layout, kBlocks * kCells, false);
  for (BlockIndex index = 1; index < parts.cage.frontier(); ++index) {  // one cell of each block stays
    if (parts.cage.block(index).state == BlockState::kCells) parts.cage.set(parts.roles.kept(), {index, index * 7});
  }
  parts.turn();
  EXPECT_EQ(parts.taken_blocks(), kBlocks);
  fill(parts, layout, kBlocks * (kCells - 1), false);
  EXPECT_EQ(parts.taken_blocks(), kBlocks);
  fill(parts, layout, 1, false);
  EXPECT_EQ(parts.taken_blocks(), kBlocks + 1);
}

TEST(BlockSets, UseBlocksThatAreNotSettledYet) {
  Parts parts(64 * kMiB);
  const LayoutId layout = plain_layout(64);
  fill(parts, layout, 10 * kBlockBytes / 64, false);
  parts.swap_roles();
  parts.cage.clear_bitmap(parts.roles.kept(), parts.heap.used_end());
  fill(parts, layout, 10 * kBlockBytes / 64, false);
  EXPECT_EQ(parts.taken_blocks(), 10u);
  EXPECT_EQ(parts.sets.settle(parts.roles.occupied), 0u) << "all of them are in use again";
}

TEST(BlockSets, GiveEmptyBlocksBackForAnyLayoutAndSize) {
  Parts parts(16 * kMiB);
  const std::size_t blocks = parts.cage.capacity() / 2;
  for (const std::size_t cell_bytes : kSizeClasses) {
    fill(parts, plain_layout(cell_bytes), blocks * (kBlockBytes / cell_bytes), false);
    EXPECT_EQ(parts.taken_blocks(), blocks) << cell_bytes;
    parts.turn();
    EXPECT_EQ(parts.taken_blocks(), 0u) << cell_bytes;
    parts.heap.verify();
  }
  EXPECT_NE(parts.heap.take(parts.cage.capacity() - 1), kNoBlock) << "they are joined";
}

TEST(BlockSets, SettlingSaysHowMuchItGaveBack) {
  Parts parts(64 * kMiB);
  fill(parts, plain_layout(48), 7 * (kBlockBytes / 48), false);
  fill(parts, plain_layout(2048), 5 * (kBlockBytes / 2048), true);
  parts.swap_roles();
  parts.cage.clear_bitmap(parts.roles.kept(), parts.heap.used_end());
  parts.sets.swap_roles(parts.roles);
  EXPECT_EQ(parts.sets.settle(parts.roles.occupied), 7 * kBlockBytes);
  EXPECT_EQ(parts.sets.settle(parts.roles.occupied), 0u) << "once";
  EXPECT_EQ(parts.taken_blocks(), 5u);
}

TEST(BlockSets, KeepWhatTheyHandOutWhereTheRolesSay) {
  for (const Keep keep : {Keep::kInNewBitmap, Keep::kInKeptBitmap}) {
    Parts parts(64 * kMiB);
    const LayoutId layout = plain_layout(96);
    fill(parts, layout, 100, true);
    parts.turn();
    parts.roles.keep = keep;
    const Segment segment = parts.sets.take(layout, 8192, parts.roles);
    const unsigned where = keep == Keep::kInNewBitmap ? kNewBitmap : parts.roles.kept();
    const std::size_t free = for_each_free_cell(
        parts, segment, [&](CellRef cell) { EXPECT_TRUE(parts.cage.test(where, cell)) << cell.index; });
    EXPECT_GT(free, 0u);
    EXPECT_EQ(count_bits(parts.cage.bitmap(where, segment.block), kBlockBytes / 96), free) << "and nothing else is";
    EXPECT_TRUE(all_clear(
        parts.cage.bitmap(keep == Keep::kInNewBitmap ? parts.roles.kept() : kNewBitmap, segment.block), kMaxCells));
  }
}

TEST(BlockSets, MergingAddsTheNewToTheKeptAndCountsWhatWasInBoth) {
  Parts parts(64 * kMiB);
  const LayoutId layout = plain_layout(64);
  parts.roles.keep = Keep::kInNewBitmap;
  std::size_t handed_out = 0, both = 0;
  for (int i = 0; i < 200; ++i) {
    const Segment segment = parts.sets.take(layout, 4096, parts.roles);
    handed_out += for_each_free_cell(parts, segment, [&](CellRef cell) {
      if (cell.index % 5 == 0) both += 64 * parts.cage.set(parts.roles.kept(), cell);
    });
  }
  const void* large = parts.large.take(3 * kBlockBytes, Layout{}, 0, parts.roles);
  parts.cage.set(parts.roles.kept(), parts.cage.cell_of(large));
  EXPECT_EQ(parts.sets.merge_new(parts.roles.kept()), both + 3 * kBlockBytes);
  std::size_t kept = 0;
  for (BlockIndex index = 1; index < parts.cage.frontier(); ++index) {
    kept += count_bits(parts.cage.bitmap(parts.roles.kept(), index), kMaxCells);
    EXPECT_TRUE(all_clear(parts.cage.bitmap(kNewBitmap, index), kMaxCells));
  }
  EXPECT_EQ(kept, handed_out + 1);
  EXPECT_EQ(parts.sets.merge_new(parts.roles.kept()), 0u) << "there is nothing new any more";
}

TEST(BlockSets, AKeptBitmapBeginsClearOrAsACopyOfTheOccupiedOne) {
  for (const bool copy : {false, true}) {
    Parts parts(64 * kMiB);
    parts.roles.keep = Keep::kInNewBitmap;
    const Segment segment = parts.sets.take(plain_layout(64), 8192, parts.roles);
    ASSERT_EQ(segment.cells.size(), 128u);
    const void* large = parts.large.take(3 * kBlockBytes, Layout{}, 0, parts.roles);
    parts.sets.drop_rest(segment.block, {segment.cells.begin + 30, segment.cells.end}, parts.roles);
    parts.swap_roles();
    const BlockSets::Cells begun = parts.sets.begin_kept(parts.roles.kept(), copy);
    EXPECT_EQ(begun.count, copy ? 31u : 0u);
    EXPECT_EQ(begun.bytes, copy ? 30 * 64 + 3 * kBlockBytes : 0u);
    EXPECT_EQ(count_bits(parts.cage.bitmap(parts.roles.kept(), segment.block), kMaxCells), copy ? 30u : 0u);
    EXPECT_EQ(parts.cage.test(parts.roles.kept(), parts.cage.cell_of(large)), copy);
    EXPECT_EQ(count_bits(parts.cage.bitmap(parts.roles.occupied, segment.block), kMaxCells), 30u);
  }
}

// What is dropped is kept no longer, wherever it was noted and whether it has been merged or not; what is occupied
// stays.
TEST(BlockSets, TheRestOfASegmentThatIsDroppedIsKeptNoLonger) {
  for (const bool merged : {false, true}) {
    Parts parts(64 * kMiB);
    parts.roles.keep = Keep::kInNewBitmap;
    const Segment segment = parts.sets.take(plain_layout(64), 8192, parts.roles);
    ASSERT_EQ(segment.cells.size(), 128u);
    const CellRange rest{segment.cells.begin + 30, segment.cells.end};
    parts.cage.set(parts.roles.occupied, {segment.block, rest.begin + 7});
    if (merged) {
      parts.sets.merge_new(parts.roles.kept());
      parts.roles.keep = Keep::kInKeptBitmap;
    }
    parts.sets.drop_rest(segment.block, rest, parts.roles);
    parts.sets.merge_new(parts.roles.kept());
    EXPECT_EQ(count_bits(parts.cage.bitmap(parts.roles.kept(), segment.block), kMaxCells), 31u) << merged;
    EXPECT_TRUE(parts.cage.test(parts.roles.kept(), {segment.block, rest.begin + 7}));
  }
}

TEST(BlockSets, TellAThreadThatComesWithOldRolesAndGiveItNothing) {
  Parts parts(64 * kMiB);
  const LayoutId layout = plain_layout(64), other = plain_layout(80);
  fill(parts, layout, 100, true);
  const Roles old = parts.roles;
  parts.swap_roles();
  EXPECT_TRUE(parts.sets.take(layout, 64, old)) << "nobody has come with the new roles yet";
  EXPECT_TRUE(parts.sets.take(layout, 64, parts.roles));
  const Segment segment = parts.sets.take(layout, 64, old);
  EXPECT_FALSE(segment);
  EXPECT_TRUE(segment.stale);
  EXPECT_TRUE(parts.sets.take(other, 64, old)) << "a layout that has not been turned yet";
  parts.sets.swap_roles(parts.roles);
  EXPECT_TRUE(parts.sets.take(other, 64, old).stale);
  EXPECT_FALSE(parts.sets.take(other, 64, parts.roles).stale);
}

TEST(BlockSets, HandOutWhatIsGivenBackBeforeAnythingElse) {
  Parts parts(64 * kMiB);
  const LayoutId layout = plain_layout(64);
  std::vector<Segment> segments;
  for (int i = 0; i < 4; ++i) segments.push_back(parts.sets.take(layout, 1024, parts.roles));
  parts.sets.give_back(segments[1], segments[1].cells.begin + 3, parts.roles);  // not the last: remembered
  const Segment part = parts.sets.take(layout, 4 * 64, parts.roles);
  EXPECT_EQ(part.block, segments[1].block);
  EXPECT_EQ(part.cells.begin, segments[1].cells.begin + 3);
  EXPECT_EQ(part.cells.end, segments[1].cells.begin + 7);
  const Segment rest = parts.sets.take(layout, kBlockBytes, parts.roles);
  EXPECT_EQ(rest.cells.begin, part.cells.end);
  EXPECT_EQ(rest.cells.end, segments[1].cells.end);
  EXPECT_EQ(parts.sets.take(layout, 64, parts.roles).cells.begin, segments[3].cells.end);
  EXPECT_EQ(parts.taken_blocks(), 1u);
}

TEST(BlockSets, ForgetWhatWasGivenBackWhenTheRolesChange) {
  for (const bool late : {false, true}) {
    Parts parts(64 * kMiB);
    const LayoutId layout = plain_layout(64), other = plain_layout(32);
    const Segment segment = parts.sets.take(layout, 1024, parts.roles);
    parts.sets.take(layout, 1024, parts.roles);
    const Roles old = parts.roles;
    if (!late) parts.sets.give_back(segment, segment.cells.begin, old);
    parts.turn();  // the block is empty, and so another layout's next
    ASSERT_EQ(parts.sets.take(other, 32, parts.roles).block, segment.block);
    if (late) parts.sets.give_back(segment, segment.cells.begin, old);
    const Segment next = parts.sets.take(layout, 1024, parts.roles);
    EXPECT_NE(next.block, segment.block) << late;
    EXPECT_EQ(parts.sets.take(other, 32, parts.roles).cells.begin, 1u) << late;
  }
}

// A thread does not wait while any number of full blocks is looked through.
TEST(BlockSets, TakeANewBlockRatherThanLookThroughVeryManyFullOnes) {
  Parts parts(64 * kMiB);
  const LayoutId layout = plain_layout(4096);
  constexpr std::size_t kFull = 500, kCells = kBlockBytes / 4096;
  fill(parts, layout, kFull * kCells, true);
  fill(parts, layout, kCells, false);  // behind them, one with room
  parts.swap_roles();
  parts.cage.clear_bitmap(parts.roles.kept(), parts.heap.used_end());
  fill(parts, layout, 1, true);
  EXPECT_EQ(parts.taken_blocks(), kFull + 2) << "a new one";
  parts.sets.settle(parts.roles.occupied);
  EXPECT_EQ(parts.taken_blocks(), kFull + 1) << "the empty one was still there to be settled";
}

TEST(BlockSets, LookThroughAllFullBlocksWhenThereAreNoOthers) {
  Parts parts(16 * kMiB);
  const LayoutId layout = plain_layout(256);
  const std::size_t blocks = parts.cage.capacity() - 1;
  ASSERT_GT(blocks, 200u);
  while (const Segment segment = parts.sets.take(layout, kBlockBytes, parts.roles))
    for_each_free_cell(parts, segment, [&](CellRef cell) { parts.cage.set(parts.roles.kept(), cell); });
  const auto last = static_cast<BlockIndex>(blocks);
  parts.cage.bitmap(parts.roles.kept(), last)[0] = 0;  // 64 cells of the last block are free
  parts.turn();
  EXPECT_EQ(parts.taken_blocks(), blocks);
  for (std::size_t i = 0; i < 64; ++i) {
    const Segment segment = parts.sets.take(layout, 256, parts.roles);
    ASSERT_TRUE(segment) << i;
    EXPECT_EQ(segment.block, last);
  }
  EXPECT_FALSE(parts.sets.take(layout, 256, parts.roles));
}

TEST(BlockSets, HaveNothingWhenThereIsNoMemoryAndSomethingAfterATurn) {
  Parts parts(4 * kMiB);
  const LayoutId one = plain_layout(512), other = plain_layout(528);
  std::size_t segments = 0;
  while (parts.sets.take(one, kBlockBytes, parts.roles)) ++segments;
  EXPECT_EQ(segments, parts.cage.capacity() - 1);
  EXPECT_FALSE(parts.sets.take(one, 1, parts.roles));
  EXPECT_FALSE(parts.sets.take(other, 1, parts.roles));
  parts.turn();
  EXPECT_TRUE(parts.sets.take(other, 1, parts.roles));
}

TEST(BlockSets, CannotBeHadWithoutAddressSpace) {
  Cage cage;
  BlockHeap heap(cage);
  for (std::uint64_t n = 1; n <= 2; ++n) {
    BlockSets sets(cage, heap);
    os::fail_call_for_testing(n, false);
    EXPECT_FALSE(sets.reserve()) << "call " << n;
    os::fail_call_for_testing(0, false);
  }
}

// A thread may learn a layout's number from a relaxed load, as the inline path of allocation does: ThreadSanitizer sees
// whether what the number stands for is ordered all the same.
TEST(BlockSets, TakeALayoutWhoseNumberCameFromAnotherThreadInNoOrder) {
  Parts parts(64 * kMiB);
  for (std::uint64_t round = 0; round < 100; ++round) {
    std::atomic<LayoutId> number{0};
    on_threads(2, [&](unsigned which) {
      if (which == 0) {
        number.store(intern_layout(Layout{48, 9, {round, 77}}), std::memory_order_relaxed);
        return;
      }
      LayoutId layout = 0;
      while ((layout = number.load(std::memory_order_relaxed)) == 0) std::this_thread::yield();
      const Segment segment = parts.sets.take(layout, 1, parts.roles);
      EXPECT_EQ(parts.cage.block(segment.block).data[0], round);
    });
  }
}

TEST(BlockSets, HandOutNoCellTwiceToManyThreadsWhileOneSettles) {
  constexpr unsigned kThreads = 6;
  constexpr std::size_t kLayouts = 4;
  const std::uint64_t seed = test_seed(41);
  Parts parts(256 * kMiB);
  const std::array<LayoutId, kLayouts> layouts{plain_layout(16), plain_layout(48), plain_layout(256),
                                               plain_layout(4096)};
  std::vector<std::atomic<unsigned char>> owners(parts.cage.capacity() * kMaxCells);
  std::atomic<std::size_t> clashes{0}, cells{0};
  for (std::size_t round = 0; round < scaled(30); ++round) {
    for (auto& owner : owners) owner.store(0, std::memory_order_relaxed);
    on_threads(kThreads, [&](unsigned number) {
      if (number == 0) {
        parts.sets.settle(parts.roles.occupied);
        return;
      }
      std::mt19937_64 random(seed + round * 16 + number);
      for (std::size_t i = 0; i < scaled(500); ++i) {
        const Segment segment = parts.sets.take(layouts[random() % kLayouts], pick(random, 1, 2048), parts.roles);
        if (!segment) continue;
        cells += for_each_free_cell(parts, segment, [&](CellRef cell) {
          clashes += owners[cell.block * kMaxCells + cell.index].exchange(1, std::memory_order_relaxed) != 0;
          if (random() % 4 == 0) parts.cage.set(parts.roles.kept(), cell);
        });
        for_each_word(segment.cells, [&](std::uint32_t word, std::uint64_t mask) {
          parts.cage.bitmap(parts.roles.occupied, segment.block)[word].fetch_or(mask, std::memory_order_relaxed);
        });
      }
    });
    parts.heap.verify();
    parts.swap_roles();  // settled beside the next round
    parts.cage.clear_bitmap(parts.roles.kept(), parts.heap.used_end());
    parts.sets.swap_roles(parts.roles);
  }
  EXPECT_EQ(clashes, 0u);
  EXPECT_GT(cells, scaled(100'000));
}

}  // namespace
}  // namespace memgc::internal
