// Job: pins taking, giving back, joining and releasing blocks against a model that knows every block's owner; and that
// no block is ever anybody's twice, whatever threads do.
#include "allocator/block_heap.h"

#include <gtest/gtest.h>

#include <atomic>
#include <map>
#include <vector>

#include "allocator/os_memory.h"
#include "tests/allocator/support.h"

namespace memgc::internal {
namespace {

constexpr std::size_t kMiB = std::size_t{1} << 20;

// What a caller does to blocks that it has taken: says what they are, and fills them.
void use(const Cage& cage, BlockIndex first, std::size_t count) {
  for (std::size_t i = 0; i < count; ++i) {
    const auto index = first + static_cast<BlockIndex>(i);
    cage.block(index).state.store(BlockState::kCells, std::memory_order_release);
    stamp(cage.address_of(index), 64, index);
    stamp(cage.address_of(index) + kBlockBytes - 64, 64, index);
  }
}
bool still_used(const Cage& cage, BlockIndex first, std::size_t count) {
  for (std::size_t i = 0; i < count; ++i) {
    const auto index = first + static_cast<BlockIndex>(i);
    if (!stamped(cage.address_of(index), 64, index)) return false;
    if (!stamped(cage.address_of(index) + kBlockBytes - 64, 64, index)) return false;
  }
  return true;
}
bool zeroed_means_zero(const Cage& cage, BlockIndex first, std::size_t count) {
  for (std::size_t i = 0; i < count; ++i) {
    const auto index = first + static_cast<BlockIndex>(i);
    if (cage.block(index).zeroed && !all_zero(cage.address_of(index), kBlockBytes)) return false;
  }
  return true;
}

BlockIndex take_and_use(Parts& parts, std::size_t count) {
  const BlockIndex first = parts.heap.take(count);
  if (first != kNoBlock) use(parts.cage, first, count);
  return first;
}

TEST(BlockHeap, NeverGivesBlockZero) {
  Parts parts(4 * kMiB);
  std::size_t taken = 0;
  for (BlockIndex first; (first = take_and_use(parts, 1)) != kNoBlock; ++taken) EXPECT_NE(first, 0u);
  EXPECT_EQ(taken, parts.cage.capacity() - 1) << "every other block can be had";
}

TEST(BlockHeap, TakesNothingForNoBlocksOrForMoreThanThereAre) {
  Parts parts(4 * kMiB);
  EXPECT_EQ(parts.heap.take(0), kNoBlock);
  EXPECT_EQ(parts.heap.take(parts.cage.capacity()), kNoBlock);
  EXPECT_EQ(parts.heap.take(SIZE_MAX), kNoBlock);
  EXPECT_EQ(parts.heap.take(std::size_t{UINT32_MAX} + 2), kNoBlock) << "a count is not cut to 32 bits";
  EXPECT_NE(parts.heap.take(parts.cage.capacity() - 1), kNoBlock);
}

TEST(BlockHeap, JoinsNeighboursInWhateverOrderTheyComeBack) {
  std::array<BlockIndex, 4> order{0, 1, 2, 3};
  do {
    Parts parts(4 * kMiB);
    std::array<BlockIndex, 4> firsts{};
    const std::size_t length = (parts.cage.capacity() - 1) / 4;
    for (BlockIndex& first : firsts) first = take_and_use(parts, length);
    while (take_and_use(parts, 1) != kNoBlock) {
    }
    for (const BlockIndex which : order) {
      parts.heap.give_back(firsts[which], length);
      parts.heap.verify();
    }
    EXPECT_EQ(parts.heap.take(4 * length + 1), kNoBlock);
    EXPECT_NE(parts.heap.take(4 * length), kNoBlock) << "four neighbours are one stretch";
  } while (std::next_permutation(order.begin(), order.end()));
}

TEST(BlockHeap, JoinsTheLastFreeStretchWithWhatWasNeverTaken) {
  Parts parts(4 * kMiB);
  const std::size_t all = parts.cage.capacity() - 1;
  const BlockIndex first = take_and_use(parts, all / 2);
  parts.heap.give_back(first, all / 2);
  EXPECT_NE(parts.heap.take(all), kNoBlock) << "as many neighbours are free as ever";
  parts.heap.verify();
}

// Whoever takes blocks says only later what they are, after clearing them: meanwhile they are not free.
TEST(BlockHeap, DoesNotJoinABlockThatIsTakenButNotYetPutToUse) {
  Parts parts(4 * kMiB);
  const BlockIndex first = take_and_use(parts, 3);
  take_and_use(parts, parts.cage.capacity() - 1 - 3);
  parts.heap.give_back(first + 1, 1);
  ASSERT_EQ(parts.heap.take(1), first + 1);
  parts.heap.give_back(first, 1);
  parts.heap.give_back(first + 2, 1);
  parts.heap.verify();
  EXPECT_EQ(parts.heap.take(2), kNoBlock);
  EXPECT_EQ(parts.taken_blocks(), parts.cage.capacity() - 1 - 2);
}

TEST(BlockHeap, TakesTheWarmestFirst) {
  Parts parts(4 * kMiB);
  const BlockIndex one = take_and_use(parts, 1);
  take_and_use(parts, 1);
  const BlockIndex other = take_and_use(parts, 1);
  take_and_use(parts, 1);
  parts.heap.give_back(one, 1);
  parts.heap.give_back(other, 1);
  EXPECT_EQ(parts.heap.take(1), other);
  EXPECT_EQ(parts.heap.take(1), one);
}

// One owner for each block, 0 for none; everything below `end` has been taken at some time.
class Model {
 public:
  explicit Model(std::size_t capacity) : owners_(capacity) { owners_[0] = SIZE_MAX; }

