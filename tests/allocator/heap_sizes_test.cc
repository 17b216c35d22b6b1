// Job: pins that a heap gives memory of every size, zeroed whatever was there before, aligned as its type wants.
#include <gtest/gtest.h>
#include <memgc/memgc.h>

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <utility>

#include "tests/allocator/process.h"

namespace memgc::internal {
namespace {

constexpr std::size_t kKiB = 1 << 10, kMiB = 1 << 20;

// Looking at 64 MiB takes a while, and is not to be reported.
Options unhurried() {
  Options options;
  options.debug.safepointms = 0;
  return options;
}

// Makes an array of `bytes`, looks at all of it, and leaves it full of ones for whoever gets the memory next.
testing::AssertionResult holds(std::size_t bytes) {
  Array<char>* array = make_array<char>(bytes);
  if (array->size() != bytes) return testing::AssertionFailure() << "size " << array->size();
  const char* data = array->data();
  if (bytes > 0 && (data[0] != 0 || std::memcmp(data, data + 1, bytes - 1) != 0))
    return testing::AssertionFailure() << "not zeroed";
  std::memset(array->data(), 0xff, bytes);
  return testing::AssertionSuccess();
}

TEST(Sizes, EveryOneUpToABlockAndAHalfIsZeroedWhateverWasThere) {
  Heap heap(unhurried());
  Mutator me(heap);
  for (std::size_t bytes = 0; bytes <= 96 * kKiB; bytes += kSanitized && bytes > 2 * kKiB ? 61 : 1)
    ASSERT_TRUE(holds(bytes)) << bytes << " bytes";
  EXPECT_GT(heap.stats().cycles, 5u) << "nothing was ever used a second time";
}

TEST(Sizes, AroundBordersOfBlocksUpTo64MiBAreZeroedWhateverWasThere) {
  Heap heap(unhurried());
  Mutator me(heap);
  constexpr std::size_t kHeader = Array<char>::kHeaderBytes;
  for (std::size_t blocks = 2; blocks <= 64 * kMiB / (64 * kKiB); blocks += 1 + blocks / (kSanitized ? 1 : 12)) {
    for (const std::size_t more : {0u, 1u, 2u}) {
      const std::size_t bytes = blocks * 64 * kKiB - kHeader - 1 + more;
      ASSERT_TRUE(holds(bytes)) << bytes << " bytes";
    }
  }
  for (const std::size_t bytes : {64 * kMiB - 1, 64 * kMiB, 64 * kMiB + 1}) ASSERT_TRUE(holds(bytes)) << bytes;
  EXPECT_GT(heap.stats().cycles, 5u) << "nothing was ever used a second time";
}

TEST(Sizes, ThatNoMemoryCouldHoldAreRefused) {
  Heap heap;
  Mutator me(heap);
  for (std::size_t below = 0; below < 300 * kKiB; below += 1 + below / 64) {
    ASSERT_EQ(try_make_array<char>(SIZE_MAX - below), nullptr) << "SIZE_MAX - " << below;
    ASSERT_EQ(try_make_array<std::uint64_t>(SIZE_MAX / 8 - below), nullptr);
    ASSERT_EQ(try_make_array<std::uint64_t>(SIZE_MAX / 8 + 1 + below), nullptr) << "the product wraps around";
  }
  EXPECT_THROW(make_array<char>(SIZE_MAX), std::bad_alloc);
}

template <std::size_t kAlign>
struct alignas(kAlign) Aligned {
  char bytes[kAlign];
};

template <std::size_t kAlign>
void check_alignment() {
  for (int i = 0; i < 20; ++i) {
    ASSERT_EQ(reinterpret_cast<std::uintptr_t>(make<Aligned<kAlign>>()) % kAlign, 0u) << kAlign;
    for (const std::size_t count : {std::size_t{1}, std::size_t{3}, 100 * kKiB / kAlign})
      ASSERT_EQ(reinterpret_cast<std::uintptr_t>(make_array<Aligned<kAlign>>(count)->data()) % kAlign, 0u) << kAlign;
  }
}

template <std::size_t... kShifts>
void check_alignments(std::index_sequence<kShifts...> /*shifts*/) {
  (check_alignment<std::size_t{1} << kShifts>(), ...);
}

TEST(Sizes, ComeAtTheAlignmentOfTheirTypeUpToAPage) {
  Heap heap;
  Mutator me(heap);
  check_alignments(std::make_index_sequence<13>());  // 1 to 4096
}

}  // namespace
}  // namespace memgc::internal
