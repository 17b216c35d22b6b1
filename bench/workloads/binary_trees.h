// Job: the binary trees of the Computer Language Benchmarks Game: many short-lived trees beside one that stays.
//
// A node is two pointers and nothing else. The answer is the number of nodes of every tree, counted by walking it.
// Several threads have the benchmark each to itself, in trees as much smaller as there are threads; they share nothing.
#pragma once

#include <algorithm>
#include <bit>
#include <cstdint>
#include <utility>

#include "harness/check.h"
#include "policies/policy.h"
#include "workloads/sizes.h"

namespace memgc_bench {

template <class Policy>
class BinaryTrees {
 public:
  using Options = BinaryTreesOptions;

  static constexpr bool kUsesRegions = true;

  using Thread = typename Policy::Thread;
  using Region = typename Policy::Region;

  BinaryTrees(Thread& thread, const Options& options, unsigned, unsigned threads)
      : thread_(thread), depth_(depth_for(options.depth, threads)), long_lived_(nullptr) {}

  ~BinaryTrees() {
    if constexpr (Policy::kFreesByHand) {
      if (long_lived_.get() != nullptr) discard(thread_, long_lived_.get());
    }
  }

  void run() {
    short_lived(depth_ + 1);
    long_lived_ = build(thread_, depth_);
    for (unsigned depth = Options::kMinDepth; depth <= depth_; depth += 2) {
      const std::uint64_t trees = std::uint64_t{1} << (depth_ - depth + Options::kMinDepth);
      for (std::uint64_t i = 0; i < trees; ++i) short_lived(depth);
    }
    expect_equal("the long-lived tree's node count", count(long_lived_.get()), nodes(depth_));
  }

  void verify() {}  // every answer is part of the benchmark

 private:
  struct Node {
    typename Policy::template Ref<Node> left, right;
    static constexpr auto fields = Policy::fields(&Node::left, &Node::right);
  };
  using Local = typename Policy::template Local<Node>;

  // One level less halves a tree.
  static unsigned depth_for(unsigned depth, unsigned threads) {
    const auto levels = static_cast<unsigned>(std::bit_width(threads)) - 1;
    return std::max(depth, Options::kMinDepth + 2 + levels) - levels;
  }

  static constexpr std::uint64_t nodes(unsigned depth) { return (std::uint64_t{2} << depth) - 1; }

  template <class Allocator>
  static Local build(Allocator& allocator, unsigned depth) {
    if (depth == 0) return allocator.template make<Node>(nullptr, nullptr);
    Local left = build(allocator, depth - 1);
    Local right = build(allocator, depth - 1);
    return allocator.template make<Node>(std::move(left), std::move(right));
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

  // Kept out of line so that no caller's frame holds a dead tree's root.
  [[gnu::noinline]] void short_lived(unsigned depth) {
    Region region(thread_);
    auto& allocator = region.allocator();
    Local tree = build(allocator, depth);
    expect_equal("a short-lived tree's node count", count(tree), nodes(depth));
    if constexpr (Region::kFreesByHand) discard(allocator, tree);
  }

  Thread& thread_;
  const unsigned depth_;
  typename Policy::template Root<Node> long_lived_;
};

}  // namespace memgc_bench
