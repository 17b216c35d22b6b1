// Job: big arrays, from 4 KiB to 4 MiB: a table of arrays of numbers and of arrays of pointers, replaced at random.
//
// Each step takes an array from the table, sums it up and puts a new one in its place, filled anew. Half of the arrays
// are numbers; the others point at random to a pool of small records that stay for the whole run, as an index or a
// sorted view of records does: they own nothing. Every octave of sizes is as frequent as every other. The answer: the
// sum of an array, of its numbers or of the records' it points to, is what it was when the array was filled.
#pragma once

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "harness/check.h"
#include "harness/random.h"
#include "policies/policy.h"
#include "workloads/sizes.h"

namespace memgc_bench {

template <class Policy>
class BigArrays {
 public:
  using Options = BigArraysOptions;

  static constexpr bool kUsesRegions = false;

  using Thread = typename Policy::Thread;

  BigArrays(Thread& thread, const Options& options, unsigned index, unsigned)
      : thread_(thread),
        pairs_(std::max<std::uint64_t>(options.live / 2, 1)),
        steps_(options.steps),
        octaves_(static_cast<unsigned>(
                     std::bit_width(std::max(options.largest, 2 * Options::kSmallest) / Options::kSmallest)) -
                 1),
        sums_(2 * pairs_),
        random_(index + 1),
        records_(nullptr),
        numbers_(nullptr),
        views_(nullptr) {}

  ~BigArrays() {
    if constexpr (Policy::kFreesByHand) {
      free_all<Numbers>(numbers_.get());
      free_all<View>(views_.get());
      free_all<Record>(records_.get());
    }
  }

  void run() {
    records_ = thread_.template make_refs<Record>(Options::kRecords);
    for (std::size_t i = 0; i < Options::kRecords; ++i) records()[i] = thread_.template make<Record>(mix64(i));
    numbers_ = thread_.template make_refs<Numbers>(pairs_);
    views_ = thread_.template make_refs<View>(pairs_);
    for (std::size_t place = 0; place < 2 * pairs_; ++place) replace(place);
    for (std::uint64_t i = 0; i < steps_; ++i) {
      const std::size_t place = random_.below(2 * pairs_);
      check(place);
      replace(place);
    }
  }

  void verify() {
    for (std::size_t place = 0; place < 2 * pairs_; ++place) check(place);
  }

 private:
  template <class T>
  using Table = typename Policy::template Array<typename Policy::template Ref<T>>;

  struct Record {
    std::uint64_t number;
  };
  using Numbers = typename Policy::template Array<std::uint64_t>;
  using View = Table<Record>;

  View& records() { return *records_.get(); }
  // Even places are numbers', odd ones pointers'.
  auto& numbers_at(std::size_t place) { return (*numbers_.get())[place / 2]; }
  auto& view_at(std::size_t place) { return (*views_.get())[place / 2]; }

  std::size_t next_count() {
    const std::uint64_t bytes = Options::kSmallest << random_.below(octaves_);
    return (bytes + random_.below(bytes)) / sizeof(std::uint64_t) - 1;  // the length is a word, too
  }

  // What was there is gone before the new one is made, as in a program that is short of memory.
  void replace(std::size_t place) {
    const std::size_t count = next_count();
    if (place % 2 == 0) {
      if (numbers_at(place) != nullptr) thread_.free(static_cast<Numbers*>(numbers_at(place)));
      numbers_at(place) = nullptr;
      fill_numbers(place, count);
    } else {
      if (view_at(place) != nullptr) thread_.free(static_cast<View*>(view_at(place)));
      view_at(place) = nullptr;
      fill_view(place, count);
    }
  }

  [[gnu::noinline]] void fill_numbers(std::size_t place, std::size_t count) {
    auto numbers = thread_.template make_leaves<std::uint64_t>(count);
    std::uint64_t sum = 0;
    for (std::size_t i = 0; i < count; ++i) sum += (*numbers)[i] = random_.next();
    numbers_at(place) = numbers;
    sums_[place] = sum;
  }

  [[gnu::noinline]] void fill_view(std::size_t place, std::size_t count) {
    auto view = thread_.template make_refs<Record>(count);
    std::uint64_t sum = 0;
    for (std::size_t i = 0; i < count; ++i) {
      const std::uint64_t record = random_.below(Options::kRecords);
      (*view)[i] = records()[record];
      sum += mix64(record);
    }
    view_at(place) = view;
    sums_[place] = sum;
  }

  [[gnu::noinline]] void check(std::size_t place) {
    std::uint64_t sum = 0;
    if (place % 2 == 0) {
      Numbers& numbers = *numbers_at(place);
      for (std::size_t i = 0; i < numbers.size(); ++i) sum += numbers[i];
    } else {
      View& view = *view_at(place);
      for (std::size_t i = 0; i < view.size(); ++i) sum += view[i]->number;
    }
    expect_equal("the sum of an array", sum, sums_[place]);
  }

  template <class T>
  void free_all(Table<T>* table) {
    if (table == nullptr) return;
    for (std::size_t i = 0; i < table->size(); ++i) {
      if ((*table)[i] != nullptr) thread_.free(static_cast<T*>((*table)[i]));
    }
    thread_.free(table);
  }

  Thread& thread_;
  const std::uint64_t pairs_, steps_;
  const unsigned octaves_;
  std::vector<std::uint64_t> sums_;  // by place
  Random random_;
  typename Policy::template Root<View> records_;
  typename Policy::template Root<Table<Numbers>> numbers_;
  typename Policy::template Root<Table<View>> views_;
};

}  // namespace memgc_bench
