// Job: memgc-scheme, the program: options, one heap, one mutator, one VM.
#include <CLI/CLI.hpp>
#include <clocale>
#include <cstdio>

#include "repl.h"
#include "stats_line.h"

namespace {

struct Settings {
  std::vector<std::string> expressions;
  std::vector<std::string> arguments;  // the file and what follows it
  bool quiet = false, stats = false;
};

int run(const Settings& settings) {
  // Tuned by MEMGC, MEMLIMIT and MEMDEBUG. Arithmetic on huge integers may take a while between safepoints: a user need
  // not be told before it takes a second.
  memgc::Options defaults;
  defaults.debug.safepointms = 1000;
  memgc::Heap heap(memgc::Options::from_env(defaults));
  int status = 0;
  {
    memgc::Mutator me(heap);
    scheme::Vm vm(me);
    vm.command_line = settings.arguments;
    if (vm.command_line.empty()) vm.command_line = {"memgc-scheme"};
    try {
      for (const std::string& text : settings.expressions) {
        if (status == 0) status = scheme::run_text(vm, text);
      }
      if (status == 0 && !settings.arguments.empty()) {
        status = scheme::run_file(vm, settings.arguments[0]);
      } else if (settings.expressions.empty()) {
        status = scheme::repl(vm, !settings.quiet);
      }
    } catch (const scheme::Exit& exit) {
      status = exit.status;
    }
  }
  if (settings.stats) memgc_tools::print_stats_line(stderr, heap, "memgc-scheme");
  return status;
}

}  // namespace

int main(int argc, char** argv) {
  std::setlocale(LC_CTYPE, "C.UTF-8");  // letters and their cases are Unicode's, whatever the user's language
  Settings settings;
  CLI::App app("An R7RS Scheme interpreter on a memgc heap", "memgc-scheme");
  app.set_version_flag("--version", "memgc-scheme " MEMGC_VERSION_STRING);
  app.add_option("-e,--eval", settings.expressions, "Evaluate the forms of TEXT; may be given several times")
      ->type_name("TEXT")
      ->expected(1)
      ->take_all();
  app.add_flag("-q,--quiet", settings.quiet, "No greeting");
  app.add_flag("--stats", settings.stats, "Print the heap's figures to stderr at exit");
  app.prefix_command();  // FILE, the first word that is no option, and what follows it belong to the program
  app.footer(
      "memgc-scheme [OPTIONS] FILE [ARGUMENT ...] runs a file, with arguments for its (command-line).\n"
      "Without FILE and -e, reads from standard input: with line editing and history on a terminal.\n"
      "The heap is tuned by the environment: MEMGC (growth percent), MEMLIMIT, MEMDEBUG.");
  try {
    app.parse(argc, argv);
    settings.arguments = app.remaining();
    if (!settings.arguments.empty() && settings.arguments[0].starts_with('-')) {
      throw CLI::ExtrasError(settings.arguments);
    }
    return run(settings);
  } catch (const CLI::ParseError& error) {
    const int status = app.exit(error);
    return status == 0 ? 0 : 2;
  } catch (const memgc::ConfigError& error) {
    std::fprintf(stderr, "memgc-scheme: %s\n", error.what());
    return 2;
  }
}
