// Job: what a heap's cycles come to so far, as plain data; the fields are those of memgc/metrics.h.
#pragma once

#include <array>
#include <cstdint>

#include "memgc/metrics.h"

namespace memgc::internal {

struct CycleTotals {
  std::array<std::uint64_t, kCycleCauses> full{};
  std::array<std::uint64_t, kCycleCauses> minor{};
  std::uint64_t cycle_ns = 0;
  std::uint64_t mark_cpu_ns = 0;
  std::uint64_t idle_mark_cpu_ns = 0;
  std::uint64_t assist_cpu_ns = 0;
  std::uint64_t stop_cpu_ns = 0;
  std::uint64_t sweep_cpu_ns = 0;
  std::uint64_t last_start_bytes = 0;
  std::uint64_t last_end_bytes = 0;
  std::uint64_t last_stack_bytes = 0;
  std::uint64_t last_global_bytes = 0;
};

}  // namespace memgc::internal
