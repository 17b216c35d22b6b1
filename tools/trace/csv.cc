// Job: see csv.h.
#include "csv.h"

#include <array>
#include <charconv>
#include <string>
#include <utility>

#include "exporter.h"

namespace memgc::trace {
namespace {

constexpr double kMiB = 1024.0 * 1024.0;

// As printf's %.15g: 15 digits are more than a line has, and fewer than the double has noise in.
void append(std::string& out, double value) {
  std::array<char, 32> digits;
  char* const end = std::to_chars(digits.begin(), digits.end(), value, std::chars_format::general, 15).ptr;
  out.append(digits.begin(), end);
}
void append(std::string& out, std::uint64_t value) {
  std::array<char, 20> digits;
  out.append(digits.begin(), std::to_chars(digits.begin(), digits.end(), value).ptr);
}

template <auto figure>
void number(std::string& out, const Cycle& cycle) {
  append(out, std::uint64_t{cycle.*figure});
}
template <double Cycle::*figure>
void seconds(std::string& out, const Cycle& cycle) {
  append(out, cycle.*figure / 1e3);
}
template <double Cycle::*figure>
void bytes(std::string& out, const Cycle& cycle) {
  append(out, cycle.*figure * kMiB);
}
template <std::optional<double> Cycle::*figure>
void some_bytes(std::string& out, const Cycle& cycle) {
  if (cycle.*figure) append(out, *(cycle.*figure) * kMiB);
}
void begin(std::string& out, const Cycle& cycle) { append(out, cycle.begin_seconds); }
void share(std::string& out, const Cycle& cycle) { append(out, cycle.gc_percent / 100); }
void goal(std::string& out, const Cycle& cycle) {
  if (cycle.goal_mib < kNoGoalMib) return bytes<&Cycle::goal_mib>(out, cycle);
  out += "inf";
}
void kind(std::string& out, const Cycle& cycle) { out += cycle.minor ? "minor" : "full"; }
void cause(std::string& out, const Cycle& cycle) { out += cycle.forced ? "forced" : "auto"; }
void whole(std::string& out, const Cycle& cycle) { out += cycle.has(Part::kWhole) ? '1' : '0'; }

constexpr Part kHeader = Part::kHeader, kClock = Part::kClock, kCpu = Part::kCpu, kHeap = Part::kHeap,
               kWhole = Part::kWhole;
using C = Cycle;
constexpr CsvColumn kColumns[] = {
    {"run", kHeader, &number<&C::run>, "Which process of the input, from 0, in the order of their first lines."},
    {"heap", kHeader, &number<&C::heap>, "Which heap of the process; 0 where the line does not say."},
    {"cycle", kHeader, &number<&C::number>, "The number of the cycle in its run, from 1."},
    {"lost_before", kHeader, &number<&C::lost_before>, "How many lines are missing between this one and the last."},
    {"whole", kHeader, &whole,
     "1: the whole line could be read; 0: it breaks off, and the cells after that are empty."},
    {"kind", kWhole, &kind, "full, or minor: memgc's generational mode kept the marks of the cycle before."},
    {"cause", kWhole, &cause, "auto, or forced: the program asked for it."},
    {"begin_seconds", kHeader, &begin, "When it began, since the program did."},
    {"gc_cpu_ratio", kHeader, &share, "Share of all CPU time that went to collecting since the program began."},
    {"opening_stop_seconds", kClock, &seconds<&C::opening_stop_ms>, "The stop that opens it, wall time."},
    {"concurrent_seconds", kClock, &seconds<&C::concurrent_ms>, "Between the two stops, wall time."},
    {"closing_stop_seconds", kClock, &seconds<&C::closing_stop_ms>, "The stop that ends it, wall time."},
    {"opening_cpu_seconds", kCpu, &seconds<&C::opening_cpu_ms>, "CPU time of the first stop, over all threads."},
    {"assist_cpu_seconds", kCpu, &seconds<&C::assist_cpu_ms>, "CPU time for which allocating threads had to mark."},
    {"background_cpu_seconds", kCpu, &seconds<&C::background_cpu_ms>, "CPU time of the collector's own threads."},
    {"idle_cpu_seconds", kCpu, &seconds<&C::idle_cpu_ms>, "CPU time of the collector on idle processors."},
    {"closing_cpu_seconds", kCpu, &seconds<&C::closing_cpu_ms>, "CPU time of the last stop, over all threads."},
    {"heap_start_bytes", kHeap, &bytes<&C::start_mib>, "The heap when it began; to 1 MiB where the line is text."},
    {"heap_end_bytes", kHeap, &bytes<&C::end_mib>, "The heap when it ended; the same."},
    {"heap_live_bytes", kHeap, &bytes<&C::live_mib>, "What it found alive; the same."},
    {"heap_goal_bytes", Part::kGoal, &goal, "What the heap was not to exceed; inf: without end."},
    {"stacks_bytes", kWhole, &some_bytes<&C::stacks_mib>, "Stacks that were scanned."},
    {"globals_bytes", kWhole, &some_bytes<&C::globals_mib>, "Globals that were scanned."},
    {"processors", kWhole, &number<&C::processors>, "Processors that the process may use."},
};

class Csv : public Exporter {
 public:
  explicit Csv(Sink sink) : sink_(std::move(sink)) {}
  void begin() override { sink_(csv_header()); }
  void add(const Cycle& cycle) override { sink_(csv_row(cycle)); }

 private:
  Sink sink_;
};

}  // namespace

std::span<const CsvColumn> csv_columns() { return kColumns; }

std::string csv_header() {
  std::string out;
  for (const CsvColumn& column : kColumns) {
    out += column.name;
    out += ',';
  }
  out.back() = '\n';
  return out;
}

std::string csv_row(const Cycle& cycle) {
  std::string out;
  for (const CsvColumn& column : kColumns) {
    if (cycle.has(column.part)) column.print(out, cycle);
    out += ',';
  }
  out.back() = '\n';
  return out;
}

std::unique_ptr<Exporter> make_csv(Sink sink) { return std::make_unique<Csv>(std::move(sink)); }

}  // namespace memgc::trace
