// Job: points thrown at random on a stream of units (bytes, nanoseconds), one in `mean` units on average: what to
// sample, so that each unit has the same chance whatever it is part of.
//
// How: a Poisson process, by the gaps between its points, which are exponential. It has no memory: after a point, or
// where a part of the stream is left out without having been looked at, the rest is as if it began there. So a piece of
// `size` units holds a point with probability(size), whatever came before, and counting each piece that does
// 1 / probability(size) times is right on average for every size (that is also what Go's heap profile does).
// Invariant: pass() is told of each unit once, in any order that does not depend on where points will be.
// Threads: one at a time.
#pragma once

#include <cstddef>
#include <cstdint>

namespace memgc::internal {

class SamplePoints {
 public:
  /// `mean` units from point to point; 0: there are none, 1: at each unit. Equal seeds, equal points.
  void begin(std::uint64_t mean, std::uint64_t seed);

  /// The next `units` go by. Returns how many lie before the first point in them; `units` if there is none. A
  /// subtraction as a rule.
  std::uint64_t pass(std::uint64_t units) {
    if (left_ >= units) [[likely]] {
      left_ -= units;
      return units;
    }
    return take_point();
  }
  /// The same for a piece that is sampled or not: whether there is a point in it.
  bool hit(std::uint64_t units) { return pass(units) < units; }

  /// hit() in two steps: whether there is none in it, and it has gone by; else take_point() is to be called.
  bool skip(std::uint64_t units) {
    if (left_ < units) [[unlikely]]
      return false;
    left_ -= units;
    return true;
  }
  /// The next point is passed. Returns what lay before it.
  std::uint64_t take_point();

  /// Of a piece of so many units, that it is hit.
  static double probability(std::uint64_t mean, std::uint64_t units);

 private:
  std::uint64_t draw_gap();

  std::uint64_t left_ = UINT64_MAX;  // units before the next point
  std::uint64_t mean_ = 0;
  std::uint64_t state_ = 0;  // of the generator
};

}  // namespace memgc::internal
