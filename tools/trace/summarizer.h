// Job: the figures of a stream of cycles, gathered one by one.
//
// Invariant: constant memory: histograms, and what is remembered of the kOpen runs last heard of.
//
// One thread.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <optional>

#include "cycle.h"
#include "figures.h"
#include "histogram.h"
#include "reader.h"
#include "trend.h"

namespace memgc::trace {

class Summarizer {
 public:
  // What counts as near it is 90 % of `limit_bytes`.
  explicit Summarizer(std::optional<double> limit_bytes = {}) : limit_bytes_(limit_bytes) {}

  void add(const Cycle& cycle);
  void add_partial(const Cycle& cycle);  // a line that was cut
  Figures figures(const ReadStatus& status) const;

 private:
  struct Run {
    Cycle last;            // whole or not
    double end = 0;        // of `last`, in seconds
    double since = 0;      // what was read begins here
    bool chained = false;  // the line before was whole: differences to `last` mean something
    std::uint64_t heard = 0;
    Trend live;
  };
  static constexpr std::size_t kOpen = 16;

  Run& run_of(const Cycle& cycle, bool& fresh);
  void close(const Run& run);
  void add_stops(const Cycle& cycle);
  void add_stretch(const Run& run, const Cycle& cycle, double from);
  void set_stops(Figures& out) const;
  void set_cpu(Figures& out) const;
  void set_heap(Figures& out) const;
  void set_trend(Figures& out) const;

  std::optional<double> limit_bytes_;
  std::map<std::uint32_t, Run> open_;
  std::uint64_t heard_ = 0;

  std::uint64_t cycles_ = 0, forced_ = 0, minor_ = 0;
  Histogram stop_wall_, stop_cpu_, minor_stop_wall_, cycle_wall_;
  double duration_ = 0;                        // of closed runs
  double reported_seconds_ = 0;                // share x time, of closed runs
  double intervals_ = 0, interval_count_ = 0;  // from beginning to beginning
  double gc_cpu_ = 0, background_cpu_ = 0, idle_cpu_ = 0, assist_cpu_ = 0;
  double chained_cpu_ = 0, processor_seconds_ = 0;  // over stretches with no line missing
  double allocated_mib_ = 0, stretch_seconds_ = 0;  // the same
  double near_limit_seconds_ = 0;
  std::uint64_t assist_cycles_ = 0, cpu_cycles_ = 0, goal_missed_ = 0;
  std::optional<double> live_last_, live_peak_, heap_peak_, goal_last_;
  Trend longest_;  // of closed runs
};

}  // namespace memgc::trace
