// Job: when to collect. Pure functions over plain numbers: no clock, lock, thread or heap inside.
//
// The formulas are Go's (runtime/mgcpacer.go, as of 1.25), with Go's names where it has one. Sizes in bytes.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace memgc::internal {

inline constexpr std::size_t kNoGoal = SIZE_MAX;
inline constexpr std::size_t kMinimumGoal = std::size_t{4} << 20;  // at 100 percent

struct GoalInput {
  std::size_t live = 0;      // marked by the last cycle
  std::size_t roots = 0;     // scanned by it outside the heap: stacks, ranges, roots
  int growth_percent = 100;  // negative: off
  std::size_t memory_limit = SIZE_MAX;
  std::size_t mapped_ready = 0;  // all that the heap holds and has not given back
  std::size_t heap_free = 0;     // of that, free blocks
  std::size_t heap_in_use = 0;   // of that, bytes of objects, dead ones included
};

/// max(minimum, live + (live + roots) * percent / 100); kNoGoal when off.
std::size_t growth_goal(const GoalInput& in);
/// What the memory limit leaves for objects, with 3 % (at least 1 MiB) of headroom, never below `live`.
std::size_t limit_goal(const GoalInput& in);
/// The smaller of the two.
std::size_t heap_goal(const GoalInput& in);

/// How much was allocated while a cycle marked, per byte marked: of the last cycles, the largest, as Go's cons/mark.
class ConsMark {
 public:
  void add(std::size_t allocated, std::size_t marked);
  double ratio() const;

 private:
  std::array<double, 4> recent_{};
  std::size_t next_ = 0;
};

/// The heap size at which a cycle is to begin so that it ends at the goal: before it by what will be allocated while
/// `live` bytes are marked, within 70 % to 95 % of the way from live to goal, as Go bounds it.
std::size_t cycle_trigger(std::size_t goal, std::size_t live, double cons_mark);

/// How far the heap may grow while a cycle marks: from `begun` in proportion to the share of the expected work that is
/// done, up to a twentieth above the goal; some more when the cycle began late.
std::size_t allowed_growth(std::size_t begun, std::size_t goal, std::size_t expected_work, std::size_t done);

}  // namespace memgc::internal
