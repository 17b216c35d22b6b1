// Job: what every subcommand that reads traces has on its command line.
#include <fmt/format.h>

#include "commands.h"

namespace memgc::trace {

void add_trace_options(CLI::App& command, TraceOptions& options) {
  command.add_option("FILE", options.files, "trace files, plain or gzip, in any order; - or none: standard input");
  add_strict_option(command, options.strict);
}

void add_strict_option(CLI::App& command, bool& strict) {
  command.add_flag("--strict", strict, "show malformed lines, and exit with status 1 if there are any");
}

ReadStatus read_traces(const TraceOptions& options, Handlers handlers) {
  if (options.strict) {
    handlers.malformed = [](const BadLine& bad) {
      fmt::print(stderr, "memgc-trace: {}:{}: malformed: {}\n", bad.source, bad.line, bad.text);
    };
  }
  return read_traces(options.files, std::move(handlers));
}

void end_strict(bool strict, std::uint64_t malformed) {
  if (strict && malformed > 0) throw CLI::RuntimeError(kExitFailed);
}

}  // namespace memgc::trace
