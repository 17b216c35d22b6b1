// Job: pins what MEMLIMIT counts: the parts of Stats sum to the whole, and the whole is what the kernel calls resident.
//
// Threads: what is compared with the kernel's figure happens in a child, which holds nothing but the heap.
#include <gtest/gtest.h>
#include <memgc/memgc.h>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <thread>
#include <vector>

#include "tests/allocator/process.h"
#include "tests/runtime/support.h"

namespace memgc::testing {
namespace {

void expect_sums(const Stats& stats) {
  EXPECT_EQ(stats.managed_bytes, stats.block_bytes + stats.free_bytes + stats.metadata_bytes + stats.external_bytes);
  EXPECT_EQ(stats.metadata_bytes,
            stats.table_bytes + stats.mark_work_bytes + stats.stack_copy_bytes + stats.thread_bytes);
}

TEST(Accounting, ThePartsSumToTheWhole) {
  Heap heap(manual_options());
  expect_sums(heap.stats());
  Root<Node> keep;
  on_another_thread(heap, [&](Mutator& me) {
    expect_sums(heap.stats());
    for (std::size_t i = 0; i < scaled(1'000'000); ++i) {
      Node* node = me.make<Node>();
      if (i % 3 == 0) {
        node->left = keep;
        keep = node;
      }
    }
  });
  heap.add_external_bytes(12345);
  expect_sums(heap.stats());
  heap.release_memory();
  expect_sums(heap.stats());
  EXPECT_EQ(heap.stats().external_bytes, 12345u);
}

TEST(Accounting, ThePartsSumToTheWholeWhileThreadsWork) {
  Heap heap;
  std::atomic<bool> done{false};
  std::vector<std::thread> threads;
  for (int t = 0; t < 3; ++t) {
    threads.emplace_back([&] {
      for (std::size_t round = 0; round < scaled(200); ++round) {
        Mutator me(heap);
        for (int i = 0; i < 10'000; ++i) me.make<Node>();
        me.make_array<char>(200'000);
        heap.add_external_bytes(1000);
        heap.add_external_bytes(-1000);
      }
      done = true;
    });
  }
  while (!done) expect_sums(heap.stats());
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(heap.stats().external_bytes, 0u);
}

TEST(Accounting, WhatAThreadHoldsIsGivenBackWithIt) {
  Heap heap(manual_options());
  const std::uint64_t before = heap.stats().thread_bytes;
  on_another_thread(heap, [&](Mutator& me) {
    me.make<Node>();
    me.safepoint();
    EXPECT_GT(heap.stats().thread_bytes, before);
  });
  EXPECT_EQ(heap.stats().thread_bytes, before);
}

TEST(Accounting, MoreIsTakenBackThanWasReported) {
  Heap heap(manual_options());
  heap.add_external_bytes(-1000);
  EXPECT_EQ(heap.stats().external_bytes, 0u) << "the program's mistake is not the limit's";
  heap.add_external_bytes(1500);
  EXPECT_EQ(heap.stats().external_bytes, 500u);
}

TEST(Accounting, ExternalBytesLowerTheGoalOfTheLimit) {
  constexpr std::size_t kLimit = std::size_t{256} << 20;
  Options options = manual_options();
  options.memory_limit = kLimit;
  Heap heap(options);
  const std::uint64_t before = heap.stats().goal_bytes;
  heap.add_external_bytes(kLimit / 2);
  const std::uint64_t with = heap.stats().goal_bytes;
  EXPECT_LE(with + kLimit / 2 - kLimit / 50, before);
  heap.add_external_bytes(-static_cast<std::ptrdiff_t>(kLimit / 2));
  EXPECT_EQ(heap.stats().goal_bytes, before);
}

// In the child: prints what both say, and returns 0 if they differ by at most 2 %.
int agrees(const char* when, const Heap& heap, std::size_t resident_before) {
  const std::size_t resident = resident_bytes() - resident_before;
  const Stats stats = heap.stats();
  const double off = static_cast<double>(stats.managed_bytes) / static_cast<double>(resident) - 1;
  std::fprintf(
      stderr,
      "%s: kernel %zu KiB, managed %zu KiB (%+.2f %%): blocks %zu, free %zu, tables %zu, mark work %zu, stacks "
      "%zu, threads %zu KiB\n",
      when, resident >> 10, static_cast<std::size_t>(stats.managed_bytes >> 10), off * 100,
      static_cast<std::size_t>(stats.block_bytes >> 10), static_cast<std::size_t>(stats.free_bytes >> 10),
      static_cast<std::size_t>(stats.table_bytes >> 10), static_cast<std::size_t>(stats.mark_work_bytes >> 10),
      static_cast<std::size_t>(stats.stack_copy_bytes >> 10), static_cast<std::size_t>(stats.thread_bytes >> 10));
  return off < -0.02 || off > 0.02 ? 1 : 0;
}

int compare_with_the_kernel() {
  constexpr std::size_t kBytes = std::size_t{200} << 20;
  resident_bytes();  // what reading the figure takes is there from now on
  const std::size_t before = resident_bytes();
  Heap heap(manual_options());
  Mutator me(heap);
  int failed = 0;
  {
    Root<Link> small;
    Root<Array<Member<Array<char>>>> arrays(make_array<Member<Array<char>>>(1000));
    for (std::size_t i = 0; i < kBytes / 2 / sizeof(Link); ++i) {
      Link* link = make<Link>();
      link->next = small;
      small = link;
    }
    // Two blocks each, whole: what a large object leaves of its last block is counted and, untouched, not resident.
    for (std::size_t i = 0; i < 1000; ++i) (*arrays)[i] = make_array<char>((std::size_t{128} << 10) - 64, 'x');
    failed += agrees("full", heap, before);
    heap.collect();
    failed += agrees("collected", heap, before);
    for (std::size_t i = 0; i < 1000; i += 2) (*arrays)[i] = nullptr;
    heap.collect();
    failed += agrees("with free blocks", heap, before);
    heap.release_memory();
    failed += agrees("released", heap, before);
  }
  return failed;
}

TEST(Accounting, TheKernelAgrees) {
  if (kUnderAsan || kUnderTsan) GTEST_SKIP() << "a sanitizer's own memory is resident too";
  const internal::ChildEnd end = internal::in_child(compare_with_the_kernel);
  EXPECT_EQ(end.exit_code, 0) << end.signal << "\n" << end.errors;
  std::printf("%s", end.errors.c_str());
}

}  // namespace
}  // namespace memgc::testing
