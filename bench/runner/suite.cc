#include "runner/suite.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <stdexcept>

#include "runner/process.h"

namespace memgc_bench {

namespace {

std::string first_line(const std::string& text) { return text.substr(0, text.find('\n')); }

std::string what_went_wrong(const Outcome& outcome) {
  return outcome.errors.empty() ? outcome.failure : fmt::format("{}: {}", outcome.failure, first_line(outcome.errors));
}

/// The file that a program writes its figures to; gone with this object.
class ReportFile {
 public:
  ReportFile() : path_(std::filesystem::temp_directory_path() / fmt::format("memgc-bench-{}.json", getpid())) {}
  ~ReportFile() {
    std::error_code ignored;
    std::filesystem::remove(path_, ignored);
  }
  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

}  // namespace

Suite::Suite(SuiteOptions options) : options_(std::move(options)) {
  for (Configuration& configuration : all_configurations(options_.percents, options_.generational)) {
    if (std::filesystem::exists(path_of(configuration))) {
      configurations_.push_back(std::move(configuration));
    } else if (std::find(missing_.begin(), missing_.end(), configuration.program) == missing_.end()) {
      missing_.push_back(configuration.program);
    }
  }
  for (std::size_t i = 0; i < configurations_.size(); ++i) list(configurations_[i], i);
  drop_what_filter_excludes();
  if (tasks_.empty()) {
    throw std::runtime_error(
        options_.filter.empty()
            ? fmt::format("no benchmark program in {}: build the target memgc-bench first", options_.programs)
            : fmt::format("--filter {}: matches no \"CONFIGURATION WORKLOAD\" such as \"{} binary_trees/depth:20\"",
                          options_.filter, kBaseline));
  }
}

std::string Suite::path_of(const Configuration& configuration) const {
  return (std::filesystem::path(options_.programs) / configuration.program).string();
}

void Suite::list(const Configuration& configuration, std::size_t index) {
  Command command{path_of(configuration), options_.size_flags, configuration.environment};
  command.arguments.push_back("--benchmark_list_tests=true");
  const Outcome outcome = run_program(command);
  if (!outcome.failure.empty()) {
    throw std::runtime_error(
        fmt::format("{} --benchmark_list_tests: {}", configuration.program, what_went_wrong(outcome)));
  }
  std::istringstream lines(outcome.output);
  for (std::string name; std::getline(lines, name);) {
    const std::string workload = short_name(name);
    auto found = std::find(workloads_.begin(), workloads_.end(), workload);
    if (found == workloads_.end()) {
      found = workloads_.insert(workloads_.end(), workload);
      tasks_.emplace_back();
    }
    const auto number = static_cast<std::size_t>(found - workloads_.begin());
    tasks_[number].push_back({number, index, name});
  }
}

void Suite::drop_what_filter_excludes() {
  if (options_.filter.empty()) return;
  const std::regex wanted(options_.filter);
  std::vector<std::string> workloads;
  std::vector<std::vector<Task>> tasks;
  for (const std::vector<Task>& all : tasks_) {
    const std::string& workload = workloads_[all.front().workload];
    auto matches = [&](const Task& task) {
      return std::regex_search(configurations_[task.configuration].name + " " + workload, wanted);
    };
    if (std::none_of(all.begin(), all.end(), matches)) continue;
    std::vector<Task> kept;
    for (Task task : all) {
      if (!matches(task) && configurations_[task.configuration].name != kBaseline) continue;
      task.workload = workloads.size();
      kept.push_back(task);
    }
    workloads.push_back(workload);
    tasks.push_back(std::move(kept));
  }
  workloads_ = std::move(workloads);
  tasks_ = std::move(tasks);
}

std::size_t Suite::runs_per_repetition() const {
  std::size_t count = 0;
  for (const std::vector<Task>& tasks : tasks_) count += tasks.size();
  return count;
}

void Suite::run(const std::function<void(const RunResult&, std::size_t, std::size_t)>& progress,
                const std::function<void()>& repetition_done) {
  choose_latency_rates();
  const auto began = std::chrono::steady_clock::now();
  std::size_t all = repetitions_of(options_.effort, 0, {});
  for (; repetitions_ < all;
       all = repetitions_of(options_.effort, repetitions_, std::chrono::steady_clock::now() - began)) {
    for (const std::vector<Task>& tasks : tasks_) {
      for (std::size_t next : order_of(tasks.size(), repetitions_)) {
        runs_.push_back(run_one(tasks[next], repetitions_));
        progress(runs_.back(), runs_.size(), all * runs_per_repetition());
      }
    }
    ++repetitions_;
    repetition_done();
  }
}

void Suite::choose_latency_rates() {
  for (std::vector<Task>& tasks : tasks_) {
    const std::string& workload = workloads_[tasks.front().workload];
    if (!is_latency_workload(workload)) continue;
    // The baseline is the first of all configurations; where it was not built, whoever comes first stands in for it.
    RunResult run = run_one(tasks.front(), 0);
    const auto rate = run.figures.find("requests_per_s");
    if (rate != run.figures.end() && rate->second > 0) {
      latency_rates_[workload] = rate->second * kLatencyShare;
      continue;
    }
    if (run.failure.empty()) run.failure = "no requests_per_s in the report to take a rate from";
    run.figures.clear();
    runs_.push_back(std::move(run));
    tasks.clear();  // without a rate the others cannot run either
  }
}

RunResult Suite::run_one(const Task& task, std::size_t repetition) {
  const Configuration& configuration = configurations_[task.configuration];
  RunResult run{workloads_[task.workload], configuration.name, repetition, "", {}};
  ReportFile report;
  Command command{path_of(configuration), options_.size_flags, configuration.environment, options_.limit};
  if (const auto rate = latency_rates_.find(run.workload); rate != latency_rates_.end()) {
    command.arguments.push_back(fmt::format("--latency-rate={:.0f}", std::max(rate->second, 1.0)));
  }
  // Names hold no character that means something in a regular expression.
  command.arguments.push_back("--benchmark_filter=^" + task.benchmark_name + "$");
  command.arguments.push_back("--benchmark_out_format=json");
  command.arguments.push_back("--benchmark_out=" + report.path().string());
  const Outcome outcome = run_program(command);
  if (!outcome.failure.empty()) {
    run.failure = what_went_wrong(outcome);
    return run;
  }
  try {
    std::ifstream file(report.path());
    const auto json = nlohmann::json::parse(file);
    read_figures(json, run);
    contexts_.try_emplace(configuration.name, json.at("context"));
    run.figures["process_cpu_s"] = outcome.cpu_seconds;
    run.figures["process_peak_mb"] = outcome.peak_resident_mb;
    if (!std::isnan(outcome.mean_resident_mb)) run.figures["mean_mb"] = outcome.mean_resident_mb;
  } catch (const nlohmann::json::exception& error) {
    run.failure = fmt::format("its report cannot be read: {}", error.what());
  }
  return run;
}

std::vector<std::string> Suite::configurations() const {
  std::vector<std::string> names;
  for (const Configuration& configuration : configurations_) names.push_back(configuration.name);
  return names;
}

bool Suite::any_failure() const {
  return std::any_of(runs_.begin(), runs_.end(), [](const RunResult& run) { return !run.failure.empty(); });
}

}  // namespace memgc_bench
