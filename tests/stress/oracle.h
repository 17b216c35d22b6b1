// Job: the oracle: random edits of a managed graph, mirrored in plain std::maps and compared after each cycle.
//
// Each thread owns the objects it makes and alone sets their edges, which may lead to anybody's objects; it learns of
// others' through the market, a managed object that all write to at once, and by walking. It keeps what it holds in a
// hand (its stack, or a RootRange when stacks are precise), in Roots, and on a tagged stack scanned through a decoder.
// At a checkpoint all threads stand still, the heap is collected, and the first thread compares:
//   - each object that the model can reach is there, once, intact, with the edges that the model says;
//   - with precise stacks, the live bytes are those of the model's reachable objects, to the byte: what is dead is
//   freed.
// The model keeps numbers only, never an address, so it hides nothing and keeps nothing.
#pragma once

#include <memgc/memgc.h>

#include <cstdint>

namespace memgc::testing {

struct OracleConfig {
  unsigned threads = 1;
  std::uint64_t seed = 1;
  std::uint64_t steps = 100'000;              // edits of the first thread; the others go on for as long
  std::uint64_t steps_per_checkpoint = 2000;  // at least this many between two
  bool weigh = true;                          // compare live bytes, too
  Options options = [] {                      // precise_stacks and debug knobs included
    Options quiet;
    quiet.debug.safepointms = 0;     // on a busy machine a thread may be late because it does not run
    quiet.debug.profilerate = 1024;  // samples everywhere: they keep nothing, and change nothing
    quiet.debug.waitrate = 1000;
    return quiet;
  }();
};

struct OracleReport {
  std::uint64_t edits = 0;
  std::uint64_t objects = 0;
  std::uint64_t checkpoints = 0;
  std::uint64_t cycles = 0;
  std::uint64_t compared = 0;  // objects looked at, over all checkpoints
};

/// Returns when all went well. On a difference it prints one line that starts with "oracle:", with the seed, and
/// aborts.
OracleReport run_oracle(const OracleConfig& config);

}  // namespace memgc::testing
