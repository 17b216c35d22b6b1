// Job: see figures.h.
#include "figures.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <stdexcept>
#include <utility>

namespace memgc::trace {
namespace {

constexpr bool kSure = false;  // missing lines do not change it

void add_distribution(std::vector<FigureInfo>& out, const std::string& key, const std::string& group,
                      const std::string& what) {
  const auto add = [&](const char* name, const char* label, Unit unit, const std::string& meaning) {
    out.push_back({key + "_" + name, group, label, unit, true, meaning});
  };
  add("count", "count", Unit::kCount, "How many " + what + " there were: two in each cycle whose line holds them.");
  const std::pair<const char*, const char*> quantiles[] = {
      {"p50", "p50"}, {"p90", "p90"}, {"p99", "p99"}, {"p99_9", "p99.9"}};
  for (const auto& [name, label] : quantiles) {
    add(name, label, Unit::kSeconds,
        fmt::format("{} % of the {} took at most so long; at most 0.4 % too high, on top of the line's two digits.",
                    label + 1, what));
  }
  add("max", "max", Unit::kSeconds, "The longest of the " + what + ", exactly as its line has it.");
  add("mean", "mean", Unit::kSeconds, "Their sum divided by their count. One long stop hides in it: look at p99.9.");
  add("total", "total", Unit::kSeconds, "The sum of all " + what + ".");
}

std::vector<FigureInfo> make_infos() {
  std::vector<FigureInfo> out;
  const auto add = [&](const char* group, const char* key, const char* label, Unit unit, const char* meaning,
                       bool suffers = true) {
    out.push_back({key, group, label, unit, suffers, meaning});
  };

  const char* group = "What was read";
  add(group, "lines", "lines", Unit::kCount, "Lines of any kind in the input.", kSure);
  add(group, "other_lines", "other output", Unit::kCount, "Lines with no trace line in them.", kSure);
  add(group, "truncated_lines", "cut short", Unit::kCount,
      "Trace lines whose end is missing. What they hold up to there is counted.", kSure);
  add(group, "malformed_lines", "malformed", Unit::kCount,
      "Trace lines with something in them that does not belong there; --strict shows them. What they hold up to there "
      "is counted.",
      kSure);
  add(group, "lost_cycles", "lost", Unit::kCount, "Cycles whose lines are missing, by the gaps in their numbers.",
      kSure);
  add(group, "runs", "runs", Unit::kCount,
      "Processes in the input: a line whose number or time goes back begins a new one.", kSure);
  add(group, "duration", "duration", Unit::kSeconds,
      "Time that the lines cover, summed over runs: from the start of the program, or from the first line if the first "
      "cycles are missing, to the end of the last cycle.",
      kSure);

  group = "Cycles";
  add(group, "cycles", "all", Unit::kCount, "Whole trace lines, minor and forced cycles included.");
  add(group, "forced_cycles", "forced", Unit::kCount, "Cycles that the program asked for.");
  add(group, "minor_cycles", "minor", Unit::kCount,
      "Cycles of memgc's generational mode that kept the marks of the one before.");
  add(group, "cycle_wall_p50", "length, p50", Unit::kSeconds, "Wall time of a cycle, both stops included: the median.");
  add(group, "cycle_wall_max", "length, max", Unit::kSeconds, "The longest cycle.");
  add(group, "cycle_interval_mean", "interval, mean", Unit::kSeconds,
      "From the beginning of a cycle to that of the next of the same run, where no line is missing between them.");

  add_distribution(out, "stop_wall", "Stops, wall time",
                   "stops (of one mutator, the longest in the handshake, with memgc; of the world, with Go)");
  add_distribution(out, "stop_cpu", "Stops, CPU time of all threads", "stops, in CPU time summed over the threads,");
  add_distribution(out, "minor_stop_wall", "Stops of minor cycles, wall time", "stops of minor cycles");

  group = "CPU";
  add(group, "gc_cpu_share", "collecting", Unit::kShare,
      "CPU time of stops, assists and the collector's own threads, divided by the time of all processors over the "
      "same stretch. Work on idle processors is not in it.");
  add(group, "gc_cpu_share_reported", "as the program says", Unit::kShare,
      "The percentage on the last line of each run: since its start, in whole percent, rounded down.");
  add(group, "gc_cpu", "collecting, total", Unit::kSeconds, "The CPU time that the share is of.");
  add(group, "background_cpu", "background", Unit::kSeconds, "CPU time of the collector's own threads.");
  add(group, "idle_cpu", "idle", Unit::kSeconds,
      "CPU time of the collector on processors that had nothing else to do; in no share.");
  add(group, "assist_cpu", "assists", Unit::kSeconds,
      "CPU time for which mutators had to mark because they allocated faster than the collector marked.");
  add(group, "assist_share", "assists, share", Unit::kShare,
      "Assists divided by all CPU time of collecting. Much of it means: the heap has too little room to grow.");
  add(group, "assist_cycles", "cycles with assists", Unit::kCount, "Cycles in which any mutator had to assist.");

  group = "Heap";
  add(group, "allocation_rate", "allocation rate", Unit::kBytesPerSecond,
      "What was allocated between the ends of two cycles, by heap at the end less what the cycle before left alive, "
      "divided by the time between; where no line is missing. Exact to 1 MiB a cycle.");
  add(group, "allocated", "allocated", Unit::kBytes, "The sum that the rate is of.");
  add(group, "live_last", "live, last", Unit::kBytes, "What the last full cycle found alive.");
  add(group, "live_peak", "live, peak", Unit::kBytes, "The most that any full cycle found alive.");
  add(group, "heap_peak", "heap, peak", Unit::kBytes, "The largest heap at the end of any cycle.");
  add(group, "goal_last", "goal, last", Unit::kBytes, "What the last cycle was to end below.");
  add(group, "goal_missed_cycles", "goal missed", Unit::kCount, "Cycles that ended above their goal.");
  add(group, "near_limit_share", "near the limit", Unit::kShare,
      "Share of the time that ended in a cycle with heap, stacks and globals at 90 % of --limit or more.");

  group = "Trend of the live heap";
  add(group, "live_slope", "slope", Unit::kBytesPerSecond,
      "Median slope between the lows of the live heap (Theil and Sen), first quarter left out, in the longest run.");
  add(group, "live_slope_low", "slope, at least", Unit::kBytesPerSecond, "Lower end of its interval of 95 %.");
  add(group, "live_slope_high", "slope, at most", Unit::kBytesPerSecond, "Upper end of its interval of 95 %.");
  add(group, "live_rise_confidence", "confidence of a rise", Unit::kShare,
      "How sure it is that the lows rise at all (Mann and Kendall's test); 50 %: no trend, near 0: they fall.");
  add(group, "leak_suspected", "leak suspected", Unit::kFlag,
      "The rise is 99 % sure, and 10 % of the live heap and 2 MiB or more over the time watched.");
  return out;
}

std::string scaled(double value, const std::vector<std::pair<double, const char*>>& units) {
  const double size = std::fabs(value);
  for (const auto& [unit, name] : units) {
    if (size >= unit) return fmt::format("{:.3g} {}", value / unit, name);
  }
  return fmt::format("{:.3g} {}", value / units.back().first, units.back().second);
}

}  // namespace

const std::vector<FigureInfo>& figure_infos() {
  static const std::vector<FigureInfo> infos = make_infos();
  return infos;
}

const FigureInfo* find_figure(std::string_view name) {
  std::string key(name);
  std::replace(key.begin(), key.end(), '.', '_');
  for (const std::string& candidate : {key, "stop_wall_" + key}) {
    for (const FigureInfo& info : figure_infos()) {
      if (candidate == info.key || candidate == info.key + std::string(unit_suffix(info.unit))) return &info;
    }
  }
  return nullptr;
}

std::string_view unit_suffix(Unit unit) {
  switch (unit) {
    case Unit::kSeconds:
      return "_seconds";
    case Unit::kBytes:
      return "_bytes";
    case Unit::kShare:
      return "_ratio";
    case Unit::kBytesPerSecond:
      return "_bytes_per_second";
    case Unit::kCount:
    case Unit::kFlag:
      break;
  }
  return "";
}

std::string to_text(double value, Unit unit) {
  constexpr double kKiB = 1024;
  switch (unit) {
    case Unit::kSeconds:
      return value == 0 ? "0 s" : scaled(value, {{1, "s"}, {1e-3, "ms"}, {1e-6, "us"}, {1e-9, "ns"}});
    case Unit::kBytes:
      return scaled(value, {{kKiB * kKiB * kKiB, "GiB"}, {kKiB * kKiB, "MiB"}, {kKiB, "KiB"}, {1, "B"}});
    case Unit::kBytesPerSecond:
      return scaled(value, {{kKiB * kKiB * kKiB, "GiB/s"}, {kKiB * kKiB, "MiB/s"}, {kKiB, "KiB/s"}, {1, "B/s"}});
    case Unit::kShare:
      return fmt::format("{:.3g} %", value * 100);
    case Unit::kFlag:
      return value != 0 ? "yes" : "no";
    case Unit::kCount:
      break;
  }
  return fmt::format("{:.0f}", value);
}

std::string of_bytes(double bytes, const char* sign) {
  constexpr const char* kUnits[] = {"B", "KiB", "MiB", "GiB", "TiB"};
  std::size_t unit = 0;
  for (; std::abs(bytes) >= 1024 && unit + 1 < std::size(kUnits); ++unit) bytes /= 1024;
  return fmt::format("{}{:.{}f} {}", bytes > 0 ? sign : "", bytes, unit == 0 ? 0 : 1, kUnits[unit]);
}

Figures::Figures() {
  for (const FigureInfo& info : figure_infos()) all_.push_back({&info, {}, {}, false});
}

void Figures::set(std::string_view key, std::optional<double> value, std::string of) {
  for (Figure& figure : all_) {
    if (figure.info->key != key) continue;
    figure.value = value;
    figure.of = std::move(of);
    return;
  }
  throw std::logic_error("no such figure: " + std::string(key));
}

const Figure& Figures::at(std::string_view key) const {
  for (const Figure& figure : all_) {
    if (figure.info->key == key) return figure;
  }
  throw std::logic_error("no such figure: " + std::string(key));
}

void Figures::suffer(std::string remark) {
  remark_ = std::move(remark);
  for (Figure& figure : all_) figure.suffers = figure.info->suffers && figure.value.has_value();
}

}  // namespace memgc::trace
