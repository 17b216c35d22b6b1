// Job: a program and a heap of numbers, paced by the pacer's own functions: no memory, thread or clock.
//
// The model is that of Go's pacer test: while a cycle marks, time goes by in steps; in each the price of a byte decides
// what share of the processors marks, at least a quarter, and the rest allocates. All that is marked was live when the
// cycle began, all that is allocated meanwhile is kept until the next one.
#pragma once

#include <cstddef>

#include "runtime/pacer.h"

namespace memgc::testing {

/// What the program does until the end of one cycle, and how the heap is set. Rates in KiB per ms of one processor.
struct Conditions {
  double allocation_rate = 33;
  double scan_rate = 1024;
  double growth = 1;       // of what lives, against the last cycle
  double live_bytes = -1;  // if not negative, what lives, whatever it was
  double scannable = 1;    // share of the heap that holds references
  double stack_bytes = 8192;
  double global_bytes = 32 << 10;
  double idle_share = 0;  // of all processors, taken by idle workers beside the quarter; mutators use what is left
  unsigned processors = 8;
  int growth_percent = 100;
  std::size_t memory_limit = SIZE_MAX;
};

/// One cycle. Sizes in bytes.
struct CycleResult {
  std::size_t live = 0;   // when it began to allocate: what the last cycle left
  std::size_t begun = 0;  // the trigger
  std::size_t goal = 0;
  std::size_t peak = 0;    // when marking ended
  std::size_t marked = 0;  // what it left
  double utilization = 0;  // share of the processors that marked, idle workers left out
  double marking_ms = 0;
  double assist_ratio_most = 0;
  double goal_ratio() const { return static_cast<double>(peak) / static_cast<double>(goal); }
  double trigger_ratio() const {
    return (static_cast<double>(begun) - static_cast<double>(live)) /
           (static_cast<double>(goal) - static_cast<double>(live));
  }
  std::size_t runway() const { return goal - begun; }
};

class Simulation {
 public:
  /// The first cycle finds `initial_bytes` alive.
  explicit Simulation(double initial_bytes) : initial_bytes_(initial_bytes) {}
  CycleResult run(const Conditions& now);

 private:
  internal::HeapGoal goal_for(const Conditions& now, std::size_t begun) const;

  double initial_bytes_;
  std::size_t cycles_ = 0;
  std::size_t marked_ = 0;  // by the last cycle, with what was allocated meanwhile
  double black_ = 0;        // that part of it
  double heap_scan_ = 0;    // what the last cycle scanned: of the heap,
  double stack_scan_ = 0;   // of stacks,
  double global_scan_ = 0;  // and of roots elsewhere
  internal::ConsMark cons_mark_;
};

}  // namespace memgc::testing
