// Job: how much to sweep before allocating, so that sweeping is over before the next cycle begins. Pure.
//
// How: blocks that are left, spread over the bytes that are left to the trigger (Go: runtime/mgcsweep.go,
// gcPaceSweeper).
//
//   a cycle is over, or the trigger has moved:   pace = sweep_pace(heap, trigger, blocks left)
//   before a mutator takes `bytes` of cells:     sweep sweep_due(pace, heap, bytes, blocks swept since) blocks
#pragma once

#include <cstddef>

namespace memgc::internal {

struct SweepPace {
  double blocks_per_byte = 0;  // 0: nothing is left
  std::size_t basis = 0;       // heap bytes from which on it counts
};

/// Aims a megabyte before the trigger. A trigger that has been passed is no reason to stop the program: then the least
/// distance counts, a page.
SweepPace sweep_pace(std::size_t heap, std::size_t trigger, std::size_t blocks_left);

/// How many blocks are to be swept before `bytes` more are allocated, when `swept` have been since the pace was set, by
/// anybody. A heap below the basis, which a new cycle can make it, counts as at it.
std::size_t sweep_due(const SweepPace& pace, std::size_t heap, std::size_t bytes, std::size_t swept);

}  // namespace memgc::internal
