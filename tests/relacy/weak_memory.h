// Job: atomics whose memory is as weak as the standard allows, for the templates that the library is made of.
//
// Word<T, Orders> has the interface of std::atomic<T> and is one of Relacy's. `Orders` says what becomes of the orders
// that the library asks for: as written, or one kind of them weakened, to see that it is needed. Relacy turns `new`,
// `assert` and the names of memory orders into macros: include this last. Threads: Relacy's.
#pragma once

#include <gtest/gtest.h>

#include <atomic>
#include <cstdint>
#include <ostream>
#include <relacy/relacy.hpp>
#include <streambuf>
#include <string>

#undef new
#undef delete
#undef malloc
#undef calloc
#undef realloc
#undef free
#undef assert
#undef memory_order_relaxed
#undef memory_order_consume
#undef memory_order_acquire
#undef memory_order_release
#undef memory_order_acq_rel
#undef memory_order_seq_cst

namespace memgc::testing {

inline rl::memory_order relacy_order(std::memory_order order) {
  switch (order) {
    case std::memory_order_relaxed:
      return rl::mo_relaxed;
    case std::memory_order_acquire:
      return rl::mo_acquire;
    case std::memory_order_release:
      return rl::mo_release;
    case std::memory_order_acq_rel:
      return rl::mo_acq_rel;
    default:
      return rl::mo_seq_cst;
  }
}

struct AsWritten {
  static std::memory_order of(std::memory_order order) { return order; }
};
struct WithoutRelease {
  static std::memory_order of(std::memory_order order) {
    if (order == std::memory_order_acq_rel) return std::memory_order_acquire;
    return order == std::memory_order_release ? std::memory_order_relaxed : order;
  }
};
struct WithoutAcquire {
  static std::memory_order of(std::memory_order order) {
    if (order == std::memory_order_acq_rel) return std::memory_order_release;
    return order == std::memory_order_acquire ? std::memory_order_relaxed : order;
  }
};

template <class T, class Orders>
class Word {
 public:
  Word(T value = 0) { value_.store(value, rl::mo_relaxed, RL_INFO); }  // NOLINT(google-explicit-constructor)

  T load(std::memory_order order) const { return value_.load(order_of(order), RL_INFO); }
  void store(T value, std::memory_order order) { value_.store(value, order_of(order), RL_INFO); }
  T exchange(T value, std::memory_order order) { return value_(RL_INFO).exchange(value, order_of(order)); }
  T fetch_add(T value, std::memory_order order) { return value_(RL_INFO).fetch_add(value, order_of(order)); }
  T fetch_sub(T value, std::memory_order order) { return value_(RL_INFO).fetch_sub(value, order_of(order)); }
  T fetch_or(T value, std::memory_order order) { return value_(RL_INFO).fetch_or(value, order_of(order)); }
  T fetch_and(T value, std::memory_order order) { return value_(RL_INFO).fetch_and(value, order_of(order)); }
  bool compare_exchange_strong(T& expected, T value, std::memory_order order, std::memory_order otherwise) {
    return value_(RL_INFO).compare_exchange_strong(expected, value, order_of(order), order_of(otherwise));
  }

 private:
  static rl::memory_order order_of(std::memory_order order) { return relacy_order(Orders::of(order)); }

  mutable rl::atomic<T> value_;
};

/// Memory that Relacy watches: a read or write that no order separates from another thread's write is a failure.
using Plain = rl::var<int>;
inline void write(Plain& plain, int value) { plain(RL_INFO).store(value); }
inline int read(Plain& plain) { return plain(RL_INFO).load(); }

/// Takes all and keeps nothing: while Relacy runs, what is allocated is its own.
struct Silence : std::streambuf {
  int overflow(int c) override { return c; }
};

struct Verdict {
  bool holds = false;
  std::uint64_t tried = 0;
  std::string why;
};

inline constexpr std::uint64_t kTries = 20'000;

/// Tries Test's threads in many orders, with many outcomes of each load; the same ones each time.
template <class Test>
Verdict check() {
  Silence nowhere;
  std::ostream silence(&nowhere);
  rl::test_params params;
  params.iteration_count = kTries;
  params.search_type = rl::random_scheduler_type;
  params.output_stream = &silence;
  params.progress_stream = &silence;
  Verdict verdict;
  verdict.holds = rl::simulate<Test>(params);
  verdict.tried = params.stop_iteration;
  verdict.why = rl::test_result_str(params.test_result);
  return verdict;
}

/// The protocol holds as written, and Relacy finds that each weakened order is needed.
template <template <class> class Test>
void expect_all_orders_needed() {
  const Verdict as_written = check<Test<AsWritten>>();
  EXPECT_TRUE(as_written.holds) << as_written.why;
  EXPECT_EQ(as_written.tried, kTries);
  EXPECT_FALSE(check<Test<WithoutRelease>>().holds) << "nobody misses the release";
  EXPECT_FALSE(check<Test<WithoutAcquire>>().holds) << "nobody misses the acquire";
}

}  // namespace memgc::testing
