// Job: the subcommands of memgc-trace, one file each, and what they have in common.
//
// Each function adds its subcommand to the program's command line; the subcommand does its work in CLI11's callback.
// What went wrong leaves it as an exception: InputError, or CLI::RuntimeError with an exit status of those below.
#pragma once

#include <CLI/CLI.hpp>
#include <string>
#include <vector>

#include "input.h"

namespace memgc::trace {

enum ExitStatus : int {
  kExitOk = 0,
  kExitFailed = 1,  // cannot read or write; with --strict, malformed lines
  kExitUsage = 2,   // the command line is wrong
  kExitGate = 3,    // a --fail-if holds
};

// Traces on the command line: FILE... and --strict.
struct TraceOptions {
  std::vector<std::string> files;
  bool strict = false;
};
void add_trace_options(CLI::App& command, TraceOptions& options);
// --strict alone, for a command that names its traces in another way.
void add_strict_option(CLI::App& command, bool& strict);
// read_traces() with what --strict asks for: malformed lines go to stderr with their numbers.
ReadStatus read_traces(const TraceOptions& options, Handlers handlers);
// Throws CLI::RuntimeError(kExitFailed) if --strict and there were malformed lines: call it when all is printed.
void end_strict(bool strict, std::uint64_t malformed);

void add_summary(CLI::App& app);
void add_explain(CLI::App& app);
void add_run(CLI::App& app);
void add_compare(CLI::App& app);
void add_advise(CLI::App& app);
void add_report(CLI::App& app);
void add_export(CLI::App& app);
void add_follow(CLI::App& app);
void add_top(CLI::App& app);
void add_escape(CLI::App& app);
void add_heap(CLI::App& app);
void add_completion(CLI::App& app);
void add_man(CLI::App& app);

}  // namespace memgc::trace
