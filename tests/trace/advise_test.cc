// memgc-trace advise: real programs run with what it advises, and what it predicted holds within 15 %; what a trace
// cannot tell is refused, or said.
#include <cmath>
#include <iostream>

#include "advice.h"
#include "traced_program.h"

namespace memgc::trace {
namespace {

constexpr double kMiB = 1 << 20;
constexpr double kHolds = 0.15;

using Habit = void (*)(TracedProgram&);

// Beside the 15 %, the last cycle may fall to either side of the program's end.
void expect_held(const Prediction& predicted, const Program& actual) {
  const double cycles = static_cast<double>(actual.count(&Recording::cycles));
  const double marked = actual.sum(&Recording::marked), peak = actual.most(&Recording::peak);
  std::cout << "cycles " << predicted.cycles << " / " << cycles << ", marked MiB " << predicted.marked_mib << " / "
            << marked << ", peak MiB " << predicted.peak_mib << " / " << peak << "\n";
  EXPECT_NEAR(predicted.cycles, cycles, std::max(kHolds * cycles, 1.0));
  const double last = predicted.cycles != cycles ? actual.most(&Recording::most_live) : 0;
  EXPECT_NEAR(predicted.marked_mib, marked, kHolds * marked + last);
  EXPECT_NEAR(predicted.peak_mib, peak, kHolds * peak);
}

class Advise : public ::testing::TestWithParam<Habit> {};

TEST_P(Advise, WhatIsPredictedOfASettingHolds) {
  for (const bool json : {true, false}) {
    const Traced traced = trace_of(GetParam(), {100, SIZE_MAX}, json);
    ASSERT_EQ(refusal(traced.program), "");
    for (const int percent : json ? std::vector{50, 100, 200} : std::vector{50}) {
      const PacerSetting setting{percent, SIZE_MAX};
      SCOPED_TRACE(percent);
      expect_held(traced.program.under(setting), trace_of(GetParam(), setting, json).program);
    }
  }
}

TEST_P(Advise, WhatIsPredictedUnderALimitHolds) {
  const Traced traced = trace_of(GetParam(), {100, SIZE_MAX}, true);
  const double live = traced.program.most(&Recording::most_live);
  const PacerSetting setting{400, static_cast<std::size_t>(live * 1.7 * kMiB)};
  const Prediction predicted = traced.program.under(setting);
  EXPECT_GT(predicted.by_limit, 0);
  const Program actual = trace_of(GetParam(), setting, true).program;
  expect_held(predicted, actual);
  EXPECT_LE(actual.most(&Recording::peak) * kMiB, static_cast<double>(setting.memory_limit));
}

TEST_P(Advise, TheProgramRunWithTheAdviceDoesWhatItSays) {
  const Traced traced = trace_of(GetParam(), {100, SIZE_MAX}, true);
  Wishes wishes;
  wishes.max_mib = 1.4 * traced.program.most(&Recording::peak);
  wishes.limit_mib = 2.2 * traced.program.most(&Recording::most_live);
  // A quarter more than it took when it was traced, of a processor that does nothing but mark.
  wishes.max_cpu_percent = 125 * traced.program.sum(&Recording::mark) / traced.program.processor_ms();
  const AdviceReport report = advise(traced.program, traced.status, wishes);
  ASSERT_EQ(report.advice.size(), 3U);
  EXPECT_LE(report.advice[0].setting->growth_percent, 100);
  EXPECT_GE(report.advice[1].setting->growth_percent, 100);
  EXPECT_LE(report.advice[1].predicted.peak_mib, *wishes.max_mib);
  for (const Advice& advice : report.advice) {
    SCOPED_TRACE(advice.goal);
    ASSERT_TRUE(advice.setting);
    EXPECT_FALSE(advice.reason.empty());
    expect_held(advice.predicted, trace_of(GetParam(), *advice.setting, true).program);
  }
}

std::string name_of(const ::testing::TestParamInfo<Habit>& info) {
  constexpr const char* kNames[] = {"FullCache", "Leak", "Requests", "TwoPhases"};
  return kNames[info.index];
}
INSTANTIATE_TEST_SUITE_P(Habits, Advise, ::testing::Values(full_cache, leak, requests, two_phases), name_of);

// A steady program's trace, made up: 20 MiB alive, traced at 100 percent.
Cycle steady(std::uint64_t number) {
  Cycle cycle;
  cycle.number = number;
  cycle.begin_seconds = static_cast<double>(number);
  cycle.concurrent_ms = 20;
  cycle.background_cpu_ms = 10;
  cycle.start_mib = 40;
  cycle.end_mib = 40;
  cycle.live_mib = 20;
  cycle.goal_mib = 40;
  cycle.processors = 2;
  return cycle;
}

Program made_of(
    std::uint64_t cycles, void (*change)(Cycle&) = [](Cycle&) {}) {
  Program out;
  for (std::uint64_t i = 1; i <= cycles; ++i) {
    Cycle cycle = steady(i);
    change(cycle);
    out.add(cycle);
  }
  return out;
}

std::string all_doubts(const Program& program, const Wishes& wishes = {}) {
  const AdviceReport report = advise(program, {}, wishes);
  std::string out;
  for (const std::string& doubt : report.doubts) out += doubt + "\n";
  for (const Advice& advice : report.advice) {
    for (const std::string& doubt : advice.doubts) out += advice.goal + ": " + doubt + "\n";
  }
  return out;
}

TEST(AdviseRefuses, WhatATraceCannotTell) {
  EXPECT_NE(refusal(Program()).find("no trace line"), std::string::npos);
  EXPECT_NE(refusal(made_of(9)).find("allocation asked for 9 cycle(s)"), std::string::npos);
  EXPECT_EQ(refusal(made_of(10)), "");
  EXPECT_NE(refusal(made_of(30, [](Cycle& it) { it.forced = true; })).find("asked for by the program"),
            std::string::npos);
  EXPECT_NE(refusal(made_of(30, [](Cycle& it) { it.forced = it.number > 9; })).find("asked for 9"), std::string::npos);
  EXPECT_NE(refusal(made_of(30, [](Cycle& it) { it.minor = it.number == 7; })).find("minor"), std::string::npos);
  EXPECT_NE(refusal(made_of(30, [](Cycle& it) { it.lost_before = 2; })).find("60 of 90"), std::string::npos);
  EXPECT_NE(refusal(made_of(30, [](Cycle& it) { it.start_mib = it.end_mib = it.live_mib = 1; })).find("4 MiB"),
            std::string::npos);
}

TEST(AdviseDoubts, WhatIsMissingAndWhatIsFarOff) {
  EXPECT_EQ(all_doubts(made_of(100)).find("missing"), std::string::npos);
  EXPECT_NE(all_doubts(made_of(100, [](Cycle& it) { it.lost_before = it.number == 50 ? 3 : 0; })).find("3 of 103"),
            std::string::npos);
  Wishes wishes;
  wishes.at = {{150, SIZE_MAX}};
  EXPECT_EQ(all_doubts(made_of(100), wishes).find("--at asks: far from"), std::string::npos);
  wishes.at = {{400, SIZE_MAX}};
  EXPECT_NE(all_doubts(made_of(100), wishes).find("--at asks: far from"), std::string::npos);
  // What is alive swings with every cycle, and replay meets the swing elsewhere.
  const Program odd = made_of(100, [](Cycle& it) { it.start_mib = it.end_mib = it.number % 2 != 0 ? 25 : 60; });
  EXPECT_NE(all_doubts(odd).find("predictions will be off"), std::string::npos);
}

TEST(AdviseLimit, BelowTheLiveHeapNoSettingHelps) {
  Wishes wishes;
  wishes.limit_mib = 22;
  const AdviceReport report = advise(made_of(100), {}, wishes);
  ASSERT_EQ(report.advice.size(), 3U);
  EXPECT_FALSE(report.advice[2].setting);
  EXPECT_NE(report.advice[2].reason.find("leaves no room"), std::string::npos);
}

TEST(AdviseReplay, LostCyclesAreTakenToHaveBeenLikeTheOthers) {
  const Program whole = made_of(100);
  Program holed;
  for (std::uint64_t i = 1; i <= 100; ++i) {
    Cycle cycle = steady(i);
    if (i >= 40 && i < 50) continue;
    cycle.lost_before = i == 50 ? 10 : 0;
    holed.add(cycle);
  }
  EXPECT_NEAR(holed.under({100, SIZE_MAX}).cycles, whole.under({100, SIZE_MAX}).cycles, 1);
  EXPECT_NEAR(holed.sum(&Recording::mark), whole.sum(&Recording::mark), 1e-6);
}

TEST(AdviseReplay, ForcedCyclesComeWhateverTheSetting) {
  const Program program = made_of(400, [](Cycle& it) { it.forced = it.number % 4 == 0; });
  EXPECT_GE(program.under({1000, SIZE_MAX}).cycles, 100);
  EXPECT_LE(program.under({1000, SIZE_MAX}).cycles, 140);
}

TEST(AdviseReplay, WithoutCyclesTheHeapGrowsByAllThatIsAllocated) {
  const Program program = made_of(100);
  const Prediction off = program.under({-1, SIZE_MAX});
  EXPECT_EQ(off.cycles, 0);
  EXPECT_NEAR(off.peak_mib, program.sum(&Recording::allocated), 1);
}

TEST(AdviseReplay, EndsWhateverTheFigures) {
  for (const double figure : {0.0, 1e-300, 1e15, 1e300}) {
    Program program;
    for (std::uint64_t i = 1; i <= 50; ++i) {
      Cycle cycle = steady(i);
      (i % 3 == 0 ? cycle.goal_mib : i % 3 == 1 ? cycle.live_mib : cycle.end_mib) = figure;
      if (i % 2 == 0) cycle.idle_cpu_ms = cycle.concurrent_ms = figure;
      program.add(cycle);
    }
    refusal(program);
    advise(program, {}, {});
  }
}

// 10,000 cycles are more than a recording keeps apart.
TEST(AdviseReplay, ALongTraceIsRememberedByItsMeans) {
  const Program program = made_of(10'000);
  EXPECT_LE(program.runs().at(0).points().size(), Recording::kMost);
  const Prediction again = program.under({100, SIZE_MAX});
  EXPECT_NEAR(again.cycles, 10'000, 1500);
  EXPECT_NEAR(again.peak_mib, 40, 6);
}

}  // namespace
}  // namespace memgc::trace
