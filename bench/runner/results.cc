#include "runner/results.h"

#include <algorithm>
#include <optional>
#include <set>

#include "runner/statistics.h"

namespace memgc_bench {

namespace {

// Google Benchmark's own numbers that are no figures of ours.
const std::set<std::string> kNotFigures = {"family_index", "per_family_instance_index",
                                           "repetitions",  "repetition_index",
                                           "threads",      "iterations",
                                           "real_time",    "cpu_time"};

const RunResult* find(const std::vector<RunResult>& runs, const std::string& workload, const std::string& configuration,
                      std::size_t repetition) {
  for (const RunResult& run : runs) {
    if (run.workload == workload && run.configuration == configuration && run.repetition == repetition) return &run;
  }
  return nullptr;
}

double median_ratio(const std::vector<const RunResult*>& runs, const std::vector<const RunResult*>& baselines,
                    const std::string& figure) {
  std::vector<double> ratios;
  for (std::size_t i = 0; i < runs.size(); ++i) {
    if (baselines[i] == nullptr || !baselines[i]->failure.empty()) continue;
    const double base = baselines[i]->figures.at(figure);
    if (base > 0) ratios.push_back(runs[i]->figures.at(figure) / base);
  }
  return median(ratios);
}

std::optional<Row> row_of(const std::vector<RunResult>& all, const std::string& workload,
                          const std::string& configuration, const std::string& baseline) {
  Row row;
  row.configuration = configuration;
  std::vector<const RunResult*> runs, baselines;
  std::map<std::string, std::vector<double>> values;
  for (const RunResult& run : all) {
    if (run.workload != workload || run.configuration != configuration) continue;
    ++row.runs;
    if (!run.failure.empty()) {
      row.failure = run.failure;
      continue;
    }
    runs.push_back(&run);
    baselines.push_back(find(all, workload, baseline, run.repetition));
    for (const auto& [name, value] : run.figures) values[name].push_back(value);
  }
  if (row.runs == 0) return std::nullopt;
  for (const auto& [name, series] : values) row.medians[name] = median(series);
  row.cpu_spread = spread(values["cpu_s"]);
  row.wall_ratio = median_ratio(runs, baselines, "wall_s");
  row.cpu_ratio = median_ratio(runs, baselines, "cpu_s");
  row.memory_ratio = median_ratio(runs, baselines, "peak_mb");
  return row;
}

}  // namespace

std::string short_name(const std::string& benchmark_name) {
  return benchmark_name.substr(0, benchmark_name.find("/iterations:"));
}

void read_figures(const nlohmann::json& report, RunResult& run) {
  const auto& benchmarks = report.at("benchmarks");
  if (benchmarks.size() != 1) {
    run.failure = "expected one benchmark in the report, found " + std::to_string(benchmarks.size());
    return;
  }
  const auto& benchmark = benchmarks[0];
  if (benchmark.value("error_occurred", false)) {
    run.failure = benchmark.value("error_message", "error without a message");
    return;
  }
  if (benchmark.at("time_unit") != "s") {
    run.failure = "expected times in seconds";
    return;
  }
  run.figures["wall_s"] = benchmark.at("real_time");
  for (const auto& [name, value] : benchmark.items()) {
    if (value.is_number() && !kNotFigures.contains(name)) run.figures[name] = value;
  }
  for (const char* needed : {"cpu_s", "peak_mb"}) {
    if (!run.figures.contains(needed)) run.failure = std::string("no ") + needed + " in the report";
  }
}

double Row::figure(const std::string& name) const {
  const auto found = medians.find(name);
  return found == medians.end() ? kNoValue : found->second;
}

std::vector<Row> rows_of(const std::vector<RunResult>& runs, const std::string& workload,
                         const std::vector<std::string>& configurations, const std::string& baseline) {
  std::vector<Row> rows;
  for (const std::string& configuration : configurations) {
    if (auto row = row_of(runs, workload, configuration, baseline)) rows.push_back(std::move(*row));
  }
  return rows;
}

std::vector<Row> mean_rows(const std::vector<std::vector<Row>>& tables,
                           const std::vector<std::string>& configurations) {
  std::vector<Row> means;
  for (const std::string& configuration : configurations) {
    std::vector<double> wall, cpu, memory;
    for (const std::vector<Row>& rows : tables) {
      const auto row =
          std::find_if(rows.begin(), rows.end(), [&](const Row& r) { return r.configuration == configuration; });
      if (row == rows.end() || !(row->cpu_ratio > 0)) continue;
      wall.push_back(row->wall_ratio);
      cpu.push_back(row->cpu_ratio);
      memory.push_back(row->memory_ratio);
    }
    if (cpu.empty() || cpu.size() != tables.size()) continue;
    Row mean;
    mean.configuration = configuration;
    mean.runs = cpu.size();
    mean.wall_ratio = geometric_mean(wall);
    mean.cpu_ratio = geometric_mean(cpu);
    mean.memory_ratio = geometric_mean(memory);
    means.push_back(std::move(mean));
  }
  return means;
}

}  // namespace memgc_bench
