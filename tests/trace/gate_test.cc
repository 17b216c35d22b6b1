#include "gate.h"

#include <gtest/gtest.h>

namespace memgc::trace {
namespace {

TEST(TraceGate, UnitsAreRead) {
  EXPECT_DOUBLE_EQ(parse_gate("p99>500us").value, 500e-6);
  EXPECT_DOUBLE_EQ(parse_gate(" stop_wall_p99.9 >= 2 ms ").value, 2e-3);
  EXPECT_DOUBLE_EQ(parse_gate("gc_cpu_share>5%").value, 0.05);
  EXPECT_DOUBLE_EQ(parse_gate("heap_peak>1.5GiB").value, 1.5 * (1 << 30));
  EXPECT_DOUBLE_EQ(parse_gate("stop_wall_p99_seconds>0.0005").value, 0.0005);
  EXPECT_DOUBLE_EQ(parse_gate("cycles<3").value, 3);
}

TEST(TraceGate, EveryOperatorMeansWhatItSays) {
  Figures figures;
  figures.set("cycles", 5);
  const std::pair<const char*, bool> cases[] = {{"cycles>4", true},   {"cycles>5", false},  {"cycles>=5", true},
                                                {"cycles<6", true},   {"cycles<5", false},  {"cycles<=5", true},
                                                {"cycles==5", true},  {"cycles!=5", false}, {"cycles!=4", true},
                                                {"cycles==4", false}, {"cycles>=6", false}, {"cycles<=4", false}};
  for (const auto& [text, expected] : cases) EXPECT_EQ(holds(parse_gate(text), figures), expected) << text;
}

TEST(TraceGate, WhatCannotBeReadIsRefused) {
  for (const char* const bad : {"", "p99", "p99>", "p99>500", "p99>500MiB", "p99=>5us", "p98>5us", ">5us", "cycles>5s",
                                "p99>-5us", "p99>nanus", "cycles>5 6"}) {
    EXPECT_THROW(parse_gate(bad), GateError) << bad;
  }
}

TEST(TraceGate, AFigureThatIsNotThereIsNoPass) { EXPECT_THROW(holds(parse_gate("p99>1us"), Figures()), GateError); }

}  // namespace
}  // namespace memgc::trace
