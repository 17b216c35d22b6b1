// Job: when to collect. Pure functions over plain numbers: no clock, lock, thread or heap inside.
//
// How: the formulas are Go's (runtime/mgcpacer.go, as of 1.25), with Go's names where it has one. Sizes in bytes.
//
//   live ------------- trigger ------ goal            a cycle begins when the heap reaches the trigger, early enough
//        the program          \ runway /              that it ends at the goal while a quarter of the processors mark
//
//   a cycle is over, or a knob was turned:   goal = heap_goal(...), trigger = cycle_trigger(goal, live, runway(...))
//   a cycle is over:                         cons_mark.add(what it measured)
//
// Not here: what a mutator owes while a cycle marks (assist.h), how many processors mark (worker_share.h).
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace memgc::internal {

inline constexpr std::size_t kNoGoal = SIZE_MAX;
inline constexpr std::size_t kMinimumGoal = std::size_t{4} << 20;  // at 100 percent

struct GoalInput {
  std::size_t live = 0;      // marked by the last cycle, or taken for alive
  std::size_t promoted = 0;  // of that, since the last full cycle: growth does not count from these
  std::size_t roots = 0;     // scanned by it outside the heap: stacks, ranges, roots
  int growth_percent = 100;  // negative: off
  std::size_t memory_limit = SIZE_MAX;
  std::size_t mapped_ready = 0;   // all that the heap holds and has not given back
  std::size_t heap_free = 0;      // of that, free blocks
  std::size_t heap_in_use = 0;    // of that, bytes of objects, dead ones included
  std::size_t least_trigger = 0;  // sweep_floor()
  std::size_t begun = kNoGoal;    // heap bytes when the cycle under way began; kNoGoal: none is
};

/// max(minimum, live + (live + roots) * percent / 100), with what the last full cycle found for live; kNoGoal when off.
std::size_t growth_goal(const GoalInput& in);
/// What the memory limit leaves for objects, with 3 % (at least 1 MiB) of headroom, never below `live`.
std::size_t limit_goal(const GoalInput& in);

struct HeapGoal {
  std::size_t bytes = kNoGoal;
  std::size_t least_trigger = 0;
  bool by_limit = false;  // the memory limit asks for less than growth_percent does
};

/// The smaller of the two. Where it is not the limit's it leaves room for sweeping and, under a cycle, for its end.
HeapGoal heap_goal(const GoalInput& in);

/// Below this no cycle is to begin while blocks are unswept: sweeping in step with allocation needs a megabyte to go.
std::size_t sweep_floor(std::size_t heap, bool sweep_done);

/// What a cycle measured, from its beginning until marking ended.
struct CycleMeasure {
  std::size_t begun = 0;        // heap bytes when it began
  std::size_t ended = 0;        // and when marking ended
  std::size_t work = 0;         // bytes scanned: objects, stacks, roots
  std::uint64_t assist_ns = 0;  // CPU time of mutators' assists
  std::uint64_t idle_ns = 0;    // and of idle workers
  std::uint64_t wall_ns = 0;    // 0: unknown, then neither counts
  unsigned processors = 1;
};

/// Bytes that one processor allocates in the time in which it would mark one byte: Go's cons/mark. 0 if nothing was
/// allocated. That background workers had their quarter is assumed: what kept them from it will keep them again.
double cons_mark(const CycleMeasure& cycle);

/// Of the last cycle and the four before it the largest cons/mark, and the smallest share of the processors that idle
/// workers had: rather begin too early than too late.
class ConsMark {
 public:
  void add(const CycleMeasure& cycle);
  double ratio() const;
  double idle_share() const;

 private:
  static constexpr std::size_t kRemembered = 5;
  std::array<double, kRemembered> ratios_{};
  std::array<double, kRemembered> idle_shares_{};
  std::size_t next_ = 0;
};

/// What will be allocated while `work` bytes are marked by a quarter of the processors and the idle ones. Go leaves the
/// idle ones out, and so begins too early by as much as they do, time after time; 0 for `idle_share` is Go's.
std::size_t runway(double cons_mark, double idle_share, std::size_t work);

/// The heap size at which a cycle is to begin so that it ends at the goal: before it by the runway, within 70 % and 95
/// % of the way from live to goal (or 4 MiB below the goal, if that is nearer to it). Never above the goal.
std::size_t cycle_trigger(const HeapGoal& goal, std::size_t live, std::size_t runway);

}  // namespace memgc::internal
