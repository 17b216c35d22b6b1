// Job: see summarizer.h.
#include "summarizer.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace memgc::trace {
namespace {

constexpr double kMiB = 1024.0 * 1024.0;
constexpr double kNearLimit = 0.9;

std::uint64_t to_ns(double ms) { return static_cast<std::uint64_t>(std::llround(std::min(ms, 1e12) * 1e6)); }

void raise(std::optional<double>& to, double value) { to = std::max(to.value_or(value), value); }

std::optional<double> divided(double value, double by) {
  if (by <= 0) return {};
  return value / by;
}

void set_distribution(Figures& out, const std::string& key, const Histogram& stops, const std::string& unit) {
  if (stops.count() == 0) return;
  const std::string of = fmt::format("of {} {}", stops.count(), unit);
  const auto seconds = [](std::uint64_t ns) { return static_cast<double>(ns) / 1e9; };
  out.set(key + "_count", static_cast<double>(stops.count()), fmt::format("in {} cycles", stops.count() / 2));
  out.set(key + "_p50", seconds(stops.quantile(0.5)), of);
  out.set(key + "_p90", seconds(stops.quantile(0.9)), of);
  out.set(key + "_p99", seconds(stops.quantile(0.99)), of);
  out.set(key + "_p99_9", seconds(stops.quantile(0.999)), of);
  out.set(key + "_max", seconds(stops.max()), of);
  out.set(key + "_mean", stops.sum() / 1e9 / static_cast<double>(stops.count()), of);
  out.set(key + "_total", stops.sum() / 1e9, of);
}

}  // namespace

Summarizer::Run& Summarizer::run_of(const Cycle& cycle, bool& fresh) {
  const auto [at, inserted] = open_.try_emplace(cycle.run);
  fresh = inserted;
  at->second.heard = ++heard_;
  if (open_.size() > kOpen) {
    const auto oldest = std::min_element(open_.begin(), open_.end(),
                                         [](const auto& a, const auto& b) { return a.second.heard < b.second.heard; });
    close(oldest->second);
    open_.erase(oldest);
  }
  return at->second;
}

void Summarizer::close(const Run& run) {
  duration_ += run.end - run.since;
  reported_seconds_ += run.last.gc_percent / 100 * (run.end - run.since);
  if (run.live.count() > longest_.count()) longest_ = run.live;
}

void Summarizer::add_stops(const Cycle& cycle) {
  if (!cycle.has(Part::kClock)) return;
  cycle_wall_.add(to_ns(cycle.wall_ms()));
  for (const double ms : {cycle.opening_stop_ms, cycle.closing_stop_ms}) {
    stop_wall_.add(to_ns(ms));
    if (cycle.minor) minor_stop_wall_.add(to_ns(ms));
  }
  if (!cycle.has(Part::kCpu)) return;
  for (const double ms : {cycle.opening_cpu_ms, cycle.closing_cpu_ms}) stop_cpu_.add(to_ns(ms));
  gc_cpu_ += cycle.paid_cpu_ms() / 1e3;
  background_cpu_ += cycle.background_cpu_ms / 1e3;
  idle_cpu_ += cycle.idle_cpu_ms / 1e3;
  assist_cpu_ += cycle.assist_cpu_ms / 1e3;
  assist_cycles_ += cycle.assist_cpu_ms > 0;
  ++cpu_cycles_;
}

// From the end of the cycle before to the end of this one: what rates and shares are made of.
void Summarizer::add_stretch(const Run& run, const Cycle& cycle, double from) {
  const double seconds = std::max(run.end - from, 0.0);
  stretch_seconds_ += seconds;
  processor_seconds_ += seconds * cycle.processors;
  chained_cpu_ += cycle.paid_cpu_ms() / 1e3;
  allocated_mib_ += std::max(cycle.end_mib - run.last.live_mib, 0.0);
  const double held = cycle.end_mib + cycle.stacks_mib.value_or(0) + cycle.globals_mib.value_or(0);
  if (limit_bytes_ && held * kMiB >= kNearLimit * *limit_bytes_) near_limit_seconds_ += seconds;
}

void Summarizer::add(const Cycle& cycle) {
  bool fresh = false;
  Run& run = run_of(cycle, fresh);
  const bool from_start = fresh && cycle.number == 1;
  const bool chained = from_start || (run.chained && cycle.lost_before == 0);
  const double before = run.end;
  if (fresh) run.since = from_start ? 0 : cycle.begin_seconds;
  if (!fresh && chained) {
    intervals_ += cycle.begin_seconds - run.last.begin_seconds;
    ++interval_count_;
  }
  run.end = cycle.begin_seconds + cycle.wall_ms() / 1e3;
  if (chained) add_stretch(run, cycle, before);
  run.last = cycle;
  run.chained = true;

  ++cycles_;
  forced_ += cycle.forced;
  minor_ += cycle.minor;
  add_stops(cycle);
  raise(heap_peak_, std::max(cycle.start_mib, cycle.end_mib));
  goal_last_ = cycle.goal_mib < kNoGoalMib ? std::optional(cycle.goal_mib) : std::nullopt;
  goal_missed_ += cycle.end_mib > cycle.goal_mib;
  if (cycle.minor) return;  // what it kept is not all alive
  live_last_ = cycle.live_mib;
  raise(live_peak_, cycle.live_mib);
  run.live.add(cycle.begin_seconds, cycle.live_mib);
}

