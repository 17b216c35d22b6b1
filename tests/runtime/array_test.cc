// Job: pins make_array and Array: sizes, elements, what is scanned, alignment, lengths that no memory could hold.
//
// Threads: one, attached, per test.
#include <gtest/gtest.h>
#include <memgc/memgc.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <new>
#include <numeric>
#include <span>
#include <vector>

#include "tests/runtime/support.h"

namespace memgc::testing {
namespace {

class ArrayTest : public ::testing::Test {
 protected:
  Heap heap{manual_options()};
  Mutator me{heap};
};

TEST_F(ArrayTest, OffersWhatAContainerOffers) {
  Array<int>* array = make_array<int>(5);
  EXPECT_EQ(array->size(), 5u);
  EXPECT_FALSE(array->empty());
  EXPECT_EQ(array->end() - array->begin(), 5);
  EXPECT_EQ(array->data(), &(*array)[0]);
  std::iota(array->begin(), array->end(), 1);
  EXPECT_EQ(std::accumulate(array->span().begin(), array->span().end(), 0), 15);
  const Array<int>& constant = *array;
  EXPECT_EQ(constant[4], 5);
  EXPECT_EQ(constant.span().size(), 5u);
  EXPECT_EQ(*constant.begin(), 1);
  EXPECT_EQ(constant.data() + 5, constant.end());
}

TEST_F(ArrayTest, AnEmptyArrayIsAnObjectOfItsOwn) {
  Array<long>* a = make_array<long>(0);
  Array<long>* b = me.make_array<long>(0);
  EXPECT_NE(a, b);
  EXPECT_TRUE(a->empty());
  EXPECT_EQ(a->begin(), a->end());
  Array<Member<Node>>* c = make_array<Member<Node>>(0);
  heap.collect();
  EXPECT_EQ(c->size(), 0u);
}

TEST_F(ArrayTest, ConstructsEachElementFromTheArguments) {
  Array<char>* text = make_array<char>(100, 'x');
  EXPECT_TRUE(std::all_of(text->begin(), text->end(), [](char c) { return c == 'x'; }));
  Leaf* leaf = make<Leaf>(std::uint64_t{3});
  Array<Member<Leaf>>* members = try_make_array<Member<Leaf>>(50, leaf);
  ASSERT_NE(members, nullptr);
  EXPECT_TRUE(std::all_of(members->begin(), members->end(), [&](const auto& m) { return m == leaf; }));
  struct Start {
    int a = 7;
    int b = 8;
  };
  Array<Start>* started = me.try_make_array<Start>(10);
  ASSERT_NE(started, nullptr);
  EXPECT_TRUE(std::all_of(started->begin(), started->end(), [](const Start& s) { return s.a == 7 && s.b == 8; }));
}

TEST_F(ArrayTest, ElementsWithoutArgumentsAreZero) {
  for (std::size_t size : {1u, 7u, 63u, 64u, 1000u, 8191u, 65'536u, 3'000'000u}) {
    Array<unsigned char>* bytes = make_array<unsigned char>(size);
    ASSERT_EQ(std::count(bytes->begin(), bytes->end(), 0), static_cast<std::ptrdiff_t>(size)) << size;
    std::fill(bytes->begin(), bytes->end(), static_cast<unsigned char>(0xff));
  }
}

TEST_F(ArrayTest, HoldsSizesFromNothingTo64Mebibytes) {
  std::vector<std::size_t> sizes{0, 1, 2, 7, 8, 9, 15, 16, 17};
  for (std::size_t power = 5; power <= 26; ++power) {
    const std::size_t size = std::size_t{1} << power;
    sizes.insert(sizes.end(), {size - 9, size - 8, size - 7, size - 1, size, size + 1});
  }
  const auto byte_for = [](std::size_t size) { return static_cast<std::uint8_t>(size * 31 + 5); };
  Array<Member<Array<std::uint8_t>>>* all = make_array<Member<Array<std::uint8_t>>>(sizes.size());
  for (std::size_t i = 0; i < sizes.size(); ++i) {
    Array<std::uint8_t>* array = make_array<std::uint8_t>(sizes[i]);
    ASSERT_EQ(array->size(), sizes[i]);
    ASSERT_TRUE(heap.contains(array->data()));
    if (sizes[i] > 0) {
      ASSERT_EQ((*array)[0] | (*array)[sizes[i] / 2] | (*array)[sizes[i] - 1], 0);
      (*array)[0] = (*array)[sizes[i] / 2] = (*array)[sizes[i] - 1] = byte_for(sizes[i]);
    }
    (*all)[i] = array;
    if (sizes[i] > (1u << 22)) heap.collect();
  }
  for (std::size_t i = 0; i < sizes.size(); ++i) {
    Array<std::uint8_t>* array = (*all)[i];
    ASSERT_EQ(array->size(), sizes[i]);
    if (sizes[i] == 0) continue;
    ASSERT_EQ((*array)[0], byte_for(sizes[i])) << sizes[i];
    ASSERT_EQ((*array)[sizes[i] / 2], byte_for(sizes[i])) << sizes[i];
    ASSERT_EQ((*array)[sizes[i] - 1], byte_for(sizes[i])) << sizes[i];
  }
}

TEST_F(ArrayTest, RefusesLengthsThatNoMemoryCouldHold) {
  EXPECT_EQ(try_make_array<char>(SIZE_MAX), nullptr);
  EXPECT_EQ(try_make_array<char>(SIZE_MAX - 7), nullptr);
  EXPECT_EQ(try_make_array<char>(SIZE_MAX - 8), nullptr);
  EXPECT_EQ(try_make_array<char>(SIZE_MAX / 2), nullptr);
  EXPECT_EQ(try_make_array<long>(SIZE_MAX), nullptr);
  EXPECT_EQ(try_make_array<long>(SIZE_MAX / 8), nullptr);
  EXPECT_EQ(try_make_array<long>(SIZE_MAX / 8 + 1), nullptr) << "count * size wraps to a small number";
  EXPECT_EQ(try_make_array<long>(SIZE_MAX / 8 + 3), nullptr) << "count * size wraps to a small number";
  EXPECT_EQ(me.try_make_array<Member<Node>>(SIZE_MAX / 8 + 2), nullptr);
  for (std::size_t k = 0; k < scaled(10'000); ++k) {
    ASSERT_EQ(try_make_array<char>(SIZE_MAX - k), nullptr) << k;
  }
  EXPECT_THROW(make_array<char>(SIZE_MAX), std::bad_alloc);
  EXPECT_THROW(make_array<long>(SIZE_MAX / 8 + 1), std::bad_alloc);
  EXPECT_THROW(me.make_array<Node>(SIZE_MAX / 16), std::bad_alloc);
  EXPECT_NE(make_array<char>(10), nullptr) << "the heap goes on";
}

template <std::size_t Align>
struct alignas(Align) AlignedElement {
  Member<Leaf> leaf;
  static constexpr auto fields = memgc::fields(&AlignedElement::leaf);
};

template <std::size_t Align>
void expect_aligned_elements(Heap& heap) {
  for (std::size_t size : {1u, 3u, 10u, 300u, 5000u}) {
    auto* array = make_array<AlignedElement<Align>>(size);
    ASSERT_EQ(array->size(), size);
    for (auto& element : *array) {
      ASSERT_EQ(reinterpret_cast<std::uintptr_t>(&element) % Align, 0u) << Align << " of " << size;
    }
    array->begin()->leaf = make<Leaf>(std::uint64_t{1});
    (array->end() - 1)->leaf = make<Leaf>(std::uint64_t{2});
    heap.collect();
    for (int i = 0; i < 2000; ++i) make<Leaf>(std::uint64_t{0xbad});
    ASSERT_EQ((array->end() - 1)->leaf->id, 2u);
    ASSERT_EQ(array->begin()->leaf->id, size == 1 ? 2u : 1u);
  }
}

TEST_F(ArrayTest, RespectsTheAlignmentOfElements) {
  expect_aligned_elements<16>(heap);
  expect_aligned_elements<64>(heap);
  expect_aligned_elements<256>(heap);
  expect_aligned_elements<4096>(heap);
}

struct Values {
  static const void* pointer(std::uintptr_t word) noexcept {
    return (word & 1) != 0 ? reinterpret_cast<const void*>(word - 1) : nullptr;
  }
};

struct WithFields {
  long number = 0;
  Member<Leaf> leaf;
  static constexpr auto fields = memgc::fields(&WithFields::leaf);
};
struct WithTrace {
  Member<Leaf> leaf;
  std::uint16_t number = 0;
  void trace(Visitor& v) const { v(leaf); }
};

Leaf* get(const Member<Leaf>& element) { return element; }
Leaf* get(const Slot<Values>& element) { return static_cast<Leaf*>(const_cast<void*>(element.target())); }
Leaf* get(const WithFields& element) { return element.leaf; }
Leaf* get(const WithTrace& element) { return element.leaf; }
void set(Member<Leaf>& element, Leaf* leaf) { element = leaf; }
void set(Slot<Values>& element, Leaf* leaf) { element = reinterpret_cast<std::uintptr_t>(leaf) + 1; }
void set(WithFields& element, Leaf* leaf) { element.leaf = leaf; }
void set(WithTrace& element, Leaf* leaf) { element.leaf = leaf; }

template <class T>
class ScannedElements : public ::testing::Test {};
using ScannedTypes = ::testing::Types<Member<Leaf>, Slot<Values>, WithFields, WithTrace>;
TYPED_TEST_SUITE(ScannedElements, ScannedTypes);

// Small arrays, arrays about as large as a block, and arrays marked in chunks: each element counts, the last ones too.
TYPED_TEST(ScannedElements, EachElementKeepsItsObject) {
  for (std::size_t size : {1u, 2u, 63u, 64u, 65u, 1000u, 8190u, 8192u, 16'384u, 100'003u}) {
    Heap heap(manual_options());
    Root<Array<TypeParam>> array;
    on_another_thread(heap, [&](Mutator& me) {
      array = me.make_array<TypeParam>(size);
      for (std::size_t i = 0; i < size; ++i) set((*array)[i], me.make<Leaf>(i + 1));
    });
    const std::uint64_t full = live_after_collect(heap);
    on_another_thread(heap, [&](Mutator& me) {
      for (std::size_t i = 0; i < size + 10'000; ++i) me.make<Leaf>(std::uint64_t{0xbad});
    });
    ASSERT_EQ(live_after_collect(heap), full) << size;
    for (std::size_t i = 0; i < size; ++i) ASSERT_EQ(get((*array)[i])->id, i + 1) << size;
    array = nullptr;
    ASSERT_EQ(live_after_collect(heap), 0u) << size;
  }
}

// Words of a leaf array name nothing, whatever they look like.
TEST(LeafArray, IsNeverScanned) {
  Heap heap(manual_options());
  Root<Array<std::uintptr_t>> words;
  on_another_thread(heap, [&](Mutator& me) {
    words = me.make_array<std::uintptr_t>(1000);
    for (auto& word : *words) word = reinterpret_cast<std::uintptr_t>(me.make<Node>());
  });
  const std::uint64_t live = live_after_collect(heap);
  EXPECT_GE(live, 8000u);
  EXPECT_LE(live, 8000u + 2048u) << "the thousand nodes are gone";
}

TEST(PointerArray, OfPointersToArraysKeepsThem) {
  Heap heap(manual_options());
  Root<Array<Member<Array<int>>>> outer;
  on_another_thread(heap, [&](Mutator& me) {
    outer = me.make_array<Member<Array<int>>>(100);
    for (std::size_t i = 0; i < 100; ++i) {
      (*outer)[i] = me.make_array<int>(100 * i, static_cast<int>(i));
    }
  });
  heap.collect();
  on_another_thread(heap, [&](Mutator& me) {
    for (std::size_t i = 0; i < 5000; i += 20) me.make_array<int>(i, -1);
  });
  heap.collect();
  for (std::size_t i = 0; i < 100; ++i) {
    Array<int>* inner = (*outer)[i];
    ASSERT_EQ(inner->size(), 100 * i);
    ASSERT_TRUE(std::all_of(inner->begin(), inner->end(), [&](int x) { return x == static_cast<int>(i); }));
  }
}

struct Iterator {
  Member<long> at;
  static constexpr auto fields = memgc::fields(&Iterator::at);
};

// An interior pointer to an element, from anywhere that is traced, keeps the array.
TEST(PointerArray, AMemberToAnElementKeepsTheArray) {
  for (std::size_t size : {10u, 1000u, 20'000u, 1'000'000u}) {
    Heap heap(manual_options());
    Root<Iterator> iterator;
    on_another_thread(heap, [&](Mutator& me) {
      iterator = me.make<Iterator>();
      Array<long>* array = me.make_array<long>(size, 77L);
      iterator->at = &(*array)[size - 1];
    });
    EXPECT_GE(live_after_collect(heap), size * sizeof(long)) << size;
    on_another_thread(heap, [&](Mutator& me) {
      for (std::size_t i = 0; i < (size > 1000 ? 3 : 20); ++i) me.make_array<long>(size, -1L);
    });
    heap.collect();
    const long* last = iterator->at;
    EXPECT_EQ(std::count(last + 1 - size, last + 1, 77L), static_cast<std::ptrdiff_t>(size)) << size;
  }
}

}  // namespace
}  // namespace memgc::testing
