#include "line.h"

#include <gtest/gtest.h>

#include "json_line.h"

namespace memgc::trace {
namespace {

constexpr std::string_view kLine =
    "gc 7 @0.412s 2%: 0.031+4.2+0.018 ms clock, 0.062+0.41/3.9/1.2+0.036 ms cpu, 40->44->21 MB, 42 MB goal, 3 MB "
    "stacks, "
    "1 MB globals, 2 P";

TEST(TraceLine, EveryFieldIsRead) {
  Cycle cycle;
  EXPECT_EQ(parse_line(kLine, cycle).end, LineEnd::kWhole);
  EXPECT_EQ(cycle.number, 7u);
  EXPECT_EQ(cycle.begin_seconds, 0.412);
  EXPECT_EQ(cycle.gc_percent, 2);
  EXPECT_EQ(cycle.opening_stop_ms, 0.031);
  EXPECT_EQ(cycle.concurrent_ms, 4.2);
  EXPECT_EQ(cycle.closing_stop_ms, 0.018);
  EXPECT_EQ(cycle.opening_cpu_ms, 0.062);
  EXPECT_EQ(cycle.assist_cpu_ms, 0.41);
  EXPECT_EQ(cycle.background_cpu_ms, 3.9);
  EXPECT_EQ(cycle.idle_cpu_ms, 1.2);
  EXPECT_EQ(cycle.closing_cpu_ms, 0.036);
  EXPECT_EQ(cycle.start_mib, 40);
  EXPECT_EQ(cycle.end_mib, 44);
  EXPECT_EQ(cycle.live_mib, 21);
  EXPECT_EQ(cycle.goal_mib, 42);
  EXPECT_EQ(cycle.stacks_mib, 3);
  EXPECT_EQ(cycle.globals_mib, 1);
  EXPECT_EQ(cycle.processors, 2u);
  EXPECT_FALSE(cycle.forced || cycle.minor);
}

TEST(TraceLine, WhatComesAfterTheProcessorsMayBeAnything) {
  Cycle cycle;
  EXPECT_EQ(parse_line(std::string(kLine) + " (forced) (minor)", cycle).end, LineEnd::kWhole);
  EXPECT_TRUE(cycle.forced && cycle.minor);
  EXPECT_EQ(parse_line(std::string(kLine) + ", 12 pages (forced)", cycle).end, LineEnd::kWhole);
  EXPECT_TRUE(cycle.forced && !cycle.minor);
  EXPECT_EQ(parse_line(std::string(kLine) + "ages", cycle).end, LineEnd::kMalformed);
}

TEST(TraceLine, OlderLinesHaveNoStacksAndGlobals) {
  Cycle cycle;
  EXPECT_EQ(parse_line("gc 2 @0.020s 3%: 0.031+1.2+0.003 ms clock, 0.12+0.11/0.60/0.40+0.012 ms cpu, 4->5->1 MB, 6 MB "
                       "goal, 4 P (forced)",
                       cycle)
                .end,
            LineEnd::kWhole);
  EXPECT_FALSE(cycle.stacks_mib || cycle.globals_mib);
  EXPECT_EQ(cycle.goal_mib, 6);
  EXPECT_EQ(cycle.processors, 4u);
}

TEST(TraceLine, PhasesOfGo15BetweenTheStopsAreAddedUp) {
  Cycle cycle;
  EXPECT_EQ(
      parse_line("gc 1 @0.028s 1%: 0.5+1+2+3+0.25 ms clock, 0.5+1+2+4/8/16+0.75 ms cpu, 4->4->1 MB, 4 MB goal, 4 P",
                 cycle)
          .end,
      LineEnd::kWhole);
  EXPECT_EQ(cycle.opening_stop_ms, 0.5);
  EXPECT_EQ(cycle.concurrent_ms, 6);
  EXPECT_EQ(cycle.closing_stop_ms, 0.25);
  EXPECT_EQ(cycle.assist_cpu_ms, 4);
  EXPECT_EQ(cycle.background_cpu_ms, 11);
}

TEST(TraceLine, CutAnywhereItHoldsThePartsBeforeTheCut) {
  const std::pair<std::string_view, Part> ends[] = {{"%: ", Part::kHeader},    {" ms clock, ", Part::kClock},
                                                    {" ms cpu, ", Part::kCpu}, {"21 MB, ", Part::kHeap},
                                                    {" goal, ", Part::kGoal},  {" P", Part::kWhole}};
  for (std::size_t length = 0; length <= kLine.size(); ++length) {
    Part expected = Part::kNothing;
    for (const auto& [text, part] : ends) {
      if (length >= kLine.find(text) + text.size()) expected = part;
    }
    Cycle cycle;
    const LineResult result = parse_line(kLine.substr(0, length), cycle);
    EXPECT_EQ(cycle.read_to, expected) << kLine.substr(0, length);
    EXPECT_EQ(result.end, expected == Part::kWhole ? LineEnd::kWhole : LineEnd::kTruncated) << kLine.substr(0, length);
  }
}

TEST(TraceLine, NumbersThatAreNoneAreMalformed) {
  for (const std::string_view bad :
       {"gc 7 @-1s 2%: ", "gc 7 @1.s 2%: ", "gc 7 @1e9s 2%: ", "gc 7 @1234567890123456s 2%: ",
        "gc 12345678901234567890 @1s 2%: ", "gc 7 @1s NaN%: ", "gc 7 @1s  2%: "}) {
    Cycle cycle;
    EXPECT_EQ(parse_line(bad, cycle).end, LineEnd::kMalformed) << bad;
    EXPECT_EQ(cycle.read_to, Part::kNothing) << bad;
  }
}

TEST(TraceLine, StartsAreFoundInsideOtherOutput) {
  EXPECT_EQ(find_line_start("gc 7 @0.4", 0), 0u);
  EXPECT_EQ(find_line_start("a@b.c @ gc 7 @0.4", 0), 8u);
  EXPECT_EQ(find_line_start("gc 7 @gc 8 @", 1), 6u);
  for (const std::string_view none : {"", "@", " @", "gc @1", "gc x @1", "c 7 @1", "gc 7@1"}) {
    EXPECT_EQ(find_line_start(none, 0), std::string_view::npos) << none;
  }
}

TEST(TraceJsonLine, SecondsAndBytesBecomeTheLinesUnits) {
  const std::string line =
      R"({"schema":1,"event":"gc_cycle","sequence":3,"heap":2,"cycle":9,"kind":"minor","cause":"forced","begin_seconds":1.5,)"
      R"("gc_cpu_ratio":0.25,"new_key":"new","opening_stop_seconds":0.000031,"concurrent_seconds":0.004,)"
      R"("closing_stop_seconds":0.000018,"opening_cpu_seconds":0.5,"assist_cpu_seconds":0.25,"background_cpu_seconds":1,)"
      R"("idle_cpu_seconds":2,"closing_cpu_seconds":3,"heap_start_bytes":1048576,"heap_end_bytes":2097152,)"
      R"("heap_live_bytes":524288,"heap_goal_bytes":null,"stacks_bytes":0,"globals_bytes":1048576,"processors":2})";
  ASSERT_EQ(find_json_start("noise " + line, 0), 6u);
  Cycle cycle;
  ASSERT_EQ(parse_json_line(line, cycle).end, LineEnd::kWhole);
  EXPECT_EQ(cycle.heap, 2u);
  EXPECT_EQ(cycle.number, 9u);
  EXPECT_TRUE(cycle.minor && cycle.forced);
  EXPECT_EQ(cycle.gc_percent, 25);
  EXPECT_DOUBLE_EQ(cycle.opening_stop_ms, 0.031);
  EXPECT_EQ(cycle.closing_cpu_ms, 3000);
  EXPECT_EQ(cycle.end_mib, 2);
  EXPECT_EQ(cycle.live_mib, 0.5);
  EXPECT_EQ(cycle.globals_mib, 1);
  EXPECT_EQ(cycle.processors, 2u);
  for (std::size_t length = 1; length < line.size(); ++length) {
    ASSERT_NE(parse_json_line(line.substr(0, length), cycle).end, LineEnd::kWhole) << length;
    ASSERT_LT(cycle.read_to, Part::kWhole) << length;
  }
  EXPECT_EQ(parse_json_line(R"({"schema":1,"event":"gc_cycle","cycle":"x"})", cycle).end, LineEnd::kMalformed);
}

}  // namespace
}  // namespace memgc::trace
