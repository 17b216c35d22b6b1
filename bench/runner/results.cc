#include "runner/results.h"

#include <algorithm>
#include <optional>
#include <set>

namespace memgc_bench {

namespace {

// Google Benchmark's own numbers that are no figures of ours.
const std::set<std::string> kNotFigures = {"family_index", "per_family_instance_index",
                                           "repetitions",  "repetition_index",
                                           "threads",      "iterations",
                                           "real_time",    "cpu_time"};

constexpr const char *kDistilledCpu = "distilled_cpu_s", *kDistilledWall = "distilled_wall_s";

const RunResult* find(const std::vector<RunResult>& runs, const std::string& workload, const std::string& configuration,
                      std::size_t repetition) {
  for (const RunResult& run : runs) {
    if (run.workload == workload && run.configuration == configuration && run.repetition == repetition) return &run;
  }
  return nullptr;
}

double figure_of(const RunResult& run, const std::string& name, double otherwise) {
  const auto found = run.figures.find(name);
  return found == run.figures.end() ? otherwise : found->second;
}

double median_ratio(const std::vector<const RunResult*>& runs, const std::vector<const RunResult*>& baselines,
                    const std::string& figure) {
  std::vector<double> ratios;
  for (std::size_t i = 0; i < runs.size(); ++i) {
    if (baselines[i] == nullptr || !baselines[i]->failure.empty()) continue;
    const double base = figure_of(*baselines[i], figure, kNoValue);
    if (base > 0 && runs[i]->figures.contains(figure)) ratios.push_back(runs[i]->figures.at(figure) / base);
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
    values[kDistilledCpu].push_back(distilled_cpu(run));
    values[kDistilledWall].push_back(distilled_wall(run));
  }
  if (row.runs == 0) return std::nullopt;
  for (const auto& [name, series] : values) {
    row.medians[name] = median(series);
    row.spreads[name] = spread(series);
  }
  row.wall_ratio = median_ratio(runs, baselines, "wall_s");
  row.cpu_ratio = median_ratio(runs, baselines, "cpu_s");
  row.memory_ratio = median_ratio(runs, baselines, "peak_mb");
  row.mean_memory_ratio = median_ratio(runs, baselines, "mean_mb");
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

double Row::spread_of(const std::string& name) const {
  const auto found = spreads.find(name);
  return found == spreads.end() ? kNoValue : found->second;
}

double distilled_cpu(const RunResult& run) {
  // Not gc_wall_s for want of gc_cpu_s: on a busy machine a stop of the world takes longer than its CPU time.
  // Nor an estimate: if it is too high, what remains is no upper bound.
  const bool known = figure_of(run, "gc_cpu_is_estimate", 0) == 0;
  return figure_of(run, "cpu_s", kNoValue) - (known ? figure_of(run, "gc_cpu_s", 0) : 0);
}

double distilled_wall(const RunResult& run) {
  // Threads that are held up at the same time cost the program less than the sum of their stops: nobody knows how much.
  const bool one_thread = figure_of(run, "workload_threads", 1) == 1;
  const double held_up = one_thread ? figure_of(run, "stop_total_ms", 0) / 1e3 : 0;
  return figure_of(run, "wall_s", kNoValue) - figure_of(run, "gc_wall_s", held_up);
}

Ideal ideal_of(const std::vector<Row>& rows) {
  Ideal ideal;
  for (const Row& row : rows) {
    const double cpu = row.figure(kDistilledCpu), wall = row.figure(kDistilledWall);
    if (cpu > 0 && !(cpu >= ideal.cpu_s)) {
      ideal.cpu_s = cpu;
      ideal.cpu_by = row.configuration;
    }
    if (wall > 0 && !(wall >= ideal.wall_s)) {
      ideal.wall_s = wall;
      ideal.wall_by = row.configuration;
    }
  }
  return ideal;
}

void add_overheads(std::vector<Row>& rows) {
  const Ideal ideal = ideal_of(rows);
  for (Row& row : rows) {
    row.cpu_overhead = row.figure("cpu_s") / ideal.cpu_s;
    row.wall_overhead = row.figure("wall_s") / ideal.wall_s;
  }
}

std::vector<Row> rows_of(const std::vector<RunResult>& runs, const std::string& workload,
                         const std::vector<std::string>& configurations, const std::string& baseline) {
  std::vector<Row> rows;
  for (const std::string& configuration : configurations) {
    if (auto row = row_of(runs, workload, configuration, baseline)) rows.push_back(std::move(*row));
  }
  add_overheads(rows);
  return rows;
}

bool has_row(const std::vector<Row>& rows, const std::string& configuration) {
  return std::any_of(rows.begin(), rows.end(), [&](const Row& row) { return row.configuration == configuration; });
}

std::vector<Row> mean_rows(const std::vector<std::vector<Row>>& tables,
                           const std::vector<std::string>& configurations) {
  std::vector<Row> means;
  for (const std::string& configuration : configurations) {
    std::vector<const Row*> rows;
    for (const std::vector<Row>& table : tables) {
      const auto row =
          std::find_if(table.begin(), table.end(), [&](const Row& r) { return r.configuration == configuration; });
      if (row != table.end() && row->cpu_ratio > 0) rows.push_back(&*row);
    }
    if (rows.empty() || rows.size() != tables.size()) continue;
    Row mean;
    mean.configuration = configuration;
    mean.runs = rows.size();
    for (double Row::*ratio : {&Row::wall_ratio, &Row::cpu_ratio, &Row::memory_ratio, &Row::mean_memory_ratio,
                               &Row::wall_overhead, &Row::cpu_overhead}) {
      std::vector<double> values;
      for (const Row* row : rows) values.push_back(row->*ratio);
      mean.*ratio = geometric_mean(values);
    }
    means.push_back(std::move(mean));
  }
  return means;
}

}  // namespace memgc_bench
