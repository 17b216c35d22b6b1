// Job: what the runner says in the end: tables for people, CSV and JSON for programs.
#pragma once

#include <array>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "runner/results.h"

namespace memgc_bench {

struct LatencyFigure {
  const char* name;
  const char* title;
};
inline constexpr std::array<LatencyFigure, 6> kLatencyFigures = {{{"latency_p50_us", "p50"},
                                                                  {"latency_p90_us", "p90"},
                                                                  {"latency_p99_us", "p99"},
                                                                  {"latency_p999_us", "p99.9"},
                                                                  {"latency_p9999_us", "p99.99"},
                                                                  {"latency_max_us", "max"}}};

/// The table of one workload.
std::string table(const std::string& title, const std::vector<Row>& rows);

/// The table of one workload whose result is latency, with requests that arrive at a rate (kNoValue: unknown).
std::string latency_table(const std::string& title, double rate, const std::vector<Row>& rows);

/// The table of geometric means over `workloads` workloads.
std::string mean_table(std::size_t workloads, const std::vector<Row>& rows);

/// One line per run, a column per figure.
std::string csv(const std::vector<RunResult>& runs);

nlohmann::ordered_json to_json(const std::vector<RunResult>& runs);

}  // namespace memgc_bench
