// Job: see trace_line.h.
#include "runtime/trace_line.h"

#include <unistd.h>

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
  at = put(at, std::uint64_t{cycle.gc_cpu_percent});
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
  if (cycle.forced) at = put(at, " (forced)");
  if (cycle.minor) at = put(at, " (minor)");
  *at++ = '\n';
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
