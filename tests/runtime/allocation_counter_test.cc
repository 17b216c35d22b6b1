// Job: pins AllocationCounter and allocs_per_run(), to the object and the byte; and uses MEMGC_EXPECT_NO_ALLOCS,
// pinning it and the library's own paths that must not allocate.
//
// Threads: some tests count a thread while others allocate, block and collect.
#include <gtest/gtest-spi.h>
#include <gtest/gtest.h>
#include <memgc/memgc.h>
#include <memgc/testing.h>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "tests/runtime/support.h"

namespace memgc::testing {
namespace {

constexpr std::uint64_t kBlock = 64 << 10;

void expect_allocated(const AllocationCounter& counter, std::uint64_t objects, std::uint64_t bytes) {
  const Allocations allocated = counter.allocated();
  EXPECT_EQ(allocated.objects, objects);
  EXPECT_EQ(allocated.bytes, bytes);
}

TEST(AllocationCounter, CountsEveryObjectOfAThread) {
  static_assert(sizeof(Node) == 24);
  Heap heap(manual_options());
  Mutator me(heap);
  me.make<Node>();  // before
  AllocationCounter counter;
  expect_allocated(counter, 0, 0);
  for (std::uint64_t made = 1; made <= 1000; ++made) {
    me.make<Node>();
    if (made <= 100 || made == 1000) expect_allocated(counter, made, made * 24);
  }
  for (int i = 0; i < 100'000; ++i) me.make<Node>();  // refills without counting in between
  expect_allocated(counter, 101'000, 101'000 * 24);
  counter.restart();
  expect_allocated(counter, 0, 0);
  me.make<Node>();
  expect_allocated(counter, 1, 24);
}

TEST(AllocationCounter, CountsCellsOfTheirSizeClass) {
  struct Odd {
    char bytes[65];
  };
  Heap heap(manual_options());
  Mutator me(heap);
  const AllocationCounter counter;
  std::uint64_t objects = 0, bytes = 0;
  const auto expect_more = [&](std::uint64_t more) {
    ++objects;
    bytes += more;
    expect_allocated(counter, objects, bytes);
  };
  me.make<Leaf>();
  expect_more(16);
  me.make<Odd>();
  expect_more(80);
  me.make_array<char>(0);
  expect_more(16);
  me.make_array<char>(100);  // and the count
  expect_more(112);
  me.make_array<Member<Node>>(31);
  expect_more(256);
  me.make_array<char>((32 << 10) - 8);
  expect_more(32 << 10);
  me.make<Link>();
  expect_more(16);
}

TEST(AllocationCounter, CountsLargeObjectsInBlocks) {
  struct Large {
    char bytes[100'000];
  };
  Heap heap(manual_options());
  Mutator me(heap);
  const AllocationCounter counter;
  me.make<Large>();
  expect_allocated(counter, 1, 2 * kBlock);
  me.make_array<char>((32 << 10) - 7);
  expect_allocated(counter, 2, 3 * kBlock);
  me.make_array<char>(1 << 20);
  expect_allocated(counter, 3, 20 * kBlock);
  EXPECT_EQ(me.try_make_array<long>(SIZE_MAX / 16), nullptr);
  expect_allocated(counter, 3, 20 * kBlock);
}

TEST(AllocationCounter, LeavesTheRunsAsTheyAre) {
  Heap heap(manual_options());
  Mutator me(heap);
  const AllocationCounter counter;
  const AllocationCounter of_heap(heap);
  const auto* last = reinterpret_cast<const char*>(me.make<Node>());
  for (int i = 1; i < 20; ++i) {  // of a first segment of 512 bytes
    expect_allocated(counter, static_cast<std::uint64_t>(i), static_cast<std::uint64_t>(i) * 24);
    EXPECT_EQ(of_heap.allocated().objects, static_cast<std::uint64_t>(i));
    const auto* next = reinterpret_cast<const char*>(me.make<Node>());
    EXPECT_EQ(next, last + 24);
    last = next;
  }
}

TEST(AllocationCounter, CountsAcrossCollections) {
  Heap heap(manual_options());
  Mutator me(heap);
  Root<Link> keep;
  const AllocationCounter counter;
  std::uint64_t objects = 0;
  for (int round = 0; round < 10; ++round) {
    for (std::size_t i = 0; i < scaled(10'000) + static_cast<std::size_t>(round); ++i, ++objects) {
      Link* link = me.make<Link>();
      if (i % 2 == 0) {
        link->next = keep;
        keep = link;
      }
    }
    expect_allocated(counter, objects, objects * 16);
    heap.collect();
    expect_allocated(counter, objects, objects * 16);
  }
}

TEST(AllocationCounter, CountsItsOwnThreadAloneWhileCyclesRun) {
  Options options;
  options.growth_percent = 10;
  options.debug.gcstress = 3;
  options.debug.safepointms = 0;
  Heap heap(options);
  const AllocationCounter all(heap);
  std::atomic<std::uint64_t> total{0};
  std::vector<std::thread> threads;
  for (std::uint64_t t = 0; t < 4; ++t) {
    threads.emplace_back([&, t] {
      Mutator me(heap);
      const AllocationCounter counter;
      std::uint64_t made = 0;
      for (; made < scaled(50'000) + t; ++made) {
        me.make<Node>();
        if (made % 1000 == t) {
          ASSERT_EQ(counter.allocated().objects, made + 1);
        }
      }
      expect_allocated(counter, made, made * 24);
      total += made;
    });
  }
  // Meanwhile, read by another: never more than there will be, never less than before.
  Allocations last;
  for (int i = 0; i < 1000; ++i) {
    const Allocations now = all.allocated();
    ASSERT_GE(now.objects, last.objects);
    ASSERT_GE(now.bytes, last.bytes);
    last = now;
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_LE(last.objects, total);
  expect_allocated(all, total, total * 24);
  EXPECT_GT(heap.stats().cycles, 0u);
}

TEST(AllocationCounter, GoesOnWhenMutatorsComeAndGo) {
  Heap one(manual_options()), other(manual_options());
  const AllocationCounter counter;  // attached to nothing yet
  expect_allocated(counter, 0, 0);
  for (std::uint64_t round = 1; round <= 3; ++round) {
    Mutator first(one);
    first.make<Node>();
    Mutator second(other);
    second.make<Leaf>();
    first.make<Node>();
    expect_allocated(counter, 3 * round, 64 * round);
  }
  expect_allocated(counter, 9, 192);
  on_another_thread(one, [](Mutator& its) { its.make<Node>(); });
  expect_allocated(counter, 9, 192);
}

TEST(AllocationCounter, CountsWhileItsThreadIsBlocked) {
  Heap heap(manual_options());
  Mutator me(heap);
  const AllocationCounter counter;
  me.make<Node>();
  BlockingScope blocked(me);
  std::atomic<bool> done{false};
  std::thread collector([&] {
    for (std::size_t i = 0; i < scaled(100); ++i) heap.collect();
    done = true;
  });
  while (!done) expect_allocated(counter, 1, 24);
  collector.join();
  expect_allocated(counter, 1, 24);
}

TEST(AllocationCounter, OfAHeapSumsThreads) {
  Heap heap(manual_options()), other(manual_options());
  Mutator me(heap);
  Mutator elsewhere(other);
  me.make<Node>();
  const AllocationCounter counter(heap);
  elsewhere.make<Node>();
  expect_allocated(counter, 0, 0);
  me.make<Node>();
  on_another_thread(me, [](Mutator& its) {
    for (int i = 0; i < 10; ++i) its.make<Node>();
  });
  expect_allocated(counter, 11, 11 * 24);

  // A thread that blocks is counted; so is one that runs, when a cycle has asked it.
  std::atomic<int> step{0};
  const auto wait_for = [&](int wanted, Mutator& its) {
    while (step != wanted) {
      its.safepoint();
      std::this_thread::yield();
    }
  };
  std::thread worker([&] {
    Mutator its(heap);
    its.make<Node>();
    {
      const BlockingScope blocked(its);
      step = 1;
      step.wait(1);
    }
    its.make<Node>();
    step = 3;
    wait_for(4, its);
  });
  wait_for(1, me);
  expect_allocated(counter, 12, 12 * 24);
  const Stats stats = heap.stats();
  EXPECT_EQ(stats.allocated_objects, 13u) << "reading has brought Stats up to date";
  step = 2;
  step.notify_all();
  wait_for(3, me);
  {
    const BlockingScope blocked(me);
    heap.collect();
  }
  expect_allocated(counter, 13, 13 * 24);
  step = 4;
  worker.join();
  expect_allocated(counter, 13, 13 * 24);
}

TEST(AllocationCounter, CountsAnObjectWhoseConstructorThrows) {
  struct Throws {
    Throws() { throw std::runtime_error("no"); }
    long word = 0;
  };
  Heap heap(manual_options());
  Mutator me(heap);
  const AllocationCounter counter;
  EXPECT_THROW(me.make<Throws>(), std::runtime_error);
  expect_allocated(counter, 1, 16);
}

TEST(AllocationCounter, StopsTheProgramOnAnotherThread) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  const AllocationCounter counter;
  EXPECT_DEATH(std::thread([&] { counter.allocated(); }).join(),
               "memgc: an AllocationCounter of one thread was used by another");
}

TEST(AllocsPerRun, IsTheAverageRoundedDownAfterAWarmUp) {
  Heap heap(manual_options());
  Mutator me(heap);
  int calls = 0;
  EXPECT_EQ(allocs_per_run(10, [&] { ++calls; }), 0u);
  EXPECT_EQ(calls, 11);
  EXPECT_EQ(allocs_per_run(10, [&] { return me.make<Node>(); }), 1u);
  EXPECT_EQ(allocs_per_run(7,
                           [&] {
                             for (int i = 0; i < 3; ++i) me.make<Leaf>();
                           }),
            3u);
  calls = 0;
  const auto fills_a_cache = [&] {
    if (calls++ == 0) {
      for (int i = 0; i < 100; ++i) me.make<Leaf>();
    }
  };
  EXPECT_EQ(allocs_per_run(1, fills_a_cache), 0u);
  calls = 0;
  const auto allocates_nine_times_of_ten = [&] {
    if (calls++ % 10 != 0) me.make<Leaf>();
  };
  EXPECT_EQ(allocs_per_run(100, allocates_nine_times_of_ten), 0u);
  calls = 0;
  EXPECT_EQ(allocs_per_run(0, [&] { return me.make<Leaf>(); }), 1u) << "0 counts as 1";
}

TEST(ExpectNoAllocs, FailsWithPlaceAndCounts) {
  Heap heap(manual_options());
  Mutator me(heap);
  MEMGC_EXPECT_NO_ALLOCS {}
  ::testing::TestPartResultArray failures;
  int line = 0;
  {
    const ::testing::ScopedFakeTestPartResultReporter reporter(
        ::testing::ScopedFakeTestPartResultReporter::INTERCEPT_ONLY_CURRENT_THREAD, &failures);
    line = __LINE__ + 1;
    MEMGC_EXPECT_NO_ALLOCS {
      me.make<Node>();
      me.make<Leaf>();
    }
  }
  ASSERT_EQ(failures.size(), 1);
  const ::testing::TestPartResult& failure = failures.GetTestPartResult(0);
  EXPECT_TRUE(failure.nonfatally_failed());
  EXPECT_STREQ(failure.file_name(), __FILE__);
  EXPECT_EQ(failure.line_number(), line);
  EXPECT_NE(std::string(failure.message()).find("2 objects, 40 bytes"), std::string::npos) << failure.message();
}

TEST(ExpectNoAllocs, ChecksHoweverItIsLeft) {
  Heap heap(manual_options());
  Mutator me(heap);
  const auto returns = [&] {
    MEMGC_EXPECT_NO_ALLOCS {
      me.make<Node>();
      return 1;
    }
    return 2;
  };
  EXPECT_NONFATAL_FAILURE(EXPECT_EQ(returns(), 1), "1 objects, 24 bytes");
  const auto throws = [&] {
    MEMGC_EXPECT_NO_ALLOCS {
      me.make<Node>();
      throw std::runtime_error("out");
    }
  };
  EXPECT_NONFATAL_FAILURE(EXPECT_THROW(throws(), std::runtime_error), "1 objects, 24 bytes");
  int begun = 0, ended = 0;
  const auto loops = [&] {
    for (int i = 0; i < 10; ++i) {
      MEMGC_EXPECT_NO_ALLOCS {
        ++begun;
        if (i == 3) continue;
        if (i == 5) {
          me.make<Leaf>();
          break;
        }
      }
      ++ended;
    }
  };
  EXPECT_NONFATAL_FAILURE(loops(), "1 objects, 16 bytes");
  EXPECT_EQ(begun, 6);
  EXPECT_EQ(ended, 4);
}

TEST(ExpectNoAllocs, NestsAndCountsTheBlockAlone) {
  Heap heap(manual_options());
  Mutator me(heap);
  ::testing::TestPartResultArray failures;
  {
    const ::testing::ScopedFakeTestPartResultReporter reporter(
        ::testing::ScopedFakeTestPartResultReporter::INTERCEPT_ONLY_CURRENT_THREAD, &failures);
    me.make<Node>();
    MEMGC_EXPECT_NO_ALLOCS {
      MEMGC_EXPECT_NO_ALLOCS { me.make<Node>(); }
      MEMGC_EXPECT_NO_ALLOCS {}
    }
    me.make<Node>();
  }
  EXPECT_EQ(failures.size(), 2) << "the inner block and the outer one";
}

struct Holder {
  Weak<Node> weak;
  static constexpr auto fields = memgc::fields(&Holder::weak);
};

// What users call where every nanosecond counts.
TEST(ExpectNoAllocs, TheLibrarysOwnHotPathsDoNotAllocate) {
  Heap heap(manual_options());
  Mutator me(heap);
  const Root<Node> node(me.make<Node>());
  const Root<Array<Member<Node>>> array(me.make_array<Member<Node>>(100));
  const Root<Holder> holder(me.make<Holder>());
  EXPECT_EQ(allocs_per_run(10, [&] { holder->weak.reset(node.get()); }), 1u);
  MEMGC_EXPECT_NO_ALLOCS {
    EXPECT_EQ(holder->weak.get(), node.get());
    Root<Node> copy = node;
    copy->left = copy->right = node;
    copy = node->left;
    fill(array->span(), node.get());
    me.safepoint();
    const BlockingScope blocked(me);
    heap.collect();
    EXPECT_GE(heap.stats().cycles, 1u);
  }
  expect_allocated(AllocationCounter(heap), 0, 0);
}

}  // namespace
}  // namespace memgc::testing
