// What the runner promises: its arithmetic, its order, what it makes of programs that fail, hang or talk nonsense.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <set>

#include "runner/plan.h"
#include "runner/process.h"
#include "runner/report.h"
#include "runner/results.h"
#include "runner/statistics.h"
#include "runner/suite.h"

namespace memgc_bench {
namespace {

using testing::DoubleNear;
using testing::HasSubstr;

Command shell(const std::string& script) { return {"/bin/sh", {"-c", script}, {}}; }

RunResult run_of(const char* configuration, std::size_t repetition, double cpu, double mb) {
  return {"w", configuration, repetition, "", {{"wall_s", 2 * cpu}, {"cpu_s", cpu}, {"peak_mb", mb}}};
}

TEST(Statistics, MedianIsTheMiddleOrTheMeanOfTheMiddleTwo) {
  EXPECT_EQ(median({3, 1, 2}), 2);
  EXPECT_EQ(median({4, 1, 2, 3}), 2.5);
  EXPECT_TRUE(std::isnan(median({})));
}

TEST(Statistics, SpreadIsRelativeToTheMedian) {
  EXPECT_DOUBLE_EQ(spread({1.0, 2.0, 2.5}), 0.75);
  EXPECT_TRUE(std::isnan(spread({1.0})));
}

TEST(Statistics, GeometricMeanOfInverseRatiosIsOne) { EXPECT_THAT(geometric_mean({2, 0.5}), DoubleNear(1, 1e-12)); }

TEST(Plan, EveryRepetitionRunsEachConfigurationOnce) {
  for (std::size_t repetition = 0; repetition < 12; ++repetition) {
    const auto order = order_of(5, repetition);
    EXPECT_EQ(std::set<std::size_t>(order.begin(), order.end()).size(), 5u) << repetition;
  }
}

TEST(Plan, EachConfigurationComesFirstInSomeRepetition) {
  std::set<std::size_t> first;
  for (std::size_t repetition = 0; repetition < 10; ++repetition) first.insert(order_of(5, repetition).front());
  EXPECT_EQ(first.size(), 5u);
}

TEST(Plan, MemgcAndGoRunOncePerPercent) {
  using Environment = std::vector<std::pair<std::string, std::string>>;
  std::map<std::string, Environment> environments;
  for (const Configuration& c : all_configurations({"75", "off"})) environments[c.name] = c.environment;
  EXPECT_EQ(environments.at("memgc 75"), (Environment{{"MEMGC", "75"}}));
  EXPECT_EQ(environments.at("memgc-scheme off"), (Environment{{"MEMGC", "off"}}));
  EXPECT_EQ(environments.at("go 75"), (Environment{{"GOGC", "75"}}));
  EXPECT_EQ(environments.at("go off"), (Environment{{"GOGC", "off"}}));
  EXPECT_EQ(environments.at(kBaseline), Environment{});
}

TEST(Plan, RepeatsAsOftenAsTheTimeMeantForItHolds) {
  using std::chrono::seconds;
  const Effort effort{2, 9, seconds(100)};
  EXPECT_EQ(repetitions_of(effort, 0, seconds(0)), 9u);   // nothing is known yet
  EXPECT_EQ(repetitions_of(effort, 1, seconds(25)), 4u);  // exactly four fit
  EXPECT_EQ(repetitions_of(effort, 1, seconds(26)), 3u);
  EXPECT_EQ(repetitions_of(effort, 1, seconds(1)), 9u);
  EXPECT_EQ(repetitions_of(effort, 1, seconds(500)), 2u);  // the least
  EXPECT_EQ(repetitions_of(effort, 3, seconds(200)), 3u);  // the machine has become slower: what is done is done
}

TEST(Plan, LatencyWorkloadsAreKnownByTheirName) {
  EXPECT_TRUE(is_latency_workload("lru_cache_latency/live:5"));
  EXPECT_FALSE(is_latency_workload("lru_cache/x_latency:5"));
}

TEST(Process, MeanResidentMemoryIsOfWhatItHolds) {
  // 40 MB in one variable for half a second, far more than the shell itself has.
  const Outcome outcome = run_program(shell("x=$(head -c 40000000 /dev/zero | tr '\\0' x); sleep 0.5; : $x"));
  EXPECT_EQ(outcome.failure, "");
  EXPECT_GT(outcome.mean_resident_mb, 20);
  EXPECT_LE(outcome.mean_resident_mb, outcome.peak_resident_mb);
  EXPECT_LT(run_program(shell("sleep 0.2")).mean_resident_mb, 10);
}

TEST(Process, KeepsOutputAndErrorsApart) {
  const Outcome outcome = run_program(shell("echo out; echo err >&2"));
  EXPECT_EQ(outcome.failure, "");
  EXPECT_EQ(outcome.output, "out\n");
  EXPECT_EQ(outcome.errors, "err\n");
}

TEST(Process, SaysHowItFailed) {
  EXPECT_EQ(run_program(shell("exit 3")).failure, "exit status 3");
  EXPECT_THAT(run_program(shell("kill -SEGV $$")).failure, HasSubstr("signal 11"));
  const Outcome missing = run_program({"/no/such/program", {}, {}});
  EXPECT_EQ(missing.failure, "exit status 127");
  EXPECT_THAT(missing.errors, HasSubstr("/no/such/program"));
}

TEST(Process, IsKilledWhenItsTimeIsUp) {
  Command command = shell("exec sleep 60");
  command.limit = std::chrono::seconds(1);
  EXPECT_THAT(run_program(command).failure, HasSubstr("not done after 1 s"));
}

TEST(Process, InheritsNoJvmOptions) {
  const std::vector<const char*> names = {"JAVA_TOOL_OPTIONS", "_JAVA_OPTIONS", "JDK_JAVA_OPTIONS",
                                          "MEMGC_BENCH_JAVA_OPTIONS"};
  for (const char* name : names) setenv(name, "-Xmx1g", 1);
  Command command = shell("env | grep -c Xmx");
  EXPECT_EQ(run_program(command).output, "0\n");
  command.environment = {{"MEMGC_BENCH_JAVA_OPTIONS", "-Xmx2g"}};
  EXPECT_EQ(run_program(command).output, "1\n");
  for (const char* name : names) unsetenv(name);
}

TEST(Process, InheritsNoAllocatorSettings) {
  setenv("MEMGC", "7", 1);
  setenv("MALLOC_CONF", "narenas:1", 1);
  setenv("GOGC", "7", 1);
  setenv("MEMGC_BENCH_TEST_OTHER", "kept", 1);
  Command command = shell("echo \"[$MEMGC][$MALLOC_CONF][$GOGC][$MEMGC_BENCH_TEST_OTHER]\"");
  EXPECT_EQ(run_program(command).output, "[][][][kept]\n");
  command.environment = {{"MEMGC", "200"}};
  EXPECT_EQ(run_program(command).output, "[200][][][kept]\n");
  unsetenv("MEMGC");
  unsetenv("MALLOC_CONF");
  unsetenv("GOGC");
}

nlohmann::json google_report() {
  return {{"benchmarks",
           {{{"name", "w/iterations:1/process_time/real_time"},
             {"iterations", 1},
             {"real_time", 1.5},
             {"cpu_time", 9.0},
             {"time_unit", "s"},
             {"cpu_s", 1.25},
             {"peak_mb", 100.0},
             {"gc_cycles", 7.0}}}}};
}

TEST(Results, ReadsTimesAndCounters) {
  RunResult run;
  read_figures(google_report(), run);
  EXPECT_EQ(run.failure, "");
  const std::map<std::string, double> expected{{"wall_s", 1.5}, {"cpu_s", 1.25}, {"peak_mb", 100}, {"gc_cycles", 7}};
  EXPECT_EQ(run.figures, expected);
}

TEST(Results, AWrongAnswerIsAFailureNotAFigure) {
  nlohmann::json report = google_report();
  report["benchmarks"][0]["error_occurred"] = true;
  report["benchmarks"][0]["error_message"] = "wrong answer: x is 1, expected 2";
  RunResult run;
  read_figures(report, run);
  EXPECT_EQ(run.failure, "wrong answer: x is 1, expected 2");
  EXPECT_TRUE(run.figures.empty());
}

TEST(Results, AMissingFigureIsAFailure) {
  nlohmann::json report = google_report();
  report["benchmarks"][0].erase("peak_mb");
  RunResult run;
  read_figures(report, run);
  EXPECT_EQ(run.failure, "no peak_mb in the report");
}

TEST(Results, NamesLoseWhatAllHaveInCommon) {
  EXPECT_EQ(short_name("lru/live:5/threads:2/iterations:1/process_time/real_time"), "lru/live:5/threads:2");
}

TEST(Results, RatiosArePairedWithinARepetition) {
  // The machine became four times slower after the first repetition: the ratio stays 2.
  const std::vector<RunResult> runs = {run_of("base", 0, 1, 10), run_of("x", 0, 2, 30),    run_of("base", 1, 4, 10),
                                       run_of("x", 1, 8, 30),    run_of("base", 2, 4, 10), run_of("x", 2, 8, 30)};
  const auto rows = rows_of(runs, "w", {"base", "x", "absent"}, "base");
  ASSERT_EQ(rows.size(), 2u);
  EXPECT_EQ(rows[1].figure("cpu_s"), 8);
  EXPECT_EQ(rows[1].cpu_ratio, 2);
  EXPECT_EQ(rows[1].wall_ratio, 2);
  EXPECT_EQ(rows[1].memory_ratio, 3);
  EXPECT_TRUE(std::isnan(rows[1].figure("gc_cycles")));
}

TEST(Results, AFailedBaselineTakesItsRatiosWithIt) {
  std::vector<RunResult> runs = {run_of("base", 0, 1, 10), run_of("x", 0, 2, 10), run_of("base", 1, 1, 10),
                                 run_of("x", 1, 5, 10)};
  runs[2].failure = "crashed";
  runs[2].figures.clear();
  const auto rows = rows_of(runs, "w", {"base", "x"}, "base");
  EXPECT_EQ(rows[1].cpu_ratio, 2);
  EXPECT_EQ(rows[0].failure, "crashed");
  EXPECT_THAT(table("w", rows), HasSubstr("some runs failed: crashed"));
}

TEST(Results, MeansLeaveOutWhoDidNotRunEverything) {
  const std::vector<RunResult> runs = {run_of("base", 0, 1, 10), run_of("x", 0, 2, 10), run_of("y", 0, 8, 10)};
  const std::vector<RunResult> others = {run_of("base", 0, 1, 10), run_of("x", 0, 8, 10)};
  const std::vector<std::string> names = {"base", "x", "y"};
  const auto means = mean_rows({rows_of(runs, "w", names, "base"), rows_of(others, "w", names, "base")}, names);
  ASSERT_EQ(means.size(), 2u);
  EXPECT_THAT(means[1].cpu_ratio, DoubleNear(4, 1e-12));
}

TEST(Results, AWorkloadThatTheBaselineDoesNotRunIsKnown) {
  const std::vector<RunResult> runs = {run_of("base", 0, 1, 10), run_of("x", 0, 2, 10)};
  EXPECT_TRUE(has_row(rows_of(runs, "w", {"base", "x"}, "base"), "base"));
  const std::vector<Row> alone = rows_of({run_of("x", 0, 2, 10)}, "w", {"base", "x"}, "base");
  EXPECT_FALSE(has_row(alone, "base"));
  ASSERT_EQ(alone.size(), 1u);
  EXPECT_TRUE(std::isnan(alone[0].cpu_ratio));
}

TEST(Report, CsvHasOneLinePerRunAndAColumnPerFigure) {
  std::vector<RunResult> runs = {run_of("base", 0, 1, 10), run_of("x", 0, 2, 10)};
  runs[1].figures["gc_cycles"] = 3;
  EXPECT_EQ(csv(runs),
            "workload,configuration,repetition,failure,cpu_s,gc_cycles,peak_mb,wall_s\n"
            "w,base,0,,1,,10,2\n"
            "w,x,0,,2,3,10,4\n");
}

RunResult collected(const char* configuration, double cpu, double gc_cpu, double stops_ms) {
  RunResult run = run_of(configuration, 0, cpu, 10);
  run.figures["gc_cpu_s"] = gc_cpu;
  run.figures["stop_total_ms"] = stops_ms;
  return run;
}

TEST(Overhead, ACollectorsWorkIsTakenOff) {
  RunResult run = collected("x", 5, 2, 500);
  EXPECT_DOUBLE_EQ(distilled_cpu(run), 3);
  EXPECT_DOUBLE_EQ(distilled_wall(run), 9.5);
  run.figures["workload_threads"] = 2;  // whose stops may have been at the same time
  EXPECT_DOUBLE_EQ(distilled_wall(run), 10);
  RunResult stopping = run_of("y", 0, 5, 10);
  stopping.figures["gc_wall_s"] = 1;
  EXPECT_DOUBLE_EQ(distilled_cpu(stopping), 5);  // how much CPU time that took is not known
  EXPECT_DOUBLE_EQ(distilled_wall(stopping), 9);
  RunResult estimating = collected("z", 5, 2, 500);
  estimating.figures["gc_cpu_is_estimate"] = 1;
  EXPECT_DOUBLE_EQ(distilled_cpu(estimating), 5);
}

TEST(Overhead, IsTheTotalOverTheLeastDistilledCost) {
  // The collector's program alone is the cheapest in CPU time, the plain one in wall time.
  const std::vector<RunResult> runs = {run_of("base", 0, 4, 10), collected("x", 5, 3, 0)};
  const auto rows = rows_of(runs, "w", {"base", "x"}, "base");
  const Ideal ideal = ideal_of(rows);
  EXPECT_EQ(ideal.cpu_by, "x");
  EXPECT_DOUBLE_EQ(ideal.cpu_s, 2);
  EXPECT_EQ(ideal.wall_by, "base");
  EXPECT_DOUBLE_EQ(rows[0].cpu_overhead, 2);
  EXPECT_DOUBLE_EQ(rows[1].cpu_overhead, 2.5);
  EXPECT_DOUBLE_EQ(rows[0].wall_overhead, 1);
  EXPECT_DOUBLE_EQ(rows[1].wall_overhead, 1.25);
}

TEST(Overhead, FailedRunsHaveNone) {
  std::vector<RunResult> runs = {run_of("base", 0, 4, 10), run_of("x", 0, 1, 10)};
  runs[1].failure = "crashed";
  runs[1].figures.clear();
  const auto rows = rows_of(runs, "w", {"base", "x"}, "base");
  EXPECT_DOUBLE_EQ(rows[0].cpu_overhead, 1);
  EXPECT_TRUE(std::isnan(rows[1].cpu_overhead));
}

/// A directory of programs that are shell scripts.
class SuiteTest : public testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = (std::filesystem::temp_directory_path() / "memgc-bench-test-XXXXXX").string();
    directory_ = mkdtemp(pattern.data());
    options_.programs = directory_.string();
    options_.effort = {2, 2};
    options_.percents = {"100"};
  }
  void TearDown() override { std::filesystem::remove_all(directory_); }

