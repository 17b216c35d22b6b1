// Job: see runs.h.
#include "runs.h"

#include <algorithm>

namespace memgc::trace {

// The run that this cycle belongs to, or opened_.
std::size_t Runs::find(const Cycle& cycle) const {
  const auto follows = [&](const Run& run) {
    return run.heap == cycle.heap && run.number + 1 == cycle.number && run.seconds <= cycle.begin_seconds;
  };
  // Two runs may both be waiting for this number: time tells which has just been there.
  std::size_t best = opened_;
  for (std::size_t i = 0; i < opened_; ++i) {
    if (follows(open_[i]) && (best == opened_ || open_[i].seconds > open_[best].seconds)) best = i;
  }
  if (best < opened_) return best;
  for (std::size_t i = 0; i < opened_; ++i) {
    if (open_[i].heap != cycle.heap) continue;
    const bool goes_on = cycle.number > open_[i].number && cycle.begin_seconds >= open_[i].seconds;
    return goes_on ? i : opened_;
  }
  return opened_;
}

void Runs::begin(const Cycle& cycle) {
  if (opened_ < kOpen) ++opened_;
  std::rotate(open_.begin(), open_.begin() + static_cast<std::ptrdiff_t>(opened_ - 1),
              open_.begin() + static_cast<std::ptrdiff_t>(opened_));
  open_[0].id = count_++;
  open_[0].heap = cycle.heap;
}

void Runs::place(Cycle& cycle) {
  const std::size_t at = find(cycle);
  if (at == opened_) {
    begin(cycle);
  } else {
    cycle.lost_before = cycle.number - open_[at].number - 1;
    std::rotate(open_.begin(), open_.begin() + static_cast<std::ptrdiff_t>(at),
                open_.begin() + static_cast<std::ptrdiff_t>(at + 1));
  }
  open_[0].number = cycle.number;
  open_[0].seconds = cycle.begin_seconds;
  cycle.run = open_[0].id;
}

}  // namespace memgc::trace
