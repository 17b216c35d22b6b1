// Job: see families.h.
#include "runtime/observe/families.h"

#include <fmt/format.h>

#include <array>
#include <limits>

#include "memgc/version.h"

namespace memgc::observe {
namespace {

double seconds(std::uint64_t ns) { return static_cast<double>(ns) / 1e9; }

// A goal or a limit that there is not is never reached.
void bytes_or_infinity(SampleSink& sink, std::uint64_t bytes) {
  if (bytes == Metrics::kNone) {
    sink.sample("", "", std::numeric_limits<double>::infinity());
  } else {
    sink.sample("", "", bytes);
  }
}

// Families with one sample: a figure as it is, or nanoseconds as seconds.
template <std::uint64_t Metrics::*figure>
void plain(const Metrics& heap, SampleSink& sink) {
  sink.sample("", "", heap.*figure);
}
template <std::uint64_t Metrics::*figure>
void total(const Metrics& heap, SampleSink& sink) {
  sink.sample("_total", "", heap.*figure);
}
template <std::uint64_t Metrics::*figure>
void seconds_total(const Metrics& heap, SampleSink& sink) {
  sink.sample("_total", "", seconds(heap.*figure));
}
template <std::uint64_t Metrics::*figure>
void or_infinity(const Metrics& heap, SampleSink& sink) {
  bytes_or_infinity(sink, heap.*figure);
}

void info(const Metrics&, SampleSink& sink) {
  sink.sample("_info", "version=\"" MEMGC_VERSION_STRING "\"", std::uint64_t{1});
}

void cycles(const Metrics& heap, SampleSink& sink) {
  for (std::size_t i = 0; i < kCycleCauses; ++i) {
    sink.sample("_total", fmt::format("cause=\"{}\",kind=\"full\"", kCycleCauseNames[i]), heap.full_cycles[i]);
    sink.sample("_total", fmt::format("cause=\"{}\",kind=\"minor\"", kCycleCauseNames[i]), heap.minor_cycles[i]);
  }
}

void cpu(const Metrics& heap, SampleSink& sink) {
  sink.sample("_total", "state=\"mark_dedicated\"", seconds(heap.mark_cpu_ns));
  sink.sample("_total", "state=\"mark_idle\"", seconds(heap.idle_mark_cpu_ns));
  sink.sample("_total", "state=\"assist\"", seconds(heap.assist_cpu_ns));
  sink.sample("_total", "state=\"pause\"", seconds(heap.stop_cpu_ns));
  sink.sample("_total", "state=\"sweep\"", seconds(heap.sweep_cpu_ns));
}

void stops(const Metrics& heap, SampleSink& sink) {
  for (std::size_t i = 0; i < StopBuckets::kBounds; ++i) {
    sink.sample("_bucket", fmt::format("le=\"{}\"", seconds(StopBuckets::bounds_ns[i])), heap.stops.at_most[i]);
  }
  sink.sample("_bucket", "le=\"+Inf\"", heap.stops.count());
  sink.sample("_sum", "", seconds(heap.stops.total_ns));
  sink.sample("_count", "", heap.stops.count());
}

void longest_stop(const Metrics& heap, SampleSink& sink) { sink.sample("", "", seconds(heap.stops.max_ns)); }

void growth(const Metrics& heap, SampleSink& sink) {
  const bool off = heap.growth_percent < 0;
  sink.sample("", "", off ? std::numeric_limits<double>::infinity() : static_cast<double>(heap.growth_percent) / 100);
}

void scanned(const Metrics& heap, SampleSink& sink) {
  sink.sample("", "type=\"stacks\"", heap.last_stack_bytes);
  sink.sample("", "type=\"globals\"", heap.last_global_bytes);
}

void memory(const Metrics& heap, SampleSink& sink) {
  sink.sample("", "type=\"blocks\"", heap.block_bytes);
  sink.sample("", "type=\"free\"", heap.free_bytes);
  sink.sample("", "type=\"tables\"", heap.table_bytes);
  sink.sample("", "type=\"mark_work\"", heap.mark_work_bytes);
  sink.sample("", "type=\"stack_copies\"", heap.stack_copy_bytes);
  sink.sample("", "type=\"threads\"", heap.thread_bytes);
  sink.sample("", "type=\"external\"", heap.external_bytes);
}

void committed(const Metrics& heap, SampleSink& sink) { sink.sample("", "", heap.block_bytes + heap.free_bytes); }

using M = Metrics;
constexpr Family kFamilies[] = {
    {"memgc", Kind::kInfo, "", "The library's version.", &info},
    {"memgc_gc_cycles", Kind::kCounter, "", "Cycles that have ended, by why they began.", &cycles},
    {"memgc_gc_cycle_seconds", Kind::kCounter, "seconds", "Wall time with a cycle under way.",
     &seconds_total<&M::cycle_ns>},
    {"memgc_gc_cpu_seconds", Kind::kCounter, "seconds", "CPU time of collecting, by who spent it on what.", &cpu},
    {"memgc_gc_pause_seconds", Kind::kHistogram, "seconds",
     "How long threads were held up by the collector, each time for each.", &stops},
    {"memgc_gc_pause_longest_seconds", Kind::kGauge, "seconds", "The longest of these since the heap was made.",
     &longest_stop},
    {"memgc_gc_cpu_limited", Kind::kGauge, "", "1 while collecting takes no more from the program, for it took half.",
     &plain<&M::cpu_limited>},
    {"memgc_gc_cpu_limits", Kind::kCounter, "", "How often that has begun.", &total<&M::cpu_limited_times>},
    {"memgc_gc_cpu_limited_seconds", Kind::kCounter, "seconds", "How long it has lasted.",
     &seconds_total<&M::cpu_limited_ns>},
    {"memgc_gc_ratio", Kind::kGauge, "ratio", "Growth above the live heap that MEMGC allows; +Inf: off.", &growth},
    {"memgc_gc_scanned_bytes", Kind::kGauge, "bytes", "What the last cycle scanned outside the heap.", &scanned},
    {"memgc_gc_start_bytes", Kind::kGauge, "bytes", "Heap in use when the last cycle began.",
     &plain<&M::last_start_bytes>},
    {"memgc_gc_end_bytes", Kind::kGauge, "bytes", "Heap in use when its marking ended.", &plain<&M::last_end_bytes>},
    {"memgc_heap_live_bytes", Kind::kGauge, "bytes", "What the last cycle found reachable.", &plain<&M::live_bytes>},
    {"memgc_heap_used_bytes", Kind::kGauge, "bytes", "That, and what was allocated since.", &plain<&M::heap_bytes>},
    {"memgc_heap_trigger_bytes", Kind::kGauge, "bytes", "Heap in use at which the next cycle begins; +Inf: at none.",
     &or_infinity<&M::trigger_bytes>},
    {"memgc_heap_goal_bytes", Kind::kGauge, "bytes", "Heap in use at which it is to end; +Inf: none.",
     &or_infinity<&M::goal_bytes>},
    {"memgc_heap_committed_bytes", Kind::kGauge, "bytes", "Blocks in use and free ones kept for reuse.", &committed},
    {"memgc_heap_released_bytes", Kind::kGauge, "bytes", "Of the heap's blocks, given back to the kernel at present.",
     &plain<&M::released_bytes>},
    {"memgc_heap_alloc_bytes", Kind::kCounter, "bytes", "Allocated since the heap was made.",
     &total<&M::allocated_bytes>},
    {"memgc_heap_alloc_objects", Kind::kCounter, "objects", "The same in objects.", &total<&M::allocated_objects>},
    {"memgc_memory_bytes", Kind::kGauge, "bytes", "What MEMLIMIT counts, by what it is; the sum is what is resident.",
     &memory},
    {"memgc_memlimit_bytes", Kind::kGauge, "bytes", "MEMLIMIT; +Inf: none.", &or_infinity<&M::limit_bytes>},
    {"memgc_pressure", Kind::kGauge, "", "How near the live heap is to the limit: 0 below, 1 near, 2 over.",
     &plain<&M::pressure>},
    {"memgc_threads", Kind::kGauge, "threads", "Attached threads.", &plain<&M::attached_threads>},
    {"memgc_late_safepoints", Kind::kCounter, "", "Threads that took longer than safepointms to come to a safepoint.",
     &total<&M::late_answers>},
    {"memgc_processors", Kind::kGauge, "processors", "Processors that this process may use.", &plain<&M::processors>},
};

}  // namespace

std::span<const Family> families() { return kFamilies; }

}  // namespace memgc::observe
