// Job: `export --prometheus`: the totals of a stream in Prometheus' text format, for a push gateway, a node exporter's
// textfile folder, or promtool.
//
// Runs are added up: a label for each would grow without bound. Names follow Prometheus' conventions: base units,
// counters that end in _total. They begin with gctrace_, not memgc_: what they count is the lines that were read, of
// Go programs too, and must not be taken for what a heap says of itself.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <iterator>
#include <string>
#include <utility>

#include "exporter.h"
#include "summarizer.h"

namespace memgc::trace {
namespace {

constexpr double kMiB = 1024.0 * 1024.0;
// Upper bounds of the stops' histogram, in milliseconds: 1 us to 5 s in steps of 1, 2 and 5.
constexpr std::array kBoundsMs = {0.001, 0.002, 0.005, 0.01, 0.02,  0.05,  0.1,   0.2, 0.5, 1.0, 2.0,
                                  5.0,   10.0,  20.0,  50.0, 100.0, 200.0, 500.0, 1e3, 2e3, 5e3};

class Prometheus : public Exporter {
 public:
  explicit Prometheus(Sink sink) : sink_(std::move(sink)) {}
  void add(const Cycle& cycle) override;
  void end(const ReadStatus& status) override;

 private:
  void family(std::string_view name, std::string_view kind, std::string_view help);
  void sample(std::string_view name, std::string_view labels, double value);
  // A family of one sample; without it where the trace does not say.
  void one(std::string_view name, std::string_view kind, std::string_view help, std::optional<double> value);
  void cycles();
  void stops();
  void cpu(const Figures& figures);
  void heap(const Figures& figures);

