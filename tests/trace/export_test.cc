#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>
#include <sstream>
#include <string>
#include <vector>

#include "csv.h"
#include "exporter.h"
#include "reader.h"

namespace memgc::trace {
namespace {

using Json = nlohmann::json;
using testing::HasSubstr;
using testing::Not;

// A stop of `opening` and one of 0.018 ms; begins at `seconds`.
std::string line(unsigned number, double seconds, const char* opening = "0.031", const char* goal = "42") {
  return fmt::format(
      "gc {} @{:.3f}s 2%: {}+4.2+0.018 ms clock, 0.062+0.41/3.9/1.2+0.036 ms cpu, 40->44->21 MB, {} MB goal, 2 P\n",
      number, seconds, opening, goal);
}

std::string exported(std::string_view text, std::unique_ptr<Exporter> (*make)(Sink)) {
  std::string out;
  const auto exporter = make([&](std::string_view part) { out += part; });
  const auto add = [&](const Cycle& cycle) { exporter->add(cycle); };
  Reader reader({add, add, {}});
  exporter->begin();
  reader.feed(text);
  reader.finish();
  exporter->end(reader.status());
  return out;
}

std::string load(const char* name) {
  std::ifstream in(std::string(MEMGC_TRACE_DATA) + name, std::ios::binary);
  std::ostringstream text;
  text << in.rdbuf();
  return text.str();
}

std::vector<std::string> cells(const std::string& row) {
  std::vector<std::string> out(1);
  for (const char c : row) {
    if (c == ',') {
      out.emplace_back();
    } else if (c != '\n') {
      out.back() += c;
    }
  }
  return out;
}

std::map<std::string, std::string> row_of(const std::string& csv, unsigned row) {
  std::istringstream in(csv);
  std::string header, text;
  std::getline(in, header);
  for (unsigned i = 0; i < row; ++i) std::getline(in, text);
  const std::vector<std::string> names = cells(header), values = cells(text);
  EXPECT_EQ(names.size(), values.size()) << text;
  std::map<std::string, std::string> out;
  for (std::size_t i = 0; i < names.size(); ++i) out[names[i]] = values[i];
  return out;
}

TEST(TraceCsv, ARowHasAllThatTheLineHasInSecondsAndBytes) {
  auto row = row_of(exported(line(1, 0.5) + line(4, 1.25), make_csv), 2);
  EXPECT_EQ(row["cycle"], "4");
  EXPECT_EQ(row["lost_before"], "2");
  EXPECT_EQ(row["begin_seconds"], "1.25");
  EXPECT_EQ(row["gc_cpu_ratio"], "0.02");
  EXPECT_EQ(row["opening_stop_seconds"], "3.1e-05");
  EXPECT_EQ(row["assist_cpu_seconds"], "0.00041");
  EXPECT_EQ(row["heap_start_bytes"], std::to_string(40 << 20));
  EXPECT_EQ(row["stacks_bytes"], "");
  EXPECT_EQ(row["kind"], "full");
}

TEST(TraceCsv, NanosecondsAndBytesOfJsonLinesAreKept) {
  auto row = row_of(exported(load("memgc_json.txt"), make_csv), 1);
  EXPECT_EQ(row["begin_seconds"], "0.022284468");
  EXPECT_EQ(row["background_cpu_seconds"], "0.000193947");
  EXPECT_EQ(row["heap_start_bytes"], "2162312");
}

TEST(TraceCsv, WhatACutLineDoesNotSayIsEmpty) {
  std::string cut = line(1, 0.5);
  cut.resize(cut.find("0.41/"));
  auto row = row_of(exported(cut, make_csv), 1);
  EXPECT_EQ(row["whole"], "0");
  EXPECT_EQ(row["concurrent_seconds"], "0.0042");
  EXPECT_EQ(row["assist_cpu_seconds"], "");
  EXPECT_EQ(row["kind"], "");
}

TEST(TraceCsv, AGoalWithoutEndIsInfinite) {
  EXPECT_EQ(row_of(exported(line(1, 0, "0.1", "17592186044415"), make_csv), 1)["heap_goal_bytes"], "inf");
}

// What the trace-event format demands of any file.
void check_events(const std::string& text) {
  const Json trace = Json::parse(text);
  std::map<std::pair<int, int>, std::vector<std::pair<double, double>>> open;  // slices begun, by thread: begin, end
  std::map<int, bool> named;
  for (const Json& event : trace.at("traceEvents")) {
    const std::string phase = event.at("ph");
    const int pid = event.at("pid"), tid = event.at("tid");
    ASSERT_TRUE(event.at("name").is_string());
    if (phase == "M") {
      named[pid] = true;
      continue;
    }
    EXPECT_TRUE(named[pid]) << event;
    const double begin = event.at("ts");
    ASSERT_GE(begin, 0) << event;
    if (phase == "C") {
      ASSERT_FALSE(event.at("args").empty());
      for (const Json& value : event.at("args")) ASSERT_TRUE(value.is_number()) << event;
    }
    if (phase != "X") continue;
    const double end = begin + event.at("dur").get<double>();
    auto& stack = open[{pid, tid}];
    while (!stack.empty() && stack.back().second <= begin + 1e-6) stack.pop_back();
    if (!stack.empty()) {
      EXPECT_GE(begin, stack.back().first - 1e-6) << "does not nest: " << event;
      EXPECT_LE(end, stack.back().second + 2e-3) << "does not nest: " << event;
    }
    stack.emplace_back(begin, end);
  }
}

TEST(TracePerfetto, RealTracesFollowTheRulesOfTheFormat) {
  for (const char* const name : {"go1.26_workers.txt", "go1.26_leak.txt", "go1.17.txt", "go1.5.txt", "memgc_scheme.txt",
                                 "memgc_scheme_minor.txt", "memgc_json.txt"}) {
    SCOPED_TRACE(name);
    check_events(exported(load(name), make_perfetto));
  }
  check_events(exported("", make_perfetto));
}

TEST(TracePerfetto, CyclesWhoseRoundedTimesOverlapAreMovedApart) {
  const std::string out = exported(line(1, 0.010) + line(2, 0.014), make_perfetto);  // the first lasts 4.249 ms
  check_events(out);
  std::vector<double> begins;
  const Json trace = Json::parse(out);
  for (const Json& event : trace["traceEvents"]) {
    if (event["name"] == "cycle") begins.push_back(event["ts"]);
  }
  EXPECT_THAT(begins, testing::ElementsAre(10000, 14249));
}

TEST(TracePerfetto, EachRunIsAProcessAndLostCyclesAreMarked) {
  const Json trace = Json::parse(exported(line(1, 5) + line(4, 6) + line(1, 0.1), make_perfetto));
  std::vector<std::string> names, marks;
  for (const Json& event : trace["traceEvents"]) {
    if (event["name"] == "process_name") names.push_back(event["args"]["name"]);
    if (event["ph"] == "i") marks.push_back(event["name"]);
  }
  EXPECT_THAT(names, testing::ElementsAre("run 0", "run 1"));
  EXPECT_THAT(marks, testing::ElementsAre("2 lost"));
  EXPECT_EQ(trace["otherData"]["lost"], 2);
}

TEST(TracePerfetto, ACycleCarriesItsPhasesAndCounters) {
  std::map<std::string, Json> events;
  const Json trace = Json::parse(exported(line(1, 0.010), make_perfetto));
  for (const Json& event : trace["traceEvents"]) {
    events[event["name"]] = event;
  }
  EXPECT_EQ(events["cycle"]["dur"], 4249);
  EXPECT_EQ(events["opening stop"]["dur"], 31);
  EXPECT_EQ(events["concurrent"]["ts"], 10031);
  EXPECT_EQ(events["closing stop"]["ts"], 14231);
  EXPECT_EQ(events["heap before"]["args"]["MiB"], 40);
  EXPECT_EQ(events["heap after"]["args"]["MiB"], 44);
  EXPECT_EQ(events["heap goal"]["args"]["MiB"], 42);
  // Paid: 0.062 + 0.41 + 3.9 + 0.036 ms, of two processors from 0 to 14.249 ms.
  EXPECT_NEAR(events["GC CPU"]["args"]["%"], 100 * 4.408 / (2 * 14.249), 1e-9);
}

TEST(TracePrometheus, BucketsAreCumulativeAndABoundIsInItsBucket) {
  const std::string out = exported(line(1, 1, "0.001") + line(2, 2, "0.02") + line(3, 3, "6000"), make_prometheus);
  EXPECT_THAT(out, HasSubstr("_bucket{le=\"1e-06\"} 1\n"));
  EXPECT_THAT(out, HasSubstr("_bucket{le=\"1e-05\"} 1\n"));
  EXPECT_THAT(out, HasSubstr("_bucket{le=\"2e-05\"} 5\n"));  // with the three of 18 us
  EXPECT_THAT(out, HasSubstr("_bucket{le=\"5\"} 5\n"));
  EXPECT_THAT(out, HasSubstr("_bucket{le=\"+Inf\"} 6\n"));
  EXPECT_THAT(out, HasSubstr("gctrace_stop_seconds_count 6\n"));
}

TEST(TracePrometheus, WhatIsMissingIsCountedAndNothingIsMadeUp) {
  const std::string out = exported(line(3, 1) + line(9, 2, "0.1", "17592186044415") + "gc 10 @oops\n", make_prometheus);
  EXPECT_THAT(out, HasSubstr("gctrace_lost_cycles_total 5\n"));
  EXPECT_THAT(out, HasSubstr("gctrace_malformed_lines_total 1\n"));
  EXPECT_THAT(out, HasSubstr("gctrace_heap_goal_bytes +Inf\n"));
  EXPECT_THAT(out, Not(HasSubstr("gctrace_allocated_bytes_total")));  // no two cycles beside each other
}

}  // namespace
}  // namespace memgc::trace