  void program(const char* name, const std::string& when_run) {
    const std::filesystem::path path = directory_ / name;
    std::ofstream(path) << "#!/bin/sh\nfor a in \"$@\"; do case $a in\n"
                           "  --benchmark_list_tests=true) echo " +
                               workload_ +
                               "/iterations:1/real_time; exit 0 ;;\n"
                               "  --benchmark_out=*) out=${a#*=} ;;\n"
                               "  --latency-rate=*) rate=${a#*=} ;;\nesac; done\n"
                        << when_run << "\n";
    std::filesystem::permissions(path, std::filesystem::perms::owner_all);
  }
  static std::string writes(double cpu) {
    return "echo '{\"context\":{},\"benchmarks\":[{\"time_unit\":\"s\",\"real_time\":1,\"peak_mb\":1,\"cpu_s\":" +
           std::to_string(cpu) + "}]}' > $out";
  }
  Suite run() {
    Suite suite(options_);
    suite.run([](const RunResult&, std::size_t, std::size_t) {}, [] {});
    return suite;
  }

  std::string workload_ = "w";
  std::filesystem::path directory_;
  SuiteOptions options_;
};

TEST_F(SuiteTest, RunsEveryProgramInEveryRepetition) {
  program("memgc-bench-mimalloc-heap", writes(1));
  program("memgc-bench-glibc", writes(2));
  const Suite suite = run();
  EXPECT_EQ(suite.runs().size(), 4u);
  EXPECT_FALSE(suite.any_failure());
  EXPECT_EQ(rows_of(suite.runs(), "w", suite.configurations(), kBaseline).at(1).cpu_ratio, 2);
  EXPECT_THAT(suite.missing_programs(), testing::Contains("memgc-bench-memgc"));
}

