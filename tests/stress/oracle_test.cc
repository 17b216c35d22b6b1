// Job: runs the oracle with 1 to 16 threads, with conservative and precise stacks, and with each debugging aid on.
//
// MEMGC_TEST_SEED replays a seed (it is printed); MEMGC_TEST_SCALE multiplies the edits, for long runs.
// With one thread the edits are the same in each run of a seed; with more, each thread's choices are.
#include "tests/stress/oracle.h"

#include <fmt/core.h>
#include <gtest/gtest.h>
#include <memgc/memgc.h>

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <ostream>
#include <string>
#include <vector>

#include "tests/runtime/support.h"

namespace memgc::testing {
namespace {

struct Case {
  friend std::ostream& operator<<(std::ostream& out, const Case& given) { return out << given.name; }

  std::string name;
  unsigned threads;
  bool precise;
  int growth_percent;
  const char* memdebug;
  std::uint64_t steps;
};

std::uint64_t number_from(const char* variable, std::uint64_t otherwise) {
  const char* text = std::getenv(variable);
  return text == nullptr ? otherwise : std::strtoull(text, nullptr, 10);
}

class OracleTest : public ::testing::TestWithParam<Case> {};

TEST_P(OracleTest, HeapAndModelAgreeAfterEveryCycle) {
  const Case& given = GetParam();
  OracleConfig config;
  config.threads = given.threads;
  config.seed = number_from("MEMGC_TEST_SEED", 20'240'615);
  config.steps = scaled(given.steps) * number_from("MEMGC_TEST_SCALE", 1);
  config.steps_per_checkpoint = std::min<std::uint64_t>(config.steps_per_checkpoint, config.steps / 10);
  config.options = Options::parse("", "", given.memdebug, config.options);
  config.options.growth_percent = given.growth_percent;
  config.options.precise_stacks = given.precise;
  fmt::print("seed {}\n", config.seed);
  const OracleReport report = run_oracle(config);
  fmt::print("{} edits, {} objects, {} cycles, {} checkpoints, {} objects compared\n", report.edits, report.objects,
             report.cycles, report.checkpoints, report.compared);
  EXPECT_GE(report.edits, config.steps);
  EXPECT_GE(report.checkpoints, 3u);
  EXPECT_GE(report.cycles, report.checkpoints);
  EXPECT_GT(report.compared, config.steps / 10);
}

const std::vector<Case>& cases() {
  static const std::vector<Case> all{
      {"OneThreadPrecise", 1, true, 20, "", 400'000},
      {"OneThreadConservative", 1, false, 20, "", 400'000},
      {"TwoThreadsPrecise", 2, true, 20, "", 200'000},
      {"TwoThreadsConservative", 2, false, 20, "", 200'000},
      {"FourThreadsPrecise", 4, true, 50, "", 100'000},
      {"EightThreadsPrecise", 8, true, 20, "", 60'000},
      {"EightThreadsConservative", 8, false, 20, "", 60'000},
      {"SixteenThreadsConservative", 16, false, 20, "", 20'000},
      {"Stress", 3, true, 100, "gcstress=20", 60'000},
      {"StressEverySlowPath", 2, true, 100, "gcstress=1", 10'000},
      {"Checkmark", 3, true, 20, "gccheckmark=1", 100'000},
      {"CheckmarkConservative", 3, false, 20, "gccheckmark=1", 100'000},
      {"Clobberfree", 3, true, 20, "clobberfree=1", 100'000},
      {"StopTheWorld", 3, true, 20, "gcstoptheworld=1", 100'000},
      {"EverythingAtOnce", 4, true, 20, "gcstress=50,gccheckmark=1,clobberfree=1", 40'000},
      {"GrowthZero", 2, true, 0, "", 60'000},
      {"MinorOneThread", 1, true, 20, "generational=1", 200'000},
      {"MinorConservative", 2, false, 100, "generational=1,gccheckmark=1", 60'000},
      {"MinorEightThreads", 8, true, 50, "generational=1", 40'000},
      {"MinorStress", 3, true, 100, "generational=1,gcstress=10,clobberfree=1", 40'000},
      {"MinorEverythingAtOnce", 4, true, 20, "generational=1,gcstress=50,gccheckmark=1,clobberfree=1", 30'000},
      {"MinorStopTheWorld", 3, true, 20, "generational=1,gcstoptheworld=1,gccheckmark=1", 60'000},
      {"Automatic", 3, true, 50, "generational=auto", 60'000},
  };
  return all;
}

INSTANTIATE_TEST_SUITE_P(Oracle, OracleTest, ::testing::ValuesIn(cases()),
                         [](const auto& instance) { return instance.param.name; });

}  // namespace
}  // namespace memgc::testing
