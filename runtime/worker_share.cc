// Job: see worker_share.h.
#include "runtime/worker_share.h"

#include <algorithm>
#include <cmath>

namespace memgc::internal {
namespace {

constexpr double kMostRoundingError = 0.3;
constexpr double kOverrun = 1.2;
constexpr double kLongestRestNs = 1e9;

}  // namespace

WorkerShare worker_share(unsigned processors, bool stopped, bool periodic) {
  WorkerShare share;
  share.processors = std::max(processors, 1u);
  if (stopped) {
    share.dedicated = share.processors;
    return share;
  }
  const double total = kMarkShare * static_cast<double>(share.processors);
  share.dedicated = static_cast<unsigned>(std::lround(total));
  if (std::abs(static_cast<double>(share.dedicated) / total - 1) > kMostRoundingError) {
    if (static_cast<double>(share.dedicated) > total) --share.dedicated;
    share.fractional = total - static_cast<double>(share.dedicated);
  }
  // One idle worker is needed even then if no other runs all the time: somebody must bring the cycle to its end.
  const unsigned when_periodic = share.dedicated == 0 ? 1 : 0;
  share.idle_most = periodic ? when_periodic : share.processors - share.dedicated;
  return share;
}

bool fractional_due(const WorkerShare& share, std::uint64_t worked_ns, std::uint64_t elapsed_ns) {
  return share.fractional > 0 && static_cast<double>(worked_ns) <= share.fractional * static_cast<double>(elapsed_ns);
}

bool fractional_done(const WorkerShare& share, std::uint64_t worked_ns, std::uint64_t elapsed_ns) {
  return static_cast<double>(worked_ns) > kOverrun * share.fractional * static_cast<double>(elapsed_ns);
}

std::uint64_t fractional_rest_ns(const WorkerShare& share, std::uint64_t worked_ns, std::uint64_t elapsed_ns) {
  if (share.fractional <= 0) return static_cast<std::uint64_t>(kLongestRestNs);
  const double due_at = static_cast<double>(worked_ns) / share.fractional;
  const double rest = std::ceil(due_at - static_cast<double>(elapsed_ns));
  return static_cast<std::uint64_t>(std::clamp(rest, 0.0, kLongestRestNs));
}

}  // namespace memgc::internal
