// Job: `export --perfetto`: cycles as trace events in JSON (the "Trace Event Format" of Chrome), streamed.
//
// A run is a process, with one thread for its cycles: each is a complete event ("X") that holds those of its phases.
// The format demands that events of a thread nest; a trace line's times are rounded down to milliseconds, so a cycle
// that seems to begin before the last one has ended is moved to that end. Sizes and shares are counters ("C"). Runs
// begin at 0, each by its own clock: a trace line does not say what time it was then.
//
// Times are whole nanoseconds here, so that phases fill their cycle exactly.
#include <fmt/format.h>
#include <memgc/memgc.h>

#include <algorithm>
#include <cmath>
#include <iterator>
#include <string>
#include <utility>

#include "exporter.h"
#include "per_run.h"

namespace memgc::trace {
namespace {

constexpr double kLongestMs = 1e12;  // no more, so that sums of damaged lines stay in range

std::uint64_t to_ns(double ms) {
  return static_cast<std::uint64_t>(std::llround(std::clamp(ms, 0.0, kLongestMs) * 1e6));
}

// Microseconds, as the format wants them.
std::string micros(std::uint64_t ns) { return fmt::format("{}.{:03}", ns / 1000, ns % 1000); }

class Perfetto : public Exporter {
 public:
  explicit Perfetto(Sink sink) : sink_(std::move(sink)) {}
  void begin() override;
  void add(const Cycle& cycle) override;
  void end(const ReadStatus& status) override;

 private:
  struct Run {
    std::uint64_t end_ns = 0;  // of its last event
    double end_ms = 0;         // of its last cycle, by the line
    bool chained = false;      // nothing is missing since then
  };

  void event(char phase, std::string_view name, const Cycle& cycle, std::string_view rest);
  void slice(std::string_view name, const Cycle& cycle, std::uint64_t at, std::uint64_t ns, const std::string& args);
  void counter(std::string_view name, const Cycle& cycle, std::uint64_t at, std::string_view unit, double value);
  void names(const Cycle& cycle);
  void heap(const Cycle& cycle, std::uint64_t begin, std::uint64_t end);
  void cpu(const Cycle& cycle, const Run& run, std::uint64_t at);
  void phases(const Cycle& cycle, std::uint64_t begin, std::uint64_t end);

