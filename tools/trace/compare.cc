// Job: memgc-trace compare: traces side by side, and whether they differ by more than noise.
#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "commands.h"
#include "comparison.h"

namespace memgc::trace {
namespace {

struct CompareOptions {
  std::vector<std::string> sides;
  double confidence = 95;
  std::uint64_t seed = 1;
  bool json = false, csv = false, strict = false;
};

struct NamedSide {
  std::string name;
  Side side;
  std::uint64_t missing = 0, malformed = 0;
};

// "a.log,b.log": each file is a run of its own, or several.
NamedSide read_side(const std::string& names, bool strict) {
  NamedSide out;
  out.name = names;
  for (std::size_t at = 0; at <= names.size();) {
    const std::size_t end = std::min(names.find(',', at), names.size());
    TraceOptions file{{names.substr(at, end - at)}, strict};
    out.side.begin_file();
    Handlers handlers;
    handlers.cycle = [&](const Cycle& cycle) { out.side.add(cycle); };
    const ReadStatus status = read_traces(file, std::move(handlers));
    out.missing += status.lost + status.truncated + status.malformed;
    out.malformed += status.malformed;
    at = end + 1;
  }
  out.side.finish();
  if (out.side.cycles() == 0) throw InputError(names + ": no trace line in it");
  return out;
}

const char* word(Verdict verdict) {
  switch (verdict) {
    case Verdict::kLess:
      return "less";
    case Verdict::kMore:
      return "more";
    case Verdict::kNoise:
      return "within noise";
    case Verdict::kUnknown:
      break;
  }
  return "cannot tell";
}

std::string percent(const Difference& at) {
  return at.a != 0 ? fmt::format("{:+.1f} %", 100 * (at.b - at.a) / at.a) : "-";
}

void print_text(const std::vector<NamedSide>& sides, const CompareOptions& options) {
  for (std::size_t i = 0; i < sides.size(); ++i) {
    const Side& side = sides[i].side;
    fmt::print("{}: {}: {} cycles, {} run(s)\n", static_cast<char>('A' + i), sides[i].name, side.cycles(),
               side.runs().size());
    if (sides[i].missing > 0)
      fmt::print("   but: {} lines are missing or damaged: all its figures are of the rest\n", sides[i].missing);
    if (side.left_out() > 0)
      fmt::print("   but: {} cycles of runs beyond {} are left out\n", side.left_out(), Side::kMostRuns);
  }
  for (std::size_t i = 1; i < sides.size(); ++i) {
    const char b = static_cast<char>('A' + i);
    fmt::print("\n{:<20} {:>10} {:>10} {:>10} {:>10}   {:g} % interval of {} - A\n", "", 'A', b, "difference", "",
               options.confidence, b);
    for (const CompareFigure& figure : compare_figures()) {
      const Difference at = compare(figure, sides[0].side, sides[i].side, options.confidence / 100, options.seed);
      const std::string tail = at.verdict == Verdict::kUnknown ? fmt::format("cannot tell ({})", at.why)
                                                               : fmt::format("{:+.4g} ... {:+.4g}: {} ({})", at.low,
                                                                             at.high, word(at.verdict), at.why);
      fmt::print("{:<20} {:>10.4g} {:>10.4g} {:>+10.4g} {:>10}   {} {}\n", figure.label, at.a, at.b, at.b - at.a,
                 percent(at), figure.unit, tail);
    }
  }
  bool by_runs = true;
  for (const NamedSide& side : sides) by_runs &= side.side.runs().size() >= kLeastRuns;
  if (!by_runs) {
    fmt::print(
        "\nThe intervals tell the noise within runs, by blocks of cycles; what differs from run to run takes {} runs "
        "on each side (A1,A2,A3,A4 B1,B2,B3,B4).\n",
        kLeastRuns);
  }
  fmt::print("Of 20 figures one is outside a 95 % interval by chance. Seed {}.\n", options.seed);
}

void print_csv(const std::vector<NamedSide>& sides, const CompareOptions& options) {
  fmt::print("side,figure,unit,a,b,low,high,verdict,why\n");
  for (std::size_t i = 1; i < sides.size(); ++i) {
    for (const CompareFigure& figure : compare_figures()) {
      const Difference at = compare(figure, sides[0].side, sides[i].side, options.confidence / 100, options.seed);
      const bool known = at.verdict != Verdict::kUnknown;
      fmt::print("{},{},{},{},{},{},{},{},\"{}\"\n", static_cast<char>('A' + i), figure.key, figure.unit, at.a, at.b,
                 known ? fmt::format("{}", at.low) : "", known ? fmt::format("{}", at.high) : "", word(at.verdict),
                 at.why);
    }
  }
}

void print_json(const std::vector<NamedSide>& sides, const CompareOptions& options) {
  nlohmann::ordered_json out{{"schema", 1}, {"confidence", options.confidence / 100}, {"seed", options.seed}};
  for (const NamedSide& side : sides) {
    out["sides"].push_back({{"name", side.name},
                            {"cycles", side.side.cycles()},
                            {"runs", side.side.runs().size()},
                            {"missing", side.missing},
                            {"left_out", side.side.left_out()}});
  }
  for (std::size_t i = 1; i < sides.size(); ++i) {
    for (const CompareFigure& figure : compare_figures()) {
      const Difference at = compare(figure, sides[0].side, sides[i].side, options.confidence / 100, options.seed);
      nlohmann::ordered_json one{{"side", i}, {"figure", figure.key}, {"unit", figure.unit}, {"a", at.a}, {"b", at.b}};
      if (at.verdict != Verdict::kUnknown) one["interval"] = {at.low, at.high};
      one["verdict"] = word(at.verdict);
      one["why"] = at.why;
      out["differences"].push_back(std::move(one));
    }
  }
  fmt::print("{}\n", out.dump(2, ' ', false, nlohmann::json::error_handler_t::replace));
}

void run(const CompareOptions& options) {
  std::vector<NamedSide> sides;
  std::uint64_t malformed = 0;
  for (const std::string& names : options.sides) {
    sides.push_back(read_side(names, options.strict));
    malformed += sides.back().malformed;
  }
  const auto print = options.json ? print_json : options.csv ? print_csv : print_text;
  print(sides, options);
  end_strict(options.strict, malformed);
}

}  // namespace

void add_compare(CLI::App& app) {
  CLI::App* const command =
      app.add_subcommand("compare", "traces side by side, and whether they differ by more than noise");
  const auto options = std::make_shared<CompareOptions>();
  command
      ->add_option("SIDE", options->sides, "a trace, or repetitions of it: A1,A2,A3; all are compared with the first")
      ->required()
      ->expected(2, 26);
  command->add_option("--confidence", options->confidence, "of the intervals, in percent")
      ->check(CLI::Range(50.0, 99.9))
      ->capture_default_str();
  command->add_option("--seed", options->seed, "of the bootstrap")->capture_default_str();
  const auto json = command->add_flag("--json", options->json, "as JSON, at full precision");
  command->add_flag("--csv", options->csv, "as CSV, at full precision")->excludes(json);
  add_strict_option(*command, options->strict);
  command->callback([options] { run(*options); });
}

}  // namespace memgc::trace
