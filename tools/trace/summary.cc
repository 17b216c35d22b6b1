// Job: memgc-trace summary.
#include <memory>

#include "commands.h"
#include "summarizer.h"
#include "summary_report.h"

namespace memgc::trace {
namespace {

struct Options {
  TraceOptions traces;
  SummaryOptions summary;
};

void summarize(const Options& options) {
  check_gates(options.summary);
  Summarizer summarizer(limit_bytes(options.summary));
  Handlers handlers;
  handlers.cycle = [&](const Cycle& cycle) { summarizer.add(cycle); };
  handlers.partial = [&](const Cycle& cycle) { summarizer.add_partial(cycle); };
  const ReadStatus status = read_traces(options.traces, std::move(handlers));
  const Figures figures = summarizer.figures(status);
  print_summary(stdout, options.summary, figures);
  const ExitStatus gates = judge_gates(options.summary, figures);
  end_strict(options.traces.strict, status.malformed);
  if (gates != kExitOk) throw CLI::RuntimeError(gates);
}

}  // namespace

void add_summary(CLI::App& app) {
  CLI::App& command = *app.add_subcommand("summary", "stops, CPU, heap and their trends, in figures");
  const auto options = std::make_shared<Options>();
  add_trace_options(command, options->traces);
  add_summary_options(command, options->summary);
  command.callback([options] { summarize(*options); });
}

}  // namespace memgc::trace
