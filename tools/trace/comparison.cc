// Job: see comparison.h.
#include "comparison.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <random>

namespace memgc::trace {
namespace {

constexpr int kDraws = 2000;

double ratio(double a, double b) { return b > 0 ? a / b : 0; }

double cpu_share(const Block& all) { return 100 * ratio(all.gc_ms, all.processor_ms); }
double cycle_cost(const Block& all) { return ratio(all.cost_ms, all.cycles); }
double assist_share(const Block& all) { return 100 * ratio(all.assist_ms, all.cost_ms); }
double marking(const Block& all) { return ratio(all.marking_ms, all.cycles); }
double live(const Block& all) { return ratio(all.live_mib, all.cycles); }
double rate(const Block& all) { return ratio(all.allocated_mib, all.seconds); }
double cycle_rate(const Block& all) { return ratio(all.stretches, all.seconds); }
double mean_stop(const Block& all) { return ratio(all.stop_ms, all.cycles); }
double p50(const Block& all) { return 1000 * all.stops.quantile_ms(0.5); }
double p99(const Block& all) { return 1000 * all.stops.quantile_ms(0.99); }
double longest_stop(const Block& run) { return 1000 * run.longest_stop_ms; }
double peak(const Block& run) { return run.peak_mib; }
double cycle_count(const Block& run) { return run.cycles; }
double gc_cpu(const Block& run) { return run.cost_ms / 1000; }
double duration(const Block& run) { return run.seconds; }

using Parts = std::vector<Block>;

// How much a block tells of the next: the correlation of neighbours, and whether that is more than chance would have.
bool neighbours_resemble(const std::vector<Parts>& runs, double (*signal)(const Block&)) {
  double sum = 0, count = 0;
  for (const Parts& run : runs) {
    for (const Block& block : run) {
      sum += signal(block);
      count += 1;
    }
  }
  const double mean = ratio(sum, count);
  double variance = 0, covariance = 0;
  for (const Parts& run : runs) {
    for (std::size_t i = 0; i < run.size(); ++i) {
      const double here = signal(run[i]) - mean;
      variance += here * here;
      if (i > 0) covariance += here * (signal(run[i - 1]) - mean);
    }
  }
  return variance > mean * mean * 1e-12 * count && covariance / variance > 1.645 / std::sqrt(count);
}

Parts join_pairs(const Parts& parts) {
  Parts out;
  for (std::size_t i = 0; i + 1 < parts.size(); i += 2) {
    out.push_back(parts[i]);
    out.back().add(parts[i + 1]);
  }
  if (parts.size() % 2 == 1 && !out.empty()) out.back().add(parts.back());
  return out;
}

std::size_t count_of(const std::vector<Parts>& runs) {
  std::size_t out = 0;
  for (const Parts& run : runs) out += run.size();
  return out;
}

// The blocks of a side, long enough to be drawn as if independent; empty if there are too few of those.
Parts independent_blocks(const CompareFigure& figure, const Side& side, std::string& why) {
  std::vector<Parts> runs;
  for (const auto& [id, run] : side.runs()) runs.push_back(run.blocks);
  if (count_of(runs) < kLeastBlocks) {
    why = fmt::format("too few cycles: {} of {}", side.cycles(), kLeastBlocks);
    return {};
  }
  while (neighbours_resemble(runs, figure.signal)) {
    std::vector<Parts> longer;
    longer.reserve(runs.size());
    for (const Parts& run : runs) longer.push_back(join_pairs(run));
    if (count_of(longer) < kLeastBlocks) {
      why = "no steady level: it drifts, trace longer or repeat runs";
      return {};
    }
    runs = std::move(longer);
  }
  Parts out;
  for (const Parts& run : runs) out.insert(out.end(), run.begin(), run.end());
  return out;
}

Parts whole_runs(const Side& side) {
  Parts out;
  for (const auto& [id, run] : side.runs()) out.push_back(run.total);
  return out;
}

double mean_of(const Parts& parts, double (*value)(const Block&)) {
  double sum = 0;
  for (const Block& part : parts) sum += value(part);
  return ratio(sum, static_cast<double>(parts.size()));
}

double draw(const CompareFigure& figure, const Parts& parts, std::mt19937_64& random) {
  std::vector<double> times(parts.size(), 0);
  for (std::size_t i = 0; i < parts.size(); ++i) times[random() % parts.size()] += 1;
  if (figure.per_run) {
    double sum = 0;
    for (std::size_t i = 0; i < parts.size(); ++i) sum += times[i] * figure.value(parts[i]);
    return sum / static_cast<double>(parts.size());
  }
  Block all;
  for (std::size_t i = 0; i < parts.size(); ++i) {
    if (times[i] > 0) all.add(parts[i], times[i]);
  }
  return figure.value(all);
}

// What an interval of the normal distribution is to be widened by for so few parts.
double widening(std::size_t parts, double z) {
  const double free = static_cast<double>(parts) - 1;
  const double t =
      z + (z * z * z + z) / (4 * free) + (5 * std::pow(z, 5) + 16 * z * z * z + 3 * z) / (96 * free * free);
  return t / z * std::sqrt(static_cast<double>(parts) / free);
}

// The quantile of the standard normal distribution, by bisection.
double normal_quantile(double p) {
  double low = 0, high = 10;
  for (int i = 0; i < 60; ++i) {
    const double middle = (low + high) / 2;
    (0.5 * std::erfc(-middle / std::sqrt(2.0)) < p ? low : high) = middle;
  }
  return low;
}

}  // namespace

const std::vector<CompareFigure>& compare_figures() {
  static const std::vector<CompareFigure> all = {
      {"gc_cpu_percent", "GC CPU share", "%", cpu_share, cpu_share},
      {"cycle_cpu_ms", "GC CPU a cycle", "ms", cycle_cost, cycle_cost},
      {"assist_percent", "of it, assists", "%", assist_share, assist_share},
      {"marking_ms", "marking a cycle", "ms", marking, marking},
      {"stop_p50_us", "stop p50", "us", p50, mean_stop, 0.5},
      {"stop_p99_us", "stop p99", "us", p99, mean_stop, 0.01},
      {"stop_max_us", "stop max, by run", "us", longest_stop, longest_stop, 0, true},
      {"live_mib", "live heap", "MiB", live, live},
      {"peak_mib", "peak heap, by run", "MiB", peak, peak, 0, true},
      {"allocation_mib_per_second", "allocation rate", "MiB/s", rate, rate},
      {"cycles_per_second", "cycles", "1/s", cycle_rate, cycle_rate},
      {"cycles", "cycles, by run", "", cycle_count, cycle_count, 0, true},
      {"gc_cpu_seconds", "GC CPU, by run", "s", gc_cpu, gc_cpu, 0, true},
      {"seconds", "time, by run", "s", duration, duration, 0, true},
  };
  return all;
}

double figure_of(const CompareFigure& figure, const Side& side) {
  const Parts runs = whole_runs(side);
  if (figure.per_run) return mean_of(runs, figure.value);
  Block all;
  for (const Block& run : runs) all.add(run);
  return figure.value(all);
}

Difference compare(const CompareFigure& figure, const Side& a, const Side& b, double confidence, std::uint64_t seed) {
  Difference out;
  out.a = figure_of(figure, a);
  out.b = figure_of(figure, b);
  const bool by_runs = std::min(a.runs().size(), b.runs().size()) >= kLeastRuns;
  if (figure.per_run && !by_runs) {
    out.why = fmt::format("one figure a run: {} runs on each side are needed", kLeastRuns);
    return out;
  }
  const double needed = figure.tail > 0 ? 10 / figure.tail : 0;
  const double stops = 2 * static_cast<double>(std::min(a.cycles(), b.cycles()));
  if (stops < needed) {
    out.why = fmt::format("too few stops: {:.0f} of {:.0f}", stops, needed);
    return out;
  }
  const Parts parts_a = by_runs ? whole_runs(a) : independent_blocks(figure, a, out.why);
  const Parts parts_b = by_runs ? whole_runs(b) : independent_blocks(figure, b, out.why);
  if (parts_a.empty() || parts_b.empty()) return out;

  std::mt19937_64 random(seed);
  std::vector<double> drawn(kDraws);
  for (double& one : drawn) {
    one = draw(figure, parts_b, random);
    one -= draw(figure, parts_a, random);
  }
  std::sort(drawn.begin(), drawn.end());
  const double outside = (1 - confidence) / 2;
  const double wider = widening(std::min(parts_a.size(), parts_b.size()), normal_quantile(1 - outside));
  const double middle = out.b - out.a;
  const auto at = [&](double share) { return drawn[static_cast<std::size_t>(share * (kDraws - 1))]; };
  out.low = middle + (at(outside) - middle) * wider;
  out.high = middle + (at(1 - outside) - middle) * wider;
  out.verdict = out.low > 0 ? Verdict::kMore : out.high < 0 ? Verdict::kLess : Verdict::kNoise;
  out.why = fmt::format("{} and {} {}", parts_a.size(), parts_b.size(), by_runs ? "runs" : "blocks");
  return out;
}

}  // namespace memgc::trace
