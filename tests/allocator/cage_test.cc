// Job: pins the way from an address to its cell, for every layout, against a division; how a cage is reserved; and how
// its frontier moves.
#include "allocator/cage.h"

#include <gtest/gtest.h>
#include <sys/resource.h>

#include "tests/allocator/support.h"

namespace memgc::internal {
namespace {

constexpr std::size_t kMiB = std::size_t{1} << 20;

CellRef found(const Parts& parts, const char* base, std::size_t offset) { return parts.cage.cell_of(base + offset); }

// A block of cells of the given size, as BlockSets makes it.
BlockIndex block_of_cells(Parts& parts, std::size_t cell_bytes) {
  return parts.sets.take(plain_layout(cell_bytes), 1, parts.roles).block;
}

TEST(CellOf, FindsTheCellOfEveryByteOfABlockOfEverySizeClass) {
  Parts parts(64 * kMiB);
  for (const std::size_t cell_bytes : kSizeClasses) {
    const BlockIndex index = block_of_cells(parts, cell_bytes);
    ASSERT_NE(index, kNoBlock);
    const char* base = parts.cage.address_of(index);
    const std::size_t cells = kBlockBytes / cell_bytes;
    for (std::size_t offset = 0; offset < kBlockBytes; ++offset) {
      const std::size_t slow = offset / cell_bytes;
      const CellRef expected =
          slow < cells ? CellRef{index, static_cast<std::uint32_t>(slow)} : CellRef{};  // scrap belongs to nobody
      const CellRef cell = found(parts, base, offset);
      ASSERT_TRUE(cell == expected) << cell_bytes << " bytes, offset " << offset << ": cell " << cell.index;
      if (cell) {
        ASSERT_EQ(parts.cage.address_of(cell), base + slow * cell_bytes);
        ASSERT_EQ(parts.cage.cell_bytes(cell), cell_bytes);
      }
    }
  }
}

// Not only the sizes that are in the table today: the multiply must be exact for any that could be.
TEST(CellOf, IsExactAtTheBordersOfCellsOfAnySize) {
  Parts parts(512 * kMiB);
  for (std::size_t cell_bytes = kMinCellBytes; cell_bytes <= kMaxCellBytes; cell_bytes += 8) {
    const BlockIndex index = block_of_cells(parts, cell_bytes);
    ASSERT_NE(index, kNoBlock);
    const char* base = parts.cage.address_of(index);
    const auto cells = static_cast<std::uint32_t>(kBlockBytes / cell_bytes);
    for (std::uint32_t cell = 0; cell < cells; ++cell) {
      ASSERT_TRUE(found(parts, base, cell * cell_bytes) == (CellRef{index, cell})) << cell_bytes;
      ASSERT_TRUE(found(parts, base, (cell + 1) * cell_bytes - 1) == (CellRef{index, cell})) << cell_bytes;
    }
    if (cells * cell_bytes < kBlockBytes) {
      ASSERT_FALSE(found(parts, base, cells * cell_bytes)) << cell_bytes;
      ASSERT_FALSE(found(parts, base, kBlockBytes - 1)) << cell_bytes;
    }
  }
}

TEST(CellOf, FindsALargeObjectFromAnyOfItsBlocks) {
  Parts parts;
  for (const std::size_t bytes : {kMaxCellBytes + 1, kBlockBytes, kBlockBytes + 1, 5 * kMiB + 3, 64 * kMiB}) {
    auto* object = static_cast<char*>(parts.large.take(bytes, Layout{}, 0, parts.roles));
    ASSERT_NE(object, nullptr);
    const CellRef expected{parts.cage.block_of(object), 0};
    for (std::size_t offset = 0; offset < bytes; offset += 4093)
      ASSERT_TRUE(parts.cage.cell_of(object + offset) == expected) << bytes << " at " << offset;
    EXPECT_TRUE(parts.cage.cell_of(object + bytes - 1) == expected);
    EXPECT_EQ(parts.cage.address_of(expected), object);
    const std::size_t whole = parts.cage.cell_bytes(expected);
    EXPECT_GE(whole, bytes);
    EXPECT_LT(whole, bytes + kBlockBytes);
    EXPECT_FALSE(parts.cage.cell_of(object + whole) == expected) << "one past its blocks";
  }
}

TEST(CellOf, FindsNothingWhereThereIsNoCell) {
  Parts parts(64 * kMiB);
  const BlockIndex index = parts.heap.take(3);
  const char* base = parts.cage.address_of(index);
  parts.heap.give_back(index, 3);
  EXPECT_FALSE(parts.cage.cell_of(base)) << "a free block";
  EXPECT_FALSE(parts.cage.cell_of(base + kBlockBytes + 5));
  EXPECT_FALSE(parts.cage.cell_of(nullptr));
  EXPECT_FALSE(parts.cage.cell_of(parts.cage.base())) << "block 0 is nobody's";
  EXPECT_FALSE(parts.cage.cell_of(parts.cage.base() - 1));
  EXPECT_FALSE(parts.cage.cell_of(parts.cage.base() + parts.cage.reserved_bytes()));
  EXPECT_FALSE(parts.cage.cell_of(parts.cage.base() + parts.cage.reserved_bytes() - 1)) << "above the frontier";
  EXPECT_FALSE(parts.cage.cell_of(reinterpret_cast<const void*>(UINTPTR_MAX)));
  EXPECT_FALSE(parts.cage.cell_of(&parts)) << "elsewhere in the process";
}

TEST(CellOf, FindsNothingInABlockOnceItsCellsAreGone) {
  Parts parts(64 * kMiB);
  const BlockIndex index = block_of_cells(parts, 48);
  const char* base = parts.cage.address_of(index);
  EXPECT_TRUE(parts.cage.cell_of(base));
  parts.turn();
  EXPECT_FALSE(parts.cage.cell_of(base));
}

TEST(Contains, IsTrueOfTheCageAndOfNothingElse) {
  Parts parts(64 * kMiB);
  const char* base = parts.cage.base();
  const std::size_t bytes = parts.cage.reserved_bytes();
  EXPECT_EQ(bytes, 64 * kMiB);
  for (const std::size_t offset : {std::size_t{0}, std::size_t{1}, bytes / 2, bytes - 1})
    EXPECT_TRUE(parts.cage.contains(base + offset)) << offset;
  EXPECT_FALSE(parts.cage.contains(base - 1));
  EXPECT_FALSE(parts.cage.contains(base + bytes));
  EXPECT_FALSE(parts.cage.contains(nullptr));
  EXPECT_FALSE(parts.cage.contains(reinterpret_cast<const void*>(UINTPTR_MAX)));
  const Cage none;
  EXPECT_FALSE(none.contains(nullptr));
  EXPECT_FALSE(none.contains(base)) << "a cage that was never reserved holds nothing";
}

TEST(Reserve, RoundsUpToBlocksAndHasALeast) {
  for (const std::size_t bytes : {std::size_t{0}, std::size_t{1}, kBlockBytes, 4 * kMiB}) {
    Cage cage;
    ASSERT_TRUE(cage.reserve(bytes));
    EXPECT_EQ(cage.reserved_bytes(), 4 * kMiB) << bytes;
  }
  Cage cage;
  ASSERT_TRUE(cage.reserve(5 * kMiB + 1));
  EXPECT_EQ(cage.reserved_bytes(), 5 * kMiB + kBlockBytes);
}

TEST(Reserve, TakesWhatThereIsWhenAskedForTooMuch) {
  if (kSanitized) GTEST_SKIP() << "a sanitizer has its own idea of the address space";
  for (const std::size_t bytes : {SIZE_MAX, SIZE_MAX - kBlockBytes, std::size_t{1} << 63, std::size_t{1} << 52}) {
    Cage cage;
    ASSERT_TRUE(cage.reserve(bytes)) << bytes;
    EXPECT_GE(cage.reserved_bytes(), std::size_t{1} << 40) << "of the 128 TiB that a process has";
  }
}

TEST(Reserve, TriesLessWhenTheKernelRefusesAndGivesUpBelowTheLeast) {
  os::fail_call_for_testing(1, false);
  Cage smaller;
  EXPECT_TRUE(smaller.reserve(64 * kMiB));
  EXPECT_EQ(smaller.reserved_bytes(), 32 * kMiB);
  os::fail_call_for_testing(1, true);
  Cage none;
  EXPECT_FALSE(none.reserve(64 * kMiB));
  EXPECT_FALSE(none.contains(&none));
  os::fail_call_for_testing(0, false);
}

TEST(Reserve, LeavesHalfOfALimitedAddressSpaceToTheProgram) {
  if (kSanitized) GTEST_SKIP() << "a sanitizer's shadow is larger than any limit";
  for (const std::size_t limit_mib : {32u, 64u, 100u, 256u, 1000u, 4096u}) {
    const ChildEnd end = in_child([&] {
      const rlimit limit{limit_mib * kMiB, limit_mib * kMiB};
      if (::setrlimit(RLIMIT_AS, &limit) != 0) return 1;
      const std::size_t left = os::address_space_left();
      Cage cage;
      if (!cage.reserve(std::size_t{1} << 40)) return 2;
      if (cage.reserved_bytes() > left / 2) return 3;
      if (cage.reserved_bytes() + 4 * kMiB < left / 2) return 4;
      return cage.grow(cage.capacity() - cage.frontier()) ? 0 : 5;  // and all of it can be had
    });
    EXPECT_EQ(end.exit_code, 0) << "ulimit -v of " << limit_mib << " MiB; " << end.errors;
  }
}

TEST(Reserve, SaysSoWhenThereIsNoAddressSpaceAtAll) {
  if (kSanitized) GTEST_SKIP() << "a sanitizer's shadow is larger than any limit";
  const ChildEnd end = in_child([] {
    const rlimit limit{kMiB, kMiB};
    if (::setrlimit(RLIMIT_AS, &limit) != 0) return 1;
    Cage cage;
    return cage.reserve(64 * kMiB) ? 2 : 0;
  });
  EXPECT_EQ(end.exit_code, 0) << end.errors;
}

TEST(Frontier, RisesToTheEndAndNoFurther) {
  Cage cage;
  ASSERT_TRUE(cage.reserve(16 * kMiB));
  while (cage.frontier() < cage.capacity()) {
    const BlockIndex before = cage.frontier();
    ASSERT_TRUE(cage.grow(1));
    ASSERT_GT(cage.frontier(), before);
    for (BlockIndex index = before; index < cage.frontier(); ++index) {
      EXPECT_EQ(cage.block(index).state, BlockState::kUnused);
      ASSERT_TRUE(all_zero(cage.address_of(index), kBlockBytes));
      for (unsigned which = 0; which < kOwedBitmap; ++which)
        ASSERT_TRUE(all_clear(cage.bitmap(which, index), kMaxCells));
    }
  }
  EXPECT_EQ(cage.frontier(), cage.capacity());
  EXPECT_FALSE(cage.grow(1));
  EXPECT_FALSE(cage.grow(SIZE_MAX));
  EXPECT_EQ(cage.frontier(), cage.capacity());
}

// Each of the four regions may be refused; the bare need may be granted where the generous step was not.
TEST(Frontier, StaysWhenTheKernelRefusesAndRisesLater) {
  for (std::uint64_t n = 1; n <= 8; ++n) {
    Cage cage;
    ASSERT_TRUE(cage.reserve(64 * kMiB));
    const BlockIndex before = cage.frontier();
    os::fail_call_for_testing(n, true);
    const bool grew = cage.grow(100);
    os::fail_call_for_testing(0, false);
    ASSERT_EQ(cage.frontier() > before, grew) << n;
    ASSERT_TRUE(cage.grow(100)) << n;
    for (BlockIndex index = 1; index < cage.frontier(); ++index) {
      ASSERT_TRUE(all_zero(cage.address_of(index), kBlockBytes));
      cage.set(0, {index, kMaxCells - 1});
      cage.set(1, {index, kMaxCells - 1});
      cage.set(kNewBitmap, {index, kMaxCells - 1});
      ASSERT_EQ(cage.block(index).state, BlockState::kUnused);
    }
  }
}

TEST(Bits, AreSetOnceAndClearedTogether) {
  Cage cage;
  ASSERT_TRUE(cage.reserve(16 * kMiB));
  ASSERT_TRUE(cage.grow(100));
  std::mt19937_64 random(test_seed(21));
  std::vector<CellRef> cells;
  for (int i = 0; i < 1000; ++i) {
    cells.push_back(
        {static_cast<BlockIndex>(pick(random, 1, 100)), static_cast<std::uint32_t>(pick(random, 0, kMaxCells - 1))});
  }
  for (const CellRef cell : cells) {
    const bool was = cage.test(0, cell);
    EXPECT_EQ(cage.set(0, cell), !was);
    EXPECT_TRUE(cage.test(0, cell));
    EXPECT_FALSE(cage.set(0, cell)) << "a second time";
    EXPECT_FALSE(cage.test(1, cell)) << "the other bitmap is another";
  }
  cage.set(1, cells[0]);
  cage.clear_bitmap(0, cage.frontier());
  for (const CellRef cell : cells) EXPECT_FALSE(cage.test(0, cell));
  EXPECT_TRUE(cage.test(1, cells[0]));
}

TEST(Cards, AreThereForEveryByteIfWantedAndCleanAtFirst) {
  Cage without, cage;
  ASSERT_TRUE(without.reserve(8 * kMiB));
  EXPECT_EQ(without.cards(1), nullptr);
  ASSERT_TRUE(cage.reserve(8 * kMiB, false, true));
  ASSERT_TRUE(cage.grow(cage.capacity() - cage.frontier()));
  EXPECT_EQ(cage.cards(2) - cage.cards(1), static_cast<std::ptrdiff_t>(kBlockBytes / kCardBytes));
  for (BlockIndex index = 0; index < cage.capacity(); ++index) {
    for (std::size_t card = 0; card < kCardsPerBlock; ++card) {
      EXPECT_EQ(cage.cards(index)[card], 0);
      cage.cards(index)[card] = 1;
    }
  }
}

TEST(Metadata, IsBelowThreeHundredthsWithCards) {
  for (const std::size_t mib : {16u, 256u, 1024u}) {
    Cage cage;
    ASSERT_TRUE(cage.reserve(mib * kMiB, false, true));
    ASSERT_TRUE(cage.grow(cage.capacity() - cage.frontier()));
    EXPECT_LE(cage.metadata_bytes() * 100, mib * kMiB * 3);
    EXPECT_EQ(cage.metadata_bytes(cage.capacity()), cage.metadata_bytes());
  }
}

TEST(Metadata, IsAtMostAFortiethOfTheCellsThatAreReady) {
  for (const std::size_t mib : {16u, 256u, 1024u}) {
    Cage cage;
    ASSERT_TRUE(cage.reserve(mib * kMiB));
    ASSERT_TRUE(cage.grow(cage.capacity() - cage.frontier()));
    EXPECT_LE(cage.metadata_bytes() * 40, mib * kMiB);
    EXPECT_GE(cage.metadata_bytes(),
              cage.capacity() * (sizeof(Block) + kOwedBitmap * kBitmapWords * sizeof(BitmapWord)));
  }
}

}  // namespace
}  // namespace memgc::internal
