// Job: all that one run of the runner has found, reduced to what a reader wants: for the terminal, the JSON, the page.
#pragma once

#include <cstddef>
#include <nlohmann/json.hpp>
#include <set>
#include <string>
#include <vector>

#include "runner/results.h"
#include "runner/suite.h"

namespace memgc_bench {

struct WorkloadSummary {
  std::string workload;
  std::vector<Row> rows;
  double latency_rate = kNoValue;  // requests due a second; of workloads whose result is latency
};

struct Summary {
  std::string started;  // UTC
  nlohmann::ordered_json machine;
  std::set<std::string> versions;  // of the allocators
  std::string compiler, build_type;
  std::size_t repetitions = 0;
  std::vector<std::string> size_flags;
  std::vector<WorkloadSummary> workloads;  // whose result is what they cost
  std::size_t compared = 0;                // workloads that the baseline ran
  std::vector<Row> means;                  // of these; none of a single one
  std::vector<WorkloadSummary> latencies;  // whose result is latency
  std::vector<std::string> missing;        // programs that were not built
};

Summary summarise(const Suite& suite, const nlohmann::ordered_json& machine, const std::string& started);

/// What this run was: machine, versions, how often.
std::string heading(const Summary& summary);

/// All tables, for a terminal.
std::string tables(const Summary& summary);

/// Everything but the single runs. What has no value is null.
nlohmann::ordered_json to_json(const Summary& summary);

}  // namespace memgc_bench
