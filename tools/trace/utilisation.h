// Job: the minimum mutator utilisation (MMU: Cheng and Blelloch, "A parallel, real-time garbage collector", PLDI 2001)
// of a stream of cycles: for each window size, the least share of any window of that size that was the program's.
//
// What a trace line does not say is assumed: the opening stop begins at @T (whole milliseconds), the closing stop
// follows the concurrent part, and assists are spread evenly over the concurrent part and the processors. In a stop of
// memgc, where threads are held up one by one, each is for as long as the one that was held up longest.
//
// Invariant: constant memory. One thread.
#pragma once

#include <cstdint>
#include <vector>

#include "cycle.h"
#include "worst_window.h"

namespace memgc::trace {

class Utilisation {
 public:
  Utilisation();
  // `begin`: on an axis on which runs do not overlap.
  void add(const Cycle& cycle, double begin);

  // By size: 1, 2 and 5 of each power of ten from 100 us to 50 s.
  std::vector<WorstWindow> windows() const;

 private:
  void add(double seconds, const Loss& lost, std::uint64_t number);

  std::vector<WorstWindows> decades_;
  double end_ = 0;  // of what has been added
};

}  // namespace memgc::trace
