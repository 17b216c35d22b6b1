// Job: how much free memory to give back to the kernel, when, and how fast. Pure: no clock, lock or thread; time is a
// number.
//
// How: Go's goals (runtime/mgcscavenge.go): what the last cycle left in use, in proportion to how the heap's goal has
// moved since, and 10 % more, is kept; and never more than 95 % of the memory limit. In the background at 1 % of the
// processors' time; on a mutator's time only when it would pass the limit, or make the heap larger than it is to be
// kept. Beyond Go: a goal that falls is believed after a quarter to half a second, but for the tenth above it. Programs
// whose live heap goes up and down from cycle to cycle would have the same pages given back and faulted in again and
// again.
//
// Go steers its sleep with a PI controller on the share it measures. Here what work costs in rest is computed and what
// was rested too long is kept in mind: the same share, without a controller that can wind up.
#pragma once

#include <cstddef>
#include <cstdint>

namespace memgc::internal {

/// Work in the background comes in pieces of at least this much CPU time, so that waking is not most of it.
inline constexpr std::uint64_t kScavengeWorkNs = 1'000'000;

struct ScavengeInput {
  std::size_t last_in_use = 0;   // bytes of blocks in use when the last cycle was over
  std::size_t last_goal = 0;     // the goal that the last cycle had; 0: there was none
  std::size_t goal = 0;          // the goal now
  std::size_t retained = 0;      // bytes of blocks in use, and of free ones that are resident
  std::size_t mapped_ready = 0;  // all resident memory that the limit counts
  std::size_t memory_limit = SIZE_MAX;
  std::size_t used_lately = 0;  // the most that use_goal() was lately
  std::size_t page_bytes = 4096;
};

/// So much of the blocks the next cycle will find in use; SIZE_MAX before the first cycle and without a goal.
std::size_t use_goal(const ScavengeInput& in);
/// So much the blocks may hold: a tenth more.
std::size_t retain_goal(const ScavengeInput& in);
/// So much may be resident under the limit; SIZE_MAX without one.
std::size_t resident_goal(const ScavengeInput& in);
/// What the background is to give back now; less than a page is nothing. Blocks below `used_lately` are spared unless
/// the limit wants them.
std::size_t scavenge_excess(const ScavengeInput& in);

/// The largest of the values of the last while: of a quarter of a second at least, of half a second at most.
class RecentMost {
 public:
  static constexpr std::uint64_t kHalfNs = 250'000'000;
  /// Adds a value; returns the largest. `now_ns` never goes back.
  std::size_t note(std::size_t value, std::uint64_t now_ns);

 private:
  std::uint64_t half_began_ns_ = 0;
  std::size_t this_half_ = 0;
  std::size_t last_half_ = 0;
};

struct ScavengeNow {
  std::size_t bytes = 0;
  bool forced = false;  // for the limit: dense blocks, kept for their huge pages, are not spared
};

/// What a mutator is to give back before the heap takes `growth` more resident bytes. With the limiter on (`limiting`)
/// the memory limit is let go.
ScavengeNow scavenge_before_growth(const ScavengeInput& in, std::size_t growth, bool limiting);

/// Keeps the background at its share.
class ScavengePace {
 public:
  /// After a piece of work of `worked_ns` CPU time that gave back `pages`: how long to rest. `since_last_ns` is the
  /// time from the last call, the rest and the work between included.
  std::uint64_t rest_ns(std::uint64_t worked_ns, std::size_t pages, std::uint64_t since_last_ns, unsigned processors);

 private:
  double owed_ns_ = 0;  // rest; below 0: rested too long
};

}  // namespace memgc::internal
