// Job: pins the text of metrics: promtool finds nothing to object to, the figures are the heap's, several heaps stand
// apart, and who accepts OpenMetrics gets it.
//
// Threads: one, and the collectors'.
#include "memgc/observe/metrics.h"

#include <gtest/gtest.h>
#include <memgc/memgc.h>
#include <unistd.h>

#include <array>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>
#include <set>
#include <sstream>
#include <stdexcept>
#include <string>
#include <vector>

#include "tests/runtime/support.h"

namespace memgc::testing {
namespace {

// Each figure another, so that no two are taken for each other.
Metrics different_metrics() {
  Metrics metrics;
  std::uint64_t next = 1000;
  for (std::uint64_t* figure :
       {&metrics.cycle_ns,          &metrics.mark_cpu_ns,       &metrics.idle_mark_cpu_ns, &metrics.assist_cpu_ns,
        &metrics.stop_cpu_ns,       &metrics.sweep_cpu_ns,      &metrics.last_start_bytes, &metrics.last_end_bytes,
        &metrics.last_stack_bytes,  &metrics.last_global_bytes, &metrics.live_bytes,       &metrics.heap_bytes,
        &metrics.trigger_bytes,     &metrics.goal_bytes,        &metrics.limit_bytes,      &metrics.allocated_bytes,
        &metrics.allocated_objects, &metrics.block_bytes,       &metrics.free_bytes,       &metrics.table_bytes,
        &metrics.mark_work_bytes,   &metrics.stack_copy_bytes,  &metrics.thread_bytes,     &metrics.external_bytes,
        &metrics.released_bytes,    &metrics.pressure,          &metrics.cpu_limited,      &metrics.cpu_limited_times,
        &metrics.cpu_limited_ns,    &metrics.late_answers,      &metrics.attached_threads, &metrics.processors,
        &metrics.stops.total_ns,    &metrics.stops.max_ns}) {
    *figure = next++;
  }
  for (std::uint64_t& count : metrics.full_cycles) count = next++;
  for (std::uint64_t& count : metrics.minor_cycles) count = next++;
  for (std::uint64_t& count : metrics.stops.at_most) count = next++;
  metrics.growth_percent = 150;
  return metrics;
}

// Samples by name and labels, as they stand.
std::map<std::string, std::string> samples(const std::string& text) {
  std::map<std::string, std::string> out;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with('#')) continue;
    const std::size_t space = line.rfind(' ');
    EXPECT_TRUE(out.emplace(line.substr(0, space), line.substr(space + 1)).second) << "twice: " << line;
  }
  return out;
}

void expect_fine_to_promtool(const std::string& text) {
  if (std::system("command -v promtool > /dev/null") != 0) GTEST_SKIP() << "no promtool here";
  std::array<char, 64> path{"/tmp/memgc_metrics_XXXXXX"};
  const int descriptor = mkstemp(path.data());
  ASSERT_GE(descriptor, 0);
  std::ofstream(path.data()) << text;
  close(descriptor);
  const std::string out = std::string(path.data()) + ".out";
  const int status =
      std::system(("promtool check metrics < " + std::string(path.data()) + " > " + out + " 2>&1").c_str());
  std::ifstream said(out);
  EXPECT_EQ(status, 0) << std::string(std::istreambuf_iterator<char>(said), {});
  std::remove(path.data());
  std::remove(out.c_str());
}

TEST(PrometheusText, OfARealHeapIsFineToPromtool) {
  Options options;
  options.memory_limit = 1 << 30;
  Heap heap(options);
  on_another_thread(heap, [&](Mutator& me) {
    for (std::size_t i = 0; i < scaled(1'000'000); ++i) me.make<Node>();
  });
  heap.collect();
  expect_fine_to_promtool(prometheus_text(heap.metrics()));
}

TEST(PrometheusText, OfSeveralHeapsIsFineToPromtool) {
  Metrics none;
  none.goal_bytes = none.limit_bytes = none.trigger_bytes = Metrics::kNone;
  none.growth_percent = -1;
  expect_fine_to_promtool(prometheus_text(std::vector<NamedMetrics>{{"cache", different_metrics()}, {"vm:2", none}}));
}

