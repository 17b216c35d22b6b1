#include "runner/plan.h"

#include <algorithm>
#include <cmath>

namespace memgc_bench {

namespace {

constexpr const char* kJavaOptions = "MEMGC_BENCH_JAVA_OPTIONS";
// A heap of twice what a full collection found live: the old generation has a third more, and the young one is half as
// large as the old one (NewRatio). Without -Xms the heap would start with a 64th of the machine's memory.
constexpr const char* kJavaTwiceLive = "-XX:+UseSerialGC -Xms8m -XX:MinHeapFreeRatio=25 -XX:MaxHeapFreeRatio=25";

}  // namespace

std::vector<Configuration> all_configurations(const std::vector<std::string>& percents, bool generational) {
  std::vector<Configuration> result = {
      {kBaseline, "memgc-bench-mimalloc-heap", {}},
      {"mimalloc", "memgc-bench-mimalloc", {}},
      {"mimalloc destroy", "memgc-bench-mimalloc-destroy", {}},
      {"jemalloc arena", "memgc-bench-jemalloc-arena", {}},
      {"jemalloc", "memgc-bench-jemalloc", {}},
      {"shared_ptr", "memgc-bench-shared-ptr", {}},
      {"glibc malloc", "memgc-bench-glibc", {}},
      {"bdwgc", "memgc-bench-bdwgc", {}},
      {"java", "memgc-bench-java", {}},
      {"java serial", "memgc-bench-java", {{kJavaOptions, "-XX:+UseSerialGC"}}},
      {"java serial 100", "memgc-bench-java", {{kJavaOptions, kJavaTwiceLive}}},
  };
  for (const std::string& percent : percents) {
    result.push_back({"memgc " + percent, "memgc-bench-memgc", {{"MEMGC", percent}}});
    if (!generational) continue;
    result.push_back(
        {"memgc " + percent + " auto", "memgc-bench-memgc", {{"MEMGC", percent}, {"MEMDEBUG", "generational=auto"}}});
    result.push_back(
        {"memgc " + percent + " minor", "memgc-bench-memgc", {{"MEMGC", percent}, {"MEMDEBUG", "generational=1"}}});
  }
  for (const std::string& percent : percents) {
    result.push_back({"go " + percent, "memgc-bench-go", {{"GOGC", percent}}});
  }
  for (const std::string& percent : percents) {
    result.push_back({"memgc-scheme " + percent, "memgc-bench-scheme", {{"MEMGC", percent}}});
  }
  return result;
}

std::vector<std::size_t> order_of(std::size_t count, std::size_t repetition) {
  std::vector<std::size_t> order(count);
  for (std::size_t i = 0; i < count; ++i) order[i] = (i + repetition) % count;
  if (repetition % 2 == 1) std::reverse(order.begin(), order.end());
  return order;
}

std::size_t repetitions_of(const Effort& effort, std::size_t done, std::chrono::duration<double> elapsed) {
  if (done == 0) return effort.most;
  const double each = elapsed.count() / static_cast<double>(done);
  const double fit = each > 0 ? std::chrono::duration<double>(effort.meant).count() / each : HUGE_VAL;
  if (fit >= static_cast<double>(effort.most)) return effort.most;
  return std::max({effort.least, done, static_cast<std::size_t>(fit)});
}

bool is_latency_workload(const std::string& workload) {
  return workload.substr(0, workload.find('/')).ends_with("_latency");
}

}  // namespace memgc_bench
