// Job: what the runner says in the end: tables for people, CSV and JSON for programs.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "runner/results.h"

namespace memgc_bench {

/// The table of one workload.
std::string table(const std::string& title, const std::vector<Row>& rows);

/// The table of geometric means over `workloads` workloads.
std::string mean_table(std::size_t workloads, const std::vector<Row>& rows);

/// One line per run, a column per figure.
std::string csv(const std::vector<RunResult>& runs);

nlohmann::ordered_json to_json(const std::vector<RunResult>& runs);

}  // namespace memgc_bench
