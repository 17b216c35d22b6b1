// Job: memgc-trace export: traces in formats that other programs read.
#include <fmt/format.h>

#include <memory>
#include <utility>

#include "commands.h"
#include "exporter.h"
#include "output_file.h"

namespace memgc::trace {
namespace {

struct Options {
  TraceOptions traces;
  bool prometheus = false, perfetto = false, csv = false;
  std::string output;
};

std::unique_ptr<Exporter> make_exporter(const Options& options, Sink sink) {
  if (options.prometheus) return make_prometheus(std::move(sink));
  return options.perfetto ? make_perfetto(std::move(sink)) : make_csv(std::move(sink));
}

void tell_what_is_missing(const ReadStatus& status) {
  if (!status.suffers()) return;
  fmt::print(stderr,
             "memgc-trace: the trace is not whole: {} cycles lost, {} lines cut short, {} malformed, beside {} whole\n",
             status.lost, status.truncated, status.malformed, status.cycles);
}

void export_traces(const Options& options) {
  if (!options.prometheus && !options.perfetto && !options.csv) {
    throw CLI::ParseError("export: which format? One of --prometheus, --perfetto and --csv is needed", kExitUsage);
  }
  OutputFile output(options.output);
  const auto exporter = make_exporter(options, [&](std::string_view text) { output.write(text); });
  exporter->begin();
  const auto add = [&](const Cycle& cycle) { exporter->add(cycle); };
  const ReadStatus status = read_traces(options.traces, {add, add, {}});
  exporter->end(status);
  tell_what_is_missing(status);
  if (status.cycles == 0) throw InputError("no whole trace line in the input: there is nothing to export");
  output.commit();
  end_strict(options.traces.strict, status.malformed);
}

}  // namespace

void add_export(CLI::App& app) {
  CLI::App& command = *app.add_subcommand("export", "traces in formats that other programs read");
  const auto options = std::make_shared<Options>();
  add_trace_options(command, options->traces);
  CLI::Option* const prometheus =
      command.add_flag("--prometheus", options->prometheus, "totals in Prometheus' text format");
  CLI::Option* const perfetto = command.add_flag(
      "--perfetto", options->perfetto, "every cycle as JSON trace events, for ui.perfetto.dev and chrome://tracing");
  command
      .add_flag("--csv", options->csv,
                "every cycle as a row of comma-separated values, at full precision; explain says what its columns mean")
      ->excludes(prometheus)
      ->excludes(perfetto);
  perfetto->excludes(prometheus);
  command.add_option("-o,--output", options->output, "where it goes instead of standard output")->type_name("FILE");
  command.callback([options] { export_traces(*options); });
}

}  // namespace memgc::trace
