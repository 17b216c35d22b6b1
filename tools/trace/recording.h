// Job: what one run's trace says of the program, whatever the setting it ran with: how much it had allocated when each
// cycle began, what was alive then, and what it cost to find out.
//
// The clock is allocation, not time: with another setting a cycle comes elsewhere on it, and finds what was alive
// there.
//
// Invariant: memory is constant. At kMost points neighbours are joined, and from then on a point is the mean of 2, 4, 8
// ... cycles. Sizes in MiB, times in milliseconds, as the lines have them; half a MiB is added to what lines cut to
// whole ones. One thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "cycle.h"
#include "memgc/pacing.h"

namespace memgc::trace {

// The mean of a few consecutive cycles.
struct Point {
  double allocated = 0;  // by the program, when the cycle began
  double base = 0;       // alive, without what was allocated while the cycle marked
  double late = 0;       // how far past the pacer's trigger the heap was when it began
  double during = 0;     // allocated while it marked
  double over = 0;       // how far past its goal it ended, if at all
  double roots = 0;      // scanned outside the heap
  double mark = 0;       // CPU time of marking, whoever did it
  double idle = 0;       // of that, beyond the collector's quarter of the processors
  double assist = 0;     // of that, mutators'
  double stops = 0;      // how long threads were stopped, summed over them
  double wall = 0;       // of marking
  double cycles = 1;     // of which it is the mean
  double forced = 0;     // of those
};

// As the pacer has them.
std::size_t to_bytes(double mib);
PacerMark to_mark(const Point& point, double begun_mib, double ended_mib, unsigned processors);

class Recording {
 public:
  static constexpr std::size_t kMost = 4096;

  void add(const Cycle& cycle);

  const std::vector<Point>& points() const { return points_; }
  double allocated() const { return allocated_; }  // when the last cycle ended
  double seconds() const;                          // from the program's start to the last cycle's end
  // Of all cycles, and of lost ones as of those beside them:
  double mark() const { return mark_; }
  double stops() const { return stops_time_; }
  double marked() const { return marked_; }  // MiB alive, but for what was allocated while it was marked
  double peak() const { return peak_; }      // heap at the end of a cycle, the most
  double most_live() const { return most_live_; }
  unsigned processors() const { return processors_; }
  std::uint64_t cycles() const { return cycles_; }
  std::uint64_t forced() const { return forced_; }
  std::uint64_t minor() const { return minor_; }
  std::uint64_t lost() const { return lost_; }
  // Cycles that the heap's goal left less than a tenth of the live heap to grow by.
  std::uint64_t cramped() const { return cramped_; }
  double greatest_goal() const { return greatest_goal_; }
  // The growth percent that the goals tell of, by their median; none if all are the least goal's.
  std::optional<double> growth_percent() const;
  // Cycles whose goal is less than three quarters of what that percent asks for: something else held it down.
  std::uint64_t held_down() const;
  // Go bills each stop to all processors; memgc to the threads that were stopped.
  bool looks_like_go() const { return processors_ > 1 && stops_ >= 10 && billed_to_all_ * 100 >= stops_ * 97; }

 private:
  struct Growth {
    double percent = 0;
    double weight = 0;  // cycles
  };

  double late(const Cycle& cycle) const;
  void note_goal(const Cycle& cycle);
  void note_stop(double clock_ms, double cpu_ms, unsigned processors);
  void join_neighbours();

  std::vector<Point> points_;
  std::vector<Growth> growth_;
  std::optional<Cycle> last_;
  PacerModel pacer_;  // as it was when the cycles were recorded
  double late_ = 0;   // of the last cycle that tells
  Point open_;        // of fewer than per_point_ cycles
  double per_point_ = 1, in_open_ = 0;
  double per_growth_ = 1, in_growth_ = 0;
  double allocated_ = 0, mark_ = 0, stops_time_ = 0, marked_ = 0, peak_ = 0, most_live_ = 0, greatest_goal_ = 0;
  std::uint64_t cycles_ = 0, forced_ = 0, minor_ = 0, lost_ = 0, cramped_ = 0, stops_ = 0, billed_to_all_ = 0;
  unsigned processors_ = 1;
};

}  // namespace memgc::trace
