// Job: see summary_report.h.
#include "summary_report.h"

#include <fmt/format.h>
#include <memgc/memgc.h>

#include <nlohmann/json.hpp>

#include "gate.h"

namespace memgc::trace {

void add_summary_options(CLI::App& command, SummaryOptions& options) {
  CLI::Option* const json =
      command.add_flag("--json", options.json, "all figures as one JSON object, at full precision");
  command.add_flag("--csv", options.csv, "all figures as CSV, one a row, at full precision")->excludes(json);
  command.add_option("--limit", options.limit, "the MEMLIMIT that the program ran with, as in 350MiB")
      ->type_name("SIZE");
  command
      .add_option("--fail-if", options.fail_ifs,
                  "exit with status 3 if it holds, as in 'p99>500us' or 'gc_cpu_share>=5%'; may be given several times")
      ->type_name("CONDITION")
      ->allow_extra_args(false);
}

std::optional<double> limit_bytes(const SummaryOptions& options) {
  if (options.limit.empty() || options.limit == "off") return {};
  try {
    return parse_value(options.limit, Unit::kBytes);
  } catch (const GateError& error) {
    throw CLI::ValidationError("--limit", error.what());
  }
}

void check_gates(const SummaryOptions& options) {
  for (const std::string& text : options.fail_ifs) {
    try {
      parse_gate(text);
    } catch (const GateError& error) {
      throw CLI::ParseError(error.what(), kExitUsage);
    }
  }
}

std::string to_json(const Figures& figures) {
  nlohmann::ordered_json out;
  out["schema"] = "memgc-trace-summary/1";
  auto doubtful = nlohmann::ordered_json::array();
  for (const Figure& figure : figures.all()) {
    const std::string key = figure.info->key + std::string(unit_suffix(figure.info->unit));
    auto& value = out[key];
    if (!figure.value) continue;  // null
    if (figure.info->unit == Unit::kFlag) {
      value = *figure.value != 0;
    } else if (figure.info->unit == Unit::kCount) {
      value = static_cast<std::uint64_t>(*figure.value);
    } else {
      value = *figure.value;
    }
    if (figure.suffers) doubtful.push_back(key);
  }
  out["remark"] = figures.remark();
  out["suffers"] = std::move(doubtful);
  return out.dump(2) + "\n";
}

std::string to_csv(const Figures& figures) {
  std::string out = "figure,value,of,remark\n";
  for (const Figure& figure : figures.all()) {
    out += fmt::format("{}{},{},\"{}\",\"{}\"\n", figure.info->key, unit_suffix(figure.info->unit),
                       figure.value ? fmt::format("{}", *figure.value) : "", figure.of,
                       figure.suffers ? figures.remark() : "");
  }
  return out;
}

std::string to_text(const Figures& figures) {
  std::string out;
  std::string_view group;
  for (const Figure& figure : figures.all()) {
    if (!figure.value) continue;
    if (figure.info->group != group) {
      group = figure.info->group;
      out += fmt::format("{}{}\n", out.empty() ? "" : "\n", group);
    }
    std::string line =
        fmt::format("  {:<22}{:>12}  {}", figure.info->label, to_text(*figure.value, figure.info->unit), figure.of);
    if (figure.suffers) line += fmt::format("  [{}]", figures.remark());
    out += line.substr(0, line.find_last_not_of(' ') + 1) + "\n";
  }
  return out;
}

void print_summary(std::FILE* out, const SummaryOptions& options, const Figures& figures) {
  fmt::print(out, "{}", options.json ? to_json(figures) : options.csv ? to_csv(figures) : to_text(figures));
}

ExitStatus judge_gates(const SummaryOptions& options, const Figures& figures) {
  ExitStatus status = kExitOk;
  for (const std::string& text : options.fail_ifs) {
    try {
      const Gate gate = parse_gate(text);
      if (!holds(gate, figures)) continue;
      const Figure& figure = figures.at(gate.figure->key);
      fmt::print(stderr, "memgc-trace: --fail-if '{}' holds: {} is {} {}{}\n", text, gate.figure->key,
                 to_text(*figure.value, gate.figure->unit), figure.of,
                 figure.suffers ? " [" + figures.remark() + "]" : "");
      if (status == kExitOk) status = kExitGate;
    } catch (const GateError& error) {
      fmt::print(stderr, "memgc-trace: {}\n", error.what());
      status = kExitFailed;
    }
  }
  return status;
}

}  // namespace memgc::trace
