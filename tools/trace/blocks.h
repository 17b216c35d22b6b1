// Job: one side of a comparison in constant memory: for each run, blocks of consecutive cycles, each with its sums and
// the distribution of its stops.
//
// Cycles resemble those beside them, so single ones must not be resampled as if they were independent: the noise would
// look smaller than it is. Whole blocks are (a block bootstrap), which keeps what happens within a block together.
//
// Invariant: at most kMostRuns runs of at most kMostBlocks blocks; at that many, neighbours are joined and blocks are
// twice as long from then on. What belongs to runs beyond that is counted and left out. One thread.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <vector>

#include "cycle.h"

namespace memgc::trace {

// Stops on a logarithmic scale: 32 steps to a doubling, so a quantile is within 1.1 %.
class StopCounts {
 public:
  static constexpr std::size_t kSteps = 32;
  static constexpr std::size_t kBuckets = 26 * kSteps;  // 0.5 us to half a minute

  void add(double ms);
  void add(const StopCounts& other, double weight);
  double count() const { return count_; }
  double quantile_ms(double q) const;  // 0 if there are none

 private:
  std::array<float, kBuckets> buckets_{};
  double count_ = 0;
};

struct Block {
  double cycles = 0;
  // Over the stretches from one cycle's beginning to the next, where no line is missing between:
  double stretches = 0, seconds = 0, processor_ms = 0, gc_ms = 0, allocated_mib = 0;
  double cost_ms = 0, assist_ms = 0, marking_ms = 0, live_mib = 0, stop_ms = 0;  // sums over cycles
  double peak_mib = 0, longest_stop_ms = 0;
  StopCounts stops;

  void add(const Block& other, double weight = 1);
};

struct SideRun {
  std::vector<Block> blocks;
  Block open;  // its blocks to come
  Block total;
  double per_block = 1;
  std::optional<Cycle> last;
};

class Side {
 public:
  static constexpr std::size_t kMostRuns = 64, kMostBlocks = 128;

  void begin_file() { ++file_; }  // what follows is of other runs
  void add(const Cycle& cycle);
  void finish();

  const std::map<std::uint64_t, SideRun>& runs() const { return runs_; }
  std::uint64_t cycles() const { return cycles_; }
  std::uint64_t left_out() const { return left_out_; }

 private:
  std::map<std::uint64_t, SideRun> runs_;
  std::uint64_t file_ = 0, cycles_ = 0, left_out_ = 0;
};

}  // namespace memgc::trace
