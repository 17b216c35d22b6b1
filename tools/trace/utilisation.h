// Job: the minimum mutator utilisation (MMU: Cheng and Blelloch, "A parallel, real-time garbage collector", PLDI 2001)
// of a stream of cycles: for each window size, the least share of any window of that size that was the program's.
//
// How: a window is kSlots slots of time and slides by one. What is taken from any window of the size lies in kSlots + 1
// slots in a row, and their sum is kept while they go by; so the answer is never above the true one, and below it by no
// more than what one slot holds.
//
// What a trace line does not say is assumed: the opening stop begins at @T (whole milliseconds), the closing stop
// follows the concurrent part, every thread is held up for as long as the one that was held up longest, and assists are
// spread evenly over the concurrent part and the processors.
//
// Invariant: constant memory. One thread.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "cycle.h"

namespace memgc::trace {

class WindowedLoss {
 public:
  struct Worst {
    double lost_seconds = 0;
    double begin_seconds = 0;  // where the window lies
    std::uint64_t number = 0;  // the cycle that made it the worst
  };

  explicit WindowedLoss(double window_seconds) : slot_seconds_(window_seconds / kSlots) {}
  // Adds [begin, end), of which `share` was lost; not before the one added before it.
  void add(double begin, double end, double share, std::uint64_t number);
  double window_seconds() const { return slot_seconds_ * kSlots; }
  double utilisation() const;
  const Worst& worst() const { return worst_; }

 private:
  static constexpr std::size_t kSlots = 64;

  void advance(std::int64_t slot);
  void fill(double end, double share);

  double slot_seconds_;
  std::array<double, kSlots + 1> lost_{};  // a ring: slot n is at n % size
  double sum_ = 0;
  std::int64_t newest_ = 0;
  Worst worst_;
};

class Utilisation {
 public:
  Utilisation();
  // `begin`: on an axis on which runs do not overlap.
  void add(const Cycle& cycle, double begin);

  struct Point {
    WindowedLoss stops;         // lost to stops
    WindowedLoss with_assists;  // and to assists
  };
  const std::vector<Point>& points() const { return points_; }

 private:
  std::vector<Point> points_;
  double end_ = 0;
};

}  // namespace memgc::trace
