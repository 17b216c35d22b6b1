// Job: see advice.h.
#include "advice.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <iterator>

namespace memgc::trace {
namespace {

constexpr double kMiB = 1 << 20;
constexpr int kLadder[] = {10, 15, 20, 25, 30, 40, 50, 60, 75, 100, 125, 150, 200, 250, 300, 400, 500, 600, 800, 1000};
constexpr int kSteepest = kLadder[0], kFlattest = kLadder[std::size(kLadder) - 1];
constexpr std::uint64_t kLeastCycles = 10;  // that allocation asked for
constexpr double kFewCycles = 7;            // one more or less is 15 %
constexpr double kMissed = 0.15;
constexpr double kUseless = 0.5;
constexpr double kLeastPeak = 4;  // MiB
constexpr double kFar = 2.5;      // times the traced percent, or less than it by as much

double share(const Program& program, const Prediction& at) { return at.mark_ms / program.processor_ms(); }

// What lines that are missing, and a limit that was in force, take from the whole.
std::vector<std::string> trace_doubts(const Program& program, const ReadStatus& status) {
  std::vector<std::string> out;
  const std::uint64_t cycles = program.count(&Recording::cycles), lost = program.count(&Recording::lost);
  const std::uint64_t damaged = status.truncated + status.malformed;
  const std::uint64_t held_down = program.count(&Recording::held_down), cramped = program.count(&Recording::cramped);
  if (lost > 0)
    out.push_back(
        fmt::format("{} of {} lines are missing: each is taken to have been like the next", lost, lost + cycles));
  if (damaged > 0) out.push_back(fmt::format("{} lines could not be read whole and are left out", damaged));
  if (program.left_out() > 0)
    out.push_back(
        fmt::format("only {} runs are considered: {} cycles are left out", Program::kMostRuns, program.left_out()));
  if (held_down * 5 > cycles)
    out.push_back(
        fmt::format("{} of {} cycles had a goal well below the usual growth: a limit held them down, and "
                    "what the program does without it was not seen",
                    held_down, cycles));
  if (cramped * 5 > cycles)
    out.push_back(
        fmt::format("{} of {} cycles had less than 10 % of the live heap to grow by: such a run says little "
                    "of one that has room",
                    cramped, cycles));
  if (program.most(&Recording::most_live) < 8)
    out.emplace_back(
        "the live heap is below 8 MiB: text lines tell whole MiB, too coarse for it (gctrace=json is not)");
  return out;
}

// What replaying the trace at its own setting says of all predictions.
void check_against_itself(const Program& program, AdviceReport& report) {
  const std::optional<double> percent = program.growth_percent();
  if (!percent) {
    report.doubts.emplace_back("the goals do not tell the growth percent of the run: replay could not be checked");
    return;
  }
  report.traced_percent = static_cast<int>(std::lround(std::clamp(*percent, 0.0, 1e6)));
  // No goal was above the greatest, be it by a memory limit, which keeps 3 % to itself: without one this changes
  // nothing.
  const double goal = program.most(&Recording::greatest_goal);
  const double limit = goal + std::max(goal * 0.03 / 0.97, 1.0) + beside_mib(program.most(&Recording::peak));
  report.again = program.under({*report.traced_percent, limit < kNoGoalMib ? to_bytes(limit) : SIZE_MAX});
  report.cpu_of_itself = report.again->mark_ms / std::max(program.sum(&Recording::mark), 1e-9);
  report.peak_of_itself = report.again->peak_mib / std::max(program.most(&Recording::peak), 1e-9);
  if (std::abs(report.cpu_of_itself - 1) > kMissed || std::abs(report.peak_of_itself - 1) > kMissed)
    report.doubts.push_back(
        fmt::format("replayed at its own setting the trace gives {:.0f} % of its GC CPU and {:.0f} "
                    "% of its peak: predictions will be off by as much",
                    report.cpu_of_itself * 100, report.peak_of_itself * 100));
}

void doubt_prediction(const AdviceReport& report, Advice& advice) {
  if (!advice.setting) return;
  const double percent = advice.setting->growth_percent, traced = report.traced_percent.value_or(0);
  if (advice.predicted.gave_up) {
    advice.doubts.emplace_back("it would collect without end: there is no room to allocate in");
  } else if (traced > 0 && percent > 0 && (percent > traced * kFar || percent * kFar < traced)) {
    advice.doubts.push_back(
        fmt::format("far from the {:.0f} percent that were traced: trace again with this, and ask "
                    "again",
                    traced));
  }
  if (advice.predicted.cycles < kFewCycles)
    advice.doubts.push_back(fmt::format("of {:.0f} cycles, one more or less shifts the CPU by {:.0f} %",
                                        advice.predicted.cycles, 100 / std::max(advice.predicted.cycles, 1.0)));
}

Advice least_memory(const Program& program, double max_cpu) {
  Advice out;
  out.goal = fmt::format("least memory, GC CPU at most {:g} % of the processors", max_cpu);
  bool held = false;
  for (const int percent : kLadder) {
    out.setting = PacerSetting{percent, SIZE_MAX};
    out.predicted = program.under(*out.setting);
    held = !out.predicted.gave_up && share(program, out.predicted) * 100 <= max_cpu;
    if (held) break;
  }
  out.reason = out.setting->growth_percent == kSteepest
                   ? "the smallest percent tried: the live heap is most of the memory by then"
                   : "the next smaller percent tried would cost more CPU than that";
  if (!held) {
    out.reason = "the largest percent tried";
    out.doubts.push_back(
        fmt::format("even so GC CPU stays above {:g} %: the program allocates too much for its live "
                    "heap",
                    max_cpu));
  }
  return out;
}

Advice least_cpu(const Program& program, double max_mib) {
  Advice out;
  out.goal = fmt::format("least CPU, peak heap at most {:.0f} MiB", max_mib);
  for (const int percent : kLadder) {
    const Prediction at = program.under({percent, SIZE_MAX});
    if (out.setting && at.peak_mib > max_mib) break;
    out.setting = PacerSetting{percent, SIZE_MAX};
    out.predicted = at;
  }
  out.reason =
      out.setting->growth_percent == kFlattest
          ? "the largest percent tried: there is little left to save"
          : "a cycle costs the same however seldom it comes, and the next larger percent tried would pass that";
  if (out.predicted.peak_mib > max_mib) {
    out.reason = "the smallest percent tried";
    out.doubts.push_back(fmt::format("even so the peak passes {:.0f} MiB", max_mib));
  }
  return out;
}

// Of the settings under the limit the least percent that costs at most 5 % more than the cheapest: more growth would
// take memory, and save nothing.
Advice given_limit(const Program& program, double limit_mib, double headroom) {
  const double whole = std::floor(limit_mib * (1 - headroom / 100));
  const double live = program.most(&Recording::most_live);
  Advice out;
  out.goal = fmt::format("a limit of {:.0f} MiB, {:g} % of it for what is not the heap", limit_mib, headroom);
  if (live + beside_mib(live) >= whole) {
    out.reason = fmt::format(
        "the live heap reaches {:.0f} MiB, which leaves no room below {:.0f} MiB: the program must "
        "keep less, or have more",
        live, whole);
    return out;
  }
  const auto limit = static_cast<std::size_t>(whole * kMiB);
  double cheapest = 1e300;
  for (const int percent : kLadder) {
    const Prediction at = program.under({percent, limit});
    if (!at.gave_up) cheapest = std::min(cheapest, at.mark_ms);
  }
  for (const int percent : kLadder) {
    out.setting = PacerSetting{percent, limit};
    out.predicted = program.under(*out.setting);
    if (!out.predicted.gave_up && out.predicted.mark_ms <= cheapest * 1.05) break;
  }
  out.reason = "more growth would save at most 5 % of the GC CPU; the limit catches what the traced run did not have";
  if (out.predicted.by_limit > 0)
    out.reason += fmt::format(" ({:.0f} of {:.0f} cycles come from it)", out.predicted.by_limit, out.predicted.cycles);
  if (live > 0.8 * whole)
    out.doubts.push_back(
        fmt::format("the live heap reaches {:.0f} MiB, more than 80 % of {:.0f} MiB: collecting may "
                    "take half of the CPU there",
                    live, whole));
  return out;
}

}  // namespace

void Program::add(const Cycle& cycle) {
  if (runs_.size() >= kMostRuns && runs_.find(cycle.run) == runs_.end()) {
    ++left_out_;
    return;
  }
  runs_[cycle.run].add(cycle);
}

double Program::sum(double (Recording::*figure)() const) const {
  double out = 0;
  for (const auto& [id, run] : runs_) out += (run.*figure)();
  return out;
}

double Program::most(double (Recording::*figure)() const) const {
  double out = 0;
  for (const auto& [id, run] : runs_) out = std::max(out, (run.*figure)());
  return out;
}

std::uint64_t Program::count(std::uint64_t (Recording::*figure)() const) const {
  std::uint64_t out = 0;
  for (const auto& [id, run] : runs_) out += (run.*figure)();
  return out;
}

double Program::processor_ms() const {
  double out = 0;
  for (const auto& [id, run] : runs_) out += run.seconds() * 1000 * run.processors();
  return out;
}

std::optional<double> Program::growth_percent() const {
  std::optional<double> out;
  std::uint64_t cycles = 0;
  for (const auto& [id, run] : runs_) {
    if (run.cycles() <= cycles || !run.growth_percent()) continue;
    out = run.growth_percent();
    cycles = run.cycles();
  }
  return out;
}

bool Program::looks_like_go() const {
  std::uint64_t go = 0;
  for (const auto& [id, run] : runs_) go += run.looks_like_go() ? run.cycles() : 0;
  return 2 * go > count(&Recording::cycles);
}

Prediction Program::under(const PacerSetting& setting) const {
  Prediction out;
  for (const auto& [id, run] : runs_) {
    const Prediction one = replay(run, setting);
    out.cycles += one.cycles;
    out.mark_ms += one.mark_ms;
    out.marked_mib += one.marked_mib;
    out.stops_ms += one.stops_ms;
    out.by_limit += one.by_limit;
    out.peak_mib = std::max(out.peak_mib, one.peak_mib);
    out.gave_up |= one.gave_up;
  }
  return out;
}

std::string refusal(const Program& program) {
  const std::uint64_t cycles = program.count(&Recording::cycles), forced = program.count(&Recording::forced);
  const std::uint64_t lost = program.count(&Recording::lost);
  if (cycles == 0) return "there is no trace line: run the program with MEMDEBUG=gctrace=1 (Go: GODEBUG=gctrace=1)";
  if (program.count(&Recording::minor) > 0)
    return "minor cycles are not predicted: trace with MEMDEBUG=gctrace=1,generational=0";
  if (cycles == forced) return fmt::format("all {} cycles were asked for by the program, none by allocation", cycles);
  if (cycles - forced < kLeastCycles)
    return fmt::format(
        "allocation asked for {} cycle(s), and {} are needed: trace a longer run, or one with a smaller "
        "MEMGC",
        cycles - forced, kLeastCycles);
  if (lost > cycles) return fmt::format("more than half of the lines are missing ({} of {})", lost, lost + cycles);
  if (program.processor_ms() <= 0) return "the trace covers no time";
  if (program.most(&Recording::peak) < kLeastPeak)
    return fmt::format("the heap never passes {:g} MiB: there is nothing to save", kLeastPeak);
  AdviceReport self;
  check_against_itself(program, self);
  const double off = std::max(std::abs(self.cpu_of_itself - 1), std::abs(self.peak_of_itself - 1));
  if (self.again && off > kUseless)
    return fmt::format(
        "replayed at its own setting the trace gives {:.0f} % of its GC CPU and {:.0f} % of its peak: "
        "it is no such program as is predicted here",
        100 * self.cpu_of_itself, 100 * self.peak_of_itself);
  return {};
}

AdviceReport advise(const Program& program, const ReadStatus& status, const Wishes& wishes) {
  AdviceReport out;
  out.doubts = trace_doubts(program, status);
  check_against_itself(program, out);
  out.advice.push_back(least_memory(program, wishes.max_cpu_percent));
  out.advice.push_back(least_cpu(program, wishes.max_mib.value_or(2 * program.most(&Recording::peak))));
  if (wishes.limit_mib) out.advice.push_back(given_limit(program, *wishes.limit_mib, wishes.headroom_percent));
  for (const PacerSetting& setting : wishes.at)
    out.advice.push_back({"what --at asks", setting, program.under(setting), "it was asked for", {}});
  for (Advice& advice : out.advice) doubt_prediction(out, advice);
  return out;
}

}  // namespace memgc::trace
