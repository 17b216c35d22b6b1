// What one trace line says of one cycle, memgc's or Go's. Figures stand as the line has them: milliseconds, and MB as
// Go counts them (2^20 bytes). A figure that an older line does not have is absent, never zero.
//
// The reader sets what the line alone does not say: which run it belongs to, how many lines are missing before it, and,
// for a line that was cut, how far it could be read. Figures beyond that are zero and say nothing.
//
// Plain data, of whichever thread holds it.
#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>

namespace memgc::trace {

// The parts of a line, in their order: a line that was read to one of them holds all those before it as well.
enum class Part { kNothing, kHeader, kClock, kCpu, kHeap, kGoal, kWhole };

// What a line has for a goal where the heap may grow without end: UINT64_MAX bytes.
inline constexpr double kNoGoalMib = 17592186044415;

struct Cycle {
  std::uint64_t number = 0;      // gc N
  double begin_seconds = 0;      // @T: when the cycle began, in seconds since the program did
  double gc_percent = 0;         // share of the CPU that went to collecting since then
  double opening_stop_ms = 0;    // clock: longest stop of one mutator (memgc), or the stop of the world (Go)
  double concurrent_ms = 0;      // clock: between the two stops
  double closing_stop_ms = 0;    // clock
  double opening_cpu_ms = 0;     // cpu: summed over all threads, this and the four below
  double assist_cpu_ms = 0;      // mutators that marked in proportion to what they allocated
  double background_cpu_ms = 0;  // the collector's own threads
  double idle_cpu_ms = 0;        // the collector on processors that had nothing else to do
  double closing_cpu_ms = 0;
  double start_mib = 0;  // heap when the cycle began
  double end_mib = 0;    // heap when it ended
  double live_mib = 0;   // what it found alive
  double goal_mib = 0;   // what it was to end below
  std::optional<double> stacks_mib;
  std::optional<double> globals_mib;
  unsigned processors = 0;
  bool forced = false;  // (forced): somebody asked for it
  bool minor = false;   // (minor): kept the marks of the last cycle

  std::uint32_t heap = 0;         // which of the process's heaps; 0 where the line does not say
  std::uint32_t run = 0;          // which process of the stream, from 0: see reader.h
  std::uint64_t lost_before = 0;  // lines missing between this one and the one before it of the same run
  Part read_to = Part::kWhole;

  bool has(Part part) const { return read_to >= part; }
  double wall_ms() const { return opening_stop_ms + concurrent_ms + closing_stop_ms; }
  double longest_stop_ms() const { return std::max(opening_stop_ms, closing_stop_ms); }
  // What the program paid: idle processors had nothing better to do.
  double paid_cpu_ms() const { return opening_cpu_ms + assist_cpu_ms + background_cpu_ms + closing_cpu_ms; }
};

}  // namespace memgc::trace
