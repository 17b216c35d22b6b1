// Job: memgc-trace explain: what a field of a trace line, or a figure of a summary, means.
#include <fmt/format.h>

#include <memory>
#include <string_view>

#include "commands.h"
#include "csv.h"
#include "figures.h"

namespace memgc::trace {
namespace {

struct Field {
  std::string_view name;
  std::string_view example;
  std::string_view meaning;
};

constexpr std::string_view kExample =
    "gc 7 @0.412s 2%: 0.031+4.2+0.018 ms clock, 0.062+0.41/3.9/1.2+0.036 ms cpu, 40->44->21 MB, 42 MB goal, 0 MB "
    "stacks, "
    "0 MB globals, 2 P (forced)";

constexpr Field kFields[] = {
    {"gc", "gc 7", "The number of the cycle, from 1. A number that is missing is a line that was lost."},
    {"@", "@0.412s", "When the cycle began, in seconds since the program did (memgc: since its heap was made)."},
    {"%", "2%",
     "Share of the CPU time of all processors that went to collecting since the program began, rounded down."},
    {"clock", "0.031+4.2+0.018 ms clock",
     "Wall time: the stop that opens the cycle, the marking beside the program, the stop that ends it. With Go the "
     "world "
     "stands still in both stops; with memgc they are the longest that any one thread was held up. Two digits, rounded "
     "down, below 10 ms."},
    {"cpu", "0.062+0.41/3.9/1.2+0.036 ms cpu",
     "CPU time of the same, summed over threads: opening stop; assists of threads that allocate, the collector's own "
     "threads, the collector on idle processors; ending stop."},
    {"heap", "40->44->21 MB",
     "The heap when the cycle began, when it ended, and what it found alive, in 2^20 bytes, rounded down."},
    {"goal", "42 MB goal",
     "What the heap was not to exceed when the cycle ended: live heap and roots, and MEMGC percent."},
    {"stacks", "0 MB stacks", "Stacks that were scanned. Not on lines of Go before 1.18."},
    {"globals", "0 MB globals",
     "Globals that were scanned (memgc: roots and root ranges). Not on lines of Go before 1.18."},
    {"P", "2 P", "Processors that the process may use."},
    {"forced", "(forced)", "The program asked for this cycle."},
    {"minor", "(minor)",
     "memgc's generational mode: the cycle kept the marks of the one before, and looked at young objects alone."},
};

void explain_all() {
  fmt::print("A trace line:\n\n  {}\n\n", kExample);
  for (const Field& field : kFields) fmt::print("{:<9}{:<34}{}\n", field.name, field.example, field.meaning);
  fmt::print("\nFigures of a summary, as --json, --csv and --fail-if name them:\n");
  std::string_view group;
  for (const FigureInfo& info : figure_infos()) {
    if (info.group != group) {
      group = info.group;
      fmt::print("\n{}\n", group);
    }
    fmt::print("  {:<28}{}\n", info.key, info.meaning);
  }
  fmt::print("\nColumns of export --csv (seconds, bytes, shares from 0 to 1; empty where the line does not say):\n\n");
  for (const CsvColumn& column : csv_columns()) fmt::print("  {:<28}{}\n", column.name, column.meaning);
}

void explain(const std::string& name) {
  if (name.empty()) return explain_all();
  for (const Field& field : kFields) {
    if (name != field.name) continue;
    fmt::print("{}\n\n  {}\n\n{}\n", field.name, field.example, field.meaning);
    return;
  }
  for (const CsvColumn& column : csv_columns()) {
    if (name == column.name) return fmt::print("{} (a column of export --csv)\n\n{}\n", name, column.meaning);
  }
  const FigureInfo* const info = find_figure(name);
  if (info == nullptr) {
    throw CLI::ParseError(fmt::format("'{}' is neither a field nor a figure; memgc-trace explain lists them all", name),
                          kExitUsage);
  }
  fmt::print("{} ({})\n\n{}{}\n", info->key, info->group, info->meaning,
             info->suffers ? " Lost, cut and malformed lines are not in it." : "");
}

}  // namespace

void add_explain(CLI::App& app) {
  CLI::App& command = *app.add_subcommand("explain", "what a field of a line, or a figure of the summary, means");
  const auto name = std::make_shared<std::string>();
  command.add_option("FIELD", *name, "as in p99, live_slope, clock; none: all of them");
  command.callback([name] { explain(*name); });
}

}  // namespace memgc::trace
