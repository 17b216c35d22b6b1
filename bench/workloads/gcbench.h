// Job: GCBench (Ellis, Kovac, Boehm): trees built top-down and bottom-up beside a long-lived tree and a big leaf array.
//
// A node is two pointers and two numbers. Built top-down, every node is stored into one that is already part of the
// tree: half of all stores meet the write barrier. The answers: the spines of every tree (the original looks at none of
// them), in the end the whole long-lived tree and the whole array.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <utility>

#include "harness/check.h"
#include "policies/policy.h"
#include "workloads/sizes.h"

namespace memgc_bench {

template <class Policy>
class GcBench {
 public:
  using Options = GcBenchOptions;
  static constexpr bool kUsesRegions = true;

  using Thread = typename Policy::Thread;
  using Region = typename Policy::Region;

  GcBench(Thread& thread, const Options& options, unsigned, unsigned)
      : thread_(thread),
        depth_(std::max(options.depth, Options::kMinDepth)),
        stretch_depth_(depth_ + 2),
        array_size_(std::size_t{8} << depth_),
        long_lived_(nullptr),
        array_(nullptr) {}

  ~GcBench() {
    if constexpr (Policy::kFreesByHand) {
      if (long_lived_.get() != nullptr) discard(thread_, long_lived_.get());
      if (array_.get() != nullptr) thread_.free(array_.get());
    }
  }

  void run() {
    bottom_up(stretch_depth_);
    long_lived_ = make_node(thread_);
    populate(thread_, long_lived_.get(), depth_);
    array_ = thread_.template make_leaves<double>(array_size_);
    for (std::size_t i = 0; i < array_size_; ++i) (*array_.get())[i] = element(i);
    for (unsigned depth = Options::kMinDepth; depth <= depth_; depth += 2) {
      const std::uint64_t trees = 2 * nodes(stretch_depth_) / nodes(depth);
      for (std::uint64_t i = 0; i < trees; ++i) top_down(depth);
      for (std::uint64_t i = 0; i < trees; ++i) bottom_up(depth);
    }
  }

  void verify() {
    expect_equal("the long-lived tree's node count", count(long_lived_.get()), nodes(depth_));
    expect_equal("the array's size", array_.get()->size(), array_size_);
    for (std::size_t i = 0; i < array_size_; ++i) {
      if ((*array_.get())[i] != element(i)) wrong_answer("an element of the array", i, i);
    }
  }

 private:
  struct Node {
    typename Policy::template Ref<Node> left, right;
    std::int32_t i, j;
    static constexpr auto fields = Policy::fields(&Node::left, &Node::right);
  };
  using Local = typename Policy::template Local<Node>;
  using Doubles = typename Policy::template Array<double>;

  static constexpr std::uint64_t nodes(unsigned depth) { return (std::uint64_t{2} << depth) - 1; }
  static double element(std::size_t i) { return 1.0 / static_cast<double>(i + 1); }

  template <class Allocator>
  static Local make_node(Allocator& allocator) {
    return allocator.template make<Node>(nullptr, nullptr, 0, 0);
  }

  template <class Allocator>
  static void populate(Allocator& allocator, Node* node, unsigned depth) {
    if (depth == 0) return;
    node->left = make_node(allocator);
    node->right = make_node(allocator);
    populate(allocator, node->left, depth - 1);
    populate(allocator, node->right, depth - 1);
  }

  template <class Allocator>
  static Local build(Allocator& allocator, unsigned depth) {
    if (depth == 0) return make_node(allocator);
    Local left = build(allocator, depth - 1);
    Local right = build(allocator, depth - 1);
    return allocator.template make<Node>(std::move(left), std::move(right), 0, 0);
  }

  [[gnu::noinline]] void top_down(unsigned depth) {
    Region region(thread_);
    Local tree = make_node(region.allocator());
    populate(region.allocator(), tree, depth);
    finish(region, tree, depth);
  }
  [[gnu::noinline]] void bottom_up(unsigned depth) {
    Region region(thread_);
    Local tree = build(region.allocator(), depth);
    finish(region, tree, depth);
  }
  static void finish(Region& region, Node* tree, unsigned depth) {
    std::uint64_t left = 0, right = 0;
    for (Node* node = tree->left; node != nullptr; node = node->left) ++left;
    for (Node* node = tree->right; node != nullptr; node = node->right) ++right;
    expect_equal("the length of a tree's left spine", left, depth);
    expect_equal("the length of a tree's right spine", right, depth);
    if constexpr (Region::kFreesByHand) discard(region.allocator(), tree);
  }

  static std::uint64_t count(Node* node) {
    std::uint64_t result = 1;
    if (node->left != nullptr) result += count(node->left) + count(node->right);
    return result;
  }

  template <class Allocator>
  static void discard(Allocator& allocator, Node* node) {
    if (node->left != nullptr) {
      discard(allocator, node->left);
      discard(allocator, node->right);
    }
    allocator.free(node);
  }

  Thread& thread_;
  const unsigned depth_, stretch_depth_;
  const std::size_t array_size_;
  typename Policy::template Root<Node> long_lived_;
  typename Policy::template Root<Doubles> array_;
};

}  // namespace memgc_bench
