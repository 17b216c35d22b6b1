// Job: one run of the oracle as a program, for seeds, long runs, and the library with seeded bugs.
//
// Exit status 0: heap and model agree. On a difference the oracle prints one line and aborts; so do the library's
// checks.
#include <fmt/core.h>
#include <memgc/memgc.h>

#include <CLI/CLI.hpp>
#include <cstdint>
#include <string>

#include "tests/stress/oracle.h"

int main(int argc, char** argv) {
  memgc::testing::OracleConfig config;
  std::string memdebug;
  CLI::App app("Random edits of a managed graph, compared with a model after each cycle");
  app.add_option("--threads", config.threads, "editing threads")->check(CLI::Range(1, 64))->capture_default_str();
  app.add_option("--seed", config.seed, "of the edits")->capture_default_str();
  app.add_option("--steps", config.steps, "edits of the first thread")
      ->check(CLI::PositiveNumber)
      ->capture_default_str();
  app.add_option("--checkpoint", config.steps_per_checkpoint, "edits between checkpoints, at least")
      ->check(CLI::PositiveNumber)
      ->capture_default_str();
  app.add_option("--growth", config.options.growth_percent, "as MEMGC, -1: off")
      ->check(CLI::Range(-1, 10'000))
      ->capture_default_str();
  app.add_flag("--precise", config.options.precise_stacks, "scan no stacks");
  app.add_flag("!--no-weighing", config.weigh, "compare the graphs only, not the bytes");
  app.add_option("--debug", memdebug, "as MEMDEBUG");
  CLI11_PARSE(app, argc, argv);
  try {
    config.options = memgc::Options::parse("", "", memdebug, config.options);
  } catch (const memgc::ConfigError& error) {
    fmt::print(stderr, "{}\n", error.what());
    return 2;
  }
  const memgc::testing::OracleReport report = memgc::testing::run_oracle(config);
  fmt::print("{} edits, {} objects, {} cycles, {} checkpoints, {} objects compared\n", report.edits, report.objects,
             report.cycles, report.checkpoints, report.compared);
  return 0;
}
