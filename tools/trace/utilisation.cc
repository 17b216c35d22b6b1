// Job: see utilisation.h.
#include "utilisation.h"

#include <algorithm>
#include <cmath>

namespace memgc::trace {

Utilisation::Utilisation() {
  for (int decade = -4; decade <= 1; ++decade) decades_.emplace_back(std::pow(10, decade));
}

void Utilisation::add(double seconds, const Loss& lost, std::uint64_t number) {
  const double begin = end_;
  end_ += seconds;
  if (end_ <= begin || lost.all <= 0) return;  // nothing, or less than the clock's resolution
  for (WorstWindows& decade : decades_) decade.add(begin, end_, lost, number);
}

void Utilisation::add(const Cycle& cycle, double begin) {
  end_ = std::max(begin, end_);  // @T is cut to milliseconds, and may say that cycles overlap
  const double opening = cycle.opening_stop_ms / 1000;
  const double marking = cycle.concurrent_ms / 1000;
  const double closing = cycle.closing_stop_ms / 1000;
  const double assists = cycle.processors > 0 ? cycle.assist_cpu_ms / 1000 / cycle.processors : 0;
  add(opening, {opening, opening}, cycle.number);
  add(marking, {0, std::min(assists, marking)}, cycle.number);
  add(closing, {closing, closing}, cycle.number);
}

std::vector<WorstWindow> Utilisation::windows() const {
  std::vector<WorstWindow> out;
  for (const WorstWindows& decade : decades_) {
    for (const WorstWindow& worst : decade.windows()) out.push_back(worst);
  }
  return out;
}

}  // namespace memgc::trace
