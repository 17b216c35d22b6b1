// Job: which cycles are minor. Pure functions over plain numbers: no clock, lock, thread or heap inside.
//
// A minor cycle keeps what the last cycle kept, without tracing it, and looks for what lives of that which was made
// since. It costs what lives of that, and what must be remembered; it cannot find what has died among the old. So:
//
//   full --> minor --> minor --> ... --> full      while they pay: until three quarters of the room above what the last
//                                                  full one found have become old
//   full --> minor --> full --> full --> ... --> minor     when one did not pay: full ones for a while, then a trial
//
// A cycle *pays* if it frees as much for each byte of work as the last full one did. A program whose objects die at one
// age, or whose dead old objects hold on to young ones (a list that grows at one end and dies at the other: nepotism),
// frees little in a minor cycle for much work. `automatic` has minor cycles only while a full one has shown, by how
// much died of what was old (old_sample.h) and so how much of what was young, that they would pay, and save enough
// marking for what remembering stores costs; until then stores are not remembered. One that does not pay nevertheless
// is followed by 4, then 16, 64 full ones. The goal is that of the last full cycle, so that memory is what it would be
// without minor cycles; where the limit sets the goal, no cycle is minor.
//
// Sizes in bytes.
#pragma once

#include <cstddef>

#include "memgc/options.h"

namespace memgc::internal {

/// What a cycle found.
struct CycleFound {
  bool minor = false;
  bool remembered = false;   // stores are remembered since it began: the next may be minor
  bool limited = false;      // the memory limit set its goal
  std::size_t before = 0;    // heap bytes after the cycle before
  std::size_t ended = 0;     // heap bytes when marking ended
  std::size_t live = 0;      // of these, found alive or not looked at
  std::size_t old_died = 0;  // of a full one: freed of what the cycle before had kept
  std::size_t work = 0;      // marked, and scanned because it was remembered
  std::size_t goal = 0;      // that the cycle had
};

class Generations {
 public:
  explicit Generations(Generational mode) : mode_(mode), remembers_(mode == Generational::on) {}

  /// Whether the next cycle is to be minor, if nothing else is in the way.
  bool next_is_minor() const { return next_is_minor_; }
  /// Whether stores are to be remembered from the next cycle on, as the one after it may be minor.
  bool remembers() const { return remembers_; }
  /// Whether it must be known what a cycle kept.
  bool knows_old() const { return mode_ != Generational::off; }
  /// A cycle is over. One that was to be minor may have been full.
  void note(const CycleFound& found);

  /// What minor cycles have made old since the last full one: growth does not count from these.
  std::size_t promoted() const { return promoted_; }
  /// What the next cycle will have to mark, from `live` bytes to a goal of so many.
  std::size_t expected_work(std::size_t live, std::size_t goal) const;

 private:
  static constexpr unsigned kShortestPause = 4;
  static constexpr unsigned kLongestPause = 64;

  void note_full(const CycleFound& found);
  void note_minor(const CycleFound& found);
  bool predicts_pay(const CycleFound& full) const;

  Generational mode_;
  bool remembers_;
  bool next_is_minor_ = false;
  unsigned fulls_to_go_ = 0;         // before the next minor one
  unsigned pause_ = kShortestPause;  // after one that does not pay
  std::size_t full_live_ = 0;        // found by the last full cycle
  std::size_t promoted_ = 0;
  double full_yield_ = 0;        // freed for each byte of work, by the last full cycle
  double work_per_made_ = 0.25;  // of minor cycles, by the latest
};

}  // namespace memgc::internal
