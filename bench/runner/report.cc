#include "runner/report.h"

#include <fmt/format.h>

#include <cmath>
#include <set>

namespace memgc_bench {

namespace {

/// A number with `digits` decimals in `width` columns; a dash for none.
std::string cell(double value, int width, int digits) {
  return std::isnan(value) ? fmt::format("{:>{}}", "-", width) : fmt::format("{:>{}.{}f}", value, width, digits);
}

std::string ratios(const Row& row) {
  return cell(row.wall_ratio, 6, 2) + cell(row.cpu_ratio, 6, 2) + cell(row.memory_ratio, 6, 2);
}

std::string overheads(const Row& row) { return cell(row.wall_overhead, 6, 2) + cell(row.cpu_overhead, 6, 2); }

/// What a row says instead of figures, or after them.
std::string failure_of(const Row& row) {
  if (row.medians.empty()) return fmt::format("{:<17} failed: {}\n", row.configuration, row.failure);
  return row.failure.empty() ? "" : fmt::format("{:<17} (some runs failed: {})\n", "", row.failure);
}

std::string line(const Row& row) {
  if (row.medians.empty()) return failure_of(row);
  std::string text = fmt::format("{:<17}", row.configuration);
  text += cell(row.figure("wall_s"), 7, 2) + cell(row.figure("cpu_s"), 7, 2) + cell(row.spread_of("cpu_s") * 100, 5, 0);
  text += cell(row.figure("sys_s"), 6, 2) + cell(row.figure("peak_mb"), 7, 0) + cell(row.figure("mean_mb"), 7, 0);
  text += "  " + ratios(row) + "  " + overheads(row) + "  ";
  text += cell(row.figure("gc_cpu_s"), 7, 2) + cell(row.figure("gc_cycles"), 7, 0);
  text += cell(row.figure("stop_p999_us"), 8, 0) + cell(row.figure("stop_max_us"), 8, 0) + "\n";
  return text + failure_of(row);
}

std::string latency_line(const Row& row) {
  if (row.medians.empty()) return failure_of(row);
  std::string text = fmt::format("{:<17}", row.configuration);
  for (const LatencyFigure& figure : kLatencyFigures) text += cell(row.figure(figure.name), 9, 1);
  text += cell(row.spread_of("latency_p999_us") * 100, 6, 0) + cell(row.figure("requests_per_s"), 10, 0);
  text += cell(row.figure("peak_mb"), 8, 0) + cell(row.figure("mean_mb"), 7, 0) + cell(row.figure("gc_cycles"), 7, 0);
  return text + "\n" + failure_of(row);
}

}  // namespace

std::string table(const std::string& title, const std::vector<Row>& rows) {
  std::string text = fmt::format("\n{}\n{:<45}{:>11}  {:>18}  {:>12}  {:>14}{:>16}\n", title, "", "", "x mimalloc heap",
                                 "x ideal", "collector", "stops, us");
  text += fmt::format("{:<17}{:>7}{:>7}{:>5}{:>6}{:>7}{:>7}  {:>6}{:>6}{:>6}  {:>6}{:>6}  {:>7}{:>7}{:>8}{:>8}\n", "",
                      "wall s", "CPU s", "+-%", "sys s", "MB", "mean", "wall", "CPU", "mem", "wall", "CPU", "CPU s",
                      "cycles", "p99.9", "max");
  for (const Row& row : rows) text += line(row);
  return text;
}

std::string latency_table(const std::string& title, double rate, const std::vector<Row>& rows) {
  std::string text = fmt::format("\n{}: latency in us, {:.0f} requests due a second\n{:<17}", title, rate, "");
  for (const LatencyFigure& figure : kLatencyFigures) text += fmt::format("{:>9}", figure.title);
  text += fmt::format("{:>6}{:>10}{:>8}{:>7}{:>7}\n", "+-%", "done per s", "MB", "mean", "cycles");
  for (const Row& row : rows) text += latency_line(row);
  return text;
}

std::string mean_table(std::size_t workloads, const std::vector<Row>& rows) {
  std::string text = fmt::format("\nGeometric mean of the ratios, {} workloads\n", workloads);
  text += fmt::format("{:<58}{:>18}  {:>12}\n", "", "x mimalloc heap", "x ideal");
  text += fmt::format("{:<58}{:>6}{:>6}{:>6}  {:>6}{:>6}\n", "", "wall", "CPU", "mem", "wall", "CPU");
  for (const Row& row : rows) text += fmt::format("{:<58}{}  {}\n", row.configuration, ratios(row), overheads(row));
  return text;
}

std::string csv(const std::vector<RunResult>& runs) {
  std::set<std::string> names;
  for (const RunResult& run : runs) {
    for (const auto& [name, value] : run.figures) names.insert(name);
  }
  std::string text = "workload,configuration,repetition,failure";
  for (const std::string& name : names) text += "," + name;
  text += "\n";
  for (const RunResult& run : runs) {
    std::string failure = run.failure;
    for (char& c : failure) c = c == ',' || c == '"' || c == '\n' ? ' ' : c;
    text += fmt::format("{},{},{},{}", run.workload, run.configuration, run.repetition, failure);
    for (const std::string& name : names) {
      const auto found = run.figures.find(name);
      text += found == run.figures.end() ? std::string(",") : fmt::format(",{}", found->second);
    }
    text += "\n";
  }
  return text;
}

nlohmann::ordered_json to_json(const std::vector<RunResult>& runs) {
  auto list = nlohmann::ordered_json::array();
  for (const RunResult& run : runs) {
    nlohmann::ordered_json entry = {
        {"workload", run.workload}, {"configuration", run.configuration}, {"repetition", run.repetition}};
    if (run.failure.empty()) {
      entry["figures"] = run.figures;
    } else {
      entry["failure"] = run.failure;
    }
    list.push_back(std::move(entry));
  }
  return list;
}

}  // namespace memgc_bench
