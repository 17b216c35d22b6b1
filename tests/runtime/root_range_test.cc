// Job: pins RootRange in its three forms (a range, a stack with its own top pointer, a decoded range) and reset.
//
// Precise stacks, so that the range alone counts. Threads: each range belongs to the thread that makes it.
#include <gtest/gtest.h>
#include <memgc/memgc.h>

#include <array>
#include <atomic>
#include <cstdint>
#include <memory>
#include <thread>
#include <utility>
#include <vector>

#include "tests/runtime/support.h"

namespace memgc::testing {
namespace {

class RootRangeTest : public ::testing::Test {
 protected:
  // Bytes of one leaf in this heap.
  std::uint64_t leaf_bytes() {
    const Root<Leaf> one(make<Leaf>());
    const std::uint64_t with = live_after_collect(heap);
    return with - baseline_;
  }
  // How many leaves live.
  std::uint64_t leaves() { return (live_after_collect(heap) - baseline_) / cell_; }

  void churn() {
    for (int i = 0; i < 20'000; ++i) make<Leaf>(std::uint64_t{0xbad});
  }

  Heap heap{precise_options()};
  Mutator me{heap};

 private:
  std::uint64_t baseline_ = 0;
  std::uint64_t cell_ = leaf_bytes();
};

TEST_F(RootRangeTest, ScansEachWordFromBeginToEnd) {
  std::vector<Leaf*> stack(100);
  const RootRange range(stack.data(), stack.data() + stack.size());
  for (std::uint64_t i = 0; i < stack.size(); ++i) stack[i] = make<Leaf>(i);
  EXPECT_EQ(leaves(), 100u);
  churn();
  EXPECT_EQ(leaves(), 100u);
  for (std::uint64_t i = 0; i < stack.size(); ++i) ASSERT_EQ(stack[i]->id, i);
  stack[0] = stack[50] = stack[99] = nullptr;
  EXPECT_EQ(leaves(), 97u);
}

TEST_F(RootRangeTest, EndsAreExact) {
  std::array<Leaf*, 10> stack{};
  for (auto& slot : stack) slot = nullptr;
  const RootRange range(&stack[2], &stack[8]);
  for (std::uint64_t i = 0; i < stack.size(); ++i) {
    stack.fill(nullptr);
    stack[i] = make<Leaf>(i);
    EXPECT_EQ(leaves(), i >= 2 && i < 8 ? 1u : 0u) << "slot " << i;
  }
}

TEST_F(RootRangeTest, WordsMayBeAnythingAndPointAnywhereIntoAnObject) {
  std::array<std::uintptr_t, 6> words{};
  const RootRange range(words.data(), words.data() + words.size());
  Array<Member<Leaf>>* array = make_array<Member<Leaf>>(4, make<Leaf>(std::uint64_t{5}));
  words[0] = ~std::uintptr_t{0};
  words[1] = 1;
  words[2] = 0x5555'5555'5555'5555u;
  words[3] = reinterpret_cast<std::uintptr_t>(&array->data()[3]);
  words[4] = reinterpret_cast<std::uintptr_t>(this);
  words[5] = reinterpret_cast<std::uintptr_t>(make<Leaf>(std::uint64_t{6})) + 7;
  heap.collect();
  churn();
  heap.collect();
  EXPECT_EQ((*array)[0]->id, 5u);
  EXPECT_EQ(reinterpret_cast<Leaf*>(words[5] - 7)->id, 6u);
}

TEST_F(RootRangeTest, GoesWithItsObject) {
  std::array<Leaf*, 4> stack{};
  {
    const RootRange range(stack.data(), stack.data() + stack.size());
    stack[0] = make<Leaf>();
    EXPECT_EQ(leaves(), 1u);
  }
  EXPECT_EQ(leaves(), 0u);
}

TEST_F(RootRangeTest, FollowsTheTopOfAStack) {
  std::vector<Leaf*> stack(1000);
  Leaf** top = stack.data();
  const RootRange range(stack.data(), &top);
  EXPECT_EQ(leaves(), 0u);
  for (std::uint64_t i = 0; i < 100; ++i) *top++ = make<Leaf>(i);
  EXPECT_EQ(leaves(), 100u);
  top -= 40;  // popped, though the words still stand there
  EXPECT_EQ(leaves(), 60u);
  churn();
  for (std::uint64_t i = 0; i < 60; ++i) ASSERT_EQ(stack[i]->id, i);
  top = stack.data();
  EXPECT_EQ(leaves(), 0u);
}

TEST_F(RootRangeTest, FollowsTheTopWhileOthersCollect) {
  std::vector<Leaf*> stack(100'000);
  Leaf** top = stack.data();
  const RootRange range(stack.data(), &top);
  std::atomic<bool> done{false};
  std::thread collector([&] {
    while (!done) heap.collect();
  });
  std::uint64_t random = 1;
  for (std::size_t step = 0; step < scaled(1'000'000); ++step) {
    random = random * 6364136223846793005u + 1442695040888963407u;
    const auto depth = static_cast<std::size_t>(top - stack.data());
    if (depth < 100 || ((random >> 33) % 100 < 51 && depth < stack.size())) {
      Leaf* leaf = make<Leaf>(depth * 3 + 1);
      *top++ = leaf;
    } else {
      --top;
      ASSERT_EQ((*top)->id, (depth - 1) * 3 + 1);
    }
  }
  done = true;
  {
    BlockingScope blocked(me);
    collector.join();
  }
  while (top > stack.data()) {
    --top;
    ASSERT_EQ((*top)->id, static_cast<std::uint64_t>(top - stack.data()) * 3 + 1);
  }
  EXPECT_GT(heap.stats().cycles, 1u);
}

const void* decode_tagged(std::uintptr_t word) {
  return (word & 3) == 3 ? reinterpret_cast<const void*>(word & ~std::uintptr_t{3}) : nullptr;
}
std::uintptr_t tagged(const void* object) { return reinterpret_cast<std::uintptr_t>(object) | 3; }

TEST_F(RootRangeTest, DecodesWords) {
  std::array<std::uintptr_t, 4> words{};
  const RootRange range(words.data(), words.data() + words.size(), &decode_tagged);
  words[0] = tagged(make<Leaf>(std::uint64_t{7}));
  words[1] = reinterpret_cast<std::uintptr_t>(make<Leaf>());      // untagged: not a pointer in this language
  words[2] = reinterpret_cast<std::uintptr_t>(make<Leaf>()) | 1;  // another tag
  words[3] = 3;                                                   // null, tagged
  EXPECT_EQ(leaves(), 1u);
  churn();
  EXPECT_EQ(static_cast<const Leaf*>(decode_tagged(words[0]))->id, 7u);
}

TEST_F(RootRangeTest, DecodesWordsThatConservativeScanningCouldNotSee) {
  constexpr RootRange::Decode kInverted = [](std::uintptr_t word) {
    return word == 0 ? nullptr : reinterpret_cast<const void*>(~word);
  };
  std::array<std::uintptr_t, 2> words{};
  const RootRange range(words.data(), words.data() + words.size(), kInverted);
  words[1] = hide(make<Leaf>(std::uint64_t{8}));
  EXPECT_EQ(leaves(), 1u);
  churn();
  EXPECT_EQ(unhide<Leaf>(words[1])->id, 8u);
}

TEST_F(RootRangeTest, FollowsTheTopAndDecodes) {
  std::vector<std::uintptr_t> stack(100);
  std::uintptr_t* top = stack.data();
  const RootRange range(stack.data(), &top, &decode_tagged);
  *top++ = tagged(make<Leaf>(std::uint64_t{1}));
  *top++ = 40 << 2;
  *top++ = tagged(make<Leaf>(std::uint64_t{2}));
  EXPECT_EQ(leaves(), 2u);
  --top;
  EXPECT_EQ(leaves(), 1u);
}

TEST_F(RootRangeTest, ResetMovesTheRange) {
  std::vector<Leaf*> old_stack(10);
  std::vector<Leaf*> new_stack(20);
  RootRange range(old_stack.data(), old_stack.data() + old_stack.size());
  old_stack[9] = make<Leaf>(std::uint64_t{3});
  new_stack[9] = old_stack[9];
  new_stack[19] = make<Leaf>(std::uint64_t{4});
  range.reset(new_stack.data(), new_stack.data() + new_stack.size());
  old_stack.assign(10, nullptr);
  EXPECT_EQ(leaves(), 2u);
  churn();
  EXPECT_EQ(new_stack[9]->id, 3u);
  EXPECT_EQ(new_stack[19]->id, 4u);
  range.reset(nullptr, nullptr);
  EXPECT_EQ(leaves(), 0u);
}

TEST_F(RootRangeTest, SeveralRangesCount) {
  std::array<std::array<Leaf*, 3>, 20> stacks{};
  std::vector<std::unique_ptr<RootRange>> ranges;
  for (auto& stack : stacks) {
    ranges.push_back(std::make_unique<RootRange>(stack.data(), stack.data() + stack.size()));
    for (auto& slot : stack) slot = make<Leaf>();
  }
  EXPECT_EQ(leaves(), 60u);
  ranges.erase(ranges.begin() + 5, ranges.begin() + 15);  // out of order
  EXPECT_EQ(leaves(), 30u);
  ranges.clear();
  EXPECT_EQ(leaves(), 0u);
}

TEST_F(RootRangeTest, IsScannedWhileItsThreadIsBlocked) {
  std::array<Leaf*, 8> stack{};
  const RootRange range(stack.data(), stack.data() + stack.size());
  for (std::uint64_t i = 0; i < stack.size(); ++i) stack[i] = make<Leaf>(i);
  {
    BlockingScope blocked(me);
    std::thread([&] {
      heap.collect();
      Mutator other(heap);
      for (int i = 0; i < 20'000; ++i) other.make<Leaf>(std::uint64_t{0xbad});
    }).join();
  }
  EXPECT_EQ(leaves(), 8u);
  for (std::uint64_t i = 0; i < stack.size(); ++i) EXPECT_EQ(stack[i]->id, i);
}

TEST(RootRangeThreads, EachBelongsToItsThread) {
  Heap heap(precise_options());
  std::vector<std::thread> threads;
  std::atomic<int> running{4};
  for (std::uint64_t t = 0; t < 4; ++t) {
    threads.emplace_back([&heap, &running, t] {
      Mutator me(heap);
      std::array<Leaf*, 64> stack{};
      const RootRange range(stack.data(), stack.data() + stack.size());
      for (std::uint64_t i = 0; i < scaled(200'000); ++i) {
        Leaf*& slot = stack[i % stack.size()];
        if (slot != nullptr) {
          ASSERT_EQ(slot->id, (t << 32) + i - stack.size());
        }
        slot = me.make<Leaf>((t << 32) + i);
      }
      --running;
    });
  }
  while (running > 0) heap.collect();
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(live_after_collect(heap), 0u);
}

}  // namespace
}  // namespace memgc::testing
