// Job: the figures of all runs: read from what the programs write, kept by workload and configuration, reduced to rows.
#pragma once

#include <cstddef>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

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
  double cpu_spread = 0;
  // Medians of the ratios to the baseline's run of the same repetition: slow drift of the machine falls out.
  double wall_ratio = 0, cpu_ratio = 0, memory_ratio = 0;

  double figure(const std::string& name) const;
};

/// The rows of one workload, in the order of `configurations`; those that did not run are left out.
std::vector<Row> rows_of(const std::vector<RunResult>& runs, const std::string& workload,
                         const std::vector<std::string>& configurations, const std::string& baseline);

/// The geometric mean over several workloads' rows of each configuration that has figures for all of them.
std::vector<Row> mean_rows(const std::vector<std::vector<Row>>& tables, const std::vector<std::string>& configurations);

}  // namespace memgc_bench
