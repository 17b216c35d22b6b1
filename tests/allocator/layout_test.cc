// Job: pins the size classes, for every size and alignment, and that equal layouts are one.
#include "allocator/layout.h"

#include <gtest/gtest.h>

#include <atomic>
#include <set>

#include "tests/allocator/support.h"

namespace memgc::internal {
namespace {

constexpr std::size_t kNone = kSizeClasses.size();

// The slow way: the first class that is large enough and keeps every cell of a block aligned.
std::size_t naive_class_of(std::size_t bytes, std::size_t align) {
  for (std::size_t index = 0; index < kSizeClasses.size(); ++index) {
    if (kSizeClasses[index] >= bytes && kSizeClasses[index] % align == 0) return index;
  }
  return kNone;
}

TEST(SizeClass, IsTheSmallestThatHoldsEverySizeAtEveryAlignment) {
  for (std::size_t align = 1; align <= std::size_t{2} << 20; align *= 2) {
    for (std::size_t bytes = 0; bytes <= kMaxCellBytes + 9; bytes += kSanitized && bytes > 4096 ? 7 : 1)
      ASSERT_EQ(size_class_of(bytes, align), naive_class_of(bytes, align)) << bytes << " bytes at " << align;
    for (std::size_t bytes = 0; bytes <= kMaxCellBytes + 9; bytes += bytes < 4096 ? 1 : 7) {
      const std::size_t index = naive_class_of(bytes, align);
      ASSERT_EQ(cell_bytes_for(bytes, align), index == kNone ? 0 : kSizeClasses[index]) << bytes << " at " << align;
    }
  }
}

TEST(SizeClass, IsNoneForAnythingLarger) {
  for (std::size_t bytes = kMaxCellBytes + 1; bytes <= std::size_t{64} << 20; bytes += scaled(1) + bytes / 512)
    ASSERT_EQ(size_class_of(bytes, 8), kNone) << bytes;
  for (std::size_t below = 0; below < 64 << 10; ++below)
    ASSERT_EQ(size_class_of(SIZE_MAX - below, 8), kNone) << "SIZE_MAX - " << below << " must not wrap around";
}

TEST(SizeClass, WastesLittle) {
  for (std::size_t bytes = 17; bytes <= kMaxCellBytes; ++bytes) {
    const std::size_t cell = kSizeClasses[size_class_of(bytes, 1)];
    const std::size_t waste = cell - bytes;
    ASSERT_LE(waste * 100, cell * 34) << bytes << ": a third";
    if (bytes > 32 && bytes <= 13104) {
      ASSERT_LE(waste * 16, cell * 3) << bytes << ": three sixteenths";
    }
    if (bytes > 128 && bytes <= 9360) {
      ASSERT_LE(waste * 8, cell) << bytes << ": an eighth";
    }
  }
}

TEST(SizeClass, LeavesAtMostAFortiethOfABlockUnused) {
  for (const std::size_t cell : kSizeClasses) EXPECT_LE(kBlockBytes % cell * 40, kBlockBytes) << cell << " bytes";
}

TEST(Interning, GivesEqualLayoutsOneNumberAndOthersTheirOwn) {
  std::set<LayoutId> seen;
  for (std::uint32_t bytes : {16u, 24u, 32u}) {
    for (const std::uint8_t kind : {std::uint8_t{0}, std::uint8_t{1}, std::uint8_t{255}}) {
      for (std::uint64_t low : {0ull, 1ull, ~0ull}) {
        for (std::uint64_t high : {0ull, 1ull, ~0ull}) {
          const Layout layout{bytes, kind, {low, high}};
          const LayoutId id = intern_layout(layout);
          EXPECT_NE(id, 0u);
          EXPECT_LT(id, layout_count());
          EXPECT_TRUE(seen.insert(id).second) << "two layouts have number " << id;
          EXPECT_EQ(intern_layout(layout), id);
          EXPECT_TRUE(layout_at(id) == layout);
        }
      }
    }
  }
}

TEST(Interning, FromManyThreadsAgrees) {
  constexpr unsigned kThreads = 8, kLayouts = 200;
  std::vector<std::vector<LayoutId>> ids(kThreads, std::vector<LayoutId>(kLayouts));
  on_threads(kThreads, [&](unsigned number) {
    for (unsigned i = 0; i < kLayouts; ++i) {
      const unsigned which = (i * 7 + number * 31) % kLayouts;  // each thread in an order of its own
      ids[number][which] = intern_layout(Layout{64, 7, {which, 0}});
    }
  });
  const std::set<LayoutId> distinct(ids[0].begin(), ids[0].end());
  EXPECT_EQ(distinct.size(), kLayouts);
  for (const auto& theirs : ids) EXPECT_EQ(theirs, ids[0]);
}

TEST(Interning, SaysSoWhenTheTableIsFullAndStillFindsWhatIsInIt) {
  const ChildEnd end = in_child([] {  // the table is the process's and is never emptied
    std::uint64_t next = 0;
    LayoutId last = 0;
    while (const LayoutId id = intern_layout(Layout{128, 9, {next, 1}})) {
      last = id;
      ++next;
    }
    if (layout_count() != kMaxLayouts || last != kMaxLayouts - 1) return 1;
    if (intern_layout(Layout{128, 9, {next - 1, 1}}) != last) return 2;
    return intern_layout(Layout{128, 9, {next, 1}}) == 0 ? 0 : 3;
  });
  EXPECT_EQ(end.exit_code, 0) << end.errors;
}

}  // namespace
}  // namespace memgc::internal
