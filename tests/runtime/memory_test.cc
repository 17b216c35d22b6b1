// Job: pins what happens when memory runs out, and how it is given back.
//
// A heap with a small reserve_bytes runs out soon. Threads: the one that fills has ended before the test goes on.
#include <gtest/gtest.h>
#include <memgc/memgc.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <new>
#include <thread>

#include "tests/runtime/support.h"

namespace memgc::testing {
namespace {

constexpr std::size_t kReserve = 64 << 20;

struct Chunk {
  Member<Chunk> next;
  std::array<unsigned char, 4000> bytes;
  static constexpr auto fields = memgc::fields(&Chunk::next);
};

Options small_options() {
  Options options;
  options.reserve_bytes = kReserve;
  return options;
}

// Fills the heap to the brim with chunks held by `head`; returns their bytes.
std::size_t fill(Heap& heap, Root<Chunk>& head) {
  std::size_t bytes = 0;
  on_another_thread(heap, [&](Mutator& me) {
    while (Chunk* chunk = me.try_make<Chunk>()) {
      chunk->next = head;
      head = chunk;
      bytes += sizeof(Chunk);
    }
  });
  return bytes;
}

TEST(OutOfMemory, ComesOnlyWhenTheReserveIsFull) {
  Heap heap(small_options());
  Root<Chunk> head;
  const std::size_t bytes = fill(heap, head);
  EXPECT_GE(bytes, kReserve / 2);
  EXPECT_LE(bytes, kReserve);
}

TEST(OutOfMemory, MakeThrowsAndTryMakeAnswersNull) {
  Heap heap(small_options());
  Root<Chunk> head;
  fill(heap, head);
  Mutator me(heap);
  EXPECT_EQ(me.try_make<Chunk>(), nullptr);
  EXPECT_EQ(try_make<Chunk>(), nullptr);
  EXPECT_EQ(try_make_array<char>(1 << 20), nullptr);
  EXPECT_EQ(try_make_array<Member<Node>>(1 << 20), nullptr);
  EXPECT_THROW(make<Chunk>(), std::bad_alloc);
  EXPECT_THROW(me.make<Chunk>(), std::bad_alloc);
  EXPECT_THROW(make_array<char>(1 << 20), std::bad_alloc);
}

TEST(OutOfMemory, IsOverWhenRootsAreDropped) {
  Heap heap(small_options());
  Root<Chunk> head;
  for (int round = 0; round < 3; ++round) {
    const std::size_t bytes = fill(heap, head);
    EXPECT_GE(bytes, kReserve / 2) << "round " << round;
    head = nullptr;
    // A frame in which chunks are made may keep the end of a run, which names the next chunk.
    on_another_thread(heap, [](Mutator& me) { EXPECT_NE(me.try_make<Chunk>(), nullptr); });
    on_another_thread(heap, [](Mutator& me) {
      EXPECT_NE(me.try_make_array<char>(kReserve / 4), nullptr) << "free blocks are joined";
    });
  }
}

TEST(OutOfMemory, GarbageIsCollectedBeforeGivingUp) {
  Options options = small_options();
  options.growth_percent = Options::kOff;
  Heap heap(options);
  Mutator me(heap);
  for (std::size_t i = 0; i < 10 * kReserve / sizeof(Chunk); ++i) {
    ASSERT_NE(me.try_make<Chunk>(), nullptr) << "chunk " << i;
  }
  EXPECT_GE(heap.stats().cycles, 5u);
}

TEST(OutOfMemory, ALargeArrayFindsRoomAmongGarbage) {
  Options options = small_options();
  options.growth_percent = Options::kOff;
  Heap heap(options);
  Mutator me(heap);
  for (int i = 0; i < 40; ++i) {
    ASSERT_NE(me.try_make_array<char>(20 << 20), nullptr) << i;
  }
}

TEST(OutOfMemory, TheObjectsThatAreKeptAreUnharmed) {
  Heap heap(small_options());
  Root<Chunk> head;
  fill(heap, head);
  std::uint32_t number = 0;
  for (Chunk* chunk = head; chunk != nullptr; chunk = chunk->next) {
    chunk->bytes.fill(static_cast<unsigned char>(++number));
  }
  on_another_thread(heap, [&](Mutator& me) {
    for (int i = 0; i < 5; ++i) EXPECT_EQ(me.try_make_array<char>(8 << 20), nullptr);
  });
  number = 0;
  for (Chunk* chunk = head; chunk != nullptr; chunk = chunk->next) {
    const auto expected = static_cast<unsigned char>(++number);
    ASSERT_TRUE(std::all_of(chunk->bytes.begin(), chunk->bytes.end(), [&](auto b) { return b == expected; }));
  }
}

TEST(Pressure, TheCallbackMayDropACache) {
  Heap heap(small_options());
  Root<Chunk> cache;
  int calls = 0;
  std::thread::id caller;
  Pressure seen = Pressure::kBelow;
  fill(heap, cache);
  heap.on_pressure([&](Pressure pressure) {
    ++calls;
    caller = std::this_thread::get_id();
    seen = pressure;
    cache = nullptr;
  });
  Mutator me(heap);
  EXPECT_NE(me.try_make_array<char>(kReserve / 4), nullptr);
  EXPECT_EQ(calls, 1);
  EXPECT_EQ(seen, Pressure::kOver);
  EXPECT_EQ(caller, std::this_thread::get_id()) << "on the allocating thread";
}

TEST(Pressure, TheCallbackIsNotCalledWhileThereIsMemory) {
  Heap heap(small_options());
  std::atomic<int> calls{0};
  heap.on_pressure([&](Pressure) { ++calls; });
  Mutator me(heap);
  for (std::size_t i = 0; i < 4 * kReserve / sizeof(Chunk); ++i) ASSERT_NE(me.try_make<Chunk>(), nullptr);
  EXPECT_EQ(calls, 0);
}

TEST(Pressure, ACallbackThatFreesNothingEndsInBadAlloc) {
  Heap heap(small_options());
  Root<Chunk> head;
  std::atomic<int> calls{0};
  fill(heap, head);
  heap.on_pressure([&](Pressure) { ++calls; });
  {
    Mutator me(heap);
    EXPECT_THROW(me.make_array<char>(1 << 20), std::bad_alloc);
    EXPECT_GE(calls, 1);
    const int before = calls;
    heap.on_pressure({});
    EXPECT_THROW(me.make_array<char>(1 << 20), std::bad_alloc);
    EXPECT_EQ(calls, before) << "an empty function takes it away";
  }
}

TEST(ReleaseMemory, GivesFreeBlocksBackToTheKernel) {
  constexpr std::size_t kBytes = 128 << 20;
  Heap heap(manual_options());
  Root<Array<Member<Array<char>>>> keep;
  on_another_thread(heap, [&](Mutator& me) {
    keep = me.make_array<Member<Array<char>>>(kBytes >> 16);
    for (auto& part : *keep) part = me.make_array<char>(60'000, 'x');
  });
  heap.collect();
  const std::size_t full = resident_bytes();
  const Stats before = heap.stats();
  keep = nullptr;
  const std::size_t returned = heap.release_memory();
  const Stats after = heap.stats();
  const std::size_t empty = resident_bytes();
  EXPECT_GE(returned, kBytes * 3 / 4);
  EXPECT_GE(after.released_bytes, before.released_bytes + returned / 2);
  EXPECT_LE(after.managed_bytes + kBytes * 3 / 4, before.managed_bytes);
  EXPECT_LE(empty + kBytes * 3 / 4, full) << "the kernel agrees";
  EXPECT_EQ(after.live_bytes, 0u) << "it collects first";
}

TEST(ReleaseMemory, WhatWasGivenBackIsUsedAgainAndReadsAsZero) {
  Heap heap(manual_options());
  for (int round = 0; round < 3; ++round) {
    on_another_thread(heap, [&](Mutator& me) {
      for (int i = 0; i < 1000; ++i) {
        Array<unsigned char>* array = me.make_array<unsigned char>(30'000);
        ASSERT_EQ(std::count(array->begin(), array->end(), 0), 30'000);
        std::fill(array->begin(), array->end(), static_cast<unsigned char>(0xee));
      }
    });
    EXPECT_GT(heap.release_memory(), std::size_t{20} << 20);
  }
}

TEST(ReleaseMemory, KeepsWhatLives) {
  Heap heap(manual_options());
  Root<Chunk> head;
  on_another_thread(heap, [&](Mutator& me) {
    for (int i = 0; i < 5000; ++i) {
      Chunk* chunk = me.make<Chunk>();
      chunk->bytes.fill(static_cast<unsigned char>(i));
      if (i % 10 == 0) {  // one in ten: most blocks keep a few
        chunk->next = head;
        head = chunk;
      }
    }
  });
  heap.release_memory();
  int i = 5000;
  for (Chunk* chunk = head; chunk != nullptr; chunk = chunk->next) {
    i -= 10;
    const auto expected = static_cast<unsigned char>(i);
    ASSERT_TRUE(std::all_of(chunk->bytes.begin(), chunk->bytes.end(), [&](auto b) { return b == expected; }));
  }
  EXPECT_EQ(i, 0);
}

}  // namespace
}  // namespace memgc::testing
