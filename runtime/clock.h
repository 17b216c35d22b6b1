// Job: the clocks, in ns.
#pragma once

#include <time.h>

#include <cstdint>

#include "allocator/base/sync.h"

namespace memgc::internal {

/// Wall time since some moment in the past; never goes back.
inline std::uint64_t now_ns() { return sync::read_clock(CLOCK_MONOTONIC); }
/// CPU time of the calling thread.
inline std::uint64_t thread_cpu_ns() { return sync::read_clock(CLOCK_THREAD_CPUTIME_ID); }
/// CPU time of the process.
inline std::uint64_t process_cpu_ns() { return sync::read_clock(CLOCK_PROCESS_CPUTIME_ID); }

/// Since 1970, as the machine's clock is set: for people and logs, never to measure with.
inline std::uint64_t unix_ns() { return sync::read_clock(CLOCK_REALTIME); }

/// later - earlier, 0 if the clocks say the impossible (they do, on some virtual machines).
inline std::uint64_t elapsed_ns(std::uint64_t earlier, std::uint64_t later) {
  return later > earlier ? later - earlier : 0;
}

}  // namespace memgc::internal