TEST(PrometheusText, HasTheHeapsFigures) {
  const Metrics metrics = different_metrics();
  std::map<std::string, std::string> found = samples(prometheus_text(metrics));
  const auto bytes = [](std::uint64_t figure) { return std::to_string(figure); };
  const auto expect_seconds = [&](const char* name, std::uint64_t ns) {
    EXPECT_DOUBLE_EQ(std::atof(found[name].c_str()), static_cast<double>(ns) / 1e9) << name;
  };
  EXPECT_EQ(found["memgc_info{version=\"" MEMGC_VERSION_STRING "\"}"], "1");
  EXPECT_EQ(found["memgc_heap_live_bytes"], bytes(metrics.live_bytes));
  EXPECT_EQ(found["memgc_heap_used_bytes"], bytes(metrics.heap_bytes));
  EXPECT_EQ(found["memgc_heap_goal_bytes"], bytes(metrics.goal_bytes));
  EXPECT_EQ(found["memgc_heap_trigger_bytes"], bytes(metrics.trigger_bytes));
  EXPECT_EQ(found["memgc_heap_released_bytes"], bytes(metrics.released_bytes));
  EXPECT_EQ(found["memgc_heap_committed_bytes"], bytes(metrics.block_bytes + metrics.free_bytes));
  EXPECT_EQ(found["memgc_heap_alloc_bytes_total"], bytes(metrics.allocated_bytes));
  EXPECT_EQ(found["memgc_heap_alloc_objects_total"], bytes(metrics.allocated_objects));
  EXPECT_EQ(found["memgc_memlimit_bytes"], bytes(metrics.limit_bytes));
  EXPECT_EQ(found["memgc_memory_bytes{type=\"external\"}"], bytes(metrics.external_bytes));
  EXPECT_EQ(found["memgc_memory_bytes{type=\"tables\"}"], bytes(metrics.table_bytes));
  EXPECT_EQ(found["memgc_gc_ratio"], "1.5");
  EXPECT_EQ(found["memgc_threads"], bytes(metrics.attached_threads));
  for (std::size_t i = 0; i < kCycleCauses; ++i) {
    const std::string cause = std::string("memgc_gc_cycles_total{cause=\"") + kCycleCauseNames[i] + "\",kind=";
    EXPECT_EQ(found[cause + "\"full\"}"], bytes(metrics.full_cycles[i]));
    EXPECT_EQ(found[cause + "\"minor\"}"], bytes(metrics.minor_cycles[i]));
  }
  expect_seconds("memgc_gc_cpu_seconds_total{state=\"mark_dedicated\"}", metrics.mark_cpu_ns);
  expect_seconds("memgc_gc_cpu_seconds_total{state=\"mark_idle\"}", metrics.idle_mark_cpu_ns);
  expect_seconds("memgc_gc_cpu_seconds_total{state=\"assist\"}", metrics.assist_cpu_ns);
  expect_seconds("memgc_gc_cpu_seconds_total{state=\"pause\"}", metrics.stop_cpu_ns);
  expect_seconds("memgc_gc_cpu_seconds_total{state=\"sweep\"}", metrics.sweep_cpu_ns);
  expect_seconds("memgc_gc_pause_seconds_sum", metrics.stops.total_ns);
  EXPECT_EQ(found["memgc_gc_pause_seconds_count"], bytes(metrics.stops.count()));
  EXPECT_EQ(found["memgc_gc_pause_seconds_bucket{le=\"+Inf\"}"], bytes(metrics.stops.count()));
  EXPECT_EQ(found["memgc_gc_pause_seconds_bucket{le=\"1e-06\"}"], bytes(metrics.stops.at_most[0]));
  EXPECT_EQ(found["memgc_gc_pause_seconds_bucket{le=\"0.0025\"}"], bytes(metrics.stops.at_most[10]));
}

TEST(PrometheusText, SaysInfinityWhereThereIsNoLimit) {
  const Heap heap(manual_options());
  std::map<std::string, std::string> found = samples(prometheus_text(heap.metrics()));
  EXPECT_EQ(found["memgc_heap_goal_bytes"], "+Inf");
  EXPECT_EQ(found["memgc_memlimit_bytes"], "+Inf");
  EXPECT_EQ(found["memgc_gc_ratio"], "+Inf");
}

