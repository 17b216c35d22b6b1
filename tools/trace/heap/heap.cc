// Job: memgc-trace heap: what is in a heap, what keeps what, and how two snapshots differ.
//
// The input is a .heapsnapshot, of memgc::write_snapshot(), of node or of Chromium. One thread.
#include <memory>
#include <regex>
#include <stdexcept>

#include "commands.h"
#include "heap/path.h"
#include "heap/report.h"
#include "heap/snapshot_reader.h"

namespace memgc::trace {
namespace {

struct HeapOptions {
  std::string file, path, before, after;
  HeapReportOptions report;
};

void look_at(const HeapOptions& options) {
  if (options.file.empty()) throw CLI::RequiredError("FILE");
  const Snapshot snapshot = read_snapshot(options.file);
  const Types types(snapshot);
  const Dominators dominators(snapshot);
  if (options.path.empty()) return print_census(stdout, options.report, Census(snapshot, types, dominators));
  try {
    const Snapshot::Node to = find_object(snapshot, types, dominators, options.path);
    if (!dominators.reached(to)) throw std::invalid_argument("no root leads to " + options.path + " but by weak edges");
    print_path(stdout, options.report, snapshot, types, dominators, to);
  } catch (const std::invalid_argument& error) {
    throw InputError(options.file + ": " + error.what());
  }
}

void compare(const HeapOptions& options) {
  if (!options.file.empty() || !options.path.empty()) throw CLI::ExtrasError({"diff takes two files, and no --path"});
  const Snapshot before = read_snapshot(options.before), after = read_snapshot(options.after);
  print_difference(stdout, options.report, Difference(before, after));
}

std::string check_pattern(const std::string& pattern) {
  try {
    const std::regex tried(pattern);
    return {};
  } catch (const std::regex_error&) {
    return "'" + pattern + "' is no regular expression (of ECMAScript's kind)";
  }
}

}  // namespace

void add_heap(CLI::App& app) {
  CLI::App& command = *app.add_subcommand("heap", "what is in a heap snapshot, by type, and what keeps it alive");
  const auto options = std::make_shared<HeapOptions>();
  command.add_option("FILE", options->file, "a .heapsnapshot, plain or gzip; -: standard input");
  command.add_option("--top", options->report.top, "types to list (text: 20; JSON and CSV: all)");
  command.add_option("--type", options->report.type, "list only types that this regular expression finds")
      ->type_name("REGEX")
      ->check(CLI::Validator(check_pattern, ""));
  CLI::Option* const json = command.add_flag("--json", options->report.json, "as JSON, at full precision");
  CLI::Option* const csv = command.add_flag("--csv", options->report.csv, "as CSV, a row a type")->excludes(json);
  command
      .add_option("--path", options->path,
                  "a shortest path from a root to the object of this id, or to the one of "
                  "this type or name that retains most")
      ->type_name("ID|TYPE")
      ->excludes(csv);
  CLI::App& diff = *command.add_subcommand("diff", "how two snapshots differ, by type");
  diff.add_option("BEFORE", options->before, "a .heapsnapshot")->required();
  diff.add_option("AFTER", options->after, "a later one of the same process")->required();
  diff.fallthrough();  // the options are heap's
  command.callback([options, &diff] { diff.parsed() ? compare(*options) : look_at(*options); });
}

}  // namespace memgc::trace
