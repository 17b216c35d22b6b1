// Job: the clock that benchmarks read themselves.
#pragma once

#include <chrono>
#include <cstdint>

namespace memgc_bench {

/// Nanoseconds on a clock that never goes back.
inline std::uint64_t now_ns() {
  const auto now = std::chrono::steady_clock::now().time_since_epoch();
  return static_cast<std::uint64_t>(std::chrono::nanoseconds(now).count());
}

}  // namespace memgc_bench