TEST(PrometheusText, KeepsSeveralHeapsApartAndTheirFamiliesTogether) {
  Metrics other = different_metrics();
  other.live_bytes = 7;
  const std::string text = prometheus_text(std::vector<NamedMetrics>{{"a", different_metrics()}, {"b", other}});
  std::map<std::string, std::string> found = samples(text);
  EXPECT_EQ(found["memgc_heap_live_bytes{heap=\"b\"}"], "7");
  EXPECT_NE(found["memgc_heap_live_bytes{heap=\"a\"}"], "7");
  EXPECT_TRUE(found.contains("memgc_gc_pause_seconds_bucket{heap=\"b\",le=\"1.0\"}") ||
              found.contains("memgc_gc_pause_seconds_bucket{heap=\"b\",le=\"1\"}"));
  std::set<std::string> families;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    if (!line.starts_with("# TYPE ")) continue;
    EXPECT_TRUE(families.insert(line.substr(7, line.find(' ', 7) - 7)).second) << line;
  }
  EXPECT_GT(families.size(), 20u);
}

TEST(PrometheusText, RefusesNamesThatCannotBeLabels) {
  const Metrics metrics;
  for (const std::string& name : {std::string(), std::string("a b"), std::string("a\"b"), std::string("a\nb"),
                                  std::string("\xff"), std::string(65, 'a')}) {
    EXPECT_THROW(prometheus_text(std::vector<NamedMetrics>{{name, metrics}}), std::invalid_argument) << name;
  }
  EXPECT_THROW(prometheus_text(std::vector<NamedMetrics>{{"a", metrics}, {"b", metrics}, {"a", metrics}}),
               std::invalid_argument);
  EXPECT_NO_THROW(prometheus_text(std::vector<NamedMetrics>{{std::string(64, 'a'), metrics}, {"_.:/-09Z", metrics}}));
}

TEST(OpenMetrics, NamesCountersWithoutTheirEndAndEnds) {
  const std::string text = prometheus_text(different_metrics(), MetricsFormat::kOpenMetrics);
  EXPECT_TRUE(text.ends_with("\n# EOF\n"));
  EXPECT_NE(text.find("# TYPE memgc_gc_cycles counter\nmemgc_gc_cycles_total{"), std::string::npos);
  EXPECT_NE(text.find("# TYPE memgc_heap_live_bytes gauge\n# UNIT memgc_heap_live_bytes bytes\n"), std::string::npos);
  EXPECT_NE(text.find("# TYPE memgc info\nmemgc_info{"), std::string::npos);
  EXPECT_EQ(samples(text), samples(prometheus_text(different_metrics()))) << "the same samples";
}

TEST(OpenMetrics, AreForThoseWhoPreferThem) {
  const auto is_open = [](const char* accept) { return accepted_format(accept) == MetricsFormat::kOpenMetrics; };
  EXPECT_TRUE(
      is_open("application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,"
              "text/plain;version=0.0.4;q=0.5,*/*;q=0.1"))
      << "Prometheus 2.42";
  EXPECT_TRUE(is_open("application/openmetrics-text"));
  EXPECT_FALSE(is_open(""));
  EXPECT_FALSE(is_open("*/*"));
  EXPECT_FALSE(is_open("text/plain, application/openmetrics-text; q=0.5"));
  EXPECT_FALSE(is_open("application/openmetrics-text;q=0"));
  EXPECT_FALSE(is_open("application/openmetrics-text;q=x"));
  EXPECT_FALSE(is_open(";;;,,,q=,=;"));
}

TEST(MetricsJson, HasAllFiguresAndNullForNone) {
  Metrics metrics = different_metrics();
  metrics.goal_bytes = Metrics::kNone;
  const nlohmann::json read = nlohmann::json::parse(metrics_json(std::vector<NamedMetrics>{{"main", metrics}}));
  EXPECT_EQ(read.at("schema"), 1);
  const nlohmann::json& heap = read.at("heaps").at(0);
  EXPECT_EQ(heap.at("name"), "main");
  EXPECT_TRUE(heap.at("goal_bytes").is_null());
  EXPECT_EQ(heap.at("live_bytes"), metrics.live_bytes);
  EXPECT_EQ(heap.at("full_cycles").at("forced"), metrics.full_cycles[2]);
  EXPECT_DOUBLE_EQ(heap.at("sweep_cpu_seconds"), static_cast<double>(metrics.sweep_cpu_ns) / 1e9);
  EXPECT_EQ(heap.at("stops").at("buckets").size(), StopBuckets::kBounds);
}

}  // namespace
}  // namespace memgc::testing
