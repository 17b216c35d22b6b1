// Job: pins what happens when the live heap itself is above MEMLIMIT: collecting takes half of the CPU time and no
// more, the program goes on, and one line says so.
//
// All shares are of CPU time, so a busy machine changes nothing. Threads: each test works in a child of its own, where
// stderr is the heap's alone.
#include <gtest/gtest.h>
#include <memgc/memgc.h>
#include <time.h>

#include <algorithm>
#include <cstddef>
#include <cstdio>
#include <string>

#include "tests/allocator/process.h"
#include "tests/runtime/support.h"

namespace memgc::testing {
namespace {

double process_cpu_seconds() {
  timespec now{};
  ::clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) / 1e9;
}

constexpr std::size_t kLimit = std::size_t{32} << 20;

Options limited_options() {
  Options options;
  options.growth_percent = Options::kOff;
  options.memory_limit = kLimit;
  options.debug.safepointms = 0;
  return options;
}

// A live heap of `bytes`, in cells that take some time to mark.
void fill(Root<Node>& head, std::size_t bytes) {
  for (std::size_t i = 0; i < bytes / sizeof(Node); ++i) {
    Node* node = make<Node>();
    node->left = head;
    head = node;
  }
}

void make_garbage() {
  for (int i = 0; i < 1000; ++i) make<Node>();
}

// Exit codes of the children: the first thing that was not as it should be.
enum Outcome : int { kGood, kTookTooMuch, kNotCounted, kWasLimited };

int live_heap_above_the_limit() {
  Heap heap(limited_options());
  Mutator me(heap);
  Root<Node> head;
  fill(head, kLimit * 2);
  // On idle processors the collector's share of them is never too much, and nobody has to be limited. Otherwise the
  // bucket lets pass a second of each processor's.
  const double cpu_at_first = process_cpu_seconds();
  const double gc_at_first = heap.stats().gc_cpu_seconds;
  double gc_before = gc_at_first, cpu_before = cpu_at_first;
  while (process_cpu_seconds() - cpu_at_first < 12) {
    make_garbage();  // the program goes on
    if (heap.stats().cpu_limited_times != 0 && gc_before == gc_at_first) {
      gc_before = heap.stats().gc_cpu_seconds;
      cpu_before = process_cpu_seconds();
    }
  }
  const Stats after = heap.stats();
  const double share = (after.gc_cpu_seconds - gc_before) / (process_cpu_seconds() - cpu_before);
  std::fprintf(stderr, "share %.3f, limited %zu times, %.2f s\n", share,
               static_cast<std::size_t>(after.cpu_limited_times), after.cpu_limited_seconds);
  // Limited: half, and what the bucket lets pass. Never limited: that much was taken from nobody, since nobody else
  // wanted the processors; it is most of the time of a process that has more of them than threads of its own.
  if (share > (after.cpu_limited_times != 0 ? 0.6 : 0.75)) return kTookTooMuch;
  if (after.cpu_limited_times != 0 && after.cpu_limited_seconds <= 0) return kNotCounted;
  return kGood;
}

int live_heap_below_the_limit() {
  Heap heap(limited_options());
  Mutator me(heap);
  Root<Node> head;
  fill(head, kLimit / 2);
  for (const double began = process_cpu_seconds(); process_cpu_seconds() - began < 3;) make_garbage();
  return heap.stats().cpu_limited_times == 0 ? kGood : kWasLimited;
}

std::size_t lines_with(const std::string& text, const std::string& part) {
  std::size_t count = 0;
  for (std::size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) ++count;
  return count;
}

TEST(OverLimit, TheProgramHasHalfOfTheCpuAndIsToldOnce) {
  const internal::ChildEnd end = internal::in_child(live_heap_above_the_limit);
  EXPECT_EQ(end.exit_code, kGood) << "signal " << end.signal << ": " << end.errors;
  EXPECT_EQ(lines_with(end.errors, "memgc: MEMLIMIT of 32 MiB is too little for a live heap of "), 1u) << end.errors;
}

TEST(OverLimit, NothingIsSaidWhileThereIsRoom) {
  const internal::ChildEnd end = internal::in_child(live_heap_below_the_limit);
  EXPECT_EQ(end.exit_code, kGood) << "signal " << end.signal << ": " << end.errors;
  EXPECT_EQ(end.errors, "");
}

}  // namespace
}  // namespace memgc::testing
