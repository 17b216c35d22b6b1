// Job: pins what one thread's runs promise: cells that read as zero, whatever was there before; each handed out once;
// exactly those bumped past recorded; little memory for a thread that allocates little.
#include "allocator/local_runs.h"

#include <gtest/gtest.h>

#include "allocator/os_memory.h"
#include "tests/allocator/support.h"

namespace memgc::internal {
namespace {

constexpr std::size_t kMiB = std::size_t{1} << 20;

class LocalRunsTest : public testing::Test {
 protected:
  LocalRunsTest() : parts_(512 * kMiB), local_(parts_.cage, parts_.sets) {
    if (!local_.reserve()) std::abort();
  }

  Parts parts_;
  LocalRuns local_;
};

TEST_F(LocalRunsTest, GiveZeroedCellsOfEverySizeClassEvenWhereOthersHaveBeen) {
  for (int round = 0; round < 3; ++round) {
    for (const std::size_t cell_bytes : kSizeClasses) {
      const LayoutId layout = plain_layout(cell_bytes);
      for (std::size_t cells = 3 * kBlockBytes / cell_bytes; cells > 0; --cells) {
        char* cell = allocate(local_, layout);
        ASSERT_NE(cell, nullptr);
        ASSERT_EQ(parts_.cage.cell_bytes(parts_.cage.cell_of(cell)), cell_bytes);
        ASSERT_TRUE(all_zero(cell, cell_bytes)) << cell_bytes << " bytes in round " << round;
        stamp(cell, cell_bytes, ~std::uint64_t{0});
        if (cells % 5 == 0) parts_.keep(cell);
      }
    }
    parts_.turn(local_);
  }
}

TEST_F(LocalRunsTest, TakeNoMoreAtOnceThanTheyAreToldTo) {
  const LayoutId layout = plain_layout(64);
  while (parts_.taken_blocks() < 4) allocate(local_, layout);  // by now it takes whole blocks
  auto& run = local_.runs()[layout];
  while (run.cursor < run.limit || local_.advance(layout)) run.cursor += run.cell_bytes;
  ASSERT_EQ(local_.refill(layout, 1024), LocalRuns::Refill::kDone);
  std::size_t cells = 0;
  for (; run.cursor < run.limit || local_.advance(layout); ++cells) run.cursor += run.cell_bytes;
  EXPECT_EQ(cells, 1024u / 64);
}

TEST_F(LocalRunsTest, RecordExactlyWhatWasBumpedPast) {
  std::mt19937_64 random(test_seed(51));
  std::size_t allocated = 0, bytes = 0;
  for (int round = 0; round < 50; ++round) {
    const std::size_t cell_bytes = kSizeClasses[pick(random, 0, 40)];
    for (std::size_t count = pick(random, 0, 3000); count > 0; --count) {
      ASSERT_NE(allocate(local_, plain_layout(cell_bytes)), nullptr);
      ++allocated;
      bytes += cell_bytes;
    }
  }
  local_.retire_all(parts_.roles);
  EXPECT_EQ(bits_set(parts_, parts_.roles.occupied), allocated);
  EXPECT_EQ(bits_set(parts_, parts_.roles.kept()), 0u);
  EXPECT_EQ(local_.take_allocated_cells(), allocated);
  EXPECT_EQ(local_.take_allocated_bytes(), bytes);
  EXPECT_EQ(local_.take_allocated_cells(), 0u) << "counted once";
  EXPECT_EQ(local_.take_allocated_bytes(), 0u);
  local_.retire_all(parts_.roles);
  EXPECT_EQ(bits_set(parts_, parts_.roles.occupied), allocated) << "nothing is left to record";
}

TEST_F(LocalRunsTest, KeepNothingAheadOfItsFilling) {
  parts_.roles.keep = Keep::kInNewBitmap;
  local_.retire_all(parts_.roles);
  std::size_t allocated = 0;
  const auto allocate_some = [&] {
    for (const std::size_t cell_bytes : kSizeClasses) {
      for (std::size_t i = 0; i < 5; ++i, ++allocated) ASSERT_NE(allocate(local_, plain_layout(cell_bytes)), nullptr);
    }
  };
  allocate_some();
  EXPECT_GT(bits_set(parts_, kNewBitmap), allocated) << "segments are kept whole";
  EXPECT_EQ(bits_set(parts_, parts_.roles.kept()), 0u);
  local_.keep_in_kept_bitmap();  // some segments were taken before, some after
  allocate_some();
  parts_.sets.merge_new(parts_.roles.kept());
  parts_.roles.keep = Keep::kInKeptBitmap;
  local_.retire_all(parts_.roles);
  EXPECT_EQ(bits_set(parts_, kNewBitmap), 0u);
  EXPECT_EQ(bits_set(parts_, parts_.roles.kept()), allocated);
  parts_.turn(local_);
  EXPECT_EQ(bits_set(parts_, parts_.roles.occupied), allocated) << "they have outlived the turn";
  parts_.turn(local_);
  EXPECT_EQ(bits_set(parts_, parts_.roles.occupied), 0u);
  EXPECT_EQ(parts_.taken_blocks(), 0u);
}

TEST_F(LocalRunsTest, CountAtMostAFewKiBLate) {
  const LayoutId layout = plain_layout(48);
  std::size_t counted = 0;
  for (std::size_t allocated = 48; allocated <= 4 * kMiB; allocated += 48) {
    ASSERT_NE(allocate(local_, layout), nullptr);
    counted += local_.take_allocated_bytes();
    ASSERT_LE(counted, allocated);
    ASSERT_LE(allocated - counted, 8192u + 48);
  }
}

TEST_F(LocalRunsTest, CountToTheCellWhenAsked) {
  std::mt19937_64 random(test_seed(52));
  std::size_t cells = 0, bytes = 0, counted_cells = 0, counted_bytes = 0;
  for (int round = 0; round < 200; ++round) {
    const std::size_t cell_bytes = kSizeClasses[pick(random, 0, 40)];
    for (std::size_t count = pick(random, 0, 300); count > 0; --count) {
      ASSERT_NE(allocate(local_, plain_layout(cell_bytes)), nullptr);
      ++cells;
      bytes += cell_bytes;
    }
    if (round % 50 == 49) parts_.turn(local_);
    const auto before = local_.runs()[plain_layout(cell_bytes)];
    local_.count_all();
    local_.count_all();  // counts nothing twice
    counted_cells += local_.take_allocated_cells();
    counted_bytes += local_.take_allocated_bytes();
    ASSERT_EQ(counted_cells, cells);
    ASSERT_EQ(counted_bytes, bytes);
    ASSERT_EQ(local_.runs()[plain_layout(cell_bytes)].cursor, before.cursor);
    ASSERT_EQ(local_.runs()[plain_layout(cell_bytes)].limit, before.limit);
  }
  const std::size_t recorded = bits_set(parts_, parts_.roles.occupied);
  local_.count_all();
  EXPECT_EQ(bits_set(parts_, parts_.roles.occupied), recorded) << "counting records nothing";
}

// The next segment is twice as large each time a thread comes back, up to a block.
TEST_F(LocalRunsTest, StartSmallAndDouble) {
  const LayoutId layout = plain_layout(16);
  std::vector<std::size_t> segments;  // bytes
  for (std::size_t seen = 0, cells = 0; cells < 5 * kMaxCells; ++cells) {
    ASSERT_NE(allocate(local_, layout), nullptr);
    std::size_t handed_out = 0;
    for (BlockIndex index = 1; index < parts_.cage.frontier(); ++index) {
      if (parts_.cage.block(index).state == BlockState::kCells) handed_out += parts_.cage.block(index).handed_out * 16u;
    }
    if (handed_out != seen) segments.push_back(handed_out - seen);
    seen = handed_out;
  }
  ASSERT_GE(segments.size(), 9u);
  EXPECT_EQ(segments[0], 512u);
  for (std::size_t i = 1; i < 7; ++i) EXPECT_EQ(segments[i], 2 * segments[i - 1]) << i;
  for (std::size_t i = 8; i + 1 < segments.size(); ++i) EXPECT_GE(segments[i], kBlockBytes / 2) << i;
}

TEST_F(LocalRunsTest, OfManyThreadsShareBlocks) {
  std::vector<std::unique_ptr<LocalRuns>> threads;
  for (int i = 0; i < 64; ++i) {
    threads.push_back(std::make_unique<LocalRuns>(parts_.cage, parts_.sets));
    ASSERT_TRUE(threads.back()->reserve());
    ASSERT_NE(allocate(*threads.back(), plain_layout(64)), nullptr);
  }
  EXPECT_EQ(parts_.taken_blocks(), 1u);
}

// What a thread did not use is for the next one: threads that come and go cost what they allocate.
TEST_F(LocalRunsTest, OfThreadsThatComeAndGoLeaveNothingUnused) {
  const LayoutId layout = plain_layout(16);
  for (std::size_t thread = 0; thread < 2 * kMaxCells; ++thread) {
    LocalRuns local(parts_.cage, parts_.sets);
    ASSERT_TRUE(local.reserve());
    local.retire_all(parts_.roles);
    char* cell = allocate(local, layout);
    ASSERT_NE(cell, nullptr);
    ASSERT_TRUE(all_zero(cell, 16));
    stamp(cell, 16, 1);
    local.retire_all(parts_.roles);
  }
  EXPECT_EQ(parts_.taken_blocks(), 2u);
  EXPECT_EQ(bits_set(parts_, parts_.roles.occupied), 2 * kMaxCells);
}

TEST_F(LocalRunsTest, AreEmptyWithoutMemoryAndGoOnAfterATurn) {
  Parts parts(4 * kMiB);
  LocalRuns local(parts.cage, parts.sets);
  ASSERT_TRUE(local.reserve());
  const LayoutId layout = plain_layout(1024);
  std::size_t cells = 0;
  while (allocate(local, layout) != nullptr) ++cells;
  EXPECT_EQ(cells, (parts.cage.capacity() - 1) * (kBlockBytes / 1024)) << "to the last cell";
  EXPECT_EQ(allocate(local, layout), nullptr);
  EXPECT_EQ(allocate(local, plain_layout(16)), nullptr);
  parts.turn(local);
  EXPECT_NE(allocate(local, plain_layout(16)), nullptr);
}

TEST_F(LocalRunsTest, CannotBeHadWithoutAddressSpace) {
  for (std::uint64_t n = 1; n <= 2; ++n) {
    LocalRuns local(parts_.cage, parts_.sets);
    os::fail_call_for_testing(n, false);
    EXPECT_FALSE(local.reserve()) << "call " << n;
    os::fail_call_for_testing(0, false);
  }
}

TEST_F(LocalRunsTest, TellTheirMemoryToOtherThreads) {
  std::atomic<bool> done{false};
  on_threads(2, [&](unsigned number) {
    if (number == 0) {
      for (std::uint64_t i = 0; i < 300; ++i) EXPECT_NE(allocate(local_, plain_layout(32, i + 1)), nullptr);
      done = true;
      return;
    }
    std::size_t last = 0;
    do {
      const std::size_t bytes = local_.metadata_bytes();
      EXPECT_GE(bytes, last);
      last = bytes;
    } while (!done);
  });
  EXPECT_GE(local_.metadata_bytes(), 300 * sizeof(internal::Run));
  EXPECT_LE(local_.metadata_bytes(), layout_count() * 128u + 4 * os::page_bytes());
}

using LocalRunsDeathTest = LocalRunsTest;

// The last line of defence: a heap that is about to hand a cell out twice stops the program.
TEST_F(LocalRunsDeathTest, ACellThatIsRecordedTwiceEndsTheProgram) {
  char* cell = allocate(local_, plain_layout(128));
  parts_.cage.set(parts_.roles.occupied, parts_.cage.cell_of(cell));
  EXPECT_DEATH(local_.retire_all(parts_.roles), "memgc: a cell was handed out twice");
}

}  // namespace
}  // namespace memgc::internal
