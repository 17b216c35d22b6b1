// Job: a heap's metrics: plain data for whoever watches a program, of the kind that monitoring systems collect.
// memgc/observe/metrics.h has the same as text.
//
// Each field says what it counts and when it moves. Counters start at 0 with the heap and never fall. What belongs to
// cycles is of one moment and agrees with itself; each other figure is exact, but two of them may be a moment apart.
// Stats has quantiles of stops; what is here costs less to read.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "memgc/internal/export.h"

namespace memgc {

/// Why a cycle began.
enum class CycleCause : std::uint8_t {
  kAuto,      ///< The heap had grown to its trigger.
  kLimit,     ///< The same, where the memory limit asks for an earlier cycle than growth does.
  kForced,    ///< It was asked for: Heap::collect() and the like, gcstress; or an allocation had found no memory.
  kPeriodic,  ///< There had been none for a while: MEMDEBUG=gcperiodms.
};
inline constexpr std::size_t kCycleCauses = 4;
/// As traces and metrics call them, by CycleCause.
inline constexpr const char* kCycleCauseNames[kCycleCauses] = {"auto", "limit", "forced", "periodic"};

/// How long mutators were held up, in the buckets that metrics show: 1, 2.5, 5 and so on from 1 us to 1 s.
struct StopBuckets {
  static constexpr std::size_t kBounds = 19;
  /// In ns, rising.
  static constexpr std::array<std::uint64_t, kBounds> bounds_ns = {
      1'000,      2'500,       5'000,       10'000,      25'000,       50'000,     100'000,
      250'000,    500'000,     1'000'000,   2'500'000,   5'000'000,    10'000'000, 25'000'000,
      50'000'000, 100'000'000, 250'000'000, 500'000'000, 1'000'000'000};

  /// How many took at most bounds_ns[i]; the last: all. Exact, and cumulative: each is as large as the one before.
  std::array<std::uint64_t, kBounds + 1> at_most{};
  std::uint64_t total_ns = 0;  ///< Their sum; of one that ends just now it may be there before the count, or after.
  std::uint64_t max_ns = 0;    ///< The longest.

  std::uint64_t count() const { return at_most[kBounds]; }
};

/// One heap's metrics. Plain data: may be copied, compared, sent. Fields are only ever added, at the end.
struct Metrics {
  static constexpr std::uint64_t kVersion = 1;
  static constexpr std::uint64_t kNone = UINT64_MAX;  ///< A goal or limit that there is not.

  /// kVersion of the library that filled it in; counts up with every field that is added. A program that was compiled
  /// against an older one gets the fields that it knows.
  std::uint64_t version = 0;
  std::uint64_t heap_number = 0;  ///< Which of the heaps that this process has made, from 1. Never changes.
  std::uint64_t age_ns = 0;       ///< Wall time since the heap was made.
  std::uint64_t processors = 0;   ///< That this process may use, as the heap found when it was made.

  // --- Cycles. They move when a cycle ends, all together; and sweep_cpu_ns again when it is swept.

  /// Full cycles that have ended, by CycleCause.
  std::array<std::uint64_t, kCycleCauses> full_cycles{};
  /// Minor ones (Options::generational), by CycleCause.
  std::array<std::uint64_t, kCycleCauses> minor_cycles{};
  std::uint64_t cycle_ns = 0;  ///< Wall time with a cycle under way, from its first handshake to its last.
  /// CPU time of collecting, in five parts that do not overlap. Marking by the collector's threads, within their
  /// quarter of the processors:
  std::uint64_t mark_cpu_ns = 0;
  std::uint64_t idle_mark_cpu_ns = 0;  ///< and what they marked beyond it, on processors that were idle.
  std::uint64_t assist_cpu_ns = 0;     ///< Marking by mutators, to pay for what they allocate.
  std::uint64_t stop_cpu_ns = 0;       ///< Mutators answering the handshakes that begin and end cycles, of all of them.
  std::uint64_t sweep_cpu_ns = 0;  ///< What else the collector's threads did in cycles: sweeping, for the most part.
  std::uint64_t last_start_bytes = 0;   ///< heap_bytes when the last cycle began.
  std::uint64_t last_end_bytes = 0;     ///< heap_bytes when its marking ended: the most of that cycle.
  std::uint64_t last_stack_bytes = 0;   ///< Stacks that it scanned.
  std::uint64_t last_global_bytes = 0;  ///< Roots and root ranges that it scanned.

  // --- The heap, at present.

  std::uint64_t live_bytes = 0;     ///< What the last cycle found reachable (cells). Moves when a cycle ends.
  std::uint64_t heap_bytes = 0;     ///< That, and what was allocated since; of attached threads, to their last refill.
  std::uint64_t trigger_bytes = 0;  ///< heap_bytes at which the next cycle begins. kNone: at none.
  std::uint64_t goal_bytes = 0;     ///< heap_bytes at which it is to end. kNone: none. Both move with cycles and knobs.
  std::uint64_t limit_bytes = 0;    ///< MEMLIMIT, as it stands. kNone: none.
  std::int64_t growth_percent = 0;  ///< MEMGC, as it stands. Below 0: off.
  std::uint64_t allocated_bytes = 0;    ///< Counter: allocated, in cells; of attached threads, to their last refill.
  std::uint64_t allocated_objects = 0;  ///< Counter: the same in objects.

  // --- Memory, at present.

  /// What is resident and what MEMLIMIT counts: exactly the sum of the seven that follow.
  std::uint64_t managed_bytes = 0;
  std::uint64_t block_bytes = 0;       ///< Blocks in use: objects, dead ones not yet swept, free cells between them.
  std::uint64_t free_bytes = 0;        ///< Free blocks, kept for reuse.
  std::uint64_t table_bytes = 0;       ///< Descriptors and bitmaps of blocks, and what the heap itself takes.
  std::uint64_t mark_work_bytes = 0;   ///< Mark stacks and the write barrier's buffers. Grows while a cycle marks.
  std::uint64_t stack_copy_bytes = 0;  ///< Copies of stacks, lists of weak references.
  std::uint64_t thread_bytes = 0;      ///< Attached threads: tables of their runs.
  std::uint64_t external_bytes = 0;    ///< What the program reported with Heap::add_external_bytes().
  std::uint64_t released_bytes = 0;    ///< Of the heap's blocks, given back to the kernel; no part of the sum.

  // --- Trouble.

  std::uint64_t pressure = 0;           ///< Heap::pressure(): 0 below, 1 near, 2 over.
  std::uint64_t cpu_limited = 0;        ///< 1 while collecting takes no more from the program (Stats::cpu_limited).
  std::uint64_t cpu_limited_times = 0;  ///< Counter: how often that has begun.
  std::uint64_t cpu_limited_ns = 0;     ///< Counter: wall time that it has lasted.
  std::uint64_t late_answers = 0;       ///< Counter: threads that took longer than safepointms to a safepoint.
  std::uint64_t attached_threads = 0;   ///< Mutators, at present.
  StopBuckets stops;                    ///< Every time a mutator was held up by the collector, when it was over.

  /// All cycles.
  std::uint64_t cycles() const {
    std::uint64_t sum = 0;
    for (std::size_t i = 0; i < kCycleCauses; ++i) sum += full_cycles[i] + minor_cycles[i];
    return sum;
  }
};

}  // namespace memgc
