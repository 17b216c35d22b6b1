// Job: the line that --stats prints: its keys, its figures, and that a process's own cost is read from the kernel.
#include "tools/common/stats_line.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <map>
#include <sstream>
#include <vector>

namespace memgc_tools {
namespace {

// As a script takes it apart: at blanks, then at '='.
std::map<std::string, std::string> parsed(const std::string& line) {
  std::map<std::string, std::string> out;
  std::istringstream words(line);
  for (std::string word; words >> word;) {
    const auto equals = word.find('=');
    out[word.substr(0, equals)] = equals == std::string::npos ? "" : word.substr(equals + 1);
  }
  return out;
}

TEST(StatsLine, SaysWhatItWasGiven) {
  memgc::Stats stats;
  stats.cycles = 12;
  stats.forced_cycles = 2;
  stats.gc_cpu_seconds = 0.25;
  stats.allocated_bytes = 3 << 20;
  stats.heap_bytes = 2 << 20;
  stats.managed_bytes = 5 << 19;
  const std::string line = stats_line(stats, {2.0, 100 << 20}, "memgc-thing");
  EXPECT_EQ(
      line,
      "stats program=memgc-thing cycles=12 forced_cycles=2 stops=0 stop_p50_us=0.0 stop_p99_us=0.0 stop_p999_us=0.0 "
      "stop_max_us=0.0 gc_cpu_pct=12.5 gc_cpu_s=0.250 cpu_s=2.000 allocated_mib=3.0 heap_mib=2.0 managed_mib=2.5 "
      "peak_rss_mib=100.0");
}

TEST(StatsLine, QuantilesStayBelowTheMaximum) {
  memgc::Stats stats;
  for (int i = 0; i < 99; ++i) stats.stops.add(10'000);
  stats.stops.add(1'000'001);
  const auto values = parsed(stats_line(stats, {}, "p"));
  EXPECT_EQ(values.at("stops"), "100");
  EXPECT_NEAR(std::stod(values.at("stop_p50_us")), 10.0, 10.0 / 16);
  EXPECT_EQ(values.at("stop_max_us"), "1000.0");
  EXPECT_LE(std::stod(values.at("stop_p999_us")), std::stod(values.at("stop_max_us")));
}

TEST(StatsLine, ShareIsAPercentageWhateverTheClocksSay) {
  memgc::Stats stats;
  stats.gc_cpu_seconds = 3;
  EXPECT_EQ(parsed(stats_line(stats, {2, 0}, "p")).at("gc_cpu_pct"), "100.0");
  EXPECT_EQ(parsed(stats_line(stats, {0, 0}, "p")).at("gc_cpu_pct"), "0.0");
}

TEST(ProcessCost, GrowsWithWhatTheProcessUses) {
  const ProcessCost before = process_cost();
  constexpr std::size_t kBytes = 64 << 20;
  std::vector<char> touched(kBytes, 1);
  volatile char* data = touched.data();
  for (int round = 0; round < 5; ++round) {
    for (std::size_t i = 0; i < kBytes; i += 64) data[i] = static_cast<char>(data[i] + 1);
  }
  const ProcessCost after = process_cost();
  EXPECT_GT(before.peak_rss_bytes, 0U);
  EXPECT_GE(after.peak_rss_bytes, kBytes);
  EXPECT_GT(after.cpu_seconds, before.cpu_seconds);
}

TEST(StatsLine, IsPrintedAsOneLine) {
  memgc::Heap heap((memgc::Options()));
  heap.collect();
  std::FILE* out = std::tmpfile();
  ASSERT_NE(out, nullptr);
  print_stats_line(out, heap, "memgc-test");
  std::rewind(out);
  char text[2000] = {};
  const std::string line(text, std::fread(text, 1, sizeof text, out));
  std::fclose(out);
  EXPECT_EQ(std::count(line.begin(), line.end(), '\n'), 1);
  EXPECT_TRUE(line.ends_with('\n'));
  EXPECT_THAT(line, testing::StartsWith("stats program=memgc-test cycles=1 forced_cycles=1 "));
}

}  // namespace
}  // namespace memgc_tools
