// Job: the lines of pacertrace=1 and scavtrace=1, byte for byte as Go prints them (runtime/mgcpacer.go, startCycle and
// endCycle; mgcscavenge.go, printScavTrace).
//
// Formats into a buffer of the caller's: no allocation, no locale. write_line (trace_line.h) writes it, in one piece.
#pragma once

#include <cstddef>
#include <cstdint>

#include "runtime/worker_share.h"

namespace memgc::internal {

/// When a cycle begins. Sizes in bytes.
struct PacerBeginTrace {
  double assist_ratio = 0;    // work per byte
  std::uint64_t to_scan = 0;  // of the heap, if nothing has died
  std::uint64_t heap = 0;
  std::uint64_t goal = 0;
  WorkerShare workers;
};

/// When its marking has ended.
struct PacerEndTrace {
  double utilization = 0;  // of all processors, by workers and assists, idle workers left out
  std::uint64_t heap_work = 0;
  std::uint64_t stack_work = 0;
  std::uint64_t root_work = 0;
  std::uint64_t expected_work = 0;
  std::uint64_t begun = 0;
  std::uint64_t ended = 0;
  std::uint64_t goal = 0;
  double cons_mark = 0;  // that the trigger was computed with
};

enum class ScavengeNote : std::uint8_t { kNone, kForced, kControllerReset };

/// What was given back since the last such line. Sizes in bytes.
struct ScavengeTrace {
  std::uint64_t background = 0;
  std::uint64_t eager = 0;     // on mutators' time
  std::uint64_t released = 0;  // with the kernel now
  std::uint64_t in_use = 0;    // blocks in use
  std::uint64_t free = 0;      // free ones that are resident
  ScavengeNote note = ScavengeNote::kNone;
};

inline constexpr std::size_t kPacerLineBytes = 512;  // more than any line

/// Each writes the whole line with its newline to `out`, which holds kPacerLineBytes. Returns its length.
std::size_t format_pacer_begin(char* out, const PacerBeginTrace& trace);
std::size_t format_pacer_end(char* out, const PacerEndTrace& trace);
std::size_t format_scavenge(char* out, const ScavengeTrace& trace);

/// As Go prints a floating-point number: +1.234568e-001, NaN, +Inf, -Inf. Returns the end.
char* format_float(char* out, double value);

}  // namespace memgc::internal
