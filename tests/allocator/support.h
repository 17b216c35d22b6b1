// Job: what the tests of the allocator share: the parts wired up, the one thing that the layer above does with them
// (exchanging the bitmaps' roles), cells that know what they hold, sizes that shrink under sanitizers.
//
// Threads: Parts is as thread-safe as its parts; turn() wants everybody else to stand still.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <random>
#include <span>
#include <thread>
#include <vector>

#include "allocator/bitmap.h"
#include "allocator/block_heap.h"
#include "allocator/block_set.h"
#include "allocator/cage.h"
#include "allocator/large_objects.h"
#include "allocator/layout.h"
#include "allocator/local_runs.h"
#include "tests/allocator/process.h"

namespace memgc::internal {

/// The seed of a random test, printed, so that a failure can be replayed with MEMGC_TEST_SEED.
inline std::uint64_t test_seed(std::uint64_t otherwise) {
  const char* text = std::getenv("MEMGC_TEST_SEED");
  const std::uint64_t seed = text == nullptr ? otherwise : std::strtoull(text, nullptr, 10);
  std::printf("seed %llu\n", static_cast<unsigned long long>(seed));
  return seed;
}

/// A number in [least, most].
template <class Random>
std::size_t pick(Random& random, std::size_t least, std::size_t most) {
  return std::uniform_int_distribution<std::size_t>(least, most)(random);
}

/// The parts of a heap, as the layer above wires them.
struct Parts {
  explicit Parts(std::size_t reserve_bytes = std::size_t{1} << 30) : heap(cage), sets(cage, heap), large(cage, heap) {
    if (!cage.reserve(reserve_bytes) || !sets.reserve()) std::abort();
  }

  /// Makes the kept cells the occupied ones and settles. Each of `threads` must have nothing under way.
  void turn(std::span<LocalRuns* const> threads = {}) {
    swap_roles();
    for (LocalRuns* thread : threads) thread->retire_all(roles);
    settle();
  }
  /// The parts of a turn: between them, threads come round to the new roles one by one.
  void swap_roles() {
    sets.merge_new(roles.kept());
    roles.occupied = roles.kept();
    roles.keep = Keep::kNothing;
    ++roles.swaps;
  }
  void settle() {
    cage.clear_bitmap(roles.kept(), heap.used_end());
    sets.swap_roles(roles);
    sets.settle(roles.occupied);
    large.settle(roles.occupied);
  }
  void turn(LocalRuns& thread) {
    LocalRuns* const one = &thread;
    turn(std::span<LocalRuns* const>(&one, 1));
  }

  void keep(const void* cell) const { cage.set(roles.kept(), cage.cell_of(cell)); }
  std::size_t taken_blocks() const { return heap.stats().taken_bytes >> kBlockShift; }

  Cage cage;
  BlockHeap heap;
  BlockSets sets;
  LargeObjects large;
  Roles roles;
};

/// How many bits of a bitmap are set in all.
inline std::size_t bits_set(const Parts& parts, unsigned which) {
  std::size_t count = 0;
  for (BlockIndex index = 1; index < parts.cage.frontier(); ++index)
    count += count_bits(parts.cage.bitmap(which, index), kMaxCells);
  return count;
}

/// A cell by the inline path and then the slow ones, as a program takes it; nullptr when there is no memory (or when
/// other threads have newer roles).
inline char* allocate(LocalRuns& local, LayoutId layout) {
  Run& run = local.runs()[layout];
  if (run.cursor >= run.limit && !local.advance(layout) && local.refill(layout) != LocalRuns::Refill::kDone)
    return nullptr;
  char* cell = run.cursor;
  run.cursor += run.cell_bytes;
  return cell;
}

/// The layout of plain cells of a size class; the same number each time.
inline LayoutId plain_layout(std::size_t cell_bytes, std::uint64_t data = 0) {
  Layout layout;
  layout.cell_bytes = static_cast<std::uint32_t>(cell_bytes);
  layout.data[0] = data;
  return intern_layout(layout);
}

inline bool all_zero(const void* memory, std::size_t bytes) {
  const char* at = static_cast<const char*>(memory);
  return bytes == 0 || (at[0] == 0 && std::memcmp(at, at + 1, bytes - 1) == 0);
}

/// Fills memory with a pattern that names `id`, and says whether it is still there. Bytes: a multiple of 8.
inline void stamp(char* memory, std::size_t bytes, std::uint64_t id) {
  for (std::size_t at = 0; at < bytes; at += sizeof(id)) std::memcpy(memory + at, &id, sizeof(id));
}
inline bool stamped(const char* memory, std::size_t bytes, std::uint64_t id) {
  return std::memcmp(memory, &id, sizeof(id)) == 0 && std::memcmp(memory, memory + sizeof(id), bytes - sizeof(id)) == 0;
}

/// Runs `work(number)` on `count` threads and waits for them.
template <class Work>
void on_threads(unsigned count, Work work) {
  std::vector<std::thread> threads;
  for (unsigned number = 0; number < count; ++number) threads.emplace_back([&work, number] { work(number); });
  for (std::thread& thread : threads) thread.join();
}

}  // namespace memgc::internal
