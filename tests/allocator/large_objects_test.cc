// Job: pins objects that have blocks of their own: zeroed, kept or given back whole, joined, never shared.
#include "allocator/large_objects.h"

#include <gtest/gtest.h>

#include "allocator/os_memory.h"
#include "tests/allocator/support.h"

namespace memgc::internal {
namespace {

constexpr std::size_t kMiB = std::size_t{1} << 20;

char* take(Parts& parts, std::size_t bytes) {
  return static_cast<char*>(parts.large.take(bytes, Layout{}, 0, parts.roles));
}

TEST(LargeObjects, AreZeroAtEverySizeEvenWhereOthersHaveBeen) {
  Parts parts(64 * kMiB);
  for (int round = 0; round < 2; ++round) {
    for (std::size_t blocks = 1; blocks <= 40; ++blocks) {
      for (const std::size_t bytes : {blocks * kBlockBytes - 1, blocks * kBlockBytes, blocks * kBlockBytes + 1}) {
        char* object = take(parts, bytes);
        ASSERT_NE(object, nullptr) << bytes;
        ASSERT_TRUE(all_zero(object, bytes)) << bytes << " in round " << round;
        ASSERT_EQ(reinterpret_cast<std::uintptr_t>(object) % kBlockBytes, 0u);
        std::memset(object, 0xee, parts.cage.cell_bytes(parts.cage.cell_of(object)));
      }
      parts.turn();
      EXPECT_EQ(parts.taken_blocks(), 0u);
    }
  }
}

TEST(LargeObjects, AreRefusedAtSizesThatNoCageHas) {
  Parts parts(64 * kMiB);
  for (const std::size_t bytes : {parts.cage.reserved_bytes(), parts.cage.reserved_bytes() + 1, SIZE_MAX / 2,
                                  SIZE_MAX - kBlockBytes, SIZE_MAX - 1, SIZE_MAX})
    EXPECT_EQ(take(parts, bytes), nullptr) << bytes;
  EXPECT_EQ(parts.taken_blocks(), 0u);
  EXPECT_NE(take(parts, parts.cage.reserved_bytes() - kBlockBytes), nullptr) << "all but block 0";
}

TEST(LargeObjects, StayAsLongAsTheyAreKept) {
  Parts parts(64 * kMiB);
  char* kept = take(parts, 3 * kMiB);
  char* dropped = take(parts, 5 * kMiB);
  ASSERT_NE(dropped, nullptr);
  stamp(kept, 3 * kMiB, 42);
  for (int round = 0; round < 3; ++round) {
    parts.keep(kept + static_cast<std::size_t>(round) * kMiB);  // from any of its blocks
    parts.turn();
    EXPECT_EQ(parts.taken_blocks(), 3 * kMiB / kBlockBytes);
    EXPECT_TRUE(stamped(kept, 3 * kMiB, 42));
  }
  EXPECT_FALSE(parts.cage.cell_of(dropped));
  parts.turn();
  EXPECT_EQ(parts.taken_blocks(), 0u);
}

TEST(LargeObjects, AreKeptFromTheStartWhileNewOnesAre) {
  for (const Keep keep : {Keep::kInNewBitmap, Keep::kInKeptBitmap}) {
    Parts parts(64 * kMiB);
    parts.roles.keep = keep;
    char* object = take(parts, kMiB);
    parts.turn();
    EXPECT_TRUE(parts.cage.test(parts.roles.occupied, parts.cage.cell_of(object)));
    parts.turn();
    EXPECT_EQ(parts.taken_blocks(), 0u);
  }
}

TEST(LargeObjects, SayWhatTheirLayoutSays) {
  Parts parts(64 * kMiB);
  Layout shape;
  shape.kind = 7;
  shape.data[0] = 11;
  shape.data[1] = 13;
  const void* object = parts.large.take(kMiB, shape, 5, parts.roles);
  const Block& block = parts.cage.block(parts.cage.block_of(object));
  EXPECT_EQ(block.kind, 7);
  EXPECT_EQ(block.data[0], 11u);
  EXPECT_EQ(block.data[1], 13u);
  EXPECT_EQ(block.layout, 5u);
  EXPECT_EQ(block.cells, 1u);
}

TEST(LargeObjects, MakeRoomForALargerOneWhenNeighboursGo) {
  Parts parts(64 * kMiB);
  std::size_t count = 0;
  while (take(parts, 2 * kMiB) != nullptr) ++count;
  EXPECT_GE(count, 31u);
  EXPECT_EQ(take(parts, 4 * kMiB), nullptr);
  parts.turn();
  EXPECT_NE(take(parts, 60 * kMiB), nullptr);
}

TEST(LargeObjects, ShareBlocksInTurnWithCells) {
  Parts parts(16 * kMiB);
  LocalRuns local(parts.cage, parts.sets);
  ASSERT_TRUE(local.reserve());
  const LayoutId layout = plain_layout(64);
  for (int round = 0; round < 20; ++round) {
    if (round % 2 == 0) {
      for (std::size_t bytes = 0; bytes < 12 * kMiB; bytes += 64) {
        char* cell = allocate(local, layout);
        ASSERT_NE(cell, nullptr);
        ASSERT_TRUE(all_zero(cell, 64)) << "round " << round;
        stamp(cell, 64, 1);
      }
    } else {
      char* object = take(parts, 12 * kMiB);
      ASSERT_NE(object, nullptr) << "round " << round;
      ASSERT_TRUE(all_zero(object, 12 * kMiB));
      stamp(object, 12 * kMiB, 1);
    }
    parts.turn(local);
  }
}

TEST(LargeObjects, OfManyThreadsAreNeverShared) {
  const std::uint64_t seed = test_seed(31);
  Parts parts(128 * kMiB);
  std::atomic<std::size_t> damaged{0};
  for (std::size_t round = 0; round < scaled(20); ++round) {
    on_threads(4, [&](unsigned number) {
      if (number == 0) parts.large.settle(parts.roles.occupied);  // may run beside take()
      std::mt19937_64 random(seed + round * 16 + number);
      std::vector<std::pair<char*, std::size_t>> mine;
      for (int i = 0; i < 40; ++i) {
        const std::size_t bytes = pick(random, kMaxCellBytes / 8 + 1, kMiB / 8) * 8;
        char* object = take(parts, bytes);
        if (object == nullptr) continue;
        damaged += !all_zero(object, bytes);
        stamp(object, bytes, number + 1);
        mine.emplace_back(object, bytes);
      }
      for (const auto& [object, bytes] : mine) damaged += !stamped(object, bytes, number + 1);
    });
    parts.heap.verify();
    parts.turn();
    EXPECT_EQ(parts.taken_blocks(), 0u);
  }
  EXPECT_EQ(damaged, 0u);
}

}  // namespace
}  // namespace memgc::internal
