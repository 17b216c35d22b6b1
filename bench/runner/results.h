// Job: the figures of all runs: read from what the programs write, kept by workload and configuration, reduced to rows.
#pragma once

#include <cstddef>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "runner/statistics.h"

namespace memgc_bench {

/// One process, one figure of each kind.
struct RunResult {
  std::string workload;       // "lru_cache/live:1000000/inserts:10000000/threads:2"
  std::string configuration;  // "memgc 100"
  std::size_t repetition = 0;
  std::string failure;                    // not empty: there are no figures
  std::map<std::string, double> figures;  // wall_s, cpu_s, peak_mb, minor_faults, gc_cycles, ...
};

/// Reads the JSON that Google Benchmark wrote for one benchmark into `run`: its figures, or its failure.
void read_figures(const nlohmann::json& report, RunResult& run);

/// Google Benchmark's name without what is the same for all: "/iterations:1/process_time/real_time".
std::string short_name(const std::string& benchmark_name);

/// What a table says of one configuration on one workload. kNoValue where there is nothing to say.
struct Row {
  std::string configuration;
  std::string failure;
  std::size_t runs = 0;
  std::map<std::string, double> medians;
  std::map<std::string, double> spreads;
  // Medians of the ratios to the baseline's run of the same repetition: slow drift of the machine falls out.
  double wall_ratio = kNoValue, cpu_ratio = kNoValue, memory_ratio = kNoValue, mean_memory_ratio = kNoValue;
  // Lower bounds of what memory management costs: add_overheads().
  double wall_overhead = kNoValue, cpu_overhead = kNoValue;

  double figure(const std::string& name) const;
  double spread_of(const std::string& name) const;
};

/// The rows of one workload, in the order of `configurations`; those that did not run are left out.
std::vector<Row> rows_of(const std::vector<RunResult>& runs, const std::string& workload,
                         const std::vector<std::string>& configurations, const std::string& baseline);

/// What one run would have cost without what is known to be its collector's work: an upper bound of what the program
/// alone costs, since what is not known (barriers, allocation, cache misses) stays in. kNoValue without the total.
double distilled_cpu(const RunResult& run);
/// In wall time, what counts as the collector's work are the times that it stopped the program.
double distilled_wall(const RunResult& run);

/// The least distilled cost that any row has: the best estimate of the program without memory management.
struct Ideal {
  double wall_s = kNoValue, cpu_s = kNoValue;
  std::string wall_by, cpu_by;  // whose they are
};
Ideal ideal_of(const std::vector<Row>& rows);

/// Sets each row's overheads: its median total over the ideal. At least 1, and 1 for a row that nothing could improve.
void add_overheads(std::vector<Row>& rows);

bool has_row(const std::vector<Row>& rows, const std::string& configuration);

/// The geometric mean over several workloads' rows of each configuration that has figures for all of them.
std::vector<Row> mean_rows(const std::vector<std::vector<Row>>& tables, const std::vector<std::string>& configurations);

}  // namespace memgc_bench