  void take(BlockIndex first, std::size_t count, std::size_t owner) {
    for (std::size_t i = 0; i < count; ++i) {
      ASSERT_EQ(owners_[first + i], 0u) << "block " << first + i << " is somebody's";
      owners_[first + i] = owner;
    }
  }
  void give_back(BlockIndex first, std::size_t count) {
    for (std::size_t i = 0; i < count; ++i) owners_[first + i] = 0;
  }
  std::size_t taken() const {
    return static_cast<std::size_t>(std::count_if(owners_.begin() + 1, owners_.end(), [](auto o) { return o != 0; }));
  }
  std::size_t longest_free() const {
    std::size_t longest = 0, length = 0;
    for (const std::size_t owner : owners_) longest = std::max(longest, length = owner == 0 ? length + 1 : 0);
    return longest;
  }

 private:
  std::vector<std::size_t> owners_;
};

TEST(BlockHeap, AgreesWithAModelThroughRandomUse) {
  std::mt19937_64 random(test_seed(11));
  Parts parts(16 * kMiB);
  Model model(parts.cage.capacity());
  std::map<BlockIndex, std::size_t> held;  // first block -> count
  std::size_t refused = 0, released = 0;
  for (std::size_t step = 0; step < scaled(20'000); ++step) {
    const std::size_t phase = step / 500 % 2;  // fills, then empties
    const std::size_t choice = random() % 100;
    if (choice < (phase == 0 ? 60 : 35)) {
      const std::size_t count = random() % 8 == 0 ? pick(random, 1, 60) : pick(random, 1, 6);
      const BlockIndex first = parts.heap.take(count);
      if (first == kNoBlock) {
        ++refused;
        ASSERT_LT(model.longest_free(), count) << "refused at step " << step;
        continue;
      }
      ASSERT_NO_FATAL_FAILURE(model.take(first, count, step + 1));
      ASSERT_TRUE(zeroed_means_zero(parts.cage, first, count)) << "step " << step;
      use(parts.cage, first, count);
      held[first] = count;
    } else if (choice < 97 && !held.empty()) {
      auto it = held.lower_bound(static_cast<BlockIndex>(random() % parts.cage.capacity()));
      if (it == held.end()) it = held.begin();
      ASSERT_TRUE(still_used(parts.cage, it->first, it->second)) << "block " << it->first << " at step " << step;
      parts.heap.give_back(it->first, it->second);
      model.give_back(it->first, it->second);
      held.erase(it);
    } else {
      const std::size_t wanted = pick(random, 0, 64) << kBlockShift;
      const BlockHeapStats before = parts.heap.stats();
      const std::size_t bytes = parts.heap.release(wanted);
      const BlockHeapStats after = parts.heap.stats();
      ASSERT_GE(bytes, std::min(wanted, before.free_bytes)) << "of " << before.free_bytes << " at step " << step;
      ASSERT_EQ(before.free_bytes - after.free_bytes, bytes);
      ASSERT_EQ(after.released_bytes - before.released_bytes, bytes);
      released += bytes;
    }
    ASSERT_EQ(parts.taken_blocks(), model.taken()) << "step " << step;
    if (step % 64 == 0) parts.heap.verify();
  }
  EXPECT_GT(refused, scaled(20u)) << "the test never met a full heap";
  EXPECT_GT(released, scaled(100 * kMiB)) << "the test hardly released anything";
}

TEST(BlockHeap, ReleaseStopsWhenItHasGivenWhatWasAskedFor) {
  Parts parts(64 * kMiB);
  const BlockIndex first = take_and_use(parts, 512);
  parts.heap.give_back(first, 512);
  EXPECT_EQ(parts.heap.release(0), 0u);
  EXPECT_EQ(parts.heap.release(1), kBlockBytes);
  EXPECT_EQ(parts.heap.release(kBlockBytes), kBlockBytes);
  EXPECT_EQ(parts.heap.release(kBlockBytes + 1), 2 * kBlockBytes);
  EXPECT_EQ(parts.heap.stats().released_bytes, 4 * kBlockBytes);
  EXPECT_EQ(parts.heap.stats().free_bytes, 508 * kBlockBytes);
  parts.heap.verify();
}

TEST(BlockHeap, WhatWasReleasedIsTakenLast) {
  Parts parts(64 * kMiB);
  std::vector<BlockIndex> blocks;  // every second one is free: stretches of one, and one of fifty at the end
  for (std::size_t i = 0; i < 150; ++i) blocks.push_back(take_and_use(parts, 1));
  for (std::size_t i = 1; i < 100; i += 2) parts.heap.give_back(blocks[i], 1);
  parts.heap.give_back(blocks[100], 50);
  ASSERT_EQ(parts.heap.release(60 * kBlockBytes), 60 * kBlockBytes);
  parts.heap.verify();
  for (std::size_t i = 0; i < 40; ++i) {
    const BlockIndex block = parts.heap.take(1);
    ASSERT_NE(block, kNoBlock);
    EXPECT_TRUE(parts.cage.block(block).resident) << i << ": block " << block;
    EXPECT_LT(block, blocks[80]) << i << ": the highest addresses go first";
  }
  EXPECT_FALSE(parts.cage.block(parts.heap.take(1)).resident);
  parts.heap.verify();
}

TEST(BlockHeap, AStretchIsReleasedFromItsEndAndTakenFromItsBeginning) {
  Parts parts(64 * kMiB);
  const BlockIndex first = take_and_use(parts, 64);
  parts.heap.give_back(first, 64);
  ASSERT_EQ(parts.heap.release(32 * kBlockBytes), 32 * kBlockBytes);
  const BlockIndex again = parts.heap.take(32);
  EXPECT_EQ(again, first);
  for (BlockIndex i = 0; i < 32; ++i) EXPECT_TRUE(parts.cage.block(again + i).resident) << i;
  EXPECT_EQ(parts.heap.stats().free_bytes, 0u);
}

TEST(BlockHeap, ReleasesEverythingWhenAskedForAllThereIs) {
  Parts parts(64 * kMiB);
  std::vector<BlockIndex> odd;
  for (std::size_t i = 0; i < 500; ++i) {
    const BlockIndex first = take_and_use(parts, 1);
    if (i % 2 == 1) odd.push_back(first);
  }
  for (const BlockIndex block : odd) parts.heap.give_back(block, 1);
  EXPECT_EQ(parts.heap.release(SIZE_MAX), odd.size() * kBlockBytes);
  EXPECT_EQ(parts.heap.stats().free_bytes, 0u);
  EXPECT_EQ(parts.heap.release(SIZE_MAX), 0u) << "there is nothing more";
  parts.heap.verify();
}

TEST(BlockHeap, WhatIsReleasedIsNotResidentAndReadsAsZeroWhenTakenAgain) {
  constexpr std::size_t kBlocks = 1024;
  Parts parts(128 * kMiB);
  const BlockIndex first = take_and_use(parts, kBlocks);
  for (std::size_t i = 0; i < kBlocks; ++i)
    std::memset(parts.cage.address_of(first + static_cast<BlockIndex>(i)), 0xee, kBlockBytes);
  parts.heap.give_back(first, kBlocks);
  const std::size_t full = resident_bytes();
  EXPECT_EQ(parts.heap.release(SIZE_MAX), kBlocks * kBlockBytes);
  const std::size_t empty = resident_bytes();
  EXPECT_LE(empty + kBlocks * kBlockBytes * 9 / 10, full);
  const BlockIndex again = parts.heap.take(kBlocks);
  ASSERT_EQ(again, first);
  for (std::size_t i = 0; i < kBlocks; ++i) {
    EXPECT_TRUE(parts.cage.block(again + static_cast<BlockIndex>(i)).zeroed);
    ASSERT_TRUE(all_zero(parts.cage.address_of(again + static_cast<BlockIndex>(i)), kBlockBytes)) << i;
  }
}

TEST(BlockHeap, AStretchThatTheKernelWillNotTakeBackIsStillThere) {
  Parts parts(64 * kMiB);
  const BlockIndex first = take_and_use(parts, 256);
  parts.heap.give_back(first, 256);
  os::fail_call_for_testing(1, true);
  EXPECT_EQ(parts.heap.release(SIZE_MAX), 0u);
  os::fail_call_for_testing(0, false);
  parts.heap.verify();
  EXPECT_EQ(parts.heap.stats().free_bytes, 256 * kBlockBytes);
  EXPECT_EQ(parts.heap.take(256), first);
  EXPECT_FALSE(parts.cage.block(first).zeroed) << "it holds what it held";
}

std::size_t held_bytes(const Parts& parts) {
  return parts.heap.resident_bytes() + parts.cage.metadata_bytes(parts.heap.used_end());
}

// Fresh blocks bring descriptors and bitmaps with them, which stay when the blocks are given back.
TEST(BlockHeap, WhatDescribesBlocksCountsBelowTheMost) {
  Parts parts(64 * kMiB);
  constexpr std::size_t kBlocks = 512;
  parts.heap.set_most_bytes(8 * kMiB);
  for (std::size_t length : {std::size_t{1}, std::size_t{3}, std::size_t{40}}) {
    SCOPED_TRACE(length);
    std::vector<BlockIndex> taken;
    for (BlockIndex first; (first = take_and_use(parts, length)) != kNoBlock;) taken.push_back(first);
    EXPECT_LE(held_bytes(parts), 8 * kMiB);
    EXPECT_GE(taken.size() * length << kBlockShift, 7 * kMiB - (length << kBlockShift)) << "and it is used";
    for (const BlockIndex first : taken) parts.heap.give_back(first, length);
  }
  // Now many are described that cannot all be resident.
  parts.heap.set_most_bytes(SIZE_MAX);
  const BlockIndex many = take_and_use(parts, kBlocks);
  ASSERT_NE(many, kNoBlock);
  parts.heap.give_back(many, kBlocks);
  parts.heap.set_most_bytes(8 * kMiB);
  while (take_and_use(parts, 1) != kNoBlock) {
  }
  EXPECT_LE(held_bytes(parts), 8 * kMiB);
}

// Memory that is locked cannot be given back, but it can be used.
TEST(BlockHeap, UsesResidentBlocksWhenTheKernelTakesNoneBack) {
  Parts parts(4 * kMiB);
  const BlockIndex first = take_and_use(parts, 8);
  parts.heap.give_back(first, 8);
  parts.heap.set_most_bytes(held_bytes(parts));
  os::fail_call_for_testing(1, true);
  std::size_t taken = 0;
  while (take_and_use(parts, 1) != kNoBlock) ++taken;
  os::fail_call_for_testing(0, false);
  EXPECT_EQ(taken, 8u);
}

// A heap of a cage with huge pages that has just outgrown what is small.
struct HugeParts {
  HugeParts() {
    EXPECT_TRUE(cage.reserve(64 * kMiB, true));
    while (!heap.wants_fresh() && heap.used_end() < 100) use(cage, heap.take(1), 1);
  }
  Cage cage;
  BlockHeap heap{cage};
};

TEST(BlockHeap, MapsFreshBlocksAheadByTheHugePage) {
  HugeParts parts;
  ASSERT_TRUE(parts.heap.wants_fresh());
  if (!parts.heap.map_fresh(SIZE_MAX)) GTEST_SKIP() << "the kernel maps nothing ahead";
  EXPECT_FALSE(parts.heap.wants_fresh()) << "there is enough now";
  EXPECT_EQ(parts.heap.used_end() % Cage::kHugePageBlocks, 0u);
  EXPECT_GE(parts.heap.stats().free_bytes, 2 * kMiB) << "resident, and counted";
  parts.heap.verify();
  const std::size_t resident = parts.heap.resident_bytes();
  const BlockIndex first = parts.heap.take(Cage::kHugePageBlocks);
  ASSERT_NE(first, kNoBlock);
  EXPECT_TRUE(parts.cage.block(first).zeroed);
  EXPECT_TRUE(all_zero(parts.cage.address_of(first), 2 * kMiB));
  EXPECT_LE(parts.heap.resident_bytes(), resident + 2 * kMiB);
  parts.heap.verify();
}

TEST(BlockHeap, MapsNothingAheadBeyondWhatMayBeResident) {
  HugeParts parts;
  const BlockIndex end = parts.heap.used_end();
  EXPECT_FALSE(parts.heap.map_fresh(parts.heap.resident_bytes() + kMiB));
  parts.heap.set_most_bytes(parts.heap.resident_bytes() + kMiB);
  EXPECT_FALSE(parts.heap.map_fresh(SIZE_MAX));
  EXPECT_EQ(parts.heap.used_end(), end);
  Parts small(64 * kMiB);
  for (int i = 0; i < 100; ++i) take_and_use(small, 1);
  EXPECT_FALSE(small.heap.wants_fresh()) << "a cage without huge pages";
}

TEST(BlockHeap, RefusesWhenTheKernelDoesAndGoesOnWhenItNoLongerDoes) {
  Parts parts(64 * kMiB);
  std::size_t taken = 0;
  os::fail_call_for_testing(1, true);
  while (take_and_use(parts, 1) != kNoBlock) ++taken;  // what was ready before
  EXPECT_LT(taken, 64u);
  EXPECT_EQ(parts.heap.take(1), kNoBlock);
  parts.heap.verify();
  os::fail_call_for_testing(0, false);
  EXPECT_NE(parts.heap.take(1), kNoBlock);
  EXPECT_EQ(parts.taken_blocks(), taken + 1);
}

TEST(BlockHeap, NoBlockIsEverTakenTwiceByManyThreads) {
  constexpr unsigned kThreads = 6;
  const std::uint64_t seed = test_seed(12);
  Parts parts(32 * kMiB);
  std::vector<std::atomic<unsigned>> owners(parts.cage.capacity());
  std::atomic<std::size_t> clashes{0}, damaged{0}, released{0};
  on_threads(kThreads, [&](unsigned number) {
    std::mt19937_64 random(seed + number);
    std::vector<std::pair<BlockIndex, std::size_t>> held;
    for (std::size_t step = 0; step < scaled(20'000); ++step) {
      if (number == 0 && step % 8 == 0) released += parts.heap.release(pick(random, 1, 40) << kBlockShift);
      if (random() % 2 == 0 && held.size() < 20) {
        const std::size_t count = pick(random, 1, 8);
        const BlockIndex first = parts.heap.take(count);
        if (first == kNoBlock) continue;
        for (std::size_t i = 0; i < count; ++i) clashes += owners[first + i].exchange(number + 1) != 0;
        use(parts.cage, first, count);
        held.emplace_back(first, count);
      } else if (!held.empty()) {
        std::swap(held[random() % held.size()], held.back());
        const auto [first, count] = held.back();
        held.pop_back();
        damaged += !still_used(parts.cage, first, count);
        for (std::size_t i = 0; i < count; ++i) clashes += owners[first + i].exchange(0) != number + 1;
        parts.heap.give_back(first, count);
      }
    }
    for (const auto& [first, count] : held) {
      for (std::size_t i = 0; i < count; ++i) owners[first + i] = 0;
      parts.heap.give_back(first, count);
    }
  });
  EXPECT_EQ(clashes, 0u);
  EXPECT_EQ(damaged, 0u);
  EXPECT_GT(released, 0u);
  parts.heap.verify();
  EXPECT_EQ(parts.taken_blocks(), 0u);
  EXPECT_NE(parts.heap.take(parts.cage.capacity() - 1), kNoBlock) << "all of it is one stretch again";
}

}  // namespace
}  // namespace memgc::internal
