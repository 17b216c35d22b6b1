// Job: tell apart the runs of one stream, and find the gaps in each. The rule is reader.h's.
//
// Invariant: at most kOpen runs are remembered, those last heard of; so memory is constant.
//
// One thread.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "cycle.h"

namespace memgc::trace {

class Runs {
 public:
  // Sets cycle.run and cycle.lost_before.
  void place(Cycle& cycle);
  std::uint32_t count() const { return count_; }

 private:
  struct Run {
    std::uint32_t id = 0;
    std::uint32_t heap = 0;
    std::uint64_t number = 0;  // of its last cycle
    double seconds = 0;
  };
  static constexpr std::size_t kOpen = 16;

  std::size_t find(const Cycle& cycle) const;
  void begin(const Cycle& cycle);

  std::array<Run, kOpen> open_{};  // the one last heard of first
  std::size_t opened_ = 0;
  std::uint32_t count_ = 0;
};

}  // namespace memgc::trace
