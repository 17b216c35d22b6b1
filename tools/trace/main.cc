// Job: memgc-trace's command line. Exit status: see commands.h.
#include <fmt/format.h>
#include <memgc/memgc.h>

#include "commands.h"

int main(int argc, char** argv) {
  CLI::App app("Reads the trace lines of memgc and Go, and says what they mean", "memgc-trace");
  app.set_version_flag("--version", "memgc-trace " MEMGC_VERSION_STRING);
  app.require_subcommand(1);
  app.failure_message(
      [](const CLI::App*, const CLI::Error& error) { return fmt::format("memgc-trace: {}\n", error.what()); });
  for (const auto add : {
           memgc::trace::add_summary,
           memgc::trace::add_explain,
           memgc::trace::add_compare,
           memgc::trace::add_advise,
           memgc::trace::add_run,
           memgc::trace::add_report,
           memgc::trace::add_export,
           memgc::trace::add_follow,
           memgc::trace::add_top,
           memgc::trace::add_escape,
           memgc::trace::add_heap,
           memgc::trace::add_completion,
           memgc::trace::add_man,
       }) {
    add(app);
  }
  try {
    app.parse(argc, argv);
    return memgc::trace::kExitOk;
  } catch (const CLI::RuntimeError& error) {
    return error.get_exit_code();
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? memgc::trace::kExitOk : memgc::trace::kExitUsage;
  } catch (const memgc::trace::InputError& error) {
    fmt::print(stderr, "memgc-trace: {}\n", error.what());
    return memgc::trace::kExitFailed;
  }
}
