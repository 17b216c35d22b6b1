// Job: says when collecting has taken half of the CPU time for so long that it must not take more. Pure: no clock or
// lock.
//
// Why: a live heap near its memory limit, or above it, makes one cycle follow the other, and assists take all that is
// left: the program stands still, in the name of a limit that is meant to be soft. Rather the heap grows.
//
// How: a leaky bucket, as Go's (runtime/mgclimit.go). CPU time that collecting takes fills it, CPU time that the
// program takes drains it: when it is full, more than half went to collecting, and by a second of every processor.
// Below empty it never goes, so quiet days give no credit. Waiting, and idle workers, are neither. While it is full:
//   mutators do not assist; memory is not given back on their time. Workers go on, and the heap may pass its limit.
// What did not fit is drained first: else a call that fills the bucket and more, and one that drains a little, would
// take turns, and collecting would get more than half by the difference. (Go forgets it.) But a tenth of the bucket at
// most: one long stop is no reason to let the heap grow for long.
//
// Invariants: 0 <= fill <= capacity; it limits exactly when full; something is owed only when it limits.
// Threads: one at a time; the caller sees to that. Others may read an atomic copy of limiting() that the caller keeps.
#pragma once

#include <cstdint>

namespace memgc::internal {

/// How often the limiter is to hear, at least, from whoever passes by: between, it lags behind.
inline constexpr std::uint64_t kLimiterPeriodNs = 10'000'000;

class CpuLimiter {
 public:
  explicit CpuLimiter(unsigned processors);

  /// Since the last call collecting took `gc_ns` of CPU time: dedicated and fractional workers, assists, memory given
  /// back on a mutator's time, and stops, which count as all processors'. The program took `mutator_ns`: what is left
  /// of the process's CPU time when all the collector's, idle workers included, is taken off. True if it began to
  /// limit.
  bool add(std::uint64_t gc_ns, std::uint64_t mutator_ns);

  /// More processors, or fewer: the bucket changes its size. One that was full is not in a larger one, and vice versa.
  void set_processors(unsigned processors);

  bool limiting() const { return limiting_; }
  std::uint64_t fill_ns() const { return fill_ns_; }
  std::uint64_t capacity_ns() const { return capacity_ns_; }
  /// What did not fit, in all.
  std::uint64_t overflow_ns() const { return overflow_ns_; }

 private:
  void drain(std::uint64_t ns);

  std::uint64_t capacity_ns_;
  std::uint64_t fill_ns_ = 0;
  std::uint64_t owed_ns_ = 0;  // of the overflow, what is to be drained first
  std::uint64_t overflow_ns_ = 0;
  bool limiting_ = false;
};

}  // namespace memgc::internal
