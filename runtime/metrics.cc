// Job: a heap's metrics, gathered. See memgc/metrics.h.
#include "memgc/metrics.h"

#include <algorithm>
#include <cstring>

#include "runtime/clock.h"
#include "runtime/heap_impl.h"

namespace memgc {
namespace internal {
namespace {

constexpr std::uint64_t or_none(std::size_t bytes) { return bytes == SIZE_MAX ? Metrics::kNone : bytes; }

void add_cycles(Metrics& out, const CycleTotals& totals) {
  out.full_cycles = totals.full;
  out.minor_cycles = totals.minor;
  out.cycle_ns = totals.cycle_ns;
  out.mark_cpu_ns = totals.mark_cpu_ns;
  out.idle_mark_cpu_ns = totals.idle_mark_cpu_ns;
  out.assist_cpu_ns = totals.assist_cpu_ns;
  out.stop_cpu_ns = totals.stop_cpu_ns;
  out.sweep_cpu_ns = totals.sweep_cpu_ns;
  out.last_start_bytes = totals.last_start_bytes;
  out.last_end_bytes = totals.last_end_bytes;
  out.last_stack_bytes = totals.last_stack_bytes;
  out.last_global_bytes = totals.last_global_bytes;
}

void add_memory(Metrics& out, const Holdings& held) {
  out.managed_bytes = held.all();
  out.block_bytes = held.blocks;
  out.free_bytes = held.free_blocks;
  out.table_bytes = held.tables;
  out.mark_work_bytes = held.mark_work;
  out.stack_copy_bytes = held.stack_copies;
  out.thread_bytes = held.threads;
  out.external_bytes = held.external;
}

}  // namespace

Metrics HeapImpl::metrics() const {
  Metrics out;
  out.version = Metrics::kVersion;
  out.heap_number = number_;
  out.age_ns = elapsed_ns(made_ns_, now_ns());
  out.processors = processors_;
  add_cycles(out, cycle_totals_.read());
  out.live_bytes = pacing_.live();
  out.heap_bytes = heap_bytes();
  out.trigger_bytes = or_none(pacing_.trigger());
  out.goal_bytes = or_none(goal());
  out.limit_bytes = or_none(pacing_.memory_limit());
  out.growth_percent = pacing_.growth_percent();
  const Allocations made = allocated();
  out.allocated_bytes = made.bytes;
  out.allocated_objects = made.objects;
  add_memory(out, holdings());
  out.released_bytes = blocks_.stats().released_bytes;
  out.pressure = static_cast<std::uint64_t>(pressure());
  out.cpu_limited = gc_cpu_.limiting() ? 1 : 0;
  out.cpu_limited_times = gc_cpu_.limited_times();
  out.cpu_limited_ns = gc_cpu_.limited_ns();
  out.late_answers = late_answers_.load(std::memory_order_relaxed);
  out.attached_threads = attached_threads_.load(std::memory_order_relaxed);
  out.stops = stops_.buckets();
  return out;
}

}  // namespace internal

void Heap::read_metrics(void* out, std::size_t bytes) const noexcept {
  const Metrics all = impl_->metrics();
  std::memcpy(out, &all, std::min(bytes, sizeof(all)));
}

}  // namespace memgc
