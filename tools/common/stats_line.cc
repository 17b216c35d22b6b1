// Job: see stats_line.h. Where each figure comes from: the collector's from memgc::Stats, the process's from the
// kernel.
#include "stats_line.h"

#include <fmt/format.h>
#include <sys/resource.h>
#include <time.h>

#include <algorithm>
#include <fstream>

namespace memgc_tools {

namespace {

double mib(std::uint64_t bytes) { return static_cast<double>(bytes) / (1 << 20); }

double us(std::uint64_t ns) { return static_cast<double>(ns) / 1e3; }

// VmHWM, because ru_maxrss survives exec: a small program started by a large one would be charged for its parent.
std::uint64_t peak_rss_bytes() {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);) {
    constexpr std::string_view kKey = "VmHWM:";
    if (line.starts_with(kKey)) return std::strtoull(line.c_str() + kKey.size(), nullptr, 10) * 1024;
  }
  rusage usage{};
  if (getrusage(RUSAGE_SELF, &usage) != 0) return 0;
  return static_cast<std::uint64_t>(usage.ru_maxrss) * 1024;
}

}  // namespace

ProcessCost process_cost() {
  ProcessCost cost;
  timespec now{};
  if (clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now) == 0) {
    cost.cpu_seconds = static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) / 1e9;
  }
  cost.peak_rss_bytes = peak_rss_bytes();
  return cost;
}

std::string stats_line(const memgc::Stats& stats, const ProcessCost& cost, std::string_view program) {
  const double share = cost.cpu_seconds > 0 ? 100 * stats.gc_cpu_seconds / cost.cpu_seconds : 0;
  // The two clocks are read at slightly different moments: a process that does nothing but collect may come out above
  // 100.
  const double share_pct = std::clamp(share, 0.0, 100.0);
  // A quantile is the upper bound of its bucket; nothing lasted longer than the maximum, which is exact.
  const auto quantile_us = [&](double q) { return us(std::min(stats.stops.quantile(q), stats.stops.max())); };
  return fmt::format(
      "stats program={} cycles={} forced_cycles={} stops={} stop_p50_us={:.1f} stop_p99_us={:.1f} stop_p999_us={:.1f} "
      "stop_max_us={:.1f} gc_cpu_pct={:.1f} gc_cpu_s={:.3f} cpu_s={:.3f} allocated_mib={:.1f} heap_mib={:.1f} "
      "managed_mib={:.1f} peak_rss_mib={:.1f}",
      program, stats.cycles, stats.forced_cycles, stats.stops.count(), quantile_us(0.50), quantile_us(0.99),
      quantile_us(0.999), us(stats.stops.max()), share_pct, stats.gc_cpu_seconds, cost.cpu_seconds,
      mib(stats.allocated_bytes), mib(stats.heap_bytes), mib(stats.managed_bytes), mib(cost.peak_rss_bytes));
}

void print_stats_line(std::FILE* out, const memgc::Heap& heap, std::string_view program) {
  const std::string line = stats_line(heap.stats(), process_cost(), program) + "\n";
  std::fwrite(line.data(), 1, line.size(), out);
  std::fflush(out);
}

}  // namespace memgc_tools