  Sink sink_;
  PerRun<Run> runs_;
  bool first_ = true;
};

void Perfetto::event(char phase, std::string_view name, const Cycle& cycle, std::string_view rest) {
  sink_(fmt::format("{}{{\"ph\":\"{}\",\"name\":\"{}\",\"pid\":{},\"tid\":1,{}}}",
                    std::exchange(first_, false) ? "" : ",\n", phase, name, cycle.run + 1, rest));
}

void Perfetto::slice(std::string_view name, const Cycle& cycle, std::uint64_t at, std::uint64_t ns,
                     const std::string& args) {
  event('X', name, cycle,
        fmt::format("\"cat\":\"gc\",\"ts\":{},\"dur\":{},\"args\":{{{}}}", micros(at), micros(ns), args));
}

void Perfetto::counter(std::string_view name, const Cycle& cycle, std::uint64_t at, std::string_view unit,
                       double value) {
  event('C', name, cycle, fmt::format("\"ts\":{},\"args\":{{\"{}\":{:.15g}}}", micros(at), unit, value));
}

void Perfetto::begin() { sink_("{\"displayTimeUnit\":\"ms\",\"traceEvents\":[\n"); }

void Perfetto::names(const Cycle& cycle) {
  const std::string heap = cycle.heap > 0 ? fmt::format(", heap {}", cycle.heap) : "";
  event('M', "process_name", cycle, fmt::format("\"args\":{{\"name\":\"run {}{}\"}}", cycle.run, heap));
  event('M', "process_sort_index", cycle, fmt::format("\"args\":{{\"sort_index\":{}}}", cycle.run));
  event('M', "thread_name", cycle, "\"args\":{\"name\":\"cycles\"}");
}

void Perfetto::heap(const Cycle& cycle, std::uint64_t begin, std::uint64_t end) {
  if (!cycle.has(Part::kHeap)) return;
  counter("heap before", cycle, begin, "MiB", cycle.start_mib);
  counter("heap after", cycle, end, "MiB", cycle.end_mib);
  counter("heap live", cycle, end, "MiB", cycle.live_mib);
  if (cycle.has(Part::kGoal) && cycle.goal_mib < kNoGoalMib) counter("heap goal", cycle, begin, "MiB", cycle.goal_mib);
}

// From the end of the cycle before to the end of this one, as a summary has it.
void Perfetto::cpu(const Cycle& cycle, const Run& run, std::uint64_t at) {
  counter("GC CPU since the start", cycle, at, "%", cycle.gc_percent);
  const double stretch_ms = cycle.begin_seconds * 1e3 + cycle.wall_ms() - run.end_ms;
  if (!cycle.has(Part::kWhole) || !run.chained || cycle.processors == 0 || stretch_ms <= 0) return;
  counter("GC CPU", cycle, at, "%", 100 * cycle.paid_cpu_ms() / (stretch_ms * cycle.processors));
}

void Perfetto::phases(const Cycle& cycle, std::uint64_t begin, std::uint64_t end) {
  const bool cpu = cycle.has(Part::kCpu);
  const auto cpu_ms = [&](double ms) { return cpu ? fmt::format("\"cpu_ms\":{:.15g}", ms) : std::string(); };
  const std::uint64_t opening = to_ns(cycle.opening_stop_ms), concurrent = to_ns(cycle.concurrent_ms);
  slice("opening stop", cycle, begin, opening, cpu_ms(cycle.opening_cpu_ms));
  slice("concurrent", cycle, begin + opening, concurrent,
        cpu ? fmt::format("\"assist_cpu_ms\":{:.15g},\"background_cpu_ms\":{:.15g},\"idle_cpu_ms\":{:.15g}",
                          cycle.assist_cpu_ms, cycle.background_cpu_ms, cycle.idle_cpu_ms)
            : std::string());
  const std::uint64_t closing = begin + opening + concurrent;
  slice("closing stop", cycle, closing, end - closing, cpu_ms(cycle.closing_cpu_ms));
}

void Perfetto::add(const Cycle& cycle) {
  bool fresh = false;
  Run& run = runs_.of(cycle.run, fresh);
  if (fresh) names(cycle);
  run.chained = cycle.lost_before == 0 && (fresh ? cycle.number == 1 : run.chained);
  const std::uint64_t begin = std::max(to_ns(cycle.begin_seconds * 1e3), run.end_ns);
  if (cycle.lost_before > 0) {
    event('i', fmt::format("{} lost", cycle.lost_before), cycle,
          fmt::format("\"cat\":\"gc\",\"s\":\"p\",\"ts\":{}", micros(begin)));
  }
  std::uint64_t end = begin;
  if (cycle.has(Part::kClock)) {
    end += to_ns(cycle.opening_stop_ms) + to_ns(cycle.concurrent_ms) + to_ns(cycle.closing_stop_ms);
    const bool whole = cycle.has(Part::kWhole);
    slice(cycle.minor ? "minor cycle" : "cycle", cycle, begin, end - begin,
          fmt::format("\"number\":{},\"begin_seconds\":{:.15g},\"forced\":{},\"whole\":{}", cycle.number,
                      cycle.begin_seconds, cycle.forced, whole));
    phases(cycle, begin, end);
  }
  heap(cycle, begin, end);
  cpu(cycle, run, end);
  run = {end, cycle.begin_seconds * 1e3 + cycle.wall_ms(), cycle.has(Part::kWhole)};
}

void Perfetto::end(const ReadStatus& status) {
  sink_(
      fmt::format("\n],\"otherData\":{{\"version\":\"memgc-trace {}\",\"cycles\":{},\"lost\":{},\"truncated\":{},"
                  "\"malformed\":{}}}}}\n",
                  MEMGC_VERSION_STRING, status.cycles, status.lost, status.truncated, status.malformed));
}

}  // namespace

std::unique_ptr<Exporter> make_perfetto(Sink sink) { return std::make_unique<Perfetto>(std::move(sink)); }

}  // namespace memgc::trace
