// Job: pins Mutator and BlockingScope: attaching, detaching, dying, blocking, and collect() from anywhere.
//
// Threads: many; a test that hangs has found a thread that waits for another.
#include <gtest/gtest.h>
#include <memgc/memgc.h>
#include <pthread.h>

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

#include "tests/runtime/support.h"

namespace memgc::testing {
namespace {

TEST(Mutator, KnowsItsHeap) {
  Heap heap(manual_options());
  Mutator me(heap);
  EXPECT_EQ(&me.heap(), &heap);
}

TEST(Mutator, MakeUsesTheHeapAttachedLast) {
  Heap outer(manual_options());
  Heap inner(manual_options());
  Mutator first(outer);
  EXPECT_TRUE(outer.contains(make<Node>()));
  {
    Mutator second(inner);
    EXPECT_TRUE(inner.contains(make<Node>()));
    EXPECT_TRUE(inner.contains(make_array<char>(10)));
    EXPECT_TRUE(outer.contains(first.make<Node>())) << "the other one on request";
    EXPECT_TRUE(inner.contains(second.make<Node>()));
  }
  EXPECT_TRUE(outer.contains(make<Node>())) << "and back";
}

TEST(Mutator, OneThreadInTwoHeapsIsScannedForBoth) {
  Heap a(manual_options());
  Heap b(manual_options());
  Mutator in_a(a);
  Mutator in_b(b);
  Node* from_a = in_a.make<Node>();
  Node* from_b = in_b.make<Node>();
  from_a->payload = 1;
  from_b->payload = 2;
  for (int i = 0; i < 3; ++i) {
    a.collect();
    b.collect();
    for (int k = 0; k < 5000; ++k) {
      in_a.make<Node>();
      in_b.make<Node>();
    }
  }
  EXPECT_EQ(from_a->payload, 1);
  EXPECT_EQ(from_b->payload, 2);
}

TEST(Mutator, MayAttachAndDetachAgain) {
  Heap heap(manual_options());
  Root<Node> keep;
  for (long i = 0; i < 1000; ++i) {
    Mutator me(heap);
    Node* node = me.make<Node>();
    node->payload = i;
    node->left = keep;
    keep = node;
    if (i % 100 == 0) heap.collect();
  }
  heap.collect();
  long expected = 1000;
  for (Node* node = keep; node != nullptr; node = node->left) ASSERT_EQ(node->payload, --expected);
  EXPECT_EQ(expected, 0);
}

TEST(Mutator, WhatADeadThreadLeftIsKeptByOthersOrFreed) {
  Heap heap(manual_options());
  Root<Array<Member<Node>>> shared;
  on_another_thread(heap, [&](Mutator& me) { shared = me.make_array<Member<Node>>(64); });
  std::vector<std::thread> threads;
  for (std::size_t t = 0; t < 64; ++t) {
    threads.emplace_back([&heap, &shared, t] {
      Mutator me(heap);
      Node* node = me.make<Node>();
      node->payload = static_cast<long>(t);
      for (int i = 0; i < 100; ++i) me.make<Node>();  // garbage
      (*shared)[t] = node;
    });
  }
  for (std::thread& thread : threads) thread.join();
  const std::uint64_t live = live_after_collect(heap);
  EXPECT_LE(live, 64 * (sizeof(Node) + 16) + 1024);
  for (std::size_t t = 0; t < 64; ++t) ASSERT_EQ((*shared)[t]->payload, static_cast<long>(t));
}

TEST(Mutator, ChurnFromManyThreadsWhileCollecting) {
  Heap heap(manual_options());
  std::atomic<int> running{8};
  std::vector<std::thread> threads;
  for (int t = 0; t < 8; ++t) {
    threads.emplace_back([&heap, &running] {
      for (std::size_t i = 0; i < scaled(2000); ++i) {
        Mutator me(heap);
        Node* node = me.make<Node>();
        node->left = me.make<Node>();
        node->left->payload = 77;
        me.safepoint();
        ASSERT_EQ(node->left->payload, 77);
      }
      --running;
    });
  }
  while (running > 0) heap.collect();
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(live_after_collect(heap), 0u);
}

TEST(Mutator, MayBeThreadLocal) {
  Heap heap(manual_options());
  Root<Node> keep;
  std::thread([&] {
    thread_local std::optional<Mutator> me;
    me.emplace(heap);
    keep = make<Node>();
    keep->payload = 3;
  }).join();  // its destructor has detached
  heap.collect();
  EXPECT_EQ(keep->payload, 3);
}

void* leave_by_pthread_exit(void* argument) {
  Mutator me(*static_cast<Heap*>(argument));
  make<Node>();
  pthread_exit(nullptr);
}

TEST(Mutator, IsDetachedByPthreadExit) {
  Heap heap(manual_options());
  pthread_t thread;
  ASSERT_EQ(pthread_create(&thread, nullptr, &leave_by_pthread_exit, &heap), 0);
  pthread_join(thread, nullptr);
  EXPECT_EQ(live_after_collect(heap), 0u);
}

TEST(Mutator, WorksOnASmallStack) {
  Heap heap(manual_options());
  pthread_attr_t attributes;
  pthread_attr_init(&attributes);
  ASSERT_EQ(pthread_attr_setstacksize(&attributes, kUnderAsan || kUnderTsan ? 256 << 10 : 64 << 10), 0);
  struct Args {
    Heap& heap;
    long sum = 0;
  } args{heap};
  pthread_t thread;
  const auto body = [](void* argument) -> void* {
    auto& given = *static_cast<Args*>(argument);
    Mutator me(given.heap);
    Node* node = make<Node>();
    node->payload = 4;
    given.heap.collect();
    given.sum = node->payload;
    return nullptr;
  };
  ASSERT_EQ(pthread_create(&thread, &attributes, body, &args), 0);
  pthread_join(thread, nullptr);
  pthread_attr_destroy(&attributes);
  EXPECT_EQ(args.sum, 4);
}

TEST(Collect, FromAThreadThatIsNotAttached) {
  Heap heap(manual_options());
  std::atomic<bool> done{false};
  std::thread worker([&] {
    Mutator me(heap);
    Node* node = me.make<Node>();
    node->payload = 6;
    while (!done) me.safepoint();  // never allocates: the poll alone must let the collector on
    EXPECT_EQ(node->payload, 6);
  });
  for (int i = 0; i < 50; ++i) heap.collect();
  done = true;
  worker.join();
  EXPECT_EQ(heap.stats().cycles, 50u);
}

TEST(Collect, FromAllThreadsAtOnce) {
  Heap heap(manual_options());
  std::vector<std::thread> threads;
  for (int t = 0; t < 6; ++t) {
    threads.emplace_back([&heap, attached = t % 2 == 0] {
      std::optional<Mutator> me;
      if (attached) me.emplace(heap);
      for (int i = 0; i < 20; ++i) {
        Node* node = attached ? make<Node>() : nullptr;
        if (node != nullptr) node->payload = i;
        const std::uint64_t before = heap.stats().cycles;
        heap.collect();
        ASSERT_GT(heap.stats().cycles, before);
        if (node != nullptr) {
          ASSERT_EQ(node->payload, i);
        }
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  const Stats stats = heap.stats();
  EXPECT_GE(stats.cycles, 20u);
  EXPECT_LE(stats.cycles, 120u);
}

TEST(Collect, FromWithinABlockingScope) {
  Heap heap(manual_options());
  Mutator me(heap);
  Node* node = make<Node>();
  node->payload = 8;
  {
    BlockingScope blocked(me);
    heap.collect();
  }
  for (int i = 0; i < 10'000; ++i) make<Node>();
  EXPECT_EQ(node->payload, 8);
  EXPECT_EQ(heap.stats().cycles, 1u);
}

TEST(BlockingScope, LetsOthersCollect) {
  Heap heap(manual_options());
  Mutator me(heap);
  Node* node = make<Node>();
  node->payload = 5;
  {
    BlockingScope blocked(me);
    std::thread([&] {
      for (int i = 0; i < 3; ++i) heap.collect();  // would wait for ever for a thread that is not blocked
      Mutator other(heap);
      for (int i = 0; i < 50'000; ++i) other.make<Node>();
    }).join();
  }
  EXPECT_EQ(heap.stats().cycles, 3u);
  EXPECT_EQ(node->payload, 5) << "what a blocked thread holds is kept";
}

TEST(BlockingScope, Nests) {
  Heap heap(manual_options());
  Mutator me(heap);
  Node* node = make<Node>();
  node->payload = 5;
  {
    BlockingScope outer(me);
    { BlockingScope inner(me); }
    std::thread([&] { heap.collect(); }).join();  // the inner end must not have unblocked the thread
  }
  make<Node>();
  EXPECT_EQ(node->payload, 5);
  EXPECT_EQ(heap.stats().cycles, 1u);
}

TEST(BlockingScope, CoversAllHeapsOfTheThread) {
  Heap a(manual_options());
  Heap b(manual_options());
  Mutator in_a(a);
  Mutator in_b(b);
  Node* node = in_b.make<Node>();
  node->payload = 4;
  {
    BlockingScope blocked(in_a);
    std::thread([&] {
      a.collect();
      b.collect();
    }).join();
  }
  EXPECT_EQ(node->payload, 4);
}

TEST(BlockingScope, AHundredThreadsMayWait) {
  Heap heap(manual_options());
  std::mutex mutex;
  std::condition_variable woken;
  bool go = false;
  std::atomic<int> waiting{0};
  std::vector<std::thread> threads;
  for (long t = 0; t < 100; ++t) {
    threads.emplace_back([&, t] {
      Mutator me(heap);
      Node* node = me.make<Node>();
      node->payload = t;
      {
        BlockingScope blocked(me);
        std::unique_lock lock(mutex);
        ++waiting;
        woken.wait(lock, [&] { return go; });
      }
      me.make<Node>();
      ASSERT_EQ(node->payload, t);
    });
  }
  while (waiting < 100) std::this_thread::yield();
  for (int i = 0; i < 5; ++i) heap.collect();
  EXPECT_GE(heap.stats().live_bytes, 100 * sizeof(Node));
  {
    const std::lock_guard lock(mutex);
    go = true;
  }
  woken.notify_all();
  for (std::thread& thread : threads) thread.join();
}

TEST(Safepoint, DoesNothingWhenNobodyCollects) {
  Heap heap(manual_options());
  Mutator me(heap);
  for (int i = 0; i < 1'000'000; ++i) me.safepoint();
  EXPECT_EQ(heap.stats().cycles, 0u);
  EXPECT_EQ(heap.stats().stops.count(), 0u);
}

}  // namespace
}  // namespace memgc::testing
