// Job: what a cycle tells of itself: its share of the heap's metrics, the lines of gctrace and pacertrace=1.
#include <atomic>

#include "runtime/clock.h"
#include "runtime/cycle.h"
#include "runtime/heap_impl.h"
#include "runtime/pacer_trace.h"

namespace memgc::internal {

// Everything is in gc_cpu's total by now but what mutators took to answer.
void Cycle::note_end() {
  ++(minor_ ? totals_.minor : totals_.full)[static_cast<std::size_t>(trace_.cause)];
  totals_.cycle_ns += elapsed_ns(heap_.made_ns() + trace_.since_start_ns, now_ns());
  totals_.mark_cpu_ns += trace_.cpu_mark_ns;
  totals_.idle_mark_cpu_ns += trace_.cpu_idle_ns;
  totals_.assist_cpu_ns += trace_.cpu_assist_ns;
  totals_.stop_cpu_ns += trace_.cpu_open_ns + trace_.cpu_close_ns;
  totals_.last_start_bytes = trace_.heap_before;
  totals_.last_end_bytes = trace_.heap_after;
  totals_.last_stack_bytes = trace_.stacks;
  totals_.last_global_bytes = trace_.globals;
  totals_gc_ns_ += trace_.cpu_mark_ns + trace_.cpu_idle_ns + trace_.cpu_assist_ns;
  note_swept();
}

// What collecting took and no other figure has.
void Cycle::note_swept() {
  const std::uint64_t more = elapsed_ns(totals_gc_ns_, heap_.gc_cpu().total_ns());
  totals_.sweep_cpu_ns += more;
  totals_gc_ns_ += more;
  heap_.cycle_totals().publish(totals_);
}

void Cycle::print() {
  // Of all heaps' lines: a gap is a line that was lost on its way.
  static std::atomic<std::uint64_t> lines{0};
  trace_.all_cpu_ns = elapsed_ns(heap_.made_ns(), now_ns()) * processors_;
  trace_.processors = processors_;
  trace_.gc_cpu_ns = heap_.gc_cpu().billed_ns();
  char line[kTraceLineBytes];
  if (!heap_.debug().gctrace_json) {
    write_line(line, format_trace_line(line, trace_));
    return;
  }
  trace_.sequence = lines.fetch_add(1, std::memory_order_relaxed) + 1;
  trace_.heap = heap_.number();
  trace_.unix_ns = unix_ns();
  write_line(line, format_trace_json(line, trace_));
}

void Cycle::print_pacer_begin() const {
  const Pacing& pacing = heap_.pacing();
  PacerBeginTrace out;
  out.assist_ratio = pacing.ratio().work_per_byte;
  out.to_scan = pacing.expected_work();
  out.heap = heap_at_black_;
  out.goal = pacing.goal();
  out.workers = worker_share(processors_, stopped_);
  char line[kPacerLineBytes];
  write_line(line, format_pacer_begin(line, out));
}

// Before the cycle is over: expected and estimated is what it began with.
void Cycle::print_pacer_end() const {
  const Pacing& pacing = heap_.pacing();
  const CycleMeasure measured = measure(trace_.heap_after);
  const std::uint64_t all = measured.wall_ns * processors_;
  const std::uint64_t background = trace_.cpu_mark_ns;
  PacerEndTrace out;
  out.utilization = all > 0 ? static_cast<double>(background + measured.assist_ns) / static_cast<double>(all) : 0;
  out.heap_work = measured.work;
  out.stack_work = trace_.stacks;
  out.root_work = trace_.globals;
  out.expected_work = pacing.expected_work();
  out.begun = heap_at_black_;
  out.ended = trace_.heap_after;
  out.goal = pacing.goal();
  out.cons_mark = pacing.cons_mark();
  char line[kPacerLineBytes];
  write_line(line, format_pacer_end(line, out));
}

}  // namespace memgc::internal
