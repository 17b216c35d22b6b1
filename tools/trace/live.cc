// Job: see live.h.
#include "live.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <iterator>

#include "gate.h"
#include "summary_report.h"

namespace memgc::trace {
namespace {

using Clock = std::chrono::steady_clock;

// A program that we start has its limit from our environment.
std::optional<double> environment_limit() {
  for (const char* const name : {"MEMLIMIT", "GOMEMLIMIT"}) {
    const char* const text = std::getenv(name);
    if (text == nullptr || std::string_view(text) == "off") continue;
    try {
      return parse_value(text, Unit::kBytes);
    } catch (const GateError&) {
      // The program will say what is wrong with it; "80%" it alone can reckon.
    }
  }
  return {};
}

std::optional<double> limit_of(const LiveOptions& options, const WatchSource& source) {
  SummaryOptions summary;
  summary.limit = options.limit;
  if (options.limit.empty() && !source.command.empty()) return environment_limit();
  return limit_bytes(summary);
}

}  // namespace

void add_live_options(CLI::App& command, LiveOptions& options) {
  command.add_option("SOURCE", options.source,
                     "a file that grows, - for standard input, or -- and a program with its arguments");
  command.add_option("--interval", options.interval, "seconds from one to the next")
      ->type_name("SECONDS")
      ->check(CLI::Range(0.05, 86400.0))
      ->capture_default_str();
  command.add_option("--window", options.window, "seconds that the rolling figures are of")
      ->type_name("SECONDS")
      ->check(CLI::Range(0.1, 86400.0))
      ->capture_default_str();
  command.add_option("--limit", options.limit, "the MEMLIMIT that the program runs with, as in 350MiB")
      ->type_name("SIZE");
}

WatchSource source_of(const CLI::App& command, const LiveOptions& options) {
  const std::vector<std::string> left = command.remaining();
  const bool program = std::find(left.begin(), left.end(), "--") != left.end();
  if (program && options.source.empty()) throw CLI::ParseError("a program is expected after --", kExitUsage);
  if (!program && options.source.size() > 1) {
    throw CLI::ParseError(
        fmt::format("{}: one file is expected, or -- before a program with its arguments", options.source[1]),
        kExitUsage);
  }
  limit_of(options, {});  // for its error: before there is output
  if (program) return {"-", options.source};
  return {options.source.empty() ? "-" : options.source[0], {}};
}

LiveTrace::LiveTrace(const LiveOptions& options, const WatchSource& source)
    : limit_(limit_of(options, source)),
      rolling_(options.window, options.interval),
      reader_({[this](const Cycle& cycle) { add(cycle); }, [this](const Cycle& cycle) { add(cycle); }, {}}) {
  reader_.begin_source(source.name());
}

void LiveTrace::add(const Cycle& cycle) {
  rolling_.add(cycle);
  heard_ = Clock::now();
}

double LiveTrace::idle() const { return std::chrono::duration<double>(Clock::now() - heard_).count(); }

Pace::Pace(double seconds)
    : interval_(std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(seconds))),
      next_(Clock::now() + interval_) {}

bool Pace::due() {
  const Clock::time_point now = Clock::now();
  if (now < next_) return false;
  next_ = std::max(next_ + interval_, now);
  return true;
}

std::string or_dash(std::optional<double> value, Unit unit) { return value ? to_text(*value, unit) : "-"; }

std::string missing_text(const ReadStatus& status) {
  if (!status.suffers()) return "";
  return fmt::format("{} lost, {} cut, {} malformed", status.lost, status.truncated, status.malformed);
}

std::string trend_text(const RollingFigures& figures) {
  if (!figures.rise) return "-";
  return fmt::format("{}{}{}", figures.rise->slope > 0 ? "+" : "",
                     to_text(figures.rise->slope * 1024 * 1024, Unit::kBytesPerSecond),
                     figures.rise->suspected_leak ? ", leak?" : "");
}

std::string live_header() {
  return fmt::format("{:>9} {:>8} {:>9} {:>9} {:>9} {:>7} {:>11} {:>9} {:>9} {:>8} {:>9}  {}", "time", "cycles/s",
                     "stop p50", "p99", "max", "GC CPU", "allocated", "live", "goal", "of goal", "of limit",
                     "live trend");
}

std::string live_line(const RollingFigures& figures, const ReadStatus& status, std::optional<double> limit) {
  const auto share = [](std::optional<double> value, std::optional<double> of) {
    return value && of && *of > 0 ? fmt::format("{:.0f} %", 100 * *value / *of) : std::string("-");
  };
  const std::string rate = figures.cycles_per_second ? fmt::format("{:.3g}", *figures.cycles_per_second) : "-";
  std::string out =
      fmt::format("{:>9} {:>8} {:>9} {:>9} {:>9} {:>7} {:>11} {:>9} {:>9} {:>8} {:>9}  {}",
                  fmt::format("{:.1f} s", figures.seconds), rate, or_dash(figures.stop_p50, Unit::kSeconds),
                  or_dash(figures.stop_p99, Unit::kSeconds), or_dash(figures.stop_max, Unit::kSeconds),
                  or_dash(figures.gc_cpu_share, Unit::kShare), or_dash(figures.allocation_rate, Unit::kBytesPerSecond),
                  or_dash(figures.live, Unit::kBytes), or_dash(figures.goal, Unit::kBytes),
                  share(figures.end, figures.goal), share(figures.held, limit), trend_text(figures));
  if (status.suffers()) out += fmt::format("  [{}]", missing_text(status));
  return out;
}

}  // namespace memgc::trace
