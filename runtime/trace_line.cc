// Job: see trace_line.h.
#include "runtime/trace_line.h"

#include <unistd.h>

#include <algorithm>

#include "runtime/line_text.h"

namespace memgc::internal {
namespace {

// value / 10^decimals with exactly that many decimals.
char* put_decimals(char* out, std::uint64_t value, int decimals) {
  std::uint64_t scale = 1;
  for (int i = 0; i < decimals; ++i) scale *= 10;
  out = put(out, value / scale);
  if (decimals == 0) return out;
  *out++ = '.';
  for (std::uint64_t rest = value % scale; decimals-- > 0;) {
    scale /= 10;
    *out++ = static_cast<char>('0' + rest / scale % 10);
  }
  return out;
}

// "key": whose value follows.
char* put_key(char* out, const char* key) { return put(put(put(out, ",\""), key), "\":"); }
char* put_text(char* out, const char* key, const char* text) {
  return put(put(put(put_key(out, key), "\""), text), "\"");
}
char* put_number(char* out, const char* key, std::uint64_t value) { return put(put_key(out, key), value); }
char* put_seconds(char* out, const char* key, std::uint64_t ns) { return put_decimals(put_key(out, key), ns, 9); }

std::uint64_t billionths(std::uint64_t part, std::uint64_t whole) {
  if (whole == 0) return 0;
  return static_cast<std::uint64_t>(std::min(static_cast<double>(part) / static_cast<double>(whole), 1.0) * 1e9);
}

unsigned percent_of_cpu(const CycleTrace& cycle) {
  if (cycle.all_cpu_ns == 0) return 0;
  return static_cast<unsigned>(std::min<std::uint64_t>(cycle.gc_cpu_ns * 100 / cycle.all_cpu_ns, 100));
}

}  // namespace

char* format_ms(char* out, std::uint64_t ns) {
  if (ns >= 10'000'000) return put(out, ns / 1'000'000);
  std::uint64_t us = ns / 1000;
  if (us == 0) return put(out, "0");
  int decimals = 3;
  for (; us >= 100; us /= 10) --decimals;
  return put_decimals(out, us, decimals);
}

std::size_t format_trace_line(char* out, const CycleTrace& cycle) {
  char* at = put(out, "gc ");
  at = put(at, cycle.number);
  at = put(at, " @");
  at = put_decimals(at, cycle.since_start_ns / 1'000'000, 3);
  at = put(at, "s ");
  at = put(at, std::uint64_t{percent_of_cpu(cycle)});
  at = put(at, "%: ");
  for (int i = 0; i < 3; ++i) at = format_ms(i > 0 ? put(at, "+") : at, cycle.clock_ns[i]);
  at = put(at, " ms clock, ");
  at = format_ms(at, cycle.cpu_open_ns);
  at = format_ms(put(at, "+"), cycle.cpu_assist_ns);
  at = format_ms(put(at, "/"), cycle.cpu_mark_ns);
  at = format_ms(put(at, "/"), cycle.cpu_idle_ns);
  at = format_ms(put(at, "+"), cycle.cpu_close_ns);
  at = put(at, " ms cpu, ");
  at = put_mb(at, cycle.heap_before);
  at = put_mb(put(at, "->"), cycle.heap_after);
  at = put_mb(put(at, "->"), cycle.heap_live);
  at = put(at, " MB, ");
  at = put_mb(at, cycle.goal);
  at = put(at, " MB goal, ");
  at = put_mb(at, cycle.stacks);
  at = put(at, " MB stacks, ");
  at = put_mb(at, cycle.globals);
  at = put(at, " MB globals, ");
  at = put(at, std::uint64_t{cycle.processors});
  at = put(at, " P");
  if (cycle.cause == CycleCause::kForced) at = put(at, " (forced)");
  if (cycle.minor) at = put(at, " (minor)");
  *at++ = '\n';
  return static_cast<std::size_t>(at - out);
}

std::size_t format_trace_json(char* out, const CycleTrace& cycle) {
  char* at = put(put(out, "{\"schema\":"), kTraceSchema);
  at = put_text(at, "event", "gc_cycle");
  at = put_number(at, "sequence", cycle.sequence);
  at = put_seconds(at, "unix_time_seconds", cycle.unix_ns);
  at = put_number(at, "heap", cycle.heap);
  at = put_number(at, "cycle", cycle.number);
  at = put_text(at, "kind", cycle.minor ? "minor" : "full");
  at = put_text(at, "cause", kCycleCauseNames[static_cast<std::size_t>(cycle.cause)]);
  at = put_seconds(at, "begin_seconds", cycle.since_start_ns);
  at = put_decimals(put_key(at, "gc_cpu_ratio"), billionths(cycle.gc_cpu_ns, cycle.all_cpu_ns), 9);
  at = put_seconds(at, "gc_cpu_total_seconds", cycle.gc_cpu_ns);
  at = put_seconds(at, "all_cpu_total_seconds", cycle.all_cpu_ns);
  at = put_seconds(at, "opening_stop_seconds", cycle.clock_ns[0]);
  at = put_seconds(at, "concurrent_seconds", cycle.clock_ns[1]);
  at = put_seconds(at, "closing_stop_seconds", cycle.clock_ns[2]);
  at = put_seconds(at, "opening_cpu_seconds", cycle.cpu_open_ns);
  at = put_seconds(at, "assist_cpu_seconds", cycle.cpu_assist_ns);
  at = put_seconds(at, "background_cpu_seconds", cycle.cpu_mark_ns);
  at = put_seconds(at, "idle_cpu_seconds", cycle.cpu_idle_ns);
  at = put_seconds(at, "closing_cpu_seconds", cycle.cpu_close_ns);
  at = put_number(at, "heap_start_bytes", cycle.heap_before);
  at = put_number(at, "heap_end_bytes", cycle.heap_after);
  at = put_number(at, "heap_live_bytes", cycle.heap_live);
  at = put_key(at, "heap_goal_bytes");  // without one there is none to tell
  at = cycle.goal == UINT64_MAX ? put(at, "null") : put(at, cycle.goal);
  at = put_number(at, "stacks_bytes", cycle.stacks);
  at = put_number(at, "globals_bytes", cycle.globals);
  at = put_number(at, "processors", cycle.processors);
  at = put(at, "}\n");
  return static_cast<std::size_t>(at - out);
}

void write_line(const char* text, std::size_t length) {
  while (length > 0) {  // a pipe may take a part; a line is below PIPE_BUF, so in practice it goes out whole
    const ssize_t written = ::write(STDERR_FILENO, text, length);
    if (written <= 0) return;
    text += written;
    length -= static_cast<std::size_t>(written);
  }
}

}  // namespace memgc::internal
