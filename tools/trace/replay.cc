// Job: see replay.h.
#include "replay.h"

#include <algorithm>
#include <limits>

namespace memgc::trace {
namespace {

double to_mib(std::size_t bytes) { return static_cast<double>(bytes) / (1 << 20); }

// The recorded point nearest to a place on the allocation clock. Not a mean of the two beside it: where what is alive
// goes up and down from cycle to cycle, means are of a program that keeps a steady heap.
class Cursor {
 public:
  explicit Cursor(const std::vector<Point>& points) : points_(points) {}

  const Point& at(double allocated) {
    while (next_ < points_.size() && points_[next_].allocated < allocated) ++next_;
    while (next_ > 0 && points_[next_ - 1].allocated >= allocated) --next_;
    if (next_ == points_.size()) return points_.back();
    if (next_ == 0) return points_[0];
    const Point& before = points_[next_ - 1];
    const Point& after = points_[next_];
    return allocated - before.allocated < after.allocated - allocated ? before : after;
  }

 private:
  const std::vector<Point>& points_;
  std::size_t next_ = 0;
};

// Where the program itself asks for a cycle. A joined point with several has one for each.
class Forced {
 public:
  explicit Forced(const std::vector<Point>& points) : points_(points) { skip(); }

  double next() const {
    return at_ < points_.size() ? points_[at_].allocated : std::numeric_limits<double>::infinity();
  }
  void take() {
    if (++taken_ >= points_[at_].forced) {
      ++at_;
      taken_ = 0;
      skip();
    }
  }

 private:
  void skip() {
    while (at_ < points_.size() && points_[at_].forced == 0) ++at_;
  }

  const std::vector<Point>& points_;
  std::size_t at_ = 0;
  double taken_ = 0;
};

}  // namespace

double beside_mib(double heap_mib) { return 1 + 0.03 * heap_mib; }

Prediction replay(const Recording& run, const PacerSetting& setting) {
  constexpr double kMostCycles = 1e6;
  constexpr double kLeastGrowth = 1.0 / 16;  // MiB between two cycles, however little room there is
  Prediction out;
  if (run.points().empty()) return out;
  Cursor cursor(run.points());
  Forced forced(run.points());
  PacerModel pacer;
  double allocated = 0, live = 0, roots = 0, most = 0;
  while (out.cycles < kMostCycles) {
    const PacerGoal goal = pacer.next(setting, {to_bytes(live), to_bytes(roots), to_bytes(beside_mib(most))});
    // How late a cycle begins is told by the beginning of the recorded one nearest to its trigger.
    const double due = std::max(to_mib(goal.trigger_bytes), live);
    const double late = cursor.at(allocated + due - live).late;
    const double earliest = std::min(to_mib(goal.earliest_bytes), due);
    const double hard = std::max(to_mib(goal.hard_bytes), due);
    const double room = std::max(std::clamp(due + late, earliest, hard) - live, kLeastGrowth);
    const bool asked = forced.next() <= allocated + room;
    const double begins = asked ? std::max(forced.next(), allocated) : allocated + room;
    if (asked) forced.take();
    if (!(begins <= run.allocated())) {
      out.peak_mib = std::max(out.peak_mib, live + run.allocated() - allocated);
      return out;
    }
    const double start = live + (begins - allocated);
    const Point& here = cursor.at(begins);
    // Mutators are held up so that the heap ends at the goal; what passed it then may pass it again.
    const double most_during = to_mib(goal.goal_bytes) + here.over - start;
    const double during = std::clamp(most_during, 0.0, here.during);
    const double end = start + during;
    out.cycles += 1;
    out.by_limit += goal.by_limit && !asked ? 1 : 0;
    out.mark_ms += here.mark;
    out.marked_mib += here.base;
    out.stops_ms += here.stops;
    out.peak_mib = std::max(out.peak_mib, end);
    most = std::max(most, end);
    allocated = begins + during;
    live = std::min(here.base + during, end);
    roots = here.roots;
    pacer.note(to_mark(here, start, end, run.processors()));
  }
  out.gave_up = true;
  return out;
}

}  // namespace memgc::trace