void Summarizer::add_partial(const Cycle& cycle) {
  bool fresh = false;
  Run& run = run_of(cycle, fresh);
  if (fresh) run.since = cycle.number == 1 ? 0 : cycle.begin_seconds;
  run.end = cycle.begin_seconds + cycle.wall_ms() / 1e3;
  run.last = cycle;
  run.chained = false;
  add_stops(cycle);
  if (cycle.has(Part::kHeap)) raise(heap_peak_, std::max(cycle.start_mib, cycle.end_mib));
}

void Summarizer::set_stops(Figures& out) const {
  set_distribution(out, "stop_wall", stop_wall_, "stops");
  set_distribution(out, "stop_cpu", stop_cpu_, "stops");
  set_distribution(out, "minor_stop_wall", minor_stop_wall_, "stops of minor cycles");
  if (cycle_wall_.count() == 0) return;
  const std::string of = fmt::format("of {} cycles", cycle_wall_.count());
  out.set("cycle_wall_p50", static_cast<double>(cycle_wall_.quantile(0.5)) / 1e9, of);
  out.set("cycle_wall_max", static_cast<double>(cycle_wall_.max()) / 1e9, of);
}

void Summarizer::set_cpu(Figures& out) const {
  out.set("gc_cpu_share", divided(chained_cpu_, processor_seconds_),
          fmt::format("of {:.4g} s of all processors", processor_seconds_));
  if (cpu_cycles_ == 0) return;
  const std::string of = fmt::format("in {} cycles", cpu_cycles_);
  out.set("gc_cpu", gc_cpu_, of);
  out.set("background_cpu", background_cpu_, of);
  out.set("idle_cpu", idle_cpu_, of);
  out.set("assist_cpu", assist_cpu_, of);
  out.set("assist_share", divided(assist_cpu_, gc_cpu_), fmt::format("of {:.4g} s of collecting", gc_cpu_));
  out.set("assist_cycles", static_cast<double>(assist_cycles_), fmt::format("of {} cycles", cpu_cycles_));
}

void Summarizer::set_heap(Figures& out) const {
  const auto bytes = [](std::optional<double> mib) { return mib ? std::optional(*mib * kMiB) : mib; };
  const std::string over = fmt::format("over {:.4g} s", stretch_seconds_);
  out.set("allocation_rate", divided(allocated_mib_ * kMiB, stretch_seconds_), over);
  if (stretch_seconds_ > 0) out.set("allocated", allocated_mib_ * kMiB, over);
  const std::string full = fmt::format("of {} full cycles", cycles_ - minor_);
  const std::string all = fmt::format("of {} cycles", cycles_);
  out.set("live_last", bytes(live_last_), full);
  out.set("live_peak", bytes(live_peak_), full);
  out.set("heap_peak", bytes(heap_peak_), all);
  out.set("goal_last", bytes(goal_last_), all);
  if (cycles_ > 0) out.set("goal_missed_cycles", static_cast<double>(goal_missed_), all);
  if (limit_bytes_) {
    out.set("near_limit_share", divided(near_limit_seconds_, stretch_seconds_),
            fmt::format("of {:.4g} s, limit {}", stretch_seconds_, to_text(*limit_bytes_, Unit::kBytes)));
  }
}

void Summarizer::set_trend(Figures& out) const {
  const Trend* longest = &longest_;
  for (const auto& [id, run] : open_) {
    if (run.live.count() > longest->count()) longest = &run.live;
  }
  const std::optional<Rise> rise = longest->rise();
  if (!rise) return;
  const std::string of = fmt::format("by {} lows of {} full cycles", rise->points, longest->count());
  out.set("live_slope", rise->slope * kMiB, of);
  out.set("live_slope_low", rise->slope_low * kMiB, "95 % interval");
  out.set("live_slope_high", rise->slope_high * kMiB, "95 % interval");
  out.set("live_rise_confidence", rise->confidence, of);
  out.set("leak_suspected", rise->suspected_leak ? 1 : 0, of);
}

Figures Summarizer::figures(const ReadStatus& status) const {
  Figures out;
  const auto count = [&](const char* key, std::uint64_t value, const std::string& of) {
    out.set(key, static_cast<double>(value), of);
  };
  count("lines", status.lines, "");
  const std::string of_lines = fmt::format("of {} lines", status.lines);
  count("other_lines", status.other, of_lines);
  count("truncated_lines", status.truncated, of_lines);
  count("malformed_lines", status.malformed, of_lines);
  const std::uint64_t known = status.cycles + status.truncated + status.malformed + status.lost;
  count("lost_cycles", status.lost, fmt::format("of {} cycles", known));
  const std::uint64_t runs = status.restarts + (known > 0 ? 1 : 0);
  count("runs", runs, "");

  double duration = duration_;
  double reported = reported_seconds_;
  for (const auto& [id, run] : open_) {
    duration += run.end - run.since;
    reported += run.last.gc_percent / 100 * (run.end - run.since);
  }
  out.set("duration", duration, fmt::format("in {} {}", runs, runs == 1 ? "run" : "runs"));
  out.set("gc_cpu_share_reported", divided(reported, duration), "since the program's start, whole percent");

  count("cycles", cycles_, "");
  count("forced_cycles", forced_, fmt::format("of {} cycles", cycles_));
  count("minor_cycles", minor_, fmt::format("of {} cycles", cycles_));
  out.set("cycle_interval_mean", divided(intervals_, interval_count_), fmt::format("of {} intervals", interval_count_));
  set_stops(out);
  set_cpu(out);
  set_heap(out);
  set_trend(out);
  if (status.suffers()) {
    out.suffer(fmt::format("without {} of {} lines", status.lost + status.truncated + status.malformed, known));
  }
  return out;
}

}  // namespace memgc::trace
