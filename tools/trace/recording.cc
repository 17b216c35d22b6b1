// Job: see recording.h.
#include "recording.h"

#include <algorithm>
#include <cmath>

namespace memgc::trace {
namespace {

// MiB: the mean of what a line leaves out of a size, where it leaves out anything.
double cut_of(const Cycle& cycle) {
  const auto whole = [](double mib) { return mib == std::floor(mib); };
  return whole(cycle.start_mib) && whole(cycle.end_mib) && whole(cycle.live_mib) ? 0.5 : 0;
}

// A line may hold any figure that can be written down. Sums of these stay finite.
Cycle bounded(Cycle cycle) {
  constexpr double kMostMs = 1e15;
  for (double* const mib : {&cycle.start_mib, &cycle.end_mib, &cycle.live_mib, &cycle.goal_mib}) {
    *mib = std::min(*mib, kNoGoalMib);
  }
  for (std::optional<double>* const mib : {&cycle.stacks_mib, &cycle.globals_mib}) {
    if (*mib) *mib = std::min(**mib, kNoGoalMib);
  }
  for (double* const ms : {&cycle.opening_stop_ms, &cycle.concurrent_ms, &cycle.closing_stop_ms, &cycle.opening_cpu_ms,
                           &cycle.assist_cpu_ms, &cycle.background_cpu_ms, &cycle.idle_cpu_ms, &cycle.closing_cpu_ms}) {
    *ms = std::min(*ms, kMostMs);
  }
  return cycle;
}

void join(Point& into, const Point& other) {
  const double all = into.cycles + other.cycles, a = into.cycles / all, b = other.cycles / all;
  for (const auto field : {&Point::allocated, &Point::base, &Point::late, &Point::during, &Point::over, &Point::roots,
                           &Point::mark, &Point::idle, &Point::assist, &Point::stops, &Point::wall}) {
    into.*field = a * into.*field + b * other.*field;
  }
  into.cycles = all;
  into.forced += other.forced;
}

}  // namespace

std::size_t to_bytes(double mib) { return static_cast<std::size_t>(std::clamp(mib * (1 << 20), 0.0, 0x1p62)); }

PacerMark to_mark(const Point& point, double begun_mib, double ended_mib, unsigned processors) {
  const auto ns = [](double ms) { return static_cast<std::uint64_t>(std::clamp(ms * 1e6, 0.0, 0x1p62)); };
  PacerMark out;
  out.begun_bytes = to_bytes(begun_mib);
  out.ended_bytes = to_bytes(ended_mib);
  out.work_bytes = to_bytes(point.base + point.roots);
  out.assist_ns = ns(point.assist);
  out.idle_ns = ns(point.idle);
  out.wall_ns = ns(point.wall);
  out.processors = processors;
  return out;
}

// What is known of a cycle's beginning where the line before it is missing is what was known of the one before that.
double Recording::late(const Cycle& cycle) const {
  if (cycle.forced || cycle.lost_before > 0 || cycle.goal_mib >= kNoGoalMib) return late_;
  const double cut = cut_of(cycle), live = last_ ? last_->live_mib + cut : 0;
  const std::size_t trigger = pacer_.trigger(to_bytes(live), to_bytes(cycle.goal_mib + cut));
  return cycle.start_mib + cut - static_cast<double>(trigger) / (1 << 20);
}

void Recording::add(const Cycle& read) {
  const Cycle cycle = bounded(read);
  const double cut = cut_of(cycle);
  const double during = std::max(cycle.end_mib - cycle.start_mib, 0.0);
  double grown = cycle.start_mib + cut;
  if (last_) grown = std::max(cycle.start_mib - last_->live_mib, 0.0);
  // Lost cycles: as much was allocated in each as before this one.
  const auto missing = static_cast<double>(cycle.lost_before);
  allocated_ += grown + missing * (grown + during);
  const double mark = cycle.assist_cpu_ms + cycle.background_cpu_ms + cycle.idle_cpu_ms;
  const double stops = cycle.opening_cpu_ms + cycle.closing_cpu_ms;
  mark_ += mark * (1 + missing);
  stops_time_ += stops * (1 + missing);

  Point point;
  point.allocated = allocated_;
  point.late = late_ = late(cycle);
  point.during = during;
  point.over = std::max(cycle.end_mib - cycle.goal_mib, 0.0);
  point.base = std::max(cycle.live_mib + cut - during, 0.0);
  marked_ += point.base * (1 + missing);
  point.roots = cycle.stacks_mib.value_or(0) + cycle.globals_mib.value_or(0);
  point.mark = mark;
  point.idle = cycle.idle_cpu_ms;
  point.assist = cycle.assist_cpu_ms;
  point.stops = stops;
  point.wall = cycle.concurrent_ms;
  point.forced = cycle.forced ? 1 : 0;
  if (open_.cycles > 0 && in_open_ > 0) {
    join(open_, point);
  } else {
    open_ = point;
  }
  if (++in_open_ >= per_point_) {
    points_.push_back(open_);
    in_open_ = 0;
    if (points_.size() >= kMost) join_neighbours();
  }

  allocated_ += during;
  peak_ = std::max(peak_, cycle.end_mib + cut);
  most_live_ = std::max(most_live_, cycle.live_mib + cut);
  greatest_goal_ = std::max(greatest_goal_, cycle.goal_mib + cut);
  processors_ = std::max(cycle.processors, 1U);
  pacer_.note(to_mark(point, cycle.start_mib, cycle.end_mib, processors_));
  ++cycles_;
  forced_ += cycle.forced;
  minor_ += cycle.minor;
  lost_ += cycle.lost_before;
  note_stop(cycle.opening_stop_ms, cycle.opening_cpu_ms, processors_);
  note_stop(cycle.closing_stop_ms, cycle.closing_cpu_ms, processors_);
  if (cycle.lost_before == 0) note_goal(cycle);
  last_ = cycle;
}

void Recording::join_neighbours() {
  std::size_t out = 0;
  for (std::size_t i = 0; i + 1 < points_.size(); i += 2) {
    points_[out] = points_[i];
    join(points_[out++], points_[i + 1]);
  }
  points_.resize(out);
  per_point_ *= 2;
}

// A goal follows from what the cycle before found alive; those near the least goal say nothing of the percent.
void Recording::note_goal(const Cycle& cycle) {
  constexpr double kLeastLive = 8;  // MiB: below it, whole ones are too coarse
  if (!last_ || last_->live_mib < kLeastLive) return;
  if (cycle.goal_mib < last_->live_mib * 1.1) ++cramped_;
  const double roots = last_->stacks_mib.value_or(0) + last_->globals_mib.value_or(0);
  const double percent = (cycle.goal_mib - last_->live_mib) * 100 / (last_->live_mib + cut_of(*last_) + roots);
  if (++in_growth_ < per_growth_) return;  // every so many, when there are very many
  in_growth_ = 0;
  growth_.push_back({percent, per_growth_});
  if (growth_.size() < kMost) return;
  for (std::size_t i = 0; i < growth_.size() / 2; ++i) growth_[i] = {growth_[2 * i].percent, per_growth_ * 2};
  growth_.resize(growth_.size() / 2);
  per_growth_ *= 2;
}

// Both figures are cut to two digits.
void Recording::note_stop(double clock_ms, double cpu_ms, unsigned processors) {
  if (clock_ms <= 0) return;
  ++stops_;
  const double all = clock_ms * processors;
  if (std::abs(cpu_ms - all) <= all * 0.11 + 0.001 * processors) ++billed_to_all_;
}

double Recording::seconds() const {
  if (!last_) return 0;
  return last_->begin_seconds + (last_->opening_stop_ms + last_->concurrent_ms + last_->closing_stop_ms) / 1000;
}

std::optional<double> Recording::growth_percent() const {
  if (growth_.empty()) return {};
  std::vector<Growth> sorted = growth_;
  std::sort(sorted.begin(), sorted.end(), [](const Growth& a, const Growth& b) { return a.percent < b.percent; });
  return sorted[sorted.size() / 2].percent;
}

std::uint64_t Recording::held_down() const {
  const std::optional<double> usual = growth_percent();
  double held = 0;
  for (const Growth& at : growth_) held += at.percent < *usual * 0.75 ? at.weight : 0;
  return static_cast<std::uint64_t>(held);
}

}  // namespace memgc::trace
