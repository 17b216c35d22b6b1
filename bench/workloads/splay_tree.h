// Job: a splay tree whose nodes carry trees of data: each step inserts a new key and removes the one below it.
//
// The idea is that of the "splay" benchmark of V8's suite. Every insertion and removal turns a path of old nodes round
// (stores into old objects, which a collector's barrier meets) and makes or drops a payload of 31 small objects and 16
// arrays of numbers. What dies has been live for a random time. The answers: of each payload removed one path from its
// root to a leaf; in the end all payloads, and the keys: in order, as many and with the sum that were left.
#pragma once

#include <algorithm>
#include <cstdint>
#include <functional>

#include "harness/check.h"
#include "harness/random.h"
#include "policies/policy.h"
#include "workloads/sizes.h"
#include "workloads/splay_payload.h"

namespace memgc_bench {

template <class Policy>
class SplayTree {
 public:
  using Options = SplayTreeOptions;

  static constexpr bool kUsesRegions = false;

  using Thread = typename Policy::Thread;

  SplayTree(Thread& thread, const Options& options, unsigned index, unsigned)
      : thread_(thread),
        live_(std::max<std::uint64_t>(options.live, 1)),
        steps_(options.steps),
        first_key_(std::uint64_t{index} << 48),
        tree_(thread.template make<Tree>()) {}

  ~SplayTree() {
    if constexpr (Policy::kFreesByHand) {
      straighten();
      for (Node* node = tree_->root; node != nullptr;) {
        Node* const next = node->right;
        Payload::free(thread_, node->payload);
        thread_.free(node);
        node = next;
      }
      if (tree_->sides != nullptr) thread_.free(static_cast<Node*>(tree_->sides));
      thread_.free(tree_.get());
    }
  }

  void run() {
    tree_->sides = thread_.template make<Node>(nullptr, nullptr, nullptr, std::uint64_t{0});
    for (std::uint64_t i = 0; i < live_; ++i) insert(mix64(first_key_ + i));
    for (std::uint64_t i = 0; i < steps_; ++i) {
      const std::uint64_t key = mix64(first_key_ + live_ + i);
      insert(key);
      remove(key_below(key));
    }
  }

  void verify() {
    straighten();
    std::uint64_t nodes = 0, sum = 0, last = 0;
    for (Node* node = tree_->root; node != nullptr; node = node->right) {
      if (nodes++ > 0 && node->key <= last) wrong_answer("a key", node->key, last + 1);
      last = node->key;
      sum += node->key;
      Payload::check_all(node->payload, node->key);
    }
    expect_equal("the number of keys", nodes, live_);
    expect_equal("the sum of the keys", sum, keys_sum_);
  }

 private:
  using Payload = SplayPayload<Policy>;
  using Part = typename Payload::Part;

  struct Node {
    typename Policy::template Ref<Node> left, right;
    typename Policy::template Ref<Part> payload;
    std::uint64_t key;
    static constexpr auto fields = Policy::fields(&Node::left, &Node::right, &Node::payload);
  };
  struct Tree {
    typename Policy::template Ref<Node> root{nullptr};
    typename Policy::template Ref<Node> sides{nullptr};  // splay()'s, empty between calls
    static constexpr auto fields = Policy::fields(&Tree::root, &Tree::sides);
  };
  using Local = typename Policy::template Local<Node>;

  [[gnu::noinline]] void insert(std::uint64_t key) {
    auto payload = Payload::make(thread_, key);
    Local node = thread_.template make<Node>(nullptr, nullptr, payload, key);
    keys_sum_ += key;
    if (tree_->root != nullptr) {
      splay(key);
      Local root = tree_->root;
      if (root->key == key) [[unlikely]]
        wrong_answer("a new key", key, key + 1);
      if (key < root->key) {
        node->right = root;
        node->left = root->left;
        root->left = nullptr;
      } else {
        node->left = root;
        node->right = root->right;
        root->right = nullptr;
      }
    }
    tree_->root = node;
  }

  // `key` is at the root. The greatest below it, or itself where there is none.
  std::uint64_t key_below(std::uint64_t key) {
    Node* below = tree_->root->left;
    if (below == nullptr) return key;
    while (below->right != nullptr) below = below->right;
    return below->key;
  }

  [[gnu::noinline]] void remove(std::uint64_t key) {
    splay(key);
    Local victim = tree_->root;
    expect_equal("the key to be removed", victim->key, key);
    keys_sum_ -= key;
    Payload::check_path(victim->payload, key);
    if (victim->left == nullptr) {
      tree_->root = victim->right;
    } else {
      tree_->root = victim->left;
      splay(key);  // brings up the greatest of them, which has nothing on its right
      tree_->root->right = victim->right;
    }
    if constexpr (Policy::kFreesByHand) Payload::free(thread_, victim->payload);
    thread_.free(victim);
  }

  // Brings up `key` or a neighbour of it, top-down (Sleator and Tarjan, JACM 1985): what is smaller is gathered on the
  // right of `sides`, what is greater on its left.
  [[gnu::noinline]] void splay(std::uint64_t key) {
    Local smaller = tree_->sides;  // where the next smaller node goes: on its right
    Local greater = smaller;       // and the next greater one: on its left
    Local node = tree_->root;
    while (key < node->key   ? go<&Node::left, &Node::right, std::less<>>(key, node, greater)
           : key > node->key ? go<&Node::right, &Node::left, std::greater<>>(key, node, smaller)
                             : false) {
    }
    smaller->right = node->left;
    greater->left = node->right;
    Node& sides = *tree_->sides;
    node->left = sides.right;
    node->right = sides.left;
    sides.left = nullptr;
    sides.right = nullptr;
    tree_->root = node;
  }

  // From `node` towards `key` by one level, or by two, the upper of which is then hung below the lower. What is passed
  // is gathered. False where there is nothing further.
  template <auto kTowards, auto kAway, class Before>
  static bool go(std::uint64_t key, Local& node, Local& gathered) {
    if ((*node).*kTowards != nullptr && Before()(key, ((*node).*kTowards)->key)) {
      Local child = (*node).*kTowards;
      (*node).*kTowards = (*child).*kAway;
      (*child).*kAway = node;
      node = child;
    }
    if ((*node).*kTowards == nullptr) return false;
    (*gathered).*kTowards = node;
    gathered = node;
    node = (*node).*kTowards;
    return true;
  }

  // Turns the tree into a list by `right`, in the order of the keys.
  void straighten() {
    auto* link = &tree_->root;
    while (*link != nullptr) {
      Local node = *link;
      if (node->left == nullptr) {
        link = &node->right;
      } else {
        Local child = node->left;
        node->left = child->right;
        child->right = node;
        *link = child;
      }
    }
  }

  Thread& thread_;
  const std::uint64_t live_, steps_, first_key_;
  std::uint64_t keys_sum_ = 0;
  typename Policy::template Root<Tree> tree_;
};

}  // namespace memgc_bench
