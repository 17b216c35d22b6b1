// Job: the line with which a program of ours ends when asked for --stats: what the collector cost this process.
//
// One line, `stats program=NAME key=value ...`, values without blanks, keys in a fixed order and never reused for
// something else: people read it, scripts split it at blanks and '='.
//
//   cycles, forced_cycles                                collections ended; of these, asked for by collect()
//   stops                                                times that a mutator was held up
//   stop_p50_us, stop_p99_us, stop_p999_us, stop_max_us  how long, in microseconds
//   gc_cpu_pct                                           the collector's share of the process's CPU time, in percent
//   gc_cpu_s, cpu_s                                      the two times it is the ratio of, in seconds
//   allocated_mib, heap_mib, managed_mib                 allocated in all; heap now; what MEMLIMIT counts now
//   peak_rss_mib                                         peak resident memory of the process (VmHWM)
//
// Threads: any; reading a heap's figures stops nobody.
#pragma once

#include <cstdint>
#include <cstdio>
#include <string>
#include <string_view>

#include "memgc/memgc.h"

namespace memgc_tools {

/// What a process has cost so far.
struct ProcessCost {
  double cpu_seconds = 0;            ///< CPU time of all its threads.
  std::uint64_t peak_rss_bytes = 0;  ///< Peak resident memory; 0 where the system does not say.
};

/// This process's cost, from the kernel.
ProcessCost process_cost();

/// The line, without the newline. `program` must not hold blanks. A function of its arguments alone.
std::string stats_line(const memgc::Stats& stats, const ProcessCost& cost, std::string_view program);

/// Writes the line for `heap` and this process, with a newline, in one piece.
void print_stats_line(std::FILE* out, const memgc::Heap& heap, std::string_view program);

}  // namespace memgc_tools
