// Job: pins memgc/benchmark.h against the installed Google Benchmark: what its reporters get of what was allocated.
//
// Threads: a benchmark of several threads, each attached. Nothing is timed.
#include <benchmark/benchmark.h>
#include <gtest/gtest.h>
#include <memgc/benchmark.h>
#include <memgc/memgc.h>

#include <cmath>
#include <cstddef>
#include <sstream>
#include <string>
#include <vector>

#include "tests/runtime/support.h"

namespace memgc::testing {
namespace {

constexpr double kBlock = 64 << 10;

// What Google Benchmark's JSON says under a name, once.
double figure(const std::string& json, const std::string& name) {
  const std::size_t at = json.find('"' + name + "\": ");
  EXPECT_NE(at, std::string::npos) << name << " is not in " << json;
  return at == std::string::npos ? NAN : std::stod(json.substr(at + name.size() + 4));
}

class Keeping : public benchmark::BenchmarkReporter {
 public:
  bool ReportContext(const Context&) override { return true; }
  void ReportRuns(const std::vector<Run>& more) override { runs.insert(runs.end(), more.begin(), more.end()); }
  std::vector<Run> runs;
};

// Three nodes and a leaf an iteration, and ten before the loop.
void make_some(benchmark::State& state, Heap& heap) {
  Mutator me(heap);
  for (int i = 0; i < 10; ++i) me.make<Node>();
  const CountAllocations count(state);
  for (auto _ : state) {
    for (int i = 0; i < 3; ++i) me.make<Node>();
    me.make<Leaf>();
  }
}

class BenchmarkTest : public ::testing::Test {
 protected:
  BenchmarkTest() : heap_(manual_options()) {}
  ~BenchmarkTest() override { benchmark::ClearRegisteredBenchmarks(); }

  benchmark::internal::Benchmark* registered() {
    return benchmark::RegisterBenchmark("make_some", [this](benchmark::State& state) { make_some(state, heap_); });
  }
  const std::vector<benchmark::BenchmarkReporter::Run>& run() {
    benchmark::RunSpecifiedBenchmarks(&reporter_);
    return reporter_.runs;
  }

  std::string json_with_manager() {
    BenchmarkMemoryManager manager(heap_);
    benchmark::RegisterMemoryManager(&manager);
    std::ostringstream out;
    benchmark::JSONReporter json;
    json.SetOutputStream(&out);
    json.SetErrorStream(&out);
    benchmark::RunSpecifiedBenchmarks(&json);
    benchmark::RegisterMemoryManager(nullptr);
    return out.str();
  }

  Heap heap_;
  Keeping reporter_;
};

TEST_F(BenchmarkTest, ShowsBytesAndAllocationsOfAnIteration) {
  registered()->Iterations(1000);
  ASSERT_EQ(run().size(), 1u);
  const benchmark::UserCounters& counters = run()[0].counters;
  EXPECT_EQ(counters.at("B/op").value, 3 * 24 + 16);
  EXPECT_EQ(counters.at("allocs/op").value, 4);
}

TEST_F(BenchmarkTest, OfSeveralThreadsShowsAnIterationsOwn) {
  registered()->Iterations(100)->Threads(4);
  ASSERT_EQ(run().size(), 1u);
  EXPECT_EQ(run()[0].counters.at("B/op").value, 3 * 24 + 16);
  EXPECT_EQ(run()[0].counters.at("allocs/op").value, 4);
}

TEST_F(BenchmarkTest, TheManagerIsAskedByGoogleBenchmark) {
  registered()->Iterations(10);
  const std::string json = json_with_manager();
  // Ten iterations: the ten nodes before the loop are one more for each.
  EXPECT_EQ(figure(json, "allocs_per_iter"), 5);
  EXPECT_EQ(figure(json, "total_allocated_bytes"), 10 * (4 * 24 + 16));
}

// Google Benchmark calls the function once for the time and then for what it allocates.
TEST_F(BenchmarkTest, TheManagerTellsThePeakAndTheGrowthSinceItsStart) {
  on_another_thread(heap_, [](Mutator& me) { me.make_array<char>(10 << 20); });
  heap_.collect();
  Root<Array<char>> keep[2];
  int calls = 0;
  benchmark::RegisterBenchmark("grows", [&](benchmark::State& state) {
    for (auto _ : state) {
      on_another_thread(heap_, [&](Mutator& me) {
        keep[calls++ % 2] = me.make_array<char>(1 << 20);
        me.make_array<char>(3 << 20);
        me.make<Node>();
      });
      heap_.collect();
    }
  })->Iterations(1);
  const std::string json = json_with_manager();
  ASSERT_EQ(calls, 2);
  EXPECT_EQ(figure(json, "allocs_per_iter"), 3);
  EXPECT_EQ(figure(json, "total_allocated_bytes"), (17 + 49) * kBlock + 24);
  EXPECT_EQ(figure(json, "max_bytes_used"), (17 + 17 + 49) * kBlock + 24) << "not the ten MiB from before";
  EXPECT_EQ(figure(json, "net_heap_growth"), 17 * kBlock);
}

TEST_F(BenchmarkTest, TheManagerTellsThatAHeapShrank) {
  Root<Array<char>> keep;
  on_another_thread(heap_, [&](Mutator& me) { keep = me.make_array<char>(1 << 20); });
  int calls = 0;
  benchmark::RegisterBenchmark("shrinks", [&](benchmark::State& state) {
    for (auto _ : state) {
      if (++calls == 2) keep = nullptr;
      heap_.collect();
    }
  })->Iterations(1);
  const std::string json = json_with_manager();
  EXPECT_EQ(figure(json, "allocs_per_iter"), 0);
  EXPECT_EQ(figure(json, "total_allocated_bytes"), 0);
  EXPECT_EQ(figure(json, "max_bytes_used"), 17 * kBlock);
  EXPECT_EQ(figure(json, "net_heap_growth"), -17 * kBlock);
}

}  // namespace
}  // namespace memgc::testing
