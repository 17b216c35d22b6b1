// Job: what `follow` and `top` have in common: their options, the trace as it stands, and a line of its figures.
//
// One thread.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "commands.h"
#include "figures.h"
#include "reader.h"
#include "rolling.h"
#include "watch.h"

namespace memgc::trace {

struct LiveOptions {
  std::vector<std::string> source;  // a file, or a program with its arguments
  double interval = 1;              // seconds
  double window = 10;
  std::string limit;
};

void add_live_options(CLI::App& command, LiveOptions& options);
// After the command line has been read: "--" tells a program from a file. Throws CLI::ParseError, for a wrong limit
// too.
WatchSource source_of(const CLI::App& command, const LiveOptions& options);

// The trace so far.
class LiveTrace {
 public:
  LiveTrace(const LiveOptions& options, const WatchSource& source);

  Reader& reader() { return reader_; }
  const ReadStatus& status() const { return reader_.status(); }
  std::optional<double> limit() const { return limit_; }  // bytes
  RollingFigures figures() const { return rolling_.figures(idle()); }
  std::vector<Timeline::Bucket> history(std::size_t columns) const { return rolling_.history(idle(), columns); }

 private:
  void add(const Cycle& cycle);
  double idle() const;  // seconds since the last line

  std::optional<double> limit_;
  Rolling rolling_;
  std::chrono::steady_clock::time_point heard_ = std::chrono::steady_clock::now();
  Reader reader_;
};

// When something is to be done each interval.
class Pace {
 public:
  explicit Pace(double seconds);
  bool due();  // at most once an interval

 private:
  std::chrono::steady_clock::duration interval_;
  std::chrono::steady_clock::time_point next_;
};

// Columns as wide as each other's, without a newline. Pure.
std::string live_header();
std::string live_line(const RollingFigures& figures, const ReadStatus& status, std::optional<double> limit);
// "3 lost, 1 cut, 0 malformed"; empty when nothing is missing. Pure.
std::string missing_text(const ReadStatus& status);
// A figure, or "-" when there is none. Pure.
std::string or_dash(std::optional<double> value, Unit unit);
// "+1.2 MiB/s, leak?". Pure.
std::string trend_text(const RollingFigures& figures);

}  // namespace memgc::trace
