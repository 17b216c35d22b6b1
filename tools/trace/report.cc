// Job: memgc-trace report: one page, complete in itself, of what a trace shows.
//
// What comes from the trace or the command line reaches the page as JSON alone, in which no "<" is left as it is, and
// is shown as text by the page's script; so no file name can become part of the page's markup.
#include <fmt/format.h>
#include <memgc/memgc.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <utility>

#include "commands.h"
#include "histogram.h"
#include "output_file.h"
#include "page.h"
#include "timeline.h"
#include "utilisation.h"

namespace memgc::trace {
namespace {

using Json = nlohmann::ordered_json;

// A heap that may grow without end has no goal to draw.
Json goal(double mib) { return mib < kNoGoalMib ? Json(mib) : Json(nullptr); }

// The cycles that somebody will want to look at: those that were worst by one measure.
class Worst {
 public:
  explicit Worst(std::size_t most) : most_(most) {}
  void add(double measure, double seconds, const Cycle& cycle) {
    if (kept_.size() == most_ && measure <= kept_.begin()->first) return;
    kept_.emplace(measure, std::make_pair(seconds, cycle));
    if (kept_.size() > most_) kept_.erase(kept_.begin());
  }
  const auto& kept() const { return kept_; }

 private:
  std::size_t most_;
  std::multimap<double, std::pair<double, Cycle>> kept_;
};

class Report {
 public:
  void add(const Cycle& cycle);
  Json json(const TraceOptions& options, const ReadStatus& status) const;

 private:
  static constexpr int kBinsPerDecade = 8;
  static constexpr int kDecades = 10;        // of them, from
  static constexpr double kShortestNs = 10;  // to 100 s

  Json series() const;
  Json stops() const;
  Json utilisation() const;
  Json worst() const;

