// Job: see utilisation.h.
#include "utilisation.h"

#include <algorithm>
#include <cmath>

namespace memgc::trace {

void WindowedLoss::advance(std::int64_t slot) {
  constexpr auto kSize = static_cast<std::int64_t>(kSlots + 1);
  if (slot - newest_ >= kSize) {
    if (sum_ > 0) lost_.fill(0);
    sum_ = 0;
    newest_ = slot;
  }
  while (newest_ < slot) {
    double& oldest = lost_[static_cast<std::size_t>(++newest_ % kSize)];
    sum_ = std::max(0.0, sum_ - oldest);
    oldest = 0;
  }
}

// Whether or not it was the worst: all that later windows can see of a loss longer than the ring is its end.
void WindowedLoss::fill(double end, double share) {
  newest_ = std::max(newest_, static_cast<std::int64_t>(end / slot_seconds_));
  lost_.fill(slot_seconds_ * share);
  sum_ = slot_seconds_ * share * static_cast<double>(lost_.size());
}

void WindowedLoss::add(double begin, double end, double share, std::uint64_t number) {
  if (share <= 0 || end <= begin) return;
  const double ring_seconds = slot_seconds_ * static_cast<double>(lost_.size());
  const bool longer = end - begin > ring_seconds;
  // A long loss is the worst by its beginning, which what came before adds to, or not at all.
  const bool may_be_worst = sum_ + ring_seconds * share > worst_.lost_seconds;
  const double look_until = longer ? begin + ring_seconds : end;
  while ((!longer || may_be_worst) && begin < look_until) {
    const auto slot = std::max(newest_, static_cast<std::int64_t>(begin / slot_seconds_));
    const double until = std::min(look_until, static_cast<double>(slot + 1) * slot_seconds_);
    advance(slot);
    if (until <= begin) break;  // the clock's resolution
    const double lost = (until - begin) * share;
    lost_[static_cast<std::size_t>(slot) % lost_.size()] += lost;
    sum_ += lost;
    begin = until;
    if (sum_ > worst_.lost_seconds) worst_ = {sum_, std::max(0.0, until - window_seconds()), number};
  }
  if (longer) fill(end, share);
}

double WindowedLoss::utilisation() const { return std::max(0.0, 1 - worst_.lost_seconds / window_seconds()); }

Utilisation::Utilisation() {
  for (int decade = -4; decade <= 1; ++decade) {
    for (const double step : {1.0, 2.0, 5.0}) {
      const double window = step * std::pow(10, decade);
      points_.push_back({WindowedLoss(window), WindowedLoss(window)});
    }
  }
}

void Utilisation::add(const Cycle& cycle, double begin) {
  begin = std::max(begin, end_);  // @T is cut to milliseconds, and may say that cycles overlap
  const double marking = begin + cycle.opening_stop_ms / 1000;
  const double closing = marking + cycle.concurrent_ms / 1000;
  end_ = closing + cycle.closing_stop_ms / 1000;
  const double processor_ms = cycle.concurrent_ms * cycle.processors;
  const double assists = processor_ms > 0 ? std::min(1.0, cycle.assist_cpu_ms / processor_ms) : 0;
  for (Point& point : points_) {
    point.stops.add(begin, marking, 1, cycle.number);
    point.stops.add(closing, end_, 1, cycle.number);
    point.with_assists.add(begin, marking, 1, cycle.number);
    point.with_assists.add(marking, closing, assists, cycle.number);
    point.with_assists.add(closing, end_, 1, cycle.number);
  }
}

}  // namespace memgc::trace
