// Job: pins, with a model of live objects that know what they hold, that nothing is lost or shared through many turns,
// on one thread and on many, whether they come round to the new roles together or one by one.
#include <gtest/gtest.h>

#include <barrier>

#include "allocator/base/poison.h"
#include "allocator/local_runs.h"
#include "tests/allocator/support.h"

namespace memgc::internal {
namespace {

constexpr std::size_t kMiB = std::size_t{1} << 20;

// Live objects, each filled with a number of its own.
class Objects {
 public:
  Objects(Parts& parts, std::uint64_t seed, std::uint64_t first_id)
      : parts_(parts), local_(parts.cage, parts.sets), random_(seed), next_id_(first_id) {
    if (!local_.reserve()) std::abort();
    local_.retire_all(parts.roles);
  }

  LocalRuns& local() { return local_; }
  std::size_t size() const { return objects_.size(); }
  std::size_t damaged() const { return damaged_; }

  /// Makes up to `count` objects of mixed sizes, most of them small; stops when there is nothing to be had.
  void make(std::size_t count) {
    while (count > 0 && make_one()) --count;
  }
  void drop(std::size_t percent) {
    std::erase_if(objects_, [&](const Object&) { return random_() % 100 < percent; });
  }
  void keep() const {
    for (const Object& object : objects_) parts_.keep(object.memory + object.bytes / 2);
  }
  void check() {
    for (const Object& object : objects_) damaged_ += !stamped(object.memory, object.bytes, object.id);
  }

