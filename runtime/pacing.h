// Job: one heap's pacing: feeds the pure functions (pacer.h, assist.h) with the heap's numbers, and keeps what they say
// where threads read it.
//
// A cycle prices allocation (assist.h): from begin_cycle() to end_cycle() a mutator that overdraws its balance draws on
// the pool, which what others mark flows into, or marks itself. The collector's leader revises the price now and then.
//
// Threads: knobs and readers, any; the cycle's part, the collector's, but for take_from_pool() and add_to_pool(). All
// numbers are relaxed: each is a hint of its own, and a price that is a moment old harms nobody.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>

#include "runtime/assist.h"
#include "runtime/holdings.h"
#include "runtime/pacer.h"

namespace memgc::internal {

class Pacing {
 public:
  Pacing(int growth_percent, std::size_t memory_limit) : growth_percent_(growth_percent), memory_limit_(memory_limit) {}

  int growth_percent() const { return growth_percent_.load(std::memory_order_relaxed); }
  std::size_t memory_limit() const { return memory_limit_.load(std::memory_order_relaxed); }
  int set_growth_percent(int percent) { return growth_percent_.exchange(percent, std::memory_order_relaxed); }
  std::size_t set_memory_limit(std::size_t bytes) { return memory_limit_.exchange(bytes, std::memory_order_relaxed); }

  /// A knob was turned or a cycle is over: sets goal and trigger. `at_goal`: begin cycles at the goal, not before it.
  void update_goal(const Holdings& now, bool at_goal);

  std::size_t live() const { return live_.load(std::memory_order_relaxed); }
  std::size_t goal() const { return goal_.load(std::memory_order_relaxed); }
  std::size_t trigger() const { return trigger_.load(std::memory_order_relaxed); }
  /// Beyond this nobody allocates while a cycle is wanted or under way.
  std::size_t hard_goal() const { return hard_goal_.load(std::memory_order_relaxed); }

  /// From here on mutators pay for what they allocate.
  void begin_cycle(std::size_t heap);
  /// Where the cycle stands: sets the price.
  void revise(std::size_t heap, std::size_t marked);
  /// Marking is over, and nobody pays any more.
  void end_marking() { charging_.store(false, std::memory_order_relaxed); }
  /// `live` and `roots` in bytes, as the cycle found them; it measured the rest.
  void end_cycle(std::size_t live, std::size_t roots, CycleMeasure measure);

  /// Whether the goal is what the memory limit leaves, not what growth_percent says.
  bool by_limit() const { return by_limit_.load(std::memory_order_relaxed); }

  bool charging() const { return charging_.load(std::memory_order_relaxed); }
  AssistRatio ratio() const;
  /// Up to `work` bytes of marking that others have done.
  std::size_t take_from_pool(std::size_t work);
  void add_to_pool(std::size_t work);
  bool pool_is_empty() const { return pool_.load(std::memory_order_relaxed) <= 0; }

 private:
  void set_hard_goal(std::size_t goal);

  std::atomic<int> growth_percent_;
  std::atomic<std::size_t> memory_limit_;
  std::atomic<std::size_t> live_{0};   // at the last cycle
  std::atomic<std::size_t> roots_{0};  // scanned by it
  std::atomic<std::size_t> goal_{0};
  std::atomic<std::size_t> trigger_{0};
  std::atomic<std::size_t> hard_goal_{0};
  std::atomic<double> runway_{0};  // bytes allocated during a cycle, for each one that it marks

  std::atomic<bool> by_limit_{false};
  std::atomic<bool> charging_{false};
  std::atomic<double> work_per_byte_{0};
  std::atomic<double> bytes_per_work_{0};
  std::atomic<std::int64_t> pool_{0};
  std::atomic<std::size_t> begun_{0};  // heap bytes; 0: no cycle is under way
  ConsMark cons_mark_;                 // the collector's
};

}  // namespace memgc::internal
