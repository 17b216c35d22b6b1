// Metrics as JSON: all of them, by their own names but for the unit of times, which are seconds here.
#include <array>
#include <nlohmann/json.hpp>
#include <utility>

#include "memgc/observe/metrics.h"

namespace memgc {
namespace {

using Json = nlohmann::ordered_json;

constexpr int kSchema = 1;

double seconds(std::uint64_t ns) { return static_cast<double>(ns) / 1e9; }
Json or_null(std::uint64_t bytes) { return bytes == Metrics::kNone ? Json() : Json(bytes); }

Json by_cause(const std::array<std::uint64_t, kCycleCauses>& counts) {
  Json out;
  for (std::size_t i = 0; i < kCycleCauses; ++i) out[kCycleCauseNames[i]] = counts[i];
  return out;
}

Json stops(const StopBuckets& stops) {
  Json buckets = Json::array();
  for (std::size_t i = 0; i < StopBuckets::kBounds; ++i) {
    buckets.push_back({{"at_most_seconds", seconds(StopBuckets::bounds_ns[i])}, {"count", stops.at_most[i]}});
  }
  return {{"count", stops.count()},
          {"total_seconds", seconds(stops.total_ns)},
          {"max_seconds", seconds(stops.max_ns)},
          {"buckets", std::move(buckets)}};
}

Json of_heap(const NamedMetrics& named) {
  const Metrics& heap = named.metrics;
  return {{"name", named.name},
          {"heap_number", heap.heap_number},
          {"age_seconds", seconds(heap.age_ns)},
          {"processors", heap.processors},
          {"full_cycles", by_cause(heap.full_cycles)},
          {"minor_cycles", by_cause(heap.minor_cycles)},
          {"cycle_seconds", seconds(heap.cycle_ns)},
          {"mark_cpu_seconds", seconds(heap.mark_cpu_ns)},
          {"idle_mark_cpu_seconds", seconds(heap.idle_mark_cpu_ns)},
          {"assist_cpu_seconds", seconds(heap.assist_cpu_ns)},
          {"stop_cpu_seconds", seconds(heap.stop_cpu_ns)},
          {"sweep_cpu_seconds", seconds(heap.sweep_cpu_ns)},
          {"last_start_bytes", heap.last_start_bytes},
          {"last_end_bytes", heap.last_end_bytes},
          {"last_stack_bytes", heap.last_stack_bytes},
          {"last_global_bytes", heap.last_global_bytes},
          {"live_bytes", heap.live_bytes},
          {"heap_bytes", heap.heap_bytes},
          {"trigger_bytes", or_null(heap.trigger_bytes)},
          {"goal_bytes", or_null(heap.goal_bytes)},
          {"limit_bytes", or_null(heap.limit_bytes)},
          {"growth_percent", heap.growth_percent < 0 ? Json() : Json(heap.growth_percent)},
          {"allocated_bytes", heap.allocated_bytes},
          {"allocated_objects", heap.allocated_objects},
          {"managed_bytes", heap.managed_bytes},
          {"block_bytes", heap.block_bytes},
          {"free_bytes", heap.free_bytes},
          {"table_bytes", heap.table_bytes},
          {"mark_work_bytes", heap.mark_work_bytes},
          {"stack_copy_bytes", heap.stack_copy_bytes},
          {"thread_bytes", heap.thread_bytes},
          {"external_bytes", heap.external_bytes},
          {"released_bytes", heap.released_bytes},
          {"pressure", heap.pressure},
          {"cpu_limited", heap.cpu_limited != 0},
          {"cpu_limited_times", heap.cpu_limited_times},
          {"cpu_limited_seconds", seconds(heap.cpu_limited_ns)},
          {"late_answers", heap.late_answers},
          {"attached_threads", heap.attached_threads},
          {"stops", stops(heap.stops)}};
}

}  // namespace

std::string metrics_json(std::span<const NamedMetrics> heaps) {
  Json out = {{"schema", kSchema}, {"heaps", Json::array()}};
  for (const NamedMetrics& heap : heaps) out["heaps"].push_back(of_heap(heap));
  return out.dump() + '\n';
}

}  // namespace memgc
