#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <random>
#include <set>

#include "histogram.h"
#include "summarizer.h"
#include "summary_report.h"

namespace memgc::trace {
namespace {

constexpr double kMiB = 1 << 20;

Cycle cycle(unsigned number, double begin, double live) {
  Cycle out;
  out.number = number;
  out.begin_seconds = begin;
  out.gc_percent = 10;
  out.opening_stop_ms = 0.25;
  out.concurrent_ms = 9.5;
  out.closing_stop_ms = 0.25;
  out.opening_cpu_ms = 0.5;
  out.assist_cpu_ms = 1;
  out.background_cpu_ms = 8;
  out.idle_cpu_ms = 100;
  out.closing_cpu_ms = 0.5;
  out.start_mib = 40;
  out.end_mib = 50;
  out.live_mib = live;
  out.goal_mib = 45;
  out.processors = 2;
  return out;
}

double value(const Figures& figures, const char* key) { return figures.at(key).value.value(); }

ReadStatus status(std::uint64_t cycles) {
  ReadStatus out;
  out.cycles = out.lines = cycles;
  return out;
}

TEST(TraceHistogram, QuantilesAreWithinTheStatedPrecision) {
  std::mt19937_64 random(7);
  Histogram histogram;
  std::vector<std::uint64_t> all;
  for (int i = 0; i < 20000; ++i) {
    all.push_back(random() >> (random() % 63));
    histogram.add(all.back());
  }
  std::sort(all.begin(), all.end());
  for (const double q : {0.0001, 0.1, 0.5, 0.9, 0.99, 0.999, 1.0}) {
    const auto exact = static_cast<double>(all[static_cast<std::size_t>(std::ceil(q * 20000)) - 1]);
    const auto got = static_cast<double>(histogram.quantile(q));
    EXPECT_GE(got, exact) << q;
    EXPECT_LE(got, exact * (1 + 1.0 / 256) + 1) << q;
  }
  EXPECT_EQ(histogram.max(), all.back());
  std::size_t seen = 0;
  histogram.each([&](std::uint64_t value, std::uint64_t count) {
    ASSERT_LE(seen + count, all.size());
    for (const std::uint64_t last = seen + count; seen < last; ++seen) {
      ASSERT_GE(value, all[seen]);
      ASSERT_LE(static_cast<double>(value), static_cast<double>(all[seen]) * (1 + 1.0 / 256) + 1);
    }
  });
  EXPECT_EQ(seen, all.size());
}

TEST(TraceSummary, FiguresOfCyclesThatCanBeCountedByHand) {
  Summarizer summarizer(55 * kMiB);
  summarizer.add(cycle(1, 0.99, 20));  // ends at 1 s
  summarizer.add(cycle(2, 1.99, 30));
  const Figures figures = summarizer.figures(status(2));
  EXPECT_EQ(value(figures, "cycles"), 2);
  EXPECT_EQ(value(figures, "stop_wall_count"), 4);
  EXPECT_DOUBLE_EQ(value(figures, "stop_wall_max"), 250e-6);
  EXPECT_DOUBLE_EQ(value(figures, "stop_wall_total"), 1e-3);
  EXPECT_DOUBLE_EQ(value(figures, "stop_cpu_max"), 500e-6);
  EXPECT_DOUBLE_EQ(value(figures, "duration"), 2);
  EXPECT_DOUBLE_EQ(value(figures, "gc_cpu_share"), 0.020 / 4);  // idle is not in it
  EXPECT_DOUBLE_EQ(value(figures, "gc_cpu_share_reported"), 0.1);
  EXPECT_DOUBLE_EQ(value(figures, "assist_share"), 0.1);
  EXPECT_DOUBLE_EQ(value(figures, "idle_cpu"), 0.2);
  EXPECT_DOUBLE_EQ(value(figures, "allocation_rate"), 80 * kMiB / 2);  // 50, then 50 - 20
  EXPECT_DOUBLE_EQ(value(figures, "live_peak"), 30 * kMiB);
  EXPECT_DOUBLE_EQ(value(figures, "heap_peak"), 50 * kMiB);
  EXPECT_EQ(value(figures, "goal_missed_cycles"), 2);
  EXPECT_DOUBLE_EQ(value(figures, "near_limit_share"), 1);
  EXPECT_FALSE(figures.at("stop_wall_p99").suffers);
}

TEST(TraceSummary, AcrossAGapNoRateIsTaken) {
  Summarizer summarizer;
  summarizer.add(cycle(1, 0.99, 20));
  Cycle later = cycle(5, 4.99, 20);
  later.lost_before = 3;
  summarizer.add(later);
  ReadStatus read = status(2);
  read.lost = 3;
  const Figures figures = summarizer.figures(read);
  EXPECT_DOUBLE_EQ(value(figures, "allocation_rate"), 50 * kMiB);
  EXPECT_TRUE(figures.at("allocation_rate").suffers);
  EXPECT_TRUE(figures.at("stop_wall_p99").suffers);
  EXPECT_FALSE(figures.at("lost_cycles").suffers);
  EXPECT_EQ(figures.remark(), "without 3 of 5 lines");
}

TEST(TraceSummary, ALineThatWasCutGivesWhatItHolds) {
  Summarizer summarizer;
  Cycle cut = cycle(1, 0.99, 20);
  cut.read_to = Part::kClock;
  summarizer.add_partial(cut);
  ReadStatus read = status(0);
  read.truncated = 1;
  const Figures figures = summarizer.figures(read);
  EXPECT_EQ(value(figures, "stop_wall_count"), 2);
  EXPECT_FALSE(figures.at("stop_cpu_count").value);
  EXPECT_FALSE(figures.at("heap_peak").value);
}

TEST(TraceSummary, MinorCyclesAreCountedApart) {
  Summarizer summarizer;
  summarizer.add(cycle(1, 0.99, 20));
  Cycle minor = cycle(2, 1.99, 49);
  minor.minor = true;
  summarizer.add(minor);
  const Figures figures = summarizer.figures(status(2));
  EXPECT_EQ(value(figures, "minor_cycles"), 1);
  EXPECT_EQ(value(figures, "minor_stop_wall_count"), 2);
  EXPECT_EQ(value(figures, "stop_wall_count"), 4);
  EXPECT_DOUBLE_EQ(value(figures, "live_peak"), 20 * kMiB);
}

TEST(TraceSummary, EveryFigureIsInJsonAndCsvAndCanBeNamed) {
  Summarizer summarizer;
  for (unsigned i = 1; i <= 100; ++i) summarizer.add(cycle(i, i, 20));
  const Figures figures = summarizer.figures(status(100));
  const auto json = nlohmann::json::parse(to_json(figures));
  std::set<std::string> keys;
  for (const FigureInfo& info : figure_infos()) {
    const std::string key = info.key + std::string(unit_suffix(info.unit));
    EXPECT_TRUE(keys.insert(key).second) << key;
    EXPECT_TRUE(json.contains(key)) << key;
    EXPECT_EQ(find_figure(key), &info);
    EXPECT_EQ(find_figure(info.key), &info);
    EXPECT_FALSE(info.meaning.empty()) << key;
    EXPECT_NE(to_csv(figures).find("\n" + key + ","), std::string::npos) << key;
  }
  EXPECT_EQ(json["stop_wall_max_seconds"].get<double>(), 0.00025);
  EXPECT_TRUE(json["near_limit_share_ratio"].is_null());
}

}  // namespace
}  // namespace memgc::trace
