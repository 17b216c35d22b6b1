// Job: memgc-bench-runner: the command line of the comparison. `bench/run` calls it.
//
// Exit: 0; 1 when a run failed (its answer was wrong, it crashed, it took too long); 2 when the request makes no sense.
#include <fmt/format.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <regex>
#include <string>
#include <vector>

#include "runner/machine.h"
#include "runner/page.h"
#include "runner/report.h"
#include "runner/suite.h"
#include "runner/summary.h"

namespace memgc_bench {
namespace {

struct Request {
  SuiteOptions suite;
  bool quick = false;
  bool full = false;
  bool smoke = false;
  std::size_t repeat = 0;  // 0: by the mode
  std::string out;
};

// A quarter of everything, still well beyond the caches.
const std::vector<std::string> kQuickSizes = {
    "--trees-depth=18",          "--lru-live=250000",          "--lru-inserts=2500000",
    "--gcbench-depth=16",        "--queue-live=50000",         "--queue-messages=2500000",
    "--latency-requests=100000", "--larson-live=50000",        "--larson-replacements=2500000",
    "--channel-slots=16384",     "--channel-messages=2500000", "--scheme-percent=25",
    "--symbols-names=4194304",   "--symbols-lookups=1500000",  "--graph-nodes=75000",
    "--graph-steps=500000",      "--splay-live=7500",          "--splay-steps=100000",
    "--json-live=500",           "--json-documents=10000",     "--arrays-live=32",
    "--arrays-steps=875"};
const std::vector<std::string> kPercents = {"50", "100", "200", "400"}, kQuickPercents = {"100", "200"};
constexpr Effort kQuickEffort{1, 3, std::chrono::minutes(5)}, kEffort{5, 5, std::chrono::seconds::max()},
    kFullEffort{5, 30, std::chrono::hours(1)};

std::string check_percent(const std::string& text) {
  if (text == "off") return "";
  const bool number = !text.empty() && text.find_first_not_of("0123456789") == std::string::npos && text.size() < 7;
  return number ? "" : fmt::format("growth percent '{}': accepted are a decimal integer and off", text);
}

std::string check_regex(const std::string& text) {
  try {
    std::regex compiled(text);
    return "";
  } catch (const std::regex_error& error) {
    return fmt::format("'{}' is no regular expression: {}", text, error.what());
  }
}

void declare(CLI::App& app, Request& request) {
  app.add_option("--programs", request.suite.programs, "Directory of the memgc-bench-* programs")
      ->required()
      ->check(CLI::ExistingDirectory);
  app.add_option("--out", request.out, "Directory for results.html, results.json and results.csv")->required();
  auto* quick =
      app.add_flag("--quick", request.quick,
                   "A quarter of each workload's size, and as many repetitions, up to three, as five minutes hold");
  app.add_flag("--full", request.full, "As many repetitions as an hour holds, five at least")->excludes(quick);
  app.add_flag("--smoke", request.smoke, "Tiny sizes, once: shows that everything runs, measures nothing")
      ->excludes(quick);
  app.add_option("--repeat", request.repeat, "Repetitions, instead of the mode's; five unless said")
      ->check(CLI::Range(1, 1000));
  app.add_option("--filter", request.suite.filter,
                 "Only what this regular expression finds in \"CONFIGURATION WORKLOAD\", and the baseline beside it")
      ->check(check_regex);
  app.add_flag("--generational", request.suite.generational,
               "memgc also with minor cycles: where they pay (\"auto\"), and wherever memory allows (\"minor\")");
  app.add_option(
         "--percents", request.suite.percents,
         "Values of MEMGC, and of GOGC for Go, separated by commas; unless said 50,100,200,400, and 100,200 with "
         "--quick")
      ->delimiter(',')
      ->check(check_percent);
}

void settle(Request& request) {
  request.suite.effort = request.quick ? kQuickEffort : request.full ? kFullEffort : kEffort;
  if (request.smoke) request.repeat = std::max<std::size_t>(request.repeat, 1);
  if (request.repeat != 0) request.suite.effort = {request.repeat, request.repeat, std::chrono::seconds::max()};
  if (request.quick) request.suite.size_flags = kQuickSizes;
  if (request.suite.percents.empty()) request.suite.percents = request.quick ? kQuickPercents : kPercents;
  if (request.smoke) request.suite.size_flags = {"--smoke"};
}

/// Says what has just run: on a terminal always on the same line.
void show_progress(const RunResult& run, std::size_t done, std::size_t all) {
  static const bool terminal = isatty(STDERR_FILENO) == 1;
  const std::string result = run.failure.empty() ? fmt::format("{:.2f} s", run.figures.at("wall_s")) : run.failure;
  const std::string text = fmt::format("[{}/{}] {} {}: {}", done, all, run.workload, run.configuration, result);
  if (!terminal) {
    fmt::print(stderr, "{}\n", text);
  } else {
    fmt::print(stderr, "\r\x1b[K{}{}", text, !run.failure.empty() || done == all ? "\n" : "");
  }
}

std::string now_utc() {
  const std::time_t now = std::chrono::system_clock::to_time_t(std::chrono::system_clock::now());
  std::tm parts{};
  gmtime_r(&now, &parts);
  char text[32];
  std::strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%SZ", &parts);
  return text;
}

nlohmann::ordered_json all_results(const Summary& summary, const Suite& suite) {
  nlohmann::ordered_json json = to_json(summary);
  json["programs"] = suite.contexts();
  json["runs"] = to_json(suite.runs());
  return json;
}

void write_file(const std::filesystem::path& path, const std::string& text) {
  std::ofstream file(path);
  if (!(file << text << std::flush)) throw std::runtime_error(fmt::format("cannot write {}", path.string()));
}

int run(int argc, char** argv) {
  Request request;
  CLI::App app{"Runs every workload on every allocator, each run in a fresh process, and prints one table"};
  declare(app, request);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : 2;
  }
  settle(request);

  std::filesystem::create_directories(request.out);
  const std::filesystem::path out(request.out);
  Suite suite(request.suite);
  for (const std::string& program : suite.missing_programs()) {
    fmt::print(stderr, "{} was not built (what it needs was not found): left out\n", program);
  }
  const nlohmann::ordered_json machine = describe_machine();
  const std::string started = now_utc();
  suite.run(show_progress, [&] {
    const Summary summary = summarise(suite, machine, started);
    const auto replace = nlohmann::ordered_json::error_handler_t::replace;  // a program may print any bytes
    write_file(out / "results.json", all_results(summary, suite).dump(1, ' ', false, replace) + "\n");
    write_file(out / "results.html", page(summary, kPageTemplate, kChartLibrary));
    write_file(out / "results.csv", csv(suite.runs()));
  });
  const Summary summary = summarise(suite, machine, started);
  fmt::print("{}{}", heading(summary), tables(summary));
  fmt::print("\nThe same with charts: {}; every run's figures: results.json and results.csv beside it\n",
             (out / "results.html").string());
  return suite.any_failure() ? 1 : 0;
}

}  // namespace
}  // namespace memgc_bench

int main(int argc, char** argv) {
  try {
    return memgc_bench::run(argc, argv);
  } catch (const std::exception& error) {
    fmt::print(stderr, "memgc-bench-runner: {}\n", error.what());
    return 2;
  }
}