 private:
  bool make_one() {
    const std::size_t bytes = random_() % 200 == 0 ? pick(random_, kMaxCellBytes / 8 + 1, 30'000) * 8
                              : random_() % 8 == 0 ? pick(random_, 2, kMaxCellBytes / 8) * 8
                                                   : pick(random_, 2, 40) * 8;
    char* memory = nullptr;
    if (bytes > kMaxCellBytes) {
      memory = static_cast<char*>(parts_.large.take(bytes, Layout{}, 0, local_.roles()));
    } else {
      memory = allocate(local_, plain_layout(kSizeClasses[size_class_of(bytes, 8)], random_() % 3));
    }
    if (memory == nullptr) return false;
    damaged_ += !all_zero(memory, bytes);
    stamp(memory, bytes, next_id_);
    objects_.push_back({memory, bytes, next_id_++});
    return true;
  }

  struct Object {
    char* memory;
    std::size_t bytes;
    std::uint64_t id;
  };

  Parts& parts_;
  LocalRuns local_;
  std::mt19937_64 random_;
  std::uint64_t next_id_;
  std::vector<Object> objects_;
  std::size_t damaged_ = 0;
};

TEST(Turns, LoseAndShareNothingOnOneThread) {
  Parts parts(256 * kMiB);
  Objects objects(parts, test_seed(52), 1);
  for (std::size_t round = 0; round < scaled(60); ++round) {
    objects.make(4000);
    objects.check();
    objects.drop(round % 10 == 9 ? 100 : 45);
    objects.keep();
    parts.turn(objects.local());
    objects.check();
    ASSERT_EQ(objects.damaged(), 0u) << "round " << round;
    ASSERT_EQ(bits_set(parts, parts.roles.occupied), objects.size()) << "round " << round;
    parts.heap.verify();
  }
  objects.drop(100);
  parts.turn(objects.local());
  EXPECT_EQ(parts.taken_blocks(), 0u);
}

TEST(Turns, LoseAndShareNothingOnManyThreads) {
  constexpr unsigned kThreads = 6;
  const std::uint64_t seed = test_seed(53);
  Parts parts(512 * kMiB);
  std::vector<std::unique_ptr<Objects>> all;
  std::vector<LocalRuns*> locals;
  for (unsigned i = 0; i < kThreads; ++i) {
    all.push_back(std::make_unique<Objects>(parts, seed + i, (std::uint64_t{i} + 1) << 40));
    locals.push_back(&all.back()->local());
  }
  std::size_t round = 0, miscounted = 0;
  std::barrier barrier(kThreads, [&]() noexcept {
    for (LocalRuns* local : locals) local->retire_all(parts.roles);
    parts.turn(locals);
    std::size_t live = 0;
    for (const auto& objects : all) live += objects->size();
    miscounted += bits_set(parts, parts.roles.occupied) != live;
    parts.heap.verify();
    ++round;
  });
  on_threads(kThreads, [&](unsigned number) {
    Objects& mine = *all[number];
    for (std::size_t i = 0; i < scaled(40); ++i) {
      mine.make(1500);
      mine.check();
      mine.drop(45);
      mine.keep();
      barrier.arrive_and_wait();
      mine.check();
    }
  });
  EXPECT_EQ(round, scaled(40));
  EXPECT_EQ(miscounted, 0u);
  for (const auto& objects : all) EXPECT_EQ(objects->damaged(), 0u);
}

// Cells made while new ones are kept are kept without anybody's doing, on every thread, and no others.
TEST(Turns, KeepWhatWasMadeMeanwhileOnManyThreads) {
  constexpr unsigned kThreads = 4;
  const std::uint64_t seed = test_seed(54);
  Parts parts(512 * kMiB);
  std::vector<std::unique_ptr<Objects>> all;
  std::vector<LocalRuns*> locals;
  for (unsigned i = 0; i < kThreads; ++i) {
    all.push_back(std::make_unique<Objects>(parts, seed + i, (std::uint64_t{i} + 1) << 40));
    locals.push_back(&all.back()->local());
  }
  for (std::size_t round = 0; round < scaled(20); ++round) {
    on_threads(kThreads, [&](unsigned number) { all[number]->make(1000); });
    for (auto& objects : all) {
      objects->drop(70);
      objects->keep();
    }
    parts.roles.keep = Keep::kInNewBitmap;
    for (LocalRuns* local : locals) local->retire_all(parts.roles);
    on_threads(kThreads, [&](unsigned number) { all[number]->make(1000); });
    for (LocalRuns* local : locals) local->retire_all(parts.roles);
    parts.turn(locals);
    std::size_t live = 0;
    for (auto& objects : all) {
      objects->check();
      live += objects->size();
    }
    ASSERT_EQ(bits_set(parts, parts.roles.occupied), live) << "round " << round;
  }
  for (const auto& objects : all) EXPECT_EQ(objects->damaged(), 0u);
}

// A late thread's leaving is all that comes between its clearing of cells and their next use: ThreadSanitizer sees
// whether the bits alone put the two in order. (What else passes between the threads here is relaxed.)
TEST(Turns, WhatAThreadLeavesIsReadyForTheOneThatFindsIt) {
  Parts parts(64 * kMiB);
  const LayoutId layout = plain_layout(16);
  for (int round = 0; round < 50; ++round) {
    LocalRuns late(parts.cage, parts.sets);
    ASSERT_TRUE(late.reserve());
    parts.turn(late);  // from the second round on, the block is not fresh and is cleared ahead of the cursor
    const Segment before = parts.sets.take(layout, 512, parts.roles);
    parts.roles.keep = Keep::kInKeptBitmap;
    late.retire_all(parts.roles);
    std::atomic<int> step{0};
    std::thread other([&] {
      char* cell = allocate(late, layout);
      EXPECT_EQ(parts.cage.block_of(cell), before.block);
      step.store(1, std::memory_order_relaxed);
      while (step.load(std::memory_order_relaxed) != 2) std::this_thread::yield();
      late.retire_all(late.roles());
    });
    while (step.load(std::memory_order_relaxed) != 1) std::this_thread::yield();
    Roles next = parts.roles;
    next.occupied = next.kept();
    next.keep = Keep::kNothing;
    ++next.swaps;
    const Segment segment = parts.sets.take(layout, kBlockBytes, next);
    ASSERT_EQ(segment.block, before.block);
    ASSERT_LT(segment.cells.begin, before.cells.end) << "what was not kept";
    ASSERT_GE(segment.cells.end, before.cells.end + 32) << "the other thread's cells are in it, as occupied";
    const BitmapWord* occupied = parts.cage.bitmap(next.occupied, segment.block);
    EXPECT_EQ(find_bit(occupied, segment.cells.begin, before.cells.end + 32, true), before.cells.end);
    step.store(2, std::memory_order_relaxed);
    CellRange left;
    while ((left = find_clear_run(occupied, before.cells.end, before.cells.end + 32)).size() != 31)
      std::this_thread::yield();
    char* cells = parts.cage.address_of(CellRef{segment.block, left.begin});
    unpoison(cells, left.size() * 16);
    stamp(cells, left.size() * 16, 1);
    other.join();
    EXPECT_TRUE(stamped(cells, left.size() * 16, 1)) << "nor made unaddressable behind its back";
    parts.roles = next;
    parts.settle();
  }
}

// Threads come round to the new roles one by one, some while others allocate with them already: the segments that a
// late one still holds are in the new occupied bitmap as its own, and what it then leaves is others' to take.
TEST(Turns, LoseAndShareNothingWhenThreadsComeRoundOneByOne) {
  constexpr unsigned kThreads = 4;
  const std::uint64_t seed = test_seed(55);
  Parts parts(512 * kMiB);
  std::vector<std::unique_ptr<Objects>> all;
  for (unsigned i = 0; i < kThreads; ++i)
    all.push_back(std::make_unique<Objects>(parts, seed + i, (std::uint64_t{i} + 1) << 40));
  std::barrier barrier(kThreads);
  std::atomic<unsigned> late{0};
  std::size_t miscounted = 0;
  on_threads(kThreads, [&](unsigned number) {
    Objects& mine = *all[number];
    for (std::size_t round = 0; round < scaled(60); ++round) {
      mine.make(500);
      mine.drop(60);
      mine.keep();
      barrier.arrive_and_wait();
      if (number == 0) parts.roles.keep = Keep::kInNewBitmap;
      barrier.arrive_and_wait();
      mine.local().retire_all(parts.roles);
      mine.make(300);  // kept from the start
      mine.local().keep_in_kept_bitmap();
      barrier.arrive_and_wait();
      if (number == 0) parts.sets.merge_new(parts.roles.kept());
      mine.make(300);
      if (number == 1) mine.local().retire_all(mine.local().roles());  // goes away meanwhile
      barrier.arrive_and_wait();
      if (number == 0) {
        late = static_cast<unsigned>(round % kThreads);
        parts.swap_roles();
      }
      barrier.arrive_and_wait();
      if (number == late) mine.make(200);  // with the old roles, until it is told
      mine.local().retire_all(parts.roles);
      mine.make(300);
      mine.check();
      barrier.arrive_and_wait();
      if (number == 0) parts.settle();
      barrier.arrive_and_wait();
      mine.check();
      mine.local().retire_all(parts.roles);
      barrier.arrive_and_wait();
      if (number == 0) {
        std::size_t live = 0;
        for (const auto& objects : all) live += objects->size();
        miscounted += bits_set(parts, parts.roles.occupied) != live;
      }
      barrier.arrive_and_wait();
    }
  });
  EXPECT_EQ(miscounted, 0u);
  for (const auto& objects : all) EXPECT_EQ(objects->damaged(), 0u);
}

// What is occupied and not kept at the end of a cycle is taken for dead, while others hand out.
TEST(Turns, NeverShowOneWhoLooksForTheDeadACellThatIsBeingHandedOut) {
  Parts parts(512 * kMiB);
  parts.roles.keep = Keep::kInKeptBitmap;
  std::atomic<bool> done{false};
  std::size_t taken_for_dead = 0;
  on_threads(2, [&](unsigned number) {
    if (number == 0) {
      Objects small(parts, 1, std::uint64_t{1} << 40);
      small.local().retire_all(parts.roles);
      for (std::size_t i = 0; i < scaled(4000); ++i) {
        parts.large.take(1, Layout{}, 0, parts.roles);
        small.make(10);
      }
      small.local().retire_all(parts.roles);
      done = true;
      return;
    }
    // The newest blocks: that is where something happens.
    while (!done) {
      const BlockIndex frontier = parts.cage.frontier();
      for (BlockIndex index = frontier < 32 ? 1 : frontier - 32; index < frontier; ++index) {
        const Block& block = parts.cage.block(index);
        const BlockState state = block.state.load(std::memory_order_acquire);
        if (state != BlockState::kLarge && state != BlockState::kCells) continue;
        for (std::uint32_t cell = 0; cell < block.cells; ++cell)
          taken_for_dead += parts.cage.is_dead(parts.roles.kept(), {index, cell});
      }
    }
  });
  EXPECT_EQ(taken_for_dead, 0u);
}

}  // namespace
}  // namespace memgc::internal
