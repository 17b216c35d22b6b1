// Job: gives free memory back to the kernel: in the background, at about 1 % of the processors' time; at once where the
// memory limit wants it, and when the program asks. The arithmetic is scavenge_pacer.h's; finding free blocks is
// BlockHeap's.
//
// Threads: note_cycle() and work(), the collector's, between two cycles. All else: any.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>

#include "runtime/pacer_trace.h"
#include "runtime/scavenge_pacer.h"

namespace memgc::internal {

class HeapImpl;

class Scavenger {
 public:
  explicit Scavenger(HeapImpl& heap) : heap_(heap) {}

  /// Marking is over, and nothing is swept: what was taken then, and the goal that the cycle had, are what the next one
  /// is compared with.
  void note_cycle(std::size_t taken, std::size_t goal);
  /// Does a piece of work in the background. How long to rest until the next, in ns; 0: there is no more to do.
  std::uint64_t work();

  /// Gives all free blocks back. Returns their bytes.
  std::size_t release_all();
  /// Gives back what is over the memory limit, as far as it is free, before `growth` bytes are added.
  void keep_limit(std::size_t growth);

  /// Writes the line of scavtrace=1: what was given back since the last one.
  void print(ScavengeNote note);

 private:
  ScavengeInput input() const;

  HeapImpl& heap_;
  ScavengePace pace_;
  RecentMost used_lately_;
  std::uint64_t last_work_ns_ = 0;
  std::size_t last_in_use_ = 0;
  std::size_t last_goal_ = 0;
  std::atomic<std::size_t> background_{0};  // bytes, since the last line
  std::atomic<std::size_t> eager_{0};
};

}  // namespace memgc::internal
