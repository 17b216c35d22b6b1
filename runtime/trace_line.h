// Job: what gctrace says of a cycle: a line byte for byte as Go prints it (runtime/mgc.go, gcMarkTermination), or the
// same figures and a few more as a JSON object on a line of its own.
//
// A key of the JSON line keeps its meaning and its unit, which is the key's end; new keys may come at any time. Whoever
// takes one away or gives it another meaning counts kTraceSchema up. The README has the list.
//
// Formats into a buffer of the caller's: no allocation, no locale, so that it may run anywhere. One write(2) a line.
#pragma once

#include <cstddef>
#include <cstdint>

#include "memgc/metrics.h"

namespace memgc::internal {

/// What one cycle's line says. Times in ns, sizes in bytes.
struct CycleTrace {
  std::uint64_t number = 0;
  std::uint64_t since_start_ns = 0;  // when it began, from the heap's making
  std::uint64_t gc_cpu_ns = 0;       // cumulative: what collecting took from the program
  std::uint64_t all_cpu_ns = 0;      // cumulative: what the processors had to give
  std::uint64_t clock_ns[3] = {};    // longest stop when opening; between; longest stop when closing
  std::uint64_t cpu_open_ns = 0;     // summed over mutators
  std::uint64_t cpu_assist_ns = 0;
  std::uint64_t cpu_mark_ns = 0;
  std::uint64_t cpu_idle_ns = 0;
  std::uint64_t cpu_close_ns = 0;
  std::uint64_t heap_before = 0;  // when it began
  std::uint64_t heap_after = 0;   // when marking ended
  std::uint64_t heap_live = 0;    // marked
  std::uint64_t goal = 0;         // as it stood for this cycle
  std::uint64_t stacks = 0;       // scanned
  std::uint64_t globals = 0;      // roots and ranges scanned
  unsigned processors = 1;
  CycleCause cause = CycleCause::kAuto;
  bool minor = false;
  // For JSON alone:
  std::uint64_t sequence = 0;  // lines that this process has written, this one included
  std::uint64_t heap = 0;      // which of the heaps that this process has made, from 1
  std::uint64_t unix_ns = 0;   // when it ended
};

inline constexpr std::size_t kTraceLineBytes = 1024;  // more than any line, of either form
inline constexpr std::uint64_t kTraceSchema = 1;

/// Milliseconds with Go's rounding: at most two significant digits below 10 ms, whole ones above. Returns the end.
char* format_ms(char* out, std::uint64_t ns);
/// The whole line with its newline. `out` holds kTraceLineBytes. Returns its length.
std::size_t format_trace_line(char* out, const CycleTrace& cycle);
/// The same for the line of gctrace=json.
std::size_t format_trace_json(char* out, const CycleTrace& cycle);
/// Writes to stderr at once.
void write_line(const char* text, std::size_t length);

}  // namespace memgc::internal