  Timeline timeline_;
  Utilisation utilisation_;
  Histogram stop_ns_;
  Worst longest_{100}, dearest_{50};
  double peak_mib_ = 0, last_live_mib_ = 0, last_percent_ = 0, end_seconds_ = 0;
  std::uint64_t forced_ = 0, minor_ = 0;
};

void Report::add(const Cycle& cycle) {
  const double seconds = timeline_.add(cycle);
  utilisation_.add(cycle, seconds);
  for (const double ms : {cycle.opening_stop_ms, cycle.closing_stop_ms}) {
    stop_ns_.add(static_cast<std::uint64_t>(std::llround(std::min(ms, 1e12) * 1e6)));
  }
  longest_.add(cycle.longest_stop_ms(), seconds, cycle);
  dearest_.add(cycle.paid_cpu_ms(), seconds, cycle);
  peak_mib_ = std::max(peak_mib_, cycle.end_mib);
  last_live_mib_ = cycle.live_mib;
  last_percent_ = cycle.gc_percent;
  end_seconds_ = std::max(end_seconds_, seconds);
  if (cycle.forced) ++forced_;
  if (cycle.minor) ++minor_;
}

Json Report::series() const {
  Json rows = Json::array();
  for (const Timeline::Bucket& b : timeline_.buckets()) {
    if (b.cycles == 0) continue;
    rows.push_back({b.seconds, b.end_seconds, b.cycles, b.start.min, b.start.max, b.end.min, b.end.max, b.live.min,
                    b.live.max, goal(b.goal.min), goal(b.goal.max), b.longest_stop_ms, b.gc_percent, b.cpu_ms,
                    b.processors});
  }
  return rows;
}

Json Report::stops() const {
  // A stop that is less than 1/256 below the end of a bin may be counted in the next.
  std::array<std::uint64_t, kBinsPerDecade * kDecades> counts{};
  std::uint64_t shorter = 0;
  stop_ns_.each([&](std::uint64_t ns, std::uint64_t count) {
    const double place = std::log10(static_cast<double>(ns) / kShortestNs) * kBinsPerDecade;
    if (place < 0) {
      shorter += count;
      return;
    }
    counts[std::min(counts.size() - 1, static_cast<std::size_t>(place + 1e-9))] += count;
  });
  Json bins = Json::array();
  for (std::size_t i = 0; i < counts.size(); ++i) {
    const auto edge = [](std::size_t n) {
      return kShortestNs * std::pow(10, static_cast<double>(n) / kBinsPerDecade) / 1e6;
    };
    bins.push_back({edge(i), edge(i + 1), counts[i]});
  }
  Json quantiles = Json::array();
  for (const double q : {0.5, 0.9, 0.99, 0.999, 1.0}) {
    quantiles.push_back({q, static_cast<double>(q < 1 ? stop_ns_.quantile(q) : stop_ns_.max()) / 1e6});
  }
  return {{"count", stop_ns_.count()}, {"shorter", shorter}, {"bins", bins}, {"quantiles", quantiles}};
}

Json Report::utilisation() const {
  Json points = Json::array();
  for (const WorstWindow& w : utilisation_.windows()) {
    if (w.seconds > std::max(end_seconds_, 0.001)) break;  // no such window
    points.push_back({w.seconds, w.utilisation(w.stops), w.utilisation(w.all), w.all.begin_seconds, w.all.number});
  }
  return points;
}

Json Report::worst() const {
  std::map<std::pair<std::uint32_t, std::uint64_t>, std::pair<double, Cycle>> all;
  for (const Worst* list : {&longest_, &dearest_}) {
    for (const auto& [measure, kept] : list->kept()) all[{kept.second.run, kept.second.number}] = kept;
  }
  Json rows = Json::array();
  for (const auto& [key, kept] : all) {
    const Cycle& c = kept.second;
    rows.push_back({c.run, c.number, kept.first, c.opening_stop_ms, c.concurrent_ms, c.closing_stop_ms, c.paid_cpu_ms(),
                    c.assist_cpu_ms, c.start_mib, c.end_mib, c.live_mib, goal(c.goal_mib),
                    c.forced ? "forced" : (c.minor ? "minor" : "")});
  }
  return rows;
}

Json Report::json(const TraceOptions& options, const ReadStatus& status) const {
  return {{"version", MEMGC_VERSION_STRING},
          {"files", options.files.empty() ? std::vector<std::string>{"standard input"} : options.files},
          {"status",
           {{"lines", status.lines},
            {"cycles", status.cycles},
            {"truncated", status.truncated},
            {"malformed", status.malformed},
            {"lost", status.lost},
            {"runs", status.restarts + (status.cycles > 0 ? 1 : 0)}}},
          {"totals",
           {{"peak_mib", peak_mib_},
            {"live_mib", last_live_mib_},
            {"gc_percent", last_percent_},
            {"seconds", end_seconds_},
            {"forced", forced_},
            {"minor", minor_}}},
          {"bucket_seconds", timeline_.width_seconds()},
          {"joined", timeline_.joined()},
          {"series", series()},
          {"stops", stops()},
          {"utilisation", utilisation()},
          {"worst", worst()}};
}

std::string fill(std::string_view mark, std::string_view text, std::string page) {
  const std::size_t at = page.find(mark);
  return page.replace(at, mark.size(), text);
}

std::string page_of(const Json& data) {
  std::string text = data.dump(-1, ' ', false, Json::error_handler_t::replace);
  for (std::size_t at = 0; (at = text.find('<', at)) != std::string::npos;) text.replace(at, 1, "\\u003c");
  // The data comes last: the marks are looked for in nothing that the trace has a say in.
  std::string page = fill("{{style}}", std::string(kUplotCss) + std::string(kPageCss), std::string(kPageHtml));
  page = fill("{{licence}}", kUplotLicence, std::move(page));
  page = fill("{{script}}", std::string(kUplotJs) + "\n" + std::string(kPageJs), std::move(page));
  return fill("{{data}}", text, std::move(page));
}

struct Options {
  TraceOptions traces;
  std::string output;
};

void report(const Options& options) {
  Report report;
  Handlers handlers;
  handlers.cycle = [&](const Cycle& cycle) { report.add(cycle); };
  const ReadStatus status = read_traces(options.traces, std::move(handlers));
  if (status.cycles == 0) throw InputError("no whole trace line in the input: there is nothing to report");
  OutputFile output(options.output);
  output.write(page_of(report.json(options.traces, status)));
  output.commit();
  end_strict(options.traces.strict, status.malformed);
}

}  // namespace

void add_report(CLI::App& app) {
  CLI::App& command = *app.add_subcommand("report", "one page with charts, which opens without a network");
  const auto options = std::make_shared<Options>();
  add_trace_options(command, options->traces);
  command.add_option("-o,--output", options->output, "the page, an HTML file")->required();
  command.callback([options] { report(*options); });
}

}  // namespace memgc::trace
