// Job: pins Heap: several at once, collections on demand and by growth, deep and wide graphs, its options in force.
//
// Threads: the test's own, unless a test makes more.
#include <gtest/gtest.h>
#include <memgc/memgc.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <thread>
#include <vector>

#include "tests/runtime/support.h"

namespace memgc::testing {
namespace {

TEST(Heap, StartsEmpty) {
  Heap heap(manual_options());
  const Stats stats = heap.stats();
  EXPECT_EQ(stats.cycles, 0u);
  EXPECT_EQ(stats.forced_cycles, 0u);
  EXPECT_EQ(stats.live_bytes, 0u);
  EXPECT_EQ(stats.allocated_bytes, 0u);
  EXPECT_EQ(stats.allocated_objects, 0u);
  EXPECT_EQ(stats.stops.count(), 0u);
}

TEST(Heap, CollectRunsOneForcedCycle) {
  Heap heap(manual_options());
  for (std::uint64_t i = 1; i <= 5; ++i) {
    heap.collect();
    EXPECT_EQ(heap.stats().cycles, i);
    EXPECT_EQ(heap.stats().forced_cycles, i);
  }
}

TEST(Heap, CollectAsyncBeginsACycleAndReturns) {
  Heap heap(manual_options());
  heap.collect_async();
  while (heap.stats().cycles < 1) std::this_thread::yield();
  EXPECT_EQ(heap.stats().forced_cycles, 1u);
  heap.collect();  // not the same
  EXPECT_EQ(heap.stats().cycles, 2u);
  // Nor does it wait for a thread that is not at a safepoint: this one, which polls only afterwards.
  Mutator me(heap);
  heap.collect_async();
  EXPECT_EQ(heap.stats().cycles, 2u);
  while (heap.stats().cycles < 3) me.safepoint();
}

TEST(Heap, CollectFreesWhatIsUnreachableAndKeepsTheRest) {
  Heap heap(manual_options());
  Root<Node> root;
  on_another_thread(heap, [&](Mutator& me) {
    root = me.make<Node>();
    Node* tail = root;
    for (int i = 0; i < 999; ++i) tail = tail->left = me.make<Node>();
    for (int i = 0; i < 9000; ++i) me.make<Node>();
  });
  const std::uint64_t live = live_after_collect(heap);
  EXPECT_GE(live, 1000 * sizeof(Node));
  EXPECT_LE(live, 1000 * (sizeof(Node) + 16));
  root->left = nullptr;
  EXPECT_EQ(live_after_collect(heap), live / 1000);
  root = nullptr;
  EXPECT_EQ(live_after_collect(heap), 0u);
}

TEST(Heap, FreesCycles) {
  Heap heap(manual_options());
  on_another_thread(heap, [&](Mutator& me) {
    for (int i = 0; i < 10'000; ++i) {
      Node* a = me.make<Node>();
      Node* b = me.make<Node>();
      a->left = b;
      b->left = a;
      a->right = a;
    }
  });
  EXPECT_EQ(live_after_collect(heap), 0u);
}

TEST(Heap, FreedMemoryIsUsedAgain) {
  Heap heap(manual_options());
  std::uint64_t managed_after_one = 0;
  for (int round = 0; round < 20; ++round) {
    on_another_thread(heap, [&](Mutator& me) {
      for (int i = 0; i < 50'000; ++i) me.make<Node>();
      for (int i = 0; i < 100; ++i) me.make_array<char>(20'000);
    });
    heap.collect();
    if (round == 0) managed_after_one = heap.stats().managed_bytes;
  }
  EXPECT_LE(heap.stats().managed_bytes, managed_after_one * 3 / 2);
}

TEST(Heap, ADeepListSurvives) {
  Heap heap(manual_options());
  Mutator me(heap);
  const std::uint64_t length = scaled(10'000'000);
  Root<Link> head;
  for (std::uint64_t i = 0; i < length; ++i) {
    Link* link = make<Link>();
    link->value = i;
    link->next = head;
    head = link;
  }
  heap.collect();
  EXPECT_GE(heap.stats().live_bytes, length * sizeof(Link));
  std::uint64_t expected = length;
  for (Link* link = head; link != nullptr; link = link->next) ASSERT_EQ(link->value, --expected);
  EXPECT_EQ(expected, 0u);
}

TEST(Heap, AWideArraySurvives) {
  Heap heap(manual_options());
  Mutator me(heap);
  const std::size_t width = scaled(10'000'000);
  Root<Array<Member<Leaf>>> array(make_array<Member<Leaf>>(width));
  for (std::size_t i = 0; i < width; ++i) (*array)[i] = make<Leaf>(i);
  heap.collect();
  EXPECT_GE(heap.stats().live_bytes, width * (sizeof(Leaf) + sizeof(void*)));
  for (std::size_t i = 0; i < width; ++i) ASSERT_EQ((*array)[i]->id, i);
}

// A tree that is deep to one side and wide to the other: the mark stack sees both.
TEST(Heap, ACombOfListsSurvives) {
  Heap heap(manual_options());
  Mutator me(heap);
  const long teeth = static_cast<long>(scaled(1000));
  constexpr long kLength = 1000;
  Root<Node> spine;
  for (long i = 0; i < teeth; ++i) {
    Node* node = make<Node>();
    node->left = spine;
    spine = node;
    for (long k = 0; k < kLength; ++k) {
      Node* tooth = make<Node>();
      tooth->payload = i * kLength + k;
      tooth->right = spine->right;
      spine->right = tooth;
    }
  }
  heap.collect();
  long count = 0;
  for (Node* node = spine; node != nullptr; node = node->left) {
    for (Node* tooth = node->right; tooth != nullptr; tooth = tooth->right) count += tooth->payload >= 0 ? 1 : 0;
  }
  EXPECT_EQ(count, teeth * kLength);
}

TEST(Heap, GarbageIsCollectedByGrowthAlone) {
  Options options;
  options.growth_percent = 100;
  Heap heap(options);
  Mutator me(heap);
  const std::size_t bytes = scaled(std::size_t{1} << 30);
  for (std::size_t i = 0; i < bytes / sizeof(Node); ++i) make<Node>();
  const Stats stats = heap.stats();
  EXPECT_GT(stats.cycles, 10u);
  EXPECT_EQ(stats.forced_cycles, 0u);
  EXPECT_GE(stats.allocated_bytes, bytes / 2);
  EXPECT_LT(stats.managed_bytes, std::uint64_t{128} << 20);
}

TEST(Heap, GrowthOffNeverCollects) {
  Heap heap(manual_options());
  Mutator me(heap);
  for (int i = 0; i < 1'000'000; ++i) make<Node>();
  EXPECT_EQ(heap.stats().cycles, 0u);
  EXPECT_EQ(heap.stats().goal_bytes, UINT64_MAX);
}

TEST(Heap, SeveralLiveSideBySide) {
  std::vector<std::unique_ptr<Heap>> heaps;
  std::vector<Root<Node>> roots(8);
  for (std::size_t i = 0; i < roots.size(); ++i) {
    heaps.push_back(std::make_unique<Heap>(manual_options()));
    on_another_thread(*heaps[i], [&](Mutator& me) {
      roots[i] = me.make<Node>();
      roots[i]->payload = static_cast<long>(i);
      for (int k = 0; k < 1000; ++k) me.make<Node>();
    });
  }
  heaps[3]->collect();
  EXPECT_EQ(heaps[3]->stats().cycles, 1u);
  EXPECT_EQ(heaps[4]->stats().cycles, 0u);
  heaps.erase(heaps.begin() + 2);  // one goes, the others stay
  roots.erase(roots.begin() + 2);
  for (std::size_t i = 0; i < heaps.size(); ++i) {
    heaps[i]->collect();
    const long expected = static_cast<long>(i < 2 ? i : i + 1);
    EXPECT_EQ(roots[i]->payload, expected);
    for (std::size_t k = 0; k < heaps.size(); ++k) EXPECT_EQ(heaps[k]->contains(roots[i].get()), i == k);
  }
}

TEST(Heap, ManyAreMadeAndUnmade) {
  for (int i = 0; i < 200; ++i) {
    Heap heap(manual_options());
    Mutator me(heap);
    Root<Node> node(make<Node>());
    if (i % 2 == 0) heap.collect();
    ASSERT_TRUE(heap.contains(node.get()));
  }
}

TEST(Heap, GrowthPercentMovesTheGoal) {
  Options options = precise_options();
  Heap heap(options);
  Root<Array<char>> keep;
  on_another_thread(heap, [&](Mutator& me) { keep = me.make_array<char>(32 << 20); });
  heap.collect();
  const std::uint64_t live = heap.stats().live_bytes;
  // Besides the formula: roots count as live, and the goal lies at least 1 MiB ahead while sweeping goes on.
  constexpr std::uint64_t kSlack = 3 << 20;
  EXPECT_EQ(heap.set_growth_percent(100), Options::kOff);
  EXPECT_GE(heap.stats().goal_bytes, 2 * live);
  EXPECT_LE(heap.stats().goal_bytes, 2 * live + kSlack);
  EXPECT_EQ(heap.set_growth_percent(200), 100);
  EXPECT_GE(heap.stats().goal_bytes, 3 * live);
  EXPECT_LE(heap.stats().goal_bytes, 3 * live + kSlack);
  EXPECT_EQ(heap.set_growth_percent(0), 200);
  EXPECT_GE(heap.stats().goal_bytes, live);
  EXPECT_LE(heap.stats().goal_bytes, live + kSlack);
  EXPECT_EQ(heap.options().growth_percent, 0);
  EXPECT_EQ(heap.set_growth_percent(Options::kOff), 0);
  EXPECT_EQ(heap.stats().goal_bytes, UINT64_MAX);
  EXPECT_EQ(heap.options().growth_percent, Options::kOff);
}

TEST(Heap, TheSmallestGoalFollowsTheGrowthPercent) {
  for (int percent : {50, 100, 300}) {
    Options options;
    options.growth_percent = percent;
    Heap heap(options);
    heap.collect();
    const auto smallest = (std::uint64_t{4} << 20) * static_cast<std::uint64_t>(percent) / 100;
    EXPECT_GE(heap.stats().goal_bytes, smallest);
    EXPECT_LE(heap.stats().goal_bytes, smallest + (2 << 20));
  }
}

TEST(Heap, RefusesAGrowthPercentBelowOff) {
  Heap heap(manual_options());
  EXPECT_THROW(heap.set_growth_percent(-2), ConfigError);
  EXPECT_EQ(heap.options().growth_percent, Options::kOff) << "unchanged";
  Options options;
  options.growth_percent = -7;
  EXPECT_THROW(Heap{options}, ConfigError);
}

TEST(Heap, MemoryLimitLowersTheGoal) {
  Heap heap(manual_options());
  Root<Array<char>> keep;
  on_another_thread(heap, [&](Mutator& me) { keep = me.make_array<char>(16 << 20); });
  heap.collect();
  const Stats before = heap.stats();
  ASSERT_EQ(before.goal_bytes, UINT64_MAX);
  const std::size_t limit = before.managed_bytes + (16 << 20);
  EXPECT_EQ(heap.set_memory_limit(limit), Options::kNoLimit);
  EXPECT_EQ(heap.options().memory_limit, limit);
  const std::uint64_t goal = heap.stats().goal_bytes;
  EXPECT_GE(goal, before.live_bytes + (8 << 20));
  EXPECT_LT(goal, limit);
  EXPECT_EQ(heap.set_memory_limit(1), limit) << "far below what lives: the goal is what lives";
  EXPECT_GE(heap.stats().goal_bytes, before.live_bytes);
  EXPECT_LE(heap.stats().goal_bytes, before.live_bytes + (2 << 20));
  EXPECT_EQ(heap.set_memory_limit(Options::kNoLimit), 1u);
  EXPECT_EQ(heap.stats().goal_bytes, UINT64_MAX);
}

TEST(Heap, GrowthOffWithALimitCollectsOnlyNearIt) {
  Options options = manual_options();
  options.memory_limit = 64 << 20;
  Heap heap(options);
  Mutator me(heap);
  for (std::size_t i = 0; i < (std::size_t{16} << 20) / sizeof(Node); ++i) make<Node>();
  EXPECT_EQ(heap.stats().cycles, 0u) << "a quarter of the limit";
  std::uint64_t most = 0;
  for (std::size_t i = 0; i < (std::size_t{512} << 20) / sizeof(Node); ++i) {
    make<Node>();
    if (i % 10'000 == 0) most = std::max(most, heap.stats().managed_bytes);
  }
  EXPECT_GT(heap.stats().cycles, 0u);
  EXPECT_EQ(heap.stats().forced_cycles, 0u);
  // A soft limit: how far it is passed depends on how soon the collector's thread runs, and how fast.
  const std::uint64_t above = kUnderAsan || kUnderTsan ? 64 : 16;
  EXPECT_LE(most, (64 + above) << 20);
}

TEST(Heap, StopTheWorldModeCollectsAsWell) {
  Options options;
  options.debug.gcstoptheworld = true;
  Heap heap(options);
  Mutator me(heap);
  Root<Node> root(make<Node>());
  root->left = make<Node>();
  root->left->payload = 9;
  for (std::size_t i = 0; i < scaled(2'000'000); ++i) make<Node>();
  EXPECT_GT(heap.stats().cycles, 0u);
  EXPECT_EQ(root->left->payload, 9);
}

}  // namespace
}  // namespace memgc::testing
