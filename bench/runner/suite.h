// Job: run the whole comparison: which programs are there, what each can run, one process per figure, in turn.
//
// Single-threaded; one child at a time, so that nothing but the measured program runs.
#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <nlohmann/json.hpp>
#include <regex>
#include <string>
#include <vector>

#include "runner/plan.h"
#include "runner/results.h"

namespace memgc_bench {

struct SuiteOptions {
  std::string programs;                 // the directory of the memgc-bench-* programs
  std::vector<std::string> size_flags;  // passed to each
  std::vector<std::string> percents;    // MEMGC
  bool generational = false;            // memgc also with minor cycles
  std::string filter;                   // over "configuration workload"; the baseline runs wherever anything does
  Effort effort;
  std::chrono::seconds limit{600};  // for one process
};

class Suite {
 public:
  /// Asks each program what it runs. Throws std::runtime_error when nothing is left to do.
  explicit Suite(SuiteOptions options);

  /// All repetitions, after the baseline has shown at which rates it can answer requests. `progress` is told of each
  /// run as it ends; `repetition_done` of each repetition.
  void run(const std::function<void(const RunResult&, std::size_t done, std::size_t all)>& progress,
           const std::function<void()>& repetition_done);

  const std::vector<RunResult>& runs() const { return runs_; }
  const std::vector<std::string>& workloads() const { return workloads_; }
  std::vector<std::string> configurations() const;
  /// By configuration, what the program said of its allocator and compiler.
  const std::map<std::string, nlohmann::json>& contexts() const { return contexts_; }
  const std::vector<std::string>& missing_programs() const { return missing_; }
  std::size_t runs_per_repetition() const;
  /// By workload whose result is latency: how many requests arrive a second.
  const std::map<std::string, double>& latency_rates() const { return latency_rates_; }
  const std::vector<std::string>& size_flags() const { return options_.size_flags; }
  std::size_t repetitions() const { return repetitions_; }  // that are done
  bool any_failure() const;

 private:
  struct Task {
    std::size_t workload;
    std::size_t configuration;
    std::string benchmark_name;
  };

  void list(const Configuration& configuration, std::size_t index);
  void drop_what_filter_excludes();
  std::string path_of(const Configuration& configuration) const;
  RunResult run_one(const Task& task, std::size_t repetition);
  void choose_latency_rates();

  SuiteOptions options_;
  std::vector<Configuration> configurations_;
  std::vector<std::string> workloads_;
  std::vector<std::vector<Task>> tasks_;  // by workload, in the order of configurations
  std::vector<RunResult> runs_;
  std::map<std::string, double> latency_rates_;
  std::size_t repetitions_ = 0;
  std::map<std::string, nlohmann::json> contexts_;
  std::vector<std::string> missing_;
};

}  // namespace memgc_bench
