// Job: what collecting costs in CPU time, counted as it is spent; and whether that has become too much (cpu_limiter.h).
//
// The collector's thread takes the readings, at least every kLimiterPeriodNs while a cycle is under way; what goes by
// between two cycles is the program's, and heard of with the next one. What the collector's threads take beyond their
// quarter of the processors they take from nobody: it is counted, and not billed.
//
// A memory limit that leaves room is kept all the same (keep_limit()): a program that lives well below it is to stay
// below it, and pays with CPU time.
//
// Threads: begin_cycle(), note(), keep_limit(), due() and format_warning(), the collector's; the figures, any: each
// stands for itself.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>

#include "runtime/cpu_limiter.h"

namespace memgc::internal {

class GcCpu {
 public:
  explicit GcCpu(unsigned processors) : processors_(processors), limiter_(processors) {}

  /// A cycle begins.
  void begin_cycle();
  /// Whether note() is to be called again.
  bool due(std::uint64_t now) const { return now - noted_ns_ >= kLimiterPeriodNs; }
  /// In the cycle under way helpers have taken `helper_ns` so far and assists `assist_ns`; the calling thread has taken
  /// what its clock says. With all mutators `stopped` the collector had every processor. True if from now on it is too
  /// much.
  bool note(std::uint64_t helper_ns, std::uint64_t assist_ns, bool stopped);

  /// From now on collecting may take what it needs, for there is room below the memory limit; or may not any more.
  void keep_limit(bool keep) { keep_limit_ = keep; }

  /// Collecting is to take no more from the program: nobody assists, nobody is held at the hard goal.
  bool limiting() const { return limiting_.load(std::memory_order_relaxed); }
  /// It is on the way there: processors that idle are left alone.
  bool pressed() const { return pressed_.load(std::memory_order_relaxed); }
  /// How often it has come to that, and for how long in all.
  std::uint64_t limited_times() const { return limited_times_.load(std::memory_order_relaxed); }
  std::uint64_t limited_ns() const { return limited_ns_.load(std::memory_order_relaxed); }

  /// CPU time of all who collected; and of that, what was billed.
  std::uint64_t total_ns() const { return total_ns_.load(std::memory_order_relaxed); }
  std::uint64_t billed_ns() const { return billed_ns_.load(std::memory_order_relaxed); }

  /// Whether users are to be told now that the limit cannot be kept: once a minute at most.
  bool may_warn();

 private:
  const unsigned processors_;
  CpuLimiter limiter_;
  bool keep_limit_ = false;

  // As of the last call.
  std::uint64_t noted_ns_ = 0;
  std::uint64_t process_ns_ = 0;
  std::uint64_t thread_ns_ = 0;
  std::uint64_t helper_ns_ = 0;
  std::uint64_t assist_ns_ = 0;
  std::uint64_t warned_ns_ = 0;  // 0: never

  std::atomic<bool> limiting_{false};
  std::atomic<bool> pressed_{false};
  std::atomic<std::uint64_t> limited_times_{0};
  std::atomic<std::uint64_t> limited_ns_{0};
  std::atomic<std::uint64_t> total_ns_{0};
  std::atomic<std::uint64_t> billed_ns_{0};
};

inline constexpr std::size_t kWarningBytes = 256;  // more than the line

/// The line that tells users that the memory limit cannot be kept. `out` holds kWarningBytes. Returns its length.
std::size_t format_limit_warning(char* out, std::size_t live, std::size_t limit);

}  // namespace memgc::internal
