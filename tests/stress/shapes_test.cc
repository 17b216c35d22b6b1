// Job: shapes that would overflow a recursive marker, a small work list or a counter: a list, a tree and an array as
// long and as deep as memory allows. All must be found live, to the byte, and be whole afterwards.
//
// Built twice: as it is, with all sizes divided by MEMGC_TEST_DIVISOR, and whole, for `long`. Threads: one, attached.
#include <fmt/core.h>
#include <gtest/gtest.h>
#include <memgc/memgc.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <fstream>
#include <string>

#include "tests/runtime/support.h"

namespace memgc::testing {
namespace {

constexpr std::size_t kListCells = scaled(50'000'000 / MEMGC_TEST_DIVISOR);
constexpr std::size_t kTreeDepth = scaled(10'000'000 / MEMGC_TEST_DIVISOR);
constexpr std::size_t kArrayMembers = scaled(100'000'000 / MEMGC_TEST_DIVISOR);
constexpr std::size_t kMostResident = std::size_t{2'500'000'000} / MEMGC_TEST_DIVISOR + (std::size_t{200} << 20);

std::size_t available_bytes() {
  std::ifstream meminfo("/proc/meminfo");
  std::string word;
  while (meminfo >> word) {
    std::size_t kib = 0;
    if (word == "MemAvailable:" && meminfo >> kib) return kib << 10;
  }
  return SIZE_MAX;
}

class ShapesTest : public ::testing::Test {
 protected:
  void SetUp() override {
    if (available_bytes() < kMostResident)
      GTEST_SKIP() << "less than " << kMostResident << " bytes of memory available";
  }
  // What the shape consists of is what is live, and what the collector needed for it is given back but for a little.
  void expect_live(Heap& heap, std::uint64_t bytes) {
    heap.collect();
    const Stats stats = heap.stats();
    fmt::print("{} bytes live, {} of metadata, {} resident, {} cycles\n", stats.live_bytes, stats.metadata_bytes,
               resident_bytes(), stats.cycles);
    EXPECT_EQ(stats.live_bytes, bytes);
    EXPECT_LE(stats.metadata_bytes, bytes / 25 + (16 << 20));
    if (!kUnderAsan && !kUnderTsan) {
      EXPECT_LE(resident_bytes(), kMostResident);
    }
  }
  static Options options() {
    Options options = precise_options();
    options.growth_percent = 100;
    return options;
  }
};

TEST_F(ShapesTest, AList) {
  Heap heap(options());
  Mutator me(heap);
  Root<Link> first(make<Link>());
  for (std::size_t i = 1; i < kListCells; ++i) {
    Link* link = make<Link>();
    link->value = i;
    link->next = first;
    first = link;
  }
  expect_live(heap, kListCells * sizeof(Link));
  std::uint64_t expected = kListCells;
  for (Link* link = first; link != nullptr; link = link->next) ASSERT_EQ(link->value, --expected);
  EXPECT_EQ(expected, 0u);
}

// Deep on one side and with an inner node on the other, so that a depth-first marker which takes the short side last
// has as many nodes waiting as the tree is deep. Which it takes last is its own affair: both are tried.
class DeepTreeTest : public ShapesTest, public ::testing::WithParamInterface<bool> {
 protected:
  static Member<Node>& deep(Node& node) { return GetParam() ? node.left : node.right; }
  static Member<Node>& shallow(Node& node) { return GetParam() ? node.right : node.left; }
};

TEST_P(DeepTreeTest, IsFoundWhole) {
  Heap heap(options());
  Mutator me(heap);
  Root<Node> top, node;
  for (std::size_t i = 0; i < kTreeDepth; ++i) {
    node = make<Node>();
    node->payload = static_cast<long>(i);
    Node* side = make<Node>();
    side->payload = -static_cast<long>(i);
    shallow(*node) = side;
    deep(*node) = top;
    top = node;
  }
  node = nullptr;
  expect_live(heap, 2 * kTreeDepth * sizeof(Node));
  long expected = static_cast<long>(kTreeDepth);
  for (Node* at = top; at != nullptr; at = deep(*at)) {
    ASSERT_EQ(at->payload, --expected);
    ASSERT_EQ(shallow(*at)->payload, -expected);
  }
  EXPECT_EQ(expected, 0);
}

INSTANTIATE_TEST_SUITE_P(Sides, DeepTreeTest, ::testing::Bool(),
                         [](const auto& instance) { return std::string(instance.param ? "Left" : "Right"); });

TEST_F(ShapesTest, AnArray) {
  Heap heap(options());
  Mutator me(heap);
  Root<Array<Member<Leaf>>> array(make_array<Member<Leaf>>(kArrayMembers));
  constexpr std::size_t kApart = 1000;  // one member in so many has a leaf of its own, the others the same as it
  for (std::size_t i = 0; i < kArrayMembers; i += kApart) {
    Leaf* leaf = make<Leaf>(i);
    fill(array->span().subspan(i, std::min(kApart, kArrayMembers - i)), leaf);
  }
  const std::size_t leaves = (kArrayMembers + kApart - 1) / kApart;
  const std::size_t array_bytes = (kArrayMembers + 1) * sizeof(void*);
  expect_live(heap, (array_bytes + 0xffff) / 0x10000 * 0x10000 + leaves * 16);
  for (std::size_t i = 0; i < kArrayMembers; ++i) ASSERT_EQ((*array)[i]->id, i - i % kApart);
}

}  // namespace
}  // namespace memgc::testing
