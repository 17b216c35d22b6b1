// Job: what a node of the splay tree carries: a small tree of its own, with arrays of numbers at its leaves.
//
// Everything in it follows from its key, so that any part of it can be checked by itself.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "harness/check.h"
#include "harness/random.h"
#include "policies/policy.h"
#include "workloads/sizes.h"

namespace memgc_bench {

template <class Policy>
class SplayPayload {
 public:
  using Options = SplayTreeOptions;

  using Thread = typename Policy::Thread;
  using Numbers = typename Policy::template Array<double>;

  struct Part {
    typename Policy::template Ref<Part> left, right;
    typename Policy::template Ref<Numbers> numbers;  // of leaves
    std::uint64_t tag;
    static constexpr auto fields = Policy::fields(&Part::left, &Part::right, &Part::numbers);
  };
  using Local = typename Policy::template Local<Part>;

  // The place of a part: 1 is the root, 2n and 2n + 1 are the parts below n.
  static Local make(Thread& thread, std::uint64_t key, std::uint64_t place = 1) {
    const std::uint64_t own = tag(key, place);
    if (place >= kFirstLeaf) {
      auto numbers = thread.template make_leaves<double>(count_of(own));
      std::fill_n(numbers->data(), numbers->size(), number_of(own));
      return thread.template make<Part>(nullptr, nullptr, numbers, own);
    }
    Local left = make(thread, key, 2 * place);
    Local right = make(thread, key, 2 * place + 1);
    return thread.template make<Part>(left, right, nullptr, own);
  }

  static void free(Thread& thread, Part* part) {
    if (part == nullptr) return;
    free(thread, part->left);
    free(thread, part->right);
    if (part->numbers != nullptr) thread.free(static_cast<Numbers*>(part->numbers));
    thread.free(part);
  }

  /// From the root to one leaf.
  static void check_path(Part* part, std::uint64_t key) {
    for (std::uint64_t place = 1, turns = mix64(key); check(part, key, place); turns >>= 1) {
      place = 2 * place + turns % 2;
      part = turns % 2 == 0 ? part->left : part->right;
    }
  }
  static void check_all(Part* part, std::uint64_t key, std::uint64_t place = 1) {
    if (!check(part, key, place)) return;
    check_all(part->left, key, 2 * place);
    check_all(part->right, key, 2 * place + 1);
  }

 private:
  static constexpr std::uint64_t kFirstLeaf = std::uint64_t{1} << Options::kPayloadDepth;

  static std::uint64_t tag(std::uint64_t key, std::uint64_t place) { return mix64(key + place); }
  static std::size_t count_of(std::uint64_t tag) {
    return Options::kMinNumbers + tag % (Options::kMaxNumbers - Options::kMinNumbers + 1);
  }
  static double number_of(std::uint64_t tag) { return static_cast<double>(tag >> 11) + 1; }

  // Whether there are parts below it.
  static bool check(Part* part, std::uint64_t key, std::uint64_t place) {
    const std::uint64_t expected = tag(key, place);
    expect_equal("a payload's tag", part == nullptr ? 0 : part->tag, expected);
    if (place < kFirstLeaf) return true;
    if (part->numbers == nullptr) wrong_answer("a payload's numbers", 0, count_of(expected));
    Numbers& numbers = *part->numbers;
    expect_equal("how many numbers there are", numbers.size(), count_of(expected));
    if (numbers[0] != number_of(expected) || numbers[numbers.size() - 1] != number_of(expected)) [[unlikely]]
      wrong_answer("a number", static_cast<std::uint64_t>(numbers[0]), (expected >> 11) + 1);
    return false;
  }
};

}  // namespace memgc_bench