TEST_F(SuiteTest, AFilterKeepsTheBaseline) {
  for (const char* name : {"memgc-bench-mimalloc-heap", "memgc-bench-glibc", "memgc-bench-jemalloc"})
    program(name, writes(1));
  options_.filter = "^glibc";
  std::set<std::string> ran;
  const Suite suite = run();
  for (const RunResult& r : suite.runs()) ran.insert(r.configuration);
  EXPECT_EQ(ran, (std::set<std::string>{kBaseline, "glibc malloc"}));
}

TEST_F(SuiteTest, AFilterThatFindsNothingIsAnError) {
  program("memgc-bench-glibc", writes(1));
  options_.filter = "no such thing";
  EXPECT_THROW(run(), std::runtime_error);
}

TEST_F(SuiteTest, AFailingProgramIsReportedWithItsOwnWords) {
  program("memgc-bench-mimalloc-heap", writes(1));
  program("memgc-bench-glibc", "echo 'wrong answer: it is 3' >&2; exit 1");
  const Suite suite = run();
  EXPECT_TRUE(suite.any_failure());
  const auto rows = rows_of(suite.runs(), "w", suite.configurations(), kBaseline);
  EXPECT_EQ(rows.at(1).failure, "exit status 1: wrong answer: it is 3");
  EXPECT_THAT(table("w", rows), HasSubstr("failed: exit status 1: wrong answer: it is 3"));
}

