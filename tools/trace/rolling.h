// Job: the figures of the last seconds of a stream, and how its heap went on in them: what a live view shows.
//
// Time is the trace's own, put on one axis: a run that is first heard of begins where the axis has come to, so programs
// that follow each other, and heaps that live beside each other, all have their place. Between two lines the caller
// says how long it has heard nothing: a program that has stopped collecting has no rate.
//
// Invariant: memory is constant: at most kMostCycles of the window are kept, and the window is then as long as these.
//
// One thread.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <vector>

#include "cycle.h"
#include "per_run.h"
#include "timeline.h"
#include "trend.h"

namespace memgc::trace {

struct RollingFigures {
  static constexpr std::size_t kDecades = 7;  // of stops: up to 1 us, 10 us ... 100 ms, 1 s and all above

  double seconds = 0;  // of the whole axis
  double window = 0;   // seconds that what follows is of
  std::uint64_t cycles = 0;
  std::optional<double> cycles_per_second;
  std::optional<double> stop_p50, stop_p99, stop_max;  // seconds
  std::array<std::uint64_t, kDecades> stops{};
  std::optional<double> gc_cpu_share;     // of all processors, idle ones' work not counted
  std::optional<double> allocation_rate;  // bytes a second
  // Of the last cycle, in bytes; no goal if the heap may grow without end.
  std::optional<double> start, end, live, goal;
  std::optional<double> held;  // heap, stacks and globals: what a limit is for
  std::optional<Rise> rise;    // of the run last heard of, from its beginning
};

class Rolling {
 public:
  static constexpr std::size_t kMostCycles = 1 << 16;
  static constexpr std::size_t kColumns = 512;

  // `column_seconds`: how much of the time a column of history() is.
  Rolling(double window_seconds, double column_seconds);

  void add(const Cycle& cycle);  // whole, or as far as its line could be read
  // `idle`: seconds since the last add().
  RollingFigures figures(double idle) const;
  // The last `count` columns, at most kColumns, the newest last; those with cycles == 0 hold nothing.
  std::vector<Timeline::Bucket> history(double idle, std::size_t count) const;

 private:
  struct Run {
    double offset = 0;  // of its time on the axis
    double live_mib = 0;
    bool chained = false;  // its last line was whole
    Trend live;
  };
  struct Entry {
    double end = 0;  // on the axis
    bool stops = false, whole = false;
    double opening_ms = 0, closing_ms = 0;
    double paid_cpu_ms = 0;
    double allocated_mib = 0;
  };

  void remember(const Cycle& cycle, const Run& run, double begin);
  void draw(const Cycle& cycle, double begin);

  double window_, column_;
  double axis_ = 0;              // where it has come to
  std::optional<double> began_;  // where the first cycle began, or its run if that is its first
  PerRun<Run> runs_;
  std::deque<Entry> entries_;              // of the window, in the order of the stream
  double dropped_until_ = 0;               // entries before this are gone, though they may be of the window
  std::optional<Cycle> last_;              // that has a heap
  std::vector<Timeline::Bucket> columns_;  // a ring: column i of the axis is at i % kColumns
  std::uint64_t newest_ = 0;               // its newest column
};

}  // namespace memgc::trace
