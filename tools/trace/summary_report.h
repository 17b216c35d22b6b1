// Job: a summary for people (text) and for programs (JSON, CSV), and its --fail-if. Shared by `summary` and `run`.
#pragma once

#include <cstdio>
#include <string>
#include <vector>

#include "commands.h"
#include "figures.h"

namespace memgc::trace {

struct SummaryOptions {
  bool json = false;
  bool csv = false;
  std::string limit;                  // a size; empty: unknown
  std::vector<std::string> fail_ifs;  // conditions
};

void add_summary_options(CLI::App& command, SummaryOptions& options);
// In bytes; empty when there is none, or "off". Throws CLI::ValidationError.
std::optional<double> limit_bytes(const SummaryOptions& options);
// Throws CLI::ValidationError when a condition is none: call it before there is output.
void check_gates(const SummaryOptions& options);
void print_summary(std::FILE* out, const SummaryOptions& options, const Figures& figures);
// Names each --fail-if that holds on stderr. kExitGate if any does, kExitFailed if one cannot be judged, else kExitOk.
ExitStatus judge_gates(const SummaryOptions& options, const Figures& figures);

std::string to_json(const Figures& figures);
std::string to_csv(const Figures& figures);
std::string to_text(const Figures& figures);

}  // namespace memgc::trace
