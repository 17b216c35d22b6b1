// Job: memgc-trace advise: what to set, from a trace alone. What is said is advice.h's; here is how it is asked for and
// printed.
#include <fmt/format.h>

#include <cmath>
#include <memory>
#include <nlohmann/json.hpp>

#include "advice.h"
#include "commands.h"
#include "memgc/options.h"

namespace memgc::trace {
namespace {

constexpr double kMiB = 1 << 20;

struct AdviseOptions {
  TraceOptions traces;
  Wishes wishes;
  std::string max_memory, limit;
  std::vector<std::string> at;
  std::string runtime = "auto";
  bool json = false;
};

[[noreturn]] void refuse_option(const std::string& option, const std::string& text, std::string_view accepted) {
  fmt::print(stderr, "memgc-trace: {}={}: accepted are {}\n", option, text, accepted);
  throw CLI::RuntimeError(kExitUsage);
}

std::optional<double> parse_mib(const std::string& option, const std::string& text) {
  if (text.empty()) return {};
  try {
    const std::size_t out = memgc::Options::parse("", text, "", {}).memory_limit;
    if (out != memgc::Options::kNoLimit && out > 0 && text.find('%') == std::string::npos)
      return static_cast<double>(out) / kMiB;
  } catch (const ConfigError&) {
  }
  refuse_option(option, text, "bytes, with an optional B, KiB, MiB, GiB or TiB");
}

// "MEMGC=50", "MEMGC=off,MEMLIMIT=300MiB", or with Go's names.
PacerSetting parse_setting(const std::string& text) {
  constexpr std::string_view kAccepted =
      "MEMGC=PERCENT, MEMLIMIT=BYTES or both with a comma between (Go: GOGC, GOMEMLIMIT)";
  std::string percent, limit;
  for (const std::string& part : CLI::detail::split(text, ',')) {
    const std::size_t equals = part.find('=');
    if (equals == std::string::npos || equals + 1 == part.size()) refuse_option("--at", text, kAccepted);
    const std::string name = part.substr(0, equals), value = part.substr(equals + 1);
    if (name == "MEMGC" || name == "GOGC") {
      percent = value;
    } else if ((name == "MEMLIMIT" || name == "GOMEMLIMIT") && value.find('%') == std::string::npos) {
      limit = value;
    } else {
      refuse_option("--at", text, kAccepted);
    }
  }
  try {
    const memgc::Options parsed = memgc::Options::parse(percent, limit, "", {});
    return {parsed.growth_percent, parsed.memory_limit};
  } catch (const ConfigError& error) {
    fmt::print(stderr, "memgc-trace: --at={}: {}\n", text, error.what());
    throw CLI::RuntimeError(kExitUsage);
  }
}

std::string env_text(const PacerSetting& setting, bool go) {
  std::string out = go ? "GOGC=" : "MEMGC=";
  out += setting.growth_percent < 0 ? "off" : fmt::format("{}", setting.growth_percent);
  if (setting.memory_limit == SIZE_MAX) return out;
  const std::size_t mib = setting.memory_limit >> 20;
  out += go ? " GOMEMLIMIT=" : " MEMLIMIT=";
  return out +
         (mib << 20 == setting.memory_limit ? fmt::format("{}MiB", mib) : fmt::format("{}B", setting.memory_limit));
}

void print_text(const Program& program, const AdviceReport& report, bool go) {
  const double mark = program.sum(&Recording::mark), peak = program.most(&Recording::peak);
  const std::uint64_t cycles = program.count(&Recording::cycles);
  fmt::print("The trace, {}'s: {} cycles ({} forced) of {} run(s) in {:.3g} s\n", go ? "Go" : "memgc", cycles,
             program.count(&Recording::forced), program.runs().size(), program.sum(&Recording::seconds));
  fmt::print("  GC CPU {:.3g} s, {:.2f} % of the processors; {:.3g} ms a cycle; threads stopped for {:.3g} s in all\n",
             mark / 1000, 100 * mark / program.processor_ms(), mark / static_cast<double>(cycles),
             program.sum(&Recording::stops) / 1000);
  fmt::print("  live heap up to {:.0f} MiB, peak {:.0f} MiB, {:.0f} MiB allocated\n",
             program.most(&Recording::most_live), peak, program.sum(&Recording::allocated));
  if (report.again)
    fmt::print(
        "  its goals tell of {}; replayed at that: {:.0f} cycles, {:.0f} % of its GC CPU, {:.0f} % of its peak\n",
        env_text({*report.traced_percent, SIZE_MAX}, go), report.again->cycles, 100 * report.cpu_of_itself,
        100 * report.peak_of_itself);
  for (const std::string& line : report.doubts) fmt::print("  but: {}\n", line);
  for (const Advice& advice : report.advice) {
    fmt::print("\nFor {}:\n", advice.goal);
    if (advice.setting) {
      fmt::print("  {}\n", env_text(*advice.setting, go));
      fmt::print(
          "  predicted for the same work: GC CPU {:.3g} s ({:.2f} % of the processors in the same time), peak "
          "heap {:.0f} MiB, {:.0f} cycles\n",
          advice.predicted.mark_ms / 1000, 100 * advice.predicted.mark_ms / program.processor_ms(),
          advice.predicted.peak_mib, advice.predicted.cycles);
    }
    fmt::print("  because {}\n", advice.reason);
    for (const std::string& line : advice.doubts) fmt::print("  but: {}\n", line);
  }
}

nlohmann::ordered_json json_of(const Program& program, const Prediction& at) {
  return {{"cycles", at.cycles},
          {"gc_cpu_seconds", at.mark_ms / 1000},
          {"gc_cpu_ratio", at.mark_ms / program.processor_ms()},
          {"marked_bytes", at.marked_mib * kMiB},
          {"stopped_seconds", at.stops_ms / 1000},
          {"heap_peak_bytes", at.peak_mib * kMiB},
          {"cycles_by_limit", at.by_limit}};
}

void print_json(const Program& program, const AdviceReport& report, bool go) {
  nlohmann::ordered_json out{{"schema", 1}, {"runtime", go ? "go" : "memgc"}};
  out["traced"] = {{"cycles", program.count(&Recording::cycles)},
                   {"forced", program.count(&Recording::forced)},
                   {"lost", program.count(&Recording::lost)},
                   {"runs", program.runs().size()},
                   {"seconds", program.sum(&Recording::seconds)},
                   {"gc_cpu_seconds", program.sum(&Recording::mark) / 1000},
                   {"gc_cpu_ratio", program.sum(&Recording::mark) / program.processor_ms()},
                   {"marked_bytes", program.sum(&Recording::marked) * kMiB},
                   {"stopped_seconds", program.sum(&Recording::stops) / 1000},
                   {"heap_live_most_bytes", program.most(&Recording::most_live) * kMiB},
                   {"heap_peak_bytes", program.most(&Recording::peak) * kMiB},
                   {"allocated_bytes", program.sum(&Recording::allocated) * kMiB}};
  if (report.again) {
    out["traced"]["growth_percent"] = *report.traced_percent;
    out["replayed"] = json_of(program, *report.again);
  }
  out["doubts"] = report.doubts;
  out["advice"] = nlohmann::ordered_json::array();
  for (const Advice& advice : report.advice) {
    nlohmann::ordered_json one{{"goal", advice.goal}};
    if (advice.setting) {
      one["env"] = env_text(*advice.setting, go);
      one["predicted"] = json_of(program, advice.predicted);
    }
    one["reason"] = advice.reason;
    one["doubts"] = advice.doubts;
    out["advice"].push_back(std::move(one));
  }
  fmt::print("{}\n", out.dump(2, ' ', false, nlohmann::json::error_handler_t::replace));
}

void run(AdviseOptions options) {
  Wishes& wishes = options.wishes;
  wishes.max_mib = parse_mib("--max-memory", options.max_memory);
  wishes.limit_mib = parse_mib("--limit", options.limit);
  for (const std::string& text : options.at) wishes.at.push_back(parse_setting(text));
  Program program;
  Handlers handlers;
  handlers.cycle = [&](const Cycle& cycle) { program.add(cycle); };
  const ReadStatus status = read_traces(options.traces, std::move(handlers));
  if (const std::string why = refusal(program); !why.empty()) {
    fmt::print(stderr, "memgc-trace: no advice: {}\n", why);
    throw CLI::RuntimeError(kExitFailed);
  }
  const bool go = options.runtime == "go" || (options.runtime == "auto" && program.looks_like_go());
  const AdviceReport report = advise(program, status, wishes);
  options.json ? print_json(program, report, go) : print_text(program, report, go);
  end_strict(options.traces.strict, status.malformed);
}

}  // namespace

void add_advise(CLI::App& app) {
  CLI::App* const command = app.add_subcommand("advise", "what MEMGC and MEMLIMIT to set, with what that will cost");
  const auto options = std::make_shared<AdviseOptions>();
  add_trace_options(*command, options->traces);
  command
      ->add_option("--max-cpu", options->wishes.max_cpu_percent,
                   "for least memory: percent of the processors that collecting may take")
      ->check(CLI::Range(0.01, 50.0))
      ->capture_default_str();
  command->add_option("--max-memory", options->max_memory,
                      "for least CPU: peak heap, as 350MiB; default: twice the trace's");
  command->add_option("--limit", options->limit, "what memory there is, as 350MiB: adds advice with a memory limit");
  command
      ->add_option("--headroom", options->wishes.headroom_percent,
                   "percent of --limit that is kept for what is not the heap")
      ->check(CLI::Range(0.0, 90.0))
      ->capture_default_str();
  command->add_option("--at", options->at, "what this would do, as MEMGC=50,MEMLIMIT=300MiB; may be repeated")
      ->allow_extra_args(false);
  command->add_option("--runtime", options->runtime, "whose trace it is: auto, memgc or go")
      ->check(CLI::IsMember({"auto", "memgc", "go"}))
      ->capture_default_str();
  command->add_flag("--json", options->json, "as JSON, at full precision");
  command->callback([options] { run(*options); });
}

}  // namespace memgc::trace
