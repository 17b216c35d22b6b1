// Job: see rolling.h.
#include "rolling.h"

#include <algorithm>
#include <cmath>

namespace memgc::trace {
namespace {

constexpr double kMiB = 1024.0 * 1024.0;
constexpr double kLongest = 1e12;  // seconds: beyond this a time is damage

double at_rank(std::vector<double>& values, double q) {
  const auto rank = static_cast<std::size_t>(std::ceil(q * static_cast<double>(values.size())));
  const auto at = values.begin() + static_cast<std::ptrdiff_t>(std::max<std::size_t>(rank, 1) - 1);
  std::nth_element(values.begin(), at, values.end());
  return *at;
}

void set_stops(RollingFigures& out, std::vector<double>& stops_ms) {
  if (stops_ms.empty()) return;
  out.stop_p50 = at_rank(stops_ms, 0.5) / 1e3;
  out.stop_p99 = at_rank(stops_ms, 0.99) / 1e3;
  out.stop_max = *std::max_element(stops_ms.begin(), stops_ms.end()) / 1e3;
  for (const double ms : stops_ms) {
    std::size_t decade = 0;
    for (double bound = 1e-3; decade + 1 < RollingFigures::kDecades && ms > bound; bound *= 10) ++decade;
    ++out.stops[decade];
  }
}

}  // namespace

Rolling::Rolling(double window_seconds, double column_seconds)
    : window_(window_seconds), column_(column_seconds), columns_(kColumns) {}

void Rolling::add(const Cycle& cycle) {
  bool fresh = false;
  Run& run = runs_.of(cycle.run, fresh);
  const bool from_start = fresh && cycle.number == 1;
  if (fresh) run.offset = began_ ? axis_ - (from_start ? 0 : cycle.begin_seconds) : 0;
  const double begin = std::min(run.offset + cycle.begin_seconds, kLongest);
  if (!began_) began_ = from_start ? 0 : begin;
  run.chained = from_start || (run.chained && !fresh && cycle.lost_before == 0);
  remember(cycle, run, begin);
  draw(cycle, begin);
  run.chained = cycle.has(Part::kWhole);
  axis_ = std::max(axis_, entries_.back().end);
  if (cycle.has(Part::kHeap)) last_ = cycle;
  if (!cycle.has(Part::kWhole)) return;
  run.live_mib = cycle.live_mib;
  if (!cycle.minor) run.live.add(cycle.begin_seconds, cycle.live_mib);
}

void Rolling::remember(const Cycle& cycle, const Run& run, double begin) {
  Entry entry;
  entry.end = std::min(begin + cycle.wall_ms() / 1e3, kLongest);
  entry.stops = cycle.has(Part::kClock);
  entry.whole = cycle.has(Part::kWhole);
  entry.opening_ms = cycle.opening_stop_ms;
  entry.closing_ms = cycle.closing_stop_ms;
  if (cycle.has(Part::kCpu)) entry.paid_cpu_ms = cycle.paid_cpu_ms();
  if (run.chained && cycle.has(Part::kHeap)) entry.allocated_mib = std::max(cycle.end_mib - run.live_mib, 0.0);
  entries_.push_back(entry);
  const double oldest = std::max(axis_, entry.end) - window_;
  while (entries_.front().end < oldest) entries_.pop_front();
  if (entries_.size() <= kMostCycles) return;
  dropped_until_ = std::max(dropped_until_, entries_.front().end);
  entries_.pop_front();
}

RollingFigures Rolling::figures(double idle) const {
  RollingFigures out;
  if (!began_) return out;
  const double now = axis_ + idle;
  out.seconds = now;
  const double since = std::max({now - window_, *began_, dropped_until_});
  out.window = std::max(now - since, 0.0);
  std::vector<double> stops_ms;
  double paid_ms = 0, allocated_mib = 0;
  for (const Entry& entry : entries_) {
    if (entry.end < since) continue;
    ++out.cycles;
    paid_ms += entry.paid_cpu_ms;
    allocated_mib += entry.allocated_mib;
    if (entry.stops) stops_ms.insert(stops_ms.end(), {entry.opening_ms, entry.closing_ms});
  }
  set_stops(out, stops_ms);
  if (out.window > 0) {
    out.cycles_per_second = static_cast<double>(out.cycles) / out.window;
    out.allocation_rate = allocated_mib * kMiB / out.window;
    if (last_ && last_->processors > 0) out.gc_cpu_share = paid_ms / 1e3 / (out.window * last_->processors);
  }
  if (last_) {
    out.start = last_->start_mib * kMiB;
    out.end = last_->end_mib * kMiB;
    out.live = last_->live_mib * kMiB;
    if (last_->has(Part::kGoal) && last_->goal_mib < kNoGoalMib) out.goal = last_->goal_mib * kMiB;
    out.held = *out.end + (last_->stacks_mib.value_or(0) + last_->globals_mib.value_or(0)) * kMiB;
  }
  if (const Run* const run = runs_.latest()) out.rise = run->live.rise();
  return out;
}

void Rolling::draw(const Cycle& cycle, double begin) {
  if (!cycle.has(Part::kHeap)) return;
  const auto column = static_cast<std::uint64_t>(std::max(begin, 0.0) / column_);
  if (column + kColumns <= newest_) return;  // further back than anybody looks
  for (std::uint64_t next = std::max(newest_ + 1, column - std::min<std::uint64_t>(column, kColumns - 1));
       next <= column; ++next) {
    columns_[next % kColumns] = {};
  }
  newest_ = std::max(newest_, column);
  Timeline::Bucket& bucket = columns_[column % kColumns];
  bucket = join(bucket, bucket_of(cycle, begin));
}

std::vector<Timeline::Bucket> Rolling::history(double idle, std::size_t count) const {
  count = std::min(count, kColumns);
  std::vector<Timeline::Bucket> out(count);
  const auto now = std::max(newest_, static_cast<std::uint64_t>((axis_ + idle) / column_));
  for (std::size_t i = 0; i < count && i <= now; ++i) {
    const std::uint64_t column = now - i;
    if (column <= newest_ && column + kColumns > newest_) out[count - 1 - i] = columns_[column % kColumns];
  }
  return out;
}

}  // namespace memgc::trace