  Sink sink_;
  std::string out_;
  Summarizer summarizer_;
  std::array<std::array<std::uint64_t, 2>, 2> cycles_{};  // forced or not, minor or not
  std::array<std::uint64_t, kBoundsMs.size() + 1> stops_{};
  double stop_seconds_ = 0, pause_cpu_seconds_ = 0, cycle_seconds_ = 0;
  std::optional<Cycle> last_;  // whole
};

void Prometheus::add(const Cycle& cycle) {
  if (cycle.has(Part::kClock)) {
    for (const double ms : {cycle.opening_stop_ms, cycle.closing_stop_ms}) {
      const auto bound = std::lower_bound(kBoundsMs.begin(), kBoundsMs.end(), ms);  // "le": at most
      ++stops_[static_cast<std::size_t>(bound - kBoundsMs.begin())];
      stop_seconds_ += ms / 1e3;
    }
    cycle_seconds_ += cycle.wall_ms() / 1e3;
  }
  if (cycle.has(Part::kCpu)) pause_cpu_seconds_ += (cycle.opening_cpu_ms + cycle.closing_cpu_ms) / 1e3;
  if (!cycle.has(Part::kWhole)) return summarizer_.add_partial(cycle);
  summarizer_.add(cycle);
  ++cycles_[cycle.forced][cycle.minor];
  last_ = cycle;
}

void Prometheus::family(std::string_view name, std::string_view kind, std::string_view help) {
  fmt::format_to(std::back_inserter(out_), "# HELP {} {}\n# TYPE {} {}\n", name, help, name, kind);
}

void Prometheus::sample(std::string_view name, std::string_view labels, double value) {
  const std::string_view open = labels.empty() ? "" : "{", close = labels.empty() ? "" : "}";
  fmt::format_to(std::back_inserter(out_), "{}{}{}{} {:.15g}\n", name, open, labels, close, value);
}

void Prometheus::one(std::string_view name, std::string_view kind, std::string_view help, std::optional<double> value) {
  if (!value) return;
  family(name, kind, help);
  sample(name, "", *value);
}

void Prometheus::cycles() {
  family("gctrace_cycles_total", "counter", "Cycles whose whole line was read, by why they began and what they kept.");
  for (const bool forced : {false, true}) {
    for (const bool minor : {false, true}) {
      sample("gctrace_cycles_total",
             fmt::format("cause=\"{}\",kind=\"{}\"", forced ? "forced" : "auto", minor ? "minor" : "full"),
             static_cast<double>(cycles_[forced][minor]));
    }
  }
  one("gctrace_cycle_seconds_total", "counter", "Wall time with a cycle under way.", cycle_seconds_);
}

void Prometheus::stops() {
  family("gctrace_stop_seconds", "histogram", "Stops, two in each cycle: of one mutator with memgc, of all with Go.");
  std::uint64_t at_most = 0;
  for (std::size_t i = 0; i < kBoundsMs.size(); ++i) {
    at_most += stops_[i];
    sample("gctrace_stop_seconds_bucket", fmt::format("le=\"{:.15g}\"", kBoundsMs[i] / 1e3),
           static_cast<double>(at_most));
  }
  at_most += stops_.back();
  sample("gctrace_stop_seconds_bucket", "le=\"+Inf\"", static_cast<double>(at_most));
  sample("gctrace_stop_seconds_sum", "", stop_seconds_);
  sample("gctrace_stop_seconds_count", "", static_cast<double>(at_most));
}

void Prometheus::cpu(const Figures& figures) {
  const auto value = [&](const char* key) { return figures.at(key).value.value_or(0); };
  family("gctrace_cpu_seconds_total", "counter", "CPU time of collecting, by who spent it on what.");
  sample("gctrace_cpu_seconds_total", "state=\"mark_dedicated\"", value("background_cpu"));
  sample("gctrace_cpu_seconds_total", "state=\"mark_idle\"", value("idle_cpu"));
  sample("gctrace_cpu_seconds_total", "state=\"assist\"", value("assist_cpu"));
  sample("gctrace_cpu_seconds_total", "state=\"pause\"", pause_cpu_seconds_);
  one("gctrace_cpu_ratio", "gauge", "Share of all processors that went to collecting, idle ones not counted.",
      figures.at("gc_cpu_share").value);
}

void Prometheus::heap(const Figures& figures) {
  one("gctrace_allocated_bytes_total", "counter", "Allocated, by what the heap grew between cycles.",
      figures.at("allocated").value);
  one("gctrace_heap_peak_bytes", "gauge", "The largest heap at the end of any cycle.", figures.at("heap_peak").value);
  one("gctrace_heap_live_bytes", "gauge", "What the last full cycle found alive.", figures.at("live_last").value);
  one("gctrace_live_slope_bytes_per_second", "gauge", "Median slope between the lows of the live heap.",
      figures.at("live_slope").value);
  if (!last_) return;
  one("gctrace_heap_start_bytes", "gauge", "Heap when the last cycle began.", last_->start_mib * kMiB);
  one("gctrace_heap_end_bytes", "gauge", "Heap when it ended.", last_->end_mib * kMiB);
  family("gctrace_heap_goal_bytes", "gauge", "Heap that it was to end below; +Inf: without end.");
  if (last_->goal_mib < kNoGoalMib) {
    sample("gctrace_heap_goal_bytes", "", last_->goal_mib * kMiB);
  } else {
    out_ += "gctrace_heap_goal_bytes +Inf\n";
  }
  one("gctrace_processors", "gauge", "Processors that the process may use.", last_->processors);
}

void Prometheus::end(const ReadStatus& status) {
  const Figures figures = summarizer_.figures(status);
  cycles();
  stops();
  cpu(figures);
  heap(figures);
  const auto count = [&](std::string_view name, std::string_view help, std::uint64_t value) {
    one(name, "counter", help, static_cast<double>(value));
  };
  count("gctrace_runs_total", "Processes in the input.", status.restarts + (status.cycles > 0 ? 1 : 0));
  count("gctrace_lost_cycles_total", "Cycles whose lines are missing: in no figure.", status.lost);
  count("gctrace_truncated_lines_total", "Trace lines whose end is missing.", status.truncated);
  count("gctrace_malformed_lines_total", "Trace lines with something that does not belong there.", status.malformed);
  one("gctrace_duration_seconds_total", "counter", "Time that the lines cover, summed over runs.",
      figures.at("duration").value);
  sink_(out_);
}

}  // namespace

std::unique_ptr<Exporter> make_prometheus(Sink sink) { return std::make_unique<Prometheus>(std::move(sink)); }

}  // namespace memgc::trace
