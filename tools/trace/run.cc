// Job: memgc-trace run -- PROGRAM ARGUMENTS.
#include <fmt/format.h>

#include <cerrno>
#include <cstring>
#include <memory>

#include "child.h"
#include "commands.h"
#include "summarizer.h"
#include "summary_report.h"

namespace memgc::trace {
namespace {

struct Options {
  std::vector<std::string> command;
  std::string output;  // a file; empty: standard error, so that the program's output stays its own
  SummaryOptions summary;
};

struct Close {
  void operator()(std::FILE* file) const {
    if (file != stderr) std::fclose(file);
  }
};

void run(const Options& options) {
  check_gates(options.summary);
  Summarizer summarizer(limit_bytes(options.summary));
  const std::unique_ptr<std::FILE, Close> out(options.output.empty() ? stderr
                                                                     : std::fopen(options.output.c_str(), "we"));
  if (out == nullptr) throw InputError(fmt::format("{}: {}", options.output, std::strerror(errno)));
  Handlers handlers;
  handlers.cycle = [&](const Cycle& cycle) { summarizer.add(cycle); };
  handlers.partial = [&](const Cycle& cycle) { summarizer.add_partial(cycle); };
  Reader reader(std::move(handlers));
  const int status = run_child(options.command, [&](std::string_view bytes) { reader.feed(bytes); });
  reader.finish();
  const Figures figures = summarizer.figures(reader.status());
  print_summary(out.get(), options.summary, figures);
  const ExitStatus gates = judge_gates(options.summary, figures);
  if (status != 0 || gates != kExitOk) throw CLI::RuntimeError(status != 0 ? status : gates);
}

}  // namespace

void add_run(CLI::App& app) {
  CLI::App& command = *app.add_subcommand("run", "run a program with its trace on, then its summary");
  const auto options = std::make_shared<Options>();
  command.add_option("PROGRAM", options->command, "-- and the program with its arguments; its exit status is ours")
      ->required();
  command.add_option("-o,--output", options->output, "where the summary goes instead of standard error")
      ->type_name("FILE");
  add_summary_options(command, options->summary);
  command.callback([options] { run(*options); });
}

}  // namespace memgc::trace
