// Job: see pacer_trace.h.
#include "runtime/pacer_trace.h"

#include <charconv>
#include <cmath>

#include "runtime/line_text.h"

namespace memgc::internal {
namespace {

constexpr int kGoalPercent = static_cast<int>(kMarkShare * 100);

std::size_t end_line(char* begin, char* at) {
  *at++ = '\n';
  return static_cast<std::size_t>(at - begin);
}

}  // namespace

char* format_float(char* out, double value) {
  if (std::isnan(value)) return put(out, "NaN");
  *out++ = std::signbit(value) && value != 0 ? '-' : '+';
  if (std::isinf(value)) return put(out, "Inf");
  char* const end = std::to_chars(out, out + 24, std::fabs(value), std::chars_format::scientific, 6).ptr;
  // d.dddddde+XX, or three digits already: Go's exponent always has three.
  constexpr int kSignAt = 9;
  if (end - out == kSignAt + 4) return end;
  out[kSignAt + 3] = out[kSignAt + 2];
  out[kSignAt + 2] = out[kSignAt + 1];
  out[kSignAt + 1] = '0';
  return out + kSignAt + 4;
}

std::size_t format_pacer_begin(char* out, const PacerBeginTrace& trace) {
  char* at = format_float(put(out, "pacer: assist ratio="), trace.assist_ratio);
  at = put_mb(put(at, " (scan "), trace.to_scan);
  at = put_mb(put(at, " MB in "), trace.heap);
  at = put_mb(put(at, "->"), trace.goal);
  at = put(put(at, " MB) workers="), std::uint64_t{trace.workers.dedicated});
  // Go's is the share of each processor, ours that of the one worker.
  at = format_float(put(at, "+"), trace.workers.fractional / trace.workers.processors);
  return end_line(out, at);
}

std::size_t format_pacer_end(char* out, const PacerEndTrace& trace) {
  char* at = put(put(out, "pacer: "), static_cast<std::int64_t>(trace.utilization * 100));
  at = put(put(at, "% CPU ("), std::int64_t{kGoalPercent});
  at = put(put(at, " exp.) for "), trace.heap_work);
  at = put(put(at, "+"), trace.stack_work);
  at = put(put(at, "+"), trace.root_work);
  at = put(put(at, " B work ("), trace.expected_work);
  at = put(put(at, " B exp.) in "), trace.begun);
  at = put(put(at, " B -> "), trace.ended);
  at = put(put(at, " B (\u2206goal "), static_cast<std::int64_t>(trace.ended - trace.goal));
  at = format_float(put(at, ", cons/mark "), trace.cons_mark);
  return end_line(out, put(at, ")"));
}

std::size_t format_scavenge(char* out, const ScavengeTrace& trace) {
  const std::uint64_t resident = trace.in_use + trace.free;
  char* at = put_kib(put(out, "scav "), trace.background);
  at = put_kib(put(at, " KiB work (bg), "), trace.eager);
  at = put_kib(put(at, " KiB work (eager), "), trace.released);
  at = put(put(at, " KiB now, "), resident == 0 ? 0 : trace.in_use * 100 / resident);
  at = put(at, "% util");
  if (trace.note == ScavengeNote::kForced) at = put(at, " (forced)");
  if (trace.note == ScavengeNote::kControllerReset) at = put(at, " [controller reset]");
  return end_line(out, at);
}

}  // namespace memgc::internal
