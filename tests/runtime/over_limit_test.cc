// Job: pins what happens when the live heap itself is above MEMLIMIT: collecting takes half of the CPU time and no
// more, the program goes on, and one line says so.
//
// All shares are of CPU time, so a busy machine changes nothing. Threads: each test works in a child of its own, where
// stderr is the heap's alone.
#include <gtest/gtest.h>
#include <memgc/memgc.h>
#include <time.h>

#include <algorithm>
#include <chrono>
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
enum Outcome : int { kGood, kNeverLimited, kTookTooMuch, kNotCounted, kStillLimited, kWasLimited, kPassedTheLimit };

int live_heap_above_the_limit() {
  Heap heap(limited_options());
  Mutator me(heap);
  Root<Node> head;
  fill(head, kLimit * 2);
  heap.collect();
  const double cpu_before = process_cpu_seconds();
  const Stats before = heap.stats();
  while (process_cpu_seconds() - cpu_before < 8) make_garbage();  // the program goes on
  const Stats after = heap.stats();
  const double share = (after.gc_cpu_seconds - before.gc_cpu_seconds) / (process_cpu_seconds() - cpu_before);
  std::fprintf(stderr, "share %.3f, %zu cycles, %zu MiB allocated, limited %zu times, %.2f s\n", share,
               static_cast<std::size_t>(after.cycles - before.cycles),
               static_cast<std::size_t>((after.allocated_bytes - before.allocated_bytes) >> 20),
               static_cast<std::size_t>(after.cpu_limited_times), after.cpu_limited_seconds);
  // Half; and a second of each processor's that the limiter lets pass before.
  return share > 0.5 + 2.0 / 8 ? kTookTooMuch : kGood;
}

// A program that asks for one collection after the other leaves itself no time.
int nothing_but_collections() {
  Heap heap(manual_options());
  Mutator me(heap);
  Root<Node> head;
  fill(head, kLimit);
  for (const double began = process_cpu_seconds(); !heap.stats().cpu_limited;) {
    heap.collect();
    if (process_cpu_seconds() - began > 60) return kNeverLimited;
  }
  if (heap.stats().cpu_limited_times != 1) return kNotCounted;
  for (int i = 0; i < 3; ++i) heap.collect();
  if (heap.stats().cpu_limited_seconds <= 0) return kNotCounted;
  // What the program works then is paid back.
  for (const double began = process_cpu_seconds(); heap.stats().cpu_limited;) {
    if (process_cpu_seconds() - began > 60) return kStillLimited;
  }
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

Node* make_tree(int depth) {
  Node* node = make<Node>();
  if (depth == 0) return node;
  node->left = make_tree(depth - 1);
  node->right = make_tree(depth - 1);
  return node;
}

// Cycle follows cycle, and together they take more than half of the CPU time: yet there is room, and the limit holds.
int live_heap_of_four_fifths_of_the_limit() {
  Heap heap(limited_options());
  Mutator me(heap);
  // Trees, so that there is always something for those to mark who pay with it.
  constexpr int kDepth = 10;
  constexpr std::size_t kTrees = kLimit * 8 / 10 / (sizeof(Node) << (kDepth + 1));
  Root<Array<Member<Node>>> trees(make_array<Member<Node>>(kTrees));
  for (std::size_t i = 0; i < kTrees; ++i) (*trees)[i] = make_tree(kDepth);
  std::size_t most = 0;
  const double began = process_cpu_seconds(), gc_began = heap.stats().gc_cpu_seconds;
  while (process_cpu_seconds() - began < 8) {
    make_garbage();
    most = std::max(most, heap.stats().managed_bytes);
  }
  const double share = (heap.stats().gc_cpu_seconds - gc_began) / (process_cpu_seconds() - began);
  std::fprintf(stderr, "share %.3f, at most %.1f %% of the limit\n", share,
               100.0 * static_cast<double>(most) / static_cast<double>(kLimit));
  if (most > kLimit + kLimit / 50) return kPassedTheLimit;
  return heap.stats().cpu_limited_times == 0 ? kGood : kWasLimited;
}

std::size_t lines_with(const std::string& text, const std::string& part) {
  std::size_t count = 0;
  for (std::size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) ++count;
  return count;
}

TEST(OverLimit, TheProgramHasHalfOfTheCpuAndIsToldOnceAMinute) {
  const auto began = std::chrono::steady_clock::now();
  const internal::ChildEnd end = internal::in_child(live_heap_above_the_limit);
  const auto minutes = std::chrono::duration_cast<std::chrono::minutes>(std::chrono::steady_clock::now() - began);
  EXPECT_EQ(end.exit_code, kGood) << "signal " << end.signal << ": " << end.errors;
  std::printf("%s", end.errors.c_str());
  const std::size_t lines = lines_with(end.errors, "memgc: MEMLIMIT of 32 MiB leaves no room above a live heap of ");
  EXPECT_GE(lines, 1u) << end.errors;
  EXPECT_LE(lines, 1u + static_cast<std::size_t>(minutes.count())) << "one a minute: " << end.errors;
}

TEST(OverLimit, WhoCollectsAllTheTimeIsLimited) {
  const internal::ChildEnd end = internal::in_child(nothing_but_collections);
  EXPECT_EQ(end.exit_code, kGood) << "signal " << end.signal << ": " << end.errors;
  EXPECT_EQ(end.errors, "") << "there is no limit that could not be kept";
}

TEST(OverLimit, NothingIsSaidWhileThereIsRoom) {
  const internal::ChildEnd end = internal::in_child(live_heap_below_the_limit);
  EXPECT_EQ(end.exit_code, kGood) << "signal " << end.signal << ": " << end.errors;
  EXPECT_EQ(end.errors, "");
}

TEST(OverLimit, ALimitThatLeavesRoomIsKeptWhateverThatTakes) {
  const internal::ChildEnd end = internal::in_child(live_heap_of_four_fifths_of_the_limit);
  EXPECT_EQ(end.exit_code, kGood) << "signal " << end.signal << ": " << end.errors;
  std::printf("%s", end.errors.c_str());
}

}  // namespace
}  // namespace memgc::testing
