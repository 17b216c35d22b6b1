// Job: how many processors mark. Pure: no clock, lock or thread.
//
// How: a quarter of them (Go: runtime/mgcpacer.go, startCycle). Whole ones go to dedicated workers. When rounding to
// whole ones would be more than 30 % off, as with 1, 2, 3 and 6, one worker runs a part of the time. What the program
// leaves idle is used as well, and not counted.
#pragma once

#include <cstddef>
#include <cstdint>

namespace memgc::internal {

/// The share of all processors that marks in the background.
inline constexpr double kMarkShare = 0.25;

struct WorkerShare {
  unsigned dedicated = 0;   // workers that run until the cycle is over
  double fractional = 0;    // of one processor, for one more worker; below 1; 0: no such worker
  unsigned idle_most = 0;   // workers that may run on processors that would idle
  unsigned processors = 1;  // of how many this is the share
  /// All that marks in the background, in processors.
  double total() const { return static_cast<double>(dedicated) + fractional; }
};

/// The share of `processors` (0 counts as 1). With `stopped` mutators all of them mark. A `periodic` cycle, which no
/// allocation asked for, leaves idle processors alone.
WorkerShare worker_share(unsigned processors, bool stopped = false, bool periodic = false);

/// Whether the fractional worker, which has run for `worked_ns` of CPU time since the cycle began `elapsed_ns` ago, is
/// due.
bool fractional_due(const WorkerShare& share, std::uint64_t worked_ns, std::uint64_t elapsed_ns);
/// Whether it has run so far beyond its share, a fifth, that it is to rest.
bool fractional_done(const WorkerShare& share, std::uint64_t worked_ns, std::uint64_t elapsed_ns);
/// How long it is to rest until it is due; 0 when it is. Never more than a second, so that a cycle ends.
std::uint64_t fractional_rest_ns(const WorkerShare& share, std::uint64_t worked_ns, std::uint64_t elapsed_ns);

}  // namespace memgc::internal
