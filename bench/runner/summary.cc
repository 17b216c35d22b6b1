#include "runner/summary.h"

#include <fmt/format.h>

#include "runner/plan.h"
#include "runner/report.h"

namespace memgc_bench {

namespace {

std::string text_of(const nlohmann::json& context, const char* name) { return context.value(name, "unknown"); }

nlohmann::ordered_json to_json(const Row& row) {
  nlohmann::ordered_json json = {{"configuration", row.configuration}, {"runs", row.runs}};
  if (!row.failure.empty()) json["failure"] = row.failure;
  if (!row.medians.empty()) json["medians"] = row.medians;
  if (!row.spreads.empty()) json["spreads"] = row.spreads;
  json["times_baseline"] = {{"wall", row.wall_ratio},
                            {"cpu", row.cpu_ratio},
                            {"peak_memory", row.memory_ratio},
                            {"mean_memory", row.mean_memory_ratio}};
  json["lower_bound_overhead"] = {{"wall", row.wall_overhead}, {"cpu", row.cpu_overhead}};
  return json;
}

nlohmann::ordered_json to_json(const std::vector<Row>& rows) {
  auto list = nlohmann::ordered_json::array();
  for (const Row& row : rows) list.push_back(to_json(row));
  return list;
}

nlohmann::ordered_json to_json(const Ideal& ideal) {
  return {{"wall_s", ideal.wall_s}, {"wall_by", ideal.wall_by}, {"cpu_s", ideal.cpu_s}, {"cpu_by", ideal.cpu_by}};
}

}  // namespace

Summary summarise(const Suite& suite, const nlohmann::ordered_json& machine, const std::string& started) {
  Summary summary;
  summary.started = started;
  summary.machine = machine;
  summary.repetitions = suite.repetitions();
  summary.size_flags = suite.size_flags();
  summary.missing = suite.missing_programs();
  for (const auto& [name, context] : suite.contexts()) {
    summary.versions.insert(text_of(context, "allocator_version"));
    summary.compiler = text_of(context, "compiler");
    summary.build_type = text_of(context, "build_type");
  }
  std::vector<std::vector<Row>> costs;
  for (const std::string& workload : suite.workloads()) {
    WorkloadSummary one{workload, rows_of(suite.runs(), workload, suite.configurations(), kBaseline)};
    if (is_latency_workload(workload)) {
      const auto rate = suite.latency_rates().find(workload);
      if (rate != suite.latency_rates().end()) one.latency_rate = rate->second;
      summary.latencies.push_back(std::move(one));
    } else {
      // A workload that the baseline cannot run (the Scheme interpreter's) has no ratios and no say in their mean.
      if (has_row(one.rows, kBaseline)) costs.push_back(one.rows);
      summary.workloads.push_back(std::move(one));
    }
  }
  summary.compared = costs.size();
  if (costs.size() > 1) summary.means = mean_rows(costs, suite.configurations());
  return summary;
}

std::string heading(const Summary& summary) {
  const auto& machine = summary.machine;
  std::string text =
      fmt::format("{} x {}, {:.0f} GB, {}\nhuge pages {}; ", machine["processors"].get<int>(),
                  machine["processor"].get<std::string>(), machine["memory_gb"].get<double>(),
                  machine["kernel"].get<std::string>(), machine["transparent_hugepages"].get<std::string>());
  text += fmt::format("{}; {}\n", fmt::join(summary.versions, ", "), summary.compiler);
  text +=
      fmt::format("medians of {} runs, each a process of its own, taken in turn; load average at the start {:.2f}\n",
                  summary.repetitions, machine["load_average"].get<double>());
  return text;
}

std::string tables(const Summary& summary) {
  std::string text;
  for (const WorkloadSummary& one : summary.workloads) text += table(one.workload, one.rows);
  if (!summary.means.empty()) text += mean_table(summary.compared, summary.means);
  for (const WorkloadSummary& one : summary.latencies) text += latency_table(one.workload, one.latency_rate, one.rows);
  return text;
}

nlohmann::ordered_json to_json(const Summary& summary) {
  nlohmann::ordered_json json = {
      {"started", summary.started},   {"machine", summary.machine},         {"allocator_versions", summary.versions},
      {"compiler", summary.compiler}, {"repetitions", summary.repetitions}, {"size_flags", summary.size_flags},
      {"baseline", kBaseline}};
  json["workloads"] = nlohmann::ordered_json::array();
  for (const WorkloadSummary& one : summary.workloads) {
    json["workloads"].push_back(
        {{"workload", one.workload}, {"ideal", to_json(ideal_of(one.rows))}, {"rows", to_json(one.rows)}});
  }
  json["geometric_means"] = to_json(summary.means);
  json["latencies"] = nlohmann::ordered_json::array();
  for (const WorkloadSummary& one : summary.latencies) {
    json["latencies"].push_back(
        {{"workload", one.workload}, {"requests_due_per_s", one.latency_rate}, {"rows", to_json(one.rows)}});
  }
  return json;
}

}  // namespace memgc_bench
