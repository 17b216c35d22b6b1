// Job: pins make and try_make: construction, zeroed memory, alignment, sizes, failures of constructors.
//
// Threads: one, attached, per test.
#include <gtest/gtest.h>
#include <memgc/memgc.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <stdexcept>
#include <utility>
#include <vector>

#include "tests/runtime/support.h"

namespace memgc::testing {
namespace {

struct Point {
  int x;
  int y;
};

struct Labelled {
  Labelled(int number, Leaf* target) : number_(number), leaf(target) {}
  int number_;
  Member<Leaf> leaf;
  static constexpr auto fields = memgc::fields(&Labelled::leaf);
};

TEST(Make, PassesArgumentsToTheConstructor) {
  Heap heap(manual_options());
  Mutator me(heap);
  Leaf* leaf = make<Leaf>();
  Labelled* object = make<Labelled>(42, leaf);
  EXPECT_EQ(object->number_, 42);
  EXPECT_EQ(object->leaf, leaf);
}

TEST(Make, InitialisesAggregates) {
  Heap heap(manual_options());
  Mutator me(heap);
  Point* point = me.make<Point>(3, 4);
  EXPECT_EQ(point->x, 3);
  EXPECT_EQ(point->y, 4);
}

TEST(Make, MakesScalars) {
  Heap heap(manual_options());
  Mutator me(heap);
  EXPECT_EQ(*make<long>(7), 7);
  EXPECT_EQ(*make<double>(), 0.0);
}

TEST(Make, ForwardsMoveOnlyArguments) {
  struct Taker {
    explicit Taker(std::unique_ptr<int> given) : value(*given) {}
    int value;
  };
  Heap heap(manual_options());
  Mutator me(heap);
  EXPECT_EQ(me.make<Taker>(std::make_unique<int>(5))->value, 5);
}

TEST(Make, PassesReferencesThrough) {
  struct Counter {
    explicit Counter(int& count) { ++count; }
    char byte = 0;
  };
  Heap heap(manual_options());
  Mutator me(heap);
  int count = 0;
  make<Counter>(count);
  try_make<Counter>(count);
  EXPECT_EQ(count, 2);
}

TEST(Make, GivesMemoryOfItsOwnHeap) {
  Heap heap(manual_options());
  Mutator me(heap);
  int local = 0;
  EXPECT_TRUE(heap.contains(make<Node>()));
  EXPECT_FALSE(heap.contains(&local));
  EXPECT_FALSE(heap.contains(nullptr));
}

TEST(Make, TryMakeMakesWhenThereIsMemory) {
  Heap heap(manual_options());
  Mutator me(heap);
  Node* node = try_make<Node>();
  ASSERT_NE(node, nullptr);
  EXPECT_EQ(node->left, nullptr);
  EXPECT_NE(me.try_make<Leaf>(std::uint64_t{9}), nullptr);
}

struct Thrower {
  explicit Thrower(bool fail) {
    if (fail) throw std::runtime_error("constructor");
  }
  Member<Node> node;
  static constexpr auto fields = memgc::fields(&Thrower::node);
};

TEST(Make, AThrowingConstructorLeavesTheHeapInOrder) {
  Heap heap(manual_options());
  Mutator me(heap);
  for (int i = 0; i < 10'000; ++i) {
    EXPECT_THROW(make<Thrower>(true), std::runtime_error);
    Thrower* object = make<Thrower>(false);
    EXPECT_EQ(object->node, nullptr);
  }
  heap.collect();
  EXPECT_NE(make<Thrower>(false), nullptr);
}

// A constructor that allocates reaches safepoints while its object is half built.
struct Tree {
  explicit Tree(int depth) {
    if (depth == 0) return;
    left = make<Tree>(depth - 1);
    right = make<Tree>(depth - 1);
    count = 1 + left->count + right->count;
  }
  Member<Tree> left, right;
  long count = 1;
  static constexpr auto fields = memgc::fields(&Tree::left, &Tree::right);
};

long count_nodes(const Tree* tree) {
  return tree == nullptr ? 0 : 1 + count_nodes(tree->left) + count_nodes(tree->right);
}

TEST(Make, AConstructorMayAllocateWhileTheHeapIsCollected) {
  Options options;
  options.debug.gcstress = 1;
  options.debug.clobberfree = true;
  Heap heap(options);
  Mutator me(heap);
  Tree* tree = make<Tree>(kUnderAsan || kUnderTsan ? 10 : 13);
  EXPECT_EQ(count_nodes(tree), tree->count);
  EXPECT_GT(heap.stats().cycles, 0u);
}

// Bytes that the constructor leaves alone: they must be zero, whatever lay there before.
template <std::size_t N>
struct Untouched {
  Untouched() {}  // NOLINT(modernize-use-equals-default): value-initialisation would clear the bytes
  std::array<unsigned char, N> bytes;
};

template <std::size_t N>
void expect_zeroed_after_dirty_use() {
  SCOPED_TRACE(N);
  Options options = precise_options();
  Heap heap(options);
  Mutator me(heap);
  const std::size_t count = std::max<std::size_t>(3, (std::size_t{1} << 20) / N);
  for (int round = 0; round < 3; ++round) {
    for (std::size_t i = 0; i < count; ++i) {
      auto* object = launder_memory(make<Untouched<N>>());
      const auto dirty = std::count_if(object->bytes.begin(), object->bytes.end(), [](auto byte) { return byte != 0; });
      ASSERT_EQ(dirty, 0) << "round " << round << ", object " << i;
      object->bytes.fill(0xff);
    }
    heap.collect();  // nothing is rooted: all of it is free again
  }
}

TEST(Make, FreshCellsReadAsZero) {
  expect_zeroed_after_dirty_use<1>();
  expect_zeroed_after_dirty_use<16>();
  expect_zeroed_after_dirty_use<24>();
  expect_zeroed_after_dirty_use<100>();
  expect_zeroed_after_dirty_use<1000>();
  expect_zeroed_after_dirty_use<5000>();
  expect_zeroed_after_dirty_use<40'000>();
  expect_zeroed_after_dirty_use<1'000'000>();
}

template <std::size_t Align>
struct alignas(Align) Aligned {
  Member<Leaf> leaf;
  static constexpr auto fields = memgc::fields(&Aligned::leaf);
};

template <std::size_t Align>
void expect_aligned() {
  Heap heap(manual_options());
  Mutator me(heap);
  for (int i = 0; i < 200; ++i) {
    auto* object = make<Aligned<Align>>(make<Leaf>());
    ASSERT_EQ(reinterpret_cast<std::uintptr_t>(object) % Align, 0u) << Align;
    make<char>();
    if (i == 100) heap.collect();
  }
}

TEST(Make, RespectsAlignmentUpToAPage) {
  expect_aligned<8>();
  expect_aligned<16>();
  expect_aligned<32>();
  expect_aligned<64>();
  expect_aligned<128>();
  expect_aligned<1024>();
  expect_aligned<4096>();
}

template <std::size_t N>
struct Sized {
  std::array<unsigned char, N> bytes{};
};

// Every object of every size lies apart from all others, and holds what is written to it through collections.
TEST(Make, ObjectsOfAllSizesLieApart) {
  struct Extent {
    unsigned char* begin;
    std::size_t size;
    unsigned char fill;
  };
  Heap heap(manual_options());
  Mutator me(heap);
  std::vector<Extent> extents;            // not scanned:
  std::vector<Root<unsigned char>> keep;  // this keeps them
  const auto add = [&]<std::size_t N>(std::integral_constant<std::size_t, N>) {
    for (int i = 0; i < 10; ++i) {
      auto* object = make<Sized<N>>();
      const auto fill = static_cast<unsigned char>(extents.size() * 7 + 1);
      object->bytes.fill(fill);
      keep.emplace_back(object->bytes.data());
      extents.push_back({object->bytes.data(), N, fill});
    }
  };
  [&]<std::size_t... I>(std::index_sequence<I...>) {
    (add(std::integral_constant<std::size_t, I + 1>{}), ...);           // 1..130
    (add(std::integral_constant<std::size_t, 130 + 61 * I>{}), ...);    // ..8000
    (add(std::integral_constant<std::size_t, 8000 + 997 * I>{}), ...);  // ..137 KiB
  }
  (std::make_index_sequence<130>{});
  heap.collect();
  add(std::integral_constant<std::size_t, 40>{});
  heap.collect();

  for (const Extent& extent : extents) {
    ASSERT_TRUE(std::all_of(extent.begin, extent.begin + extent.size, [&](auto byte) { return byte == extent.fill; }))
        << "size " << extent.size;
  }
  std::sort(extents.begin(), extents.end(), [](const Extent& a, const Extent& b) { return a.begin < b.begin; });
  for (std::size_t i = 1; i < extents.size(); ++i) {
    ASSERT_GE(extents[i].begin, extents[i - 1].begin + extents[i - 1].size);
  }
}

struct Other {
  Member<Node> a, b;
  long c = 0;
  static constexpr auto fields = memgc::fields(&Other::a, &Other::b);
};

// Two types of one shape may share blocks; neither may see the other's cells.
TEST(Make, TypesOfOneLayoutDoNotShareCells) {
  Heap heap(manual_options());
  Mutator me(heap);
  std::vector<void*> cells;
  for (int i = 0; i < 5000; ++i) {
    cells.push_back(make<Node>());
    cells.push_back(make<Other>());
  }
  std::sort(cells.begin(), cells.end());
  EXPECT_EQ(std::adjacent_find(cells.begin(), cells.end()), cells.end());
}

TEST(MakeDeathTest, AbortsWithAClearLineOnAThreadWithoutAMutator) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  EXPECT_DEATH(make<Node>(), "memgc: .*make");
  EXPECT_DEATH(make_array<char>(4), "memgc: .*make");
}

}  // namespace
}  // namespace memgc::testing