TEST_F(SuiteTest, AReportThatIsNoJsonIsAFailure) {
  program("memgc-bench-glibc", "echo nonsense > $out");
  EXPECT_THAT(run().runs().front().failure, HasSubstr("cannot be read"));
}

TEST_F(SuiteTest, RequestsArriveAtHalfOfWhatTheBaselineManages) {
  workload_ = "w_latency";
  const std::string report =
      "echo "
      "\"{\\\"context\\\":{},\\\"benchmarks\\\":[{\\\"time_unit\\\":\\\"s\\\",\\\"real_time\\\":1,\\\"peak_mb\\\":1,"
      "\\\"cpu_s\\\":1,\\\"requests_per_s\\\":1000,\\\"due\\\":${rate:-0}}]}\" > $out";
  program("memgc-bench-mimalloc-heap", report);
  program("memgc-bench-glibc", report);
  const Suite suite = run();
  ASSERT_EQ(suite.runs().size(), 4u);
  for (const RunResult& r : suite.runs()) EXPECT_EQ(r.figures.at("due"), 500) << r.failure;
  EXPECT_EQ(suite.latency_rates().at("w_latency"), 500);
}

TEST_F(SuiteTest, ALatencyWorkloadWithoutARateIsAFailure) {
  workload_ = "w_latency";
  program("memgc-bench-mimalloc-heap", writes(1));
  const Suite suite = run();
  ASSERT_EQ(suite.runs().size(), 1u);
  EXPECT_THAT(suite.runs().front().failure, HasSubstr("requests_per_s"));
}

}  // namespace
}  // namespace memgc_bench
