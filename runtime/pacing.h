// Job: one heap's pacing: feeds the pure functions (pacer.h, assist.h) with the heap's numbers, and keeps what they say
// where threads read it.
//
// A cycle prices allocation (assist.h): from begin_cycle() to end_cycle() a mutator that overdraws its balance draws on
// the pool, which what others mark flows into, or marks itself. The collector's leader revises the price now and then.
//
// Threads: knobs and readers, any; the cycle's part, the collector's, but for take_from_pool() and add_to_pool(). All
// numbers are relaxed: each is a hint of its own, and a price that is a moment old harms nobody.
#pragma once

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdint>

#include "memgc/options.h"
#include "runtime/assist.h"
#include "runtime/generations.h"
#include "runtime/holdings.h"
#include "runtime/pacer.h"

namespace memgc::internal {

class Pacing {
 public:
  explicit Pacing(const Options& options)
      : growth_percent_(options.growth_percent),
        memory_limit_(options.memory_limit),
        max_bytes_(options.max_bytes),
        generations_(options.generational) {}

  int growth_percent() const { return growth_percent_.load(std::memory_order_relaxed); }
  std::size_t memory_limit() const { return memory_limit_.load(std::memory_order_relaxed); }
  int set_growth_percent(int percent) { return growth_percent_.exchange(percent, std::memory_order_relaxed); }
  std::size_t set_memory_limit(std::size_t bytes) { return memory_limit_.exchange(bytes, std::memory_order_relaxed); }

  /// A knob was turned or a cycle is over: sets goal and trigger. `at_goal`: begin cycles at the goal, not before it.
  void update_goal(const Holdings& now, bool at_goal);

  /// What the next cycle, or the one under way, is expected to mark.
  std::size_t expected_work() const { return work_.load(std::memory_order_relaxed); }
  std::size_t live() const { return live_.load(std::memory_order_relaxed); }
  std::size_t goal() const { return goal_.load(std::memory_order_relaxed); }
  std::size_t trigger() const { return trigger_.load(std::memory_order_relaxed); }
  /// The smaller of the memory limit and the hard one.
  std::size_t limit() const { return std::min(memory_limit(), max_bytes_); }
  bool limited() const { return limit() != SIZE_MAX; }
  /// Blocks in use at which a cycle is to begin, whatever the objects in them come to: they may be full of holes that
  /// not every type can fill. SIZE_MAX without a limit, and until what a cycle found dead is swept.
  std::size_t block_trigger() const { return block_trigger_.load(std::memory_order_relaxed); }
  /// Beyond this nobody takes blocks while a cycle is wanted or under way: the limit, or some more than was in use when
  /// all was swept.
  std::size_t hard_blocks() const { return hard_blocks_.load(std::memory_order_relaxed); }
  /// What the memory limit leaves for blocks, free ones included.
  std::size_t resident_blocks() const { return resident_blocks_.load(std::memory_order_relaxed); }
  /// All is swept, or a knob was turned: sets the three.
  void update_block_goal(const Holdings& now, bool at_goal);
  /// So much is held that is no blocks.
  void note_others(std::size_t bytes);

  /// Beyond this nobody allocates while a cycle is wanted or under way.
  std::size_t hard_goal() const { return hard_goal_.load(std::memory_order_relaxed); }

  /// From here on mutators pay for what they allocate. `untraced`: what a minor cycle does not look at; 0 for a full
  /// one.
  void begin_cycle(std::size_t heap, std::size_t untraced);
  /// Where the cycle stands: sets the price.
  void revise(std::size_t heap, std::size_t marked);
  /// Marking is over, and nobody pays any more.
  void end_marking() { charging_.store(false, std::memory_order_relaxed); }
  /// What the cycle found; `roots` in bytes, scanned outside the heap; the rest it measured. generations() then says
  /// what the next one is to be.
  void end_cycle(const CycleFound& found, std::size_t roots, CycleMeasure measure);
  /// Which cycles are minor. The collector's.
  const Generations& generations() const { return generations_; }
  /// Whether the memory limit asks for less than growth does.
  bool by_limit() const { return by_limit_.load(std::memory_order_relaxed); }

  /// Whether the memory limit leaves no room above the live heap, so that one cycle follows the other.
  bool no_room() const { return no_room_.load(std::memory_order_relaxed); }

  double cons_mark() const { return cons_mark_[generations_.next_is_minor()].ratio(); }

  bool charging() const { return charging_.load(std::memory_order_relaxed); }
  AssistRatio ratio() const;
  /// Up to `work` bytes of marking that others have done.
  std::size_t take_from_pool(std::size_t work);
  void add_to_pool(std::size_t work);
  bool pool_is_empty() const { return pool_.load(std::memory_order_relaxed) <= 0; }

  /// Processor time that the collector has had too little of, its share being a quarter: mutators lend it theirs.
  void owe_time(std::uint64_t ns) { owed_ns_.store(static_cast<std::int64_t>(ns), std::memory_order_relaxed); }
  bool time_is_owed() const { return owed_ns_.load(std::memory_order_relaxed) > 0; }
  void lend_time(std::uint64_t ns) { owed_ns_.fetch_sub(static_cast<std::int64_t>(ns), std::memory_order_relaxed); }

 private:
  void set_hard_goal(std::size_t wanted);

  std::atomic<int> growth_percent_;
  std::atomic<std::size_t> memory_limit_;
  const std::size_t max_bytes_;
  std::atomic<std::size_t> live_{0};      // at the last cycle
  std::atomic<std::size_t> promoted_{0};  // of that, since the last full one
  std::atomic<std::size_t> work_{0};      // that the next cycle is expected to have
  std::atomic<std::size_t> roots_{0};     // scanned by it
  std::atomic<std::size_t> goal_{0};
  std::atomic<std::size_t> limit_goal_{SIZE_MAX};  // what the memory limit leaves: no goal is stretched beyond it
  std::atomic<std::size_t> trigger_{0};
  std::atomic<std::size_t> hard_goal_{0};
  std::atomic<std::size_t> block_trigger_{SIZE_MAX};
  std::atomic<std::size_t> hard_blocks_{SIZE_MAX};
  std::atomic<std::size_t> resident_blocks_{SIZE_MAX};
  std::atomic<std::size_t> swept_blocks_{0};  // in use when all was swept, last
  std::atomic<double> runway_{0};             // bytes allocated during a cycle, for each one that it marks

  std::atomic<bool> no_room_{false};
  std::atomic<bool> by_limit_{false};
  std::atomic<bool> charging_{false};
  std::atomic<double> work_per_byte_{0};
  std::atomic<double> bytes_per_work_{0};
  std::atomic<std::int64_t> pool_{0};
  std::atomic<std::int64_t> owed_ns_{0};
  std::atomic<std::size_t> begun_{0};  // heap bytes; 0: no cycle is under way
  std::size_t untraced_ = 0;           // the collector's
  ConsMark cons_mark_[2];              // the collector's: of full cycles, and of minor ones
  Generations generations_;            // the collector's
};

}  // namespace memgc::internal
