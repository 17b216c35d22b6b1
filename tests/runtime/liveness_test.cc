// Job: pins what keeps an object alive and what does not: stacks, blocked stacks, other threads, roots; and that what
// is dead goes.
//
// "Goes" is asserted only where no stale word can be about: of threads that have ended, or with precise_stacks.
// Under AddressSanitizer this program keeps locals in fake stacks, off the machine's stack: they count all the same.
// Threads: many.
#include <gtest/gtest.h>
#include <memgc/memgc.h>

#include <array>
#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <thread>
#include <vector>

#include "tests/runtime/support.h"

#if defined(__SANITIZE_ADDRESS__) || MEMGC_TEST_HAS_FEATURE(address_sanitizer)
extern "C" const char* __asan_default_options();  // NOLINT: the sanitizer's name
extern "C" const char* __asan_default_options() { return "detect_stack_use_after_return=1"; }
#endif

namespace memgc::testing {
namespace {

void churn(Mutator& me, std::size_t count = 20'000) {
  for (std::size_t i = 0; i < count; ++i) {
    me.make<Leaf>(std::uint64_t{0xbad});
    me.make<Node>()->payload = -1;
  }
}

// Many locals at once: some land in registers, some are spilled, some have their address taken.
TEST(Liveness, LocalsAreKept) {
  Heap heap(manual_options());
  Mutator me(heap);
  Leaf* a = make<Leaf>(std::uint64_t{1});
  Leaf* b = make<Leaf>(std::uint64_t{2});
  std::array<Leaf*, 40> many{};
  for (std::size_t i = 0; i < many.size(); ++i) many[i] = make<Leaf>(100 + i);
  heap.collect();
  churn(me);
  heap.collect();
  EXPECT_EQ(a->id, 1u);
  EXPECT_EQ(b->id, 2u);
  for (std::size_t i = 0; i < many.size(); ++i) ASSERT_EQ(many[i]->id, 100 + i);
}

// The array's address escapes, so that it is memory and, under the sanitizer, on the fake stack.
__attribute__((noinline)) void fill_from(Mutator& me, Leaf** slots, std::size_t count) {
  for (std::size_t i = 0; i < count; ++i) slots[i] = me.make<Leaf>(i);
  asm volatile("" : : "r"(slots) : "memory");
}

__attribute__((noinline)) void nest(Mutator& me, int depth) {
  Leaf* slots[7];
  fill_from(me, slots, 7);
  if (depth > 0) {
    nest(me, depth - 1);
  } else {
    me.heap().collect();
    churn(me);
    me.heap().collect();
  }
  for (std::uint64_t i = 0; i < 7; ++i) ASSERT_EQ(slots[i]->id, i) << "depth " << depth;
}

TEST(Liveness, EveryFrameOfADeepStackIsScanned) {
  Heap heap(manual_options());
  Mutator me(heap);
  nest(me, 500);
}

TEST(Liveness, AnInteriorPointerOnTheStackKeepsTheObject) {
  Heap heap(manual_options());
  on_another_thread(heap, [&](Mutator& me) {
    Array<std::uint64_t>* array = me.make_array<std::uint64_t>(1000);
    for (std::size_t i = 0; i < 1000; ++i) (*array)[i] = i;
    std::uint64_t* middle = &(*array)[500];
    array = nullptr;
    Node* node = me.make<Node>();
    node->left = me.make<Node>();
    node->left->payload = 12;
    const Member<Node>* field = &node->left;
    node = nullptr;
    asm volatile("" : "+r"(middle), "+r"(field));  // the compiler may not derive them anew from the start
    heap.collect();
    churn(me);
    for (int i = 0; i < 100; ++i) me.make_array<std::uint64_t>(1000, ~std::uint64_t{0});
    heap.collect();
    for (std::uint64_t i = 0; i < 1000; ++i) ASSERT_EQ(middle[static_cast<std::ptrdiff_t>(i) - 500], i);
    EXPECT_EQ((*field)->payload, 12);
  });
}

TEST(Liveness, ABlockedThreadsStackIsScanned) {
  Heap heap(manual_options());
  std::mutex mutex;
  std::condition_variable changed;
  enum { kMaking, kBlocked, kGo } step = kMaking;
  std::thread owner([&] {
    Mutator me(heap);
    Leaf* slots[50];
    fill_from(me, slots, 50);
    {
      BlockingScope blocked(me);
      std::unique_lock lock(mutex);
      step = kBlocked;
      changed.notify_all();
      changed.wait(lock, [&] { return step == kGo; });
    }
    for (std::uint64_t i = 0; i < 50; ++i) EXPECT_EQ(slots[i]->id, i);
  });
  {
    std::unique_lock lock(mutex);
    changed.wait(lock, [&] { return step == kBlocked; });
  }
  for (int i = 0; i < 3; ++i) {
    heap.collect();
    on_another_thread(heap, [](Mutator& me) { churn(me); });
  }
  EXPECT_GE(live_after_collect(heap), 50 * sizeof(Leaf));
  {
    const std::lock_guard lock(mutex);
    step = kGo;
  }
  changed.notify_all();
  owner.join();
  EXPECT_EQ(live_after_collect(heap), 0u) << "a thread that has ended keeps nothing";
}

TEST(Liveness, ThreadsKeepTheirOwnWhileAThirdCollects) {
  Heap heap(manual_options());
  std::atomic<bool> done{false};
  const auto work = [&](std::uint64_t salt) {
    Mutator me(heap);
    std::uint64_t round = 0;
    while (!done) {
      ++round;
      Leaf* slots[20];
      for (std::uint64_t i = 0; i < 20; ++i) slots[i] = me.make<Leaf>(salt + round + i);
      for (int i = 0; i < 50; ++i) {
        me.make<Node>();
        me.safepoint();
      }
      for (std::uint64_t i = 0; i < 20; ++i) ASSERT_EQ(slots[i]->id, salt + round + i);
    }
  };
  std::thread first(work, std::uint64_t{1} << 40);
  std::thread second(work, std::uint64_t{2} << 40);
  constexpr std::uint64_t kCycles = 40;
  for (std::uint64_t i = 0; i < kCycles; ++i) heap.collect();
  done = true;
  first.join();
  second.join();
  EXPECT_EQ(heap.stats().cycles, kCycles);
  EXPECT_EQ(live_after_collect(heap), 0u);
}

TEST(Liveness, AListGrowsAtBothEndsWhileItIsMarked) {
  Options options;
  options.growth_percent = 20;
  Heap heap(options);
  Mutator me(heap);
  Root<Link> first(make<Link>());
  Link* last = first;
  std::uint64_t dropped = 0;
  for (std::uint64_t i = 1; i <= scaled(3'000'000); ++i) {  // a queue: taken at one end, added at the other
    Link* link = make<Link>();
    link->value = i;
    last->next = link;
    last = link;
    if (i % 3 != 0 && i > 50'000) {
      ASSERT_EQ(first->value, dropped);
      first = first->next;
      ++dropped;
    }
  }
  for (Link* link = first; link != nullptr; link = link->next) ASSERT_EQ(link->value, dropped++);
  EXPECT_EQ(dropped, scaled(3'000'000) + 1);
  EXPECT_GT(heap.stats().cycles, 0u);
}

// The last reference moves from a field into a local and back while the collector marks: the deletion barrier's case.
TEST(Liveness, AReferenceThatMovesBetweenFieldAndStackIsNotLost) {
  Options options;
  options.growth_percent = 10;
  options.debug.clobberfree = true;
  Heap heap(options);
  Mutator me(heap);
  constexpr std::size_t kSlots = 1000;
  Root<Array<Member<Link>>> table(make_array<Member<Link>>(kSlots));
  for (std::size_t i = 0; i < kSlots; ++i) {
    Link* link = make<Link>();
    link->value = i;
    (*table)[i] = link;
  }
  std::uint64_t random = 88172645463325252u;
  for (std::size_t step = 0; step < scaled(3'000'000); ++step) {
    random ^= random << 13;
    random ^= random >> 7;
    random ^= random << 17;
    Member<Link>& a = (*table)[random % kSlots];
    Member<Link>& b = (*table)[(random >> 20) % kSlots];
    Link* from_a = a;
    a = nullptr;
    make<Link>();
    Link* from_b = b;
    b = from_a;
    make<Leaf>();
    a = &b == &a ? from_a : from_b;
  }
  std::vector<bool> seen(kSlots);
  for (const Member<Link>& link : *table) {
    ASSERT_NE(link, nullptr);
    ASSERT_LT(link->value, kSlots);
    ASSERT_FALSE(seen[link->value]);
    seen[link->value] = true;
  }
  EXPECT_GT(heap.stats().cycles, 3u);
}

TEST(PreciseStacks, LocalsAloneKeepNothing) {
  Heap heap(precise_options());
  Mutator me(heap);
  Leaf* local = make<Leaf>();
  heap.collect();
  asm volatile("" : "+r"(local));  // still here, and of no weight
  EXPECT_EQ(heap.stats().live_bytes, 0u);
}

TEST(PreciseStacks, RootsAndRangesKeep) {
  Heap heap(precise_options());
  Mutator me(heap);
  Leaf* slots[4] = {};
  const RootRange range(slots, slots + 4);
  const Root<Leaf> root(make<Leaf>(std::uint64_t{9}));
  for (std::uint64_t i = 0; i < 4; ++i) slots[i] = make<Leaf>(i);
  heap.collect();
  churn(me);
  const std::uint64_t live = live_after_collect(heap);
  EXPECT_EQ(live % 5, 0u);
  EXPECT_GE(live / 5, sizeof(Leaf));
  EXPECT_LE(live / 5, sizeof(Leaf) + 16);
  for (std::uint64_t i = 0; i < 4; ++i) EXPECT_EQ(slots[i]->id, i);
  EXPECT_EQ(root->id, 9u);
}

TEST(PreciseStacks, WhatIsDeadGoesToTheByte) {
  Heap heap(precise_options());
  Mutator me(heap);
  Root<Node> root;
  root = make<Node>();
  const std::uint64_t one = live_after_collect(heap);
  for (int kept = 1; kept <= 100; ++kept) {
    Node* node = make<Node>();
    node->left = root.get();
    root = node;
    for (int i = 0; i < 100; ++i) make<Node>();
    const std::uint64_t expected = static_cast<std::uint64_t>(kept + 1) * one;
    ASSERT_EQ(live_after_collect(heap), expected);
  }
}

struct Mixed {
  Member<Leaf> shown;
  std::uintptr_t word = 0;
  static constexpr auto fields = memgc::fields(&Mixed::shown);
};

// A field beside the declared ones holds a pointer that nobody shows: it must not keep anything.
TEST(PreciseStacks, AWordThatIsNotAFieldKeepsNothing) {
  Heap heap(precise_options());
  Mutator me(heap);
  const Root<Mixed> mixed(make<Mixed>());
  const std::uint64_t alone = live_after_collect(heap);
  mixed->word = reinterpret_cast<std::uintptr_t>(make<Leaf>());
  EXPECT_EQ(live_after_collect(heap), alone);
  mixed->shown = make<Leaf>();
  EXPECT_GT(live_after_collect(heap), alone);
}

TEST(Clobberfree, FillsDeadCells) {
  Options options = manual_options();
  options.debug.clobberfree = true;
  Heap heap(options);
  Root<Node> neighbour;
  std::uintptr_t hidden = 0;
  on_another_thread(heap, [&](Mutator& me) {
    neighbour = me.make<Node>();
    Node* dead = me.make<Node>();
    dead->payload = 0x1234;
    hidden = hide(&dead->payload);
  });
  heap.collect();
  heap.collect();  // sweeping is lazy: a cycle begins when that of the last one is done
  if constexpr (kUnderAsan) {
    GTEST_SKIP() << "poisoned, so not to be read";
  } else {
    EXPECT_EQ(*launder_memory(unhide<long>(hidden)), static_cast<long>(0xdbdbdbdbdbdbdbdb));
    EXPECT_EQ(neighbour->payload, 0);
  }
}

TEST(PoisoningDeathTest, ADeadCellMayNotBeRead) {
  if constexpr (!kUnderAsan) {
    GTEST_SKIP() << "an AddressSanitizer build only";
  } else {
    GTEST_FLAG_SET(death_test_style, "threadsafe");
    Heap heap(manual_options());
    Root<Node> neighbour;
    std::uintptr_t dead = 0;
    std::uintptr_t fresh = 0;
    on_another_thread(heap, [&](Mutator& me) {
      neighbour = me.make<Node>();
      dead = hide(&me.make<Node>()->payload);
      fresh = hide(reinterpret_cast<char*>(me.make<Node>()) + 2 * sizeof(Node));  // beyond the bump
    });
    EXPECT_DEATH(*launder_memory(unhide<volatile char>(fresh)), "use-after-poison");
    heap.collect();
    heap.collect();
    EXPECT_DEATH(*launder_memory(unhide<volatile long>(dead)), "use-after-poison");
    EXPECT_EQ(neighbour->payload, 0);
  }
}

}  // namespace
}  // namespace memgc::testing
