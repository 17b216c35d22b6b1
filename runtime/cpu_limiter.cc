// Job: see cpu_limiter.h.
#include "runtime/cpu_limiter.h"

#include <algorithm>

namespace memgc::internal {
namespace {

constexpr std::uint64_t kCapacityPerProcessorNs = 1'000'000'000;
constexpr std::uint64_t kMostOwedDivisor = 10;

std::uint64_t capacity_of(unsigned processors) { return std::max(processors, 1u) * kCapacityPerProcessorNs; }

}  // namespace

CpuLimiter::CpuLimiter(unsigned processors) : capacity_ns_(capacity_of(processors)) {}

bool CpuLimiter::add(std::uint64_t gc_ns, std::uint64_t mutator_ns) {
  if (gc_ns < mutator_ns) {
    drain(mutator_ns - gc_ns);
    return false;
  }
  const std::uint64_t more = gc_ns - mutator_ns;
  const std::uint64_t room = capacity_ns_ - fill_ns_;
  if (more < room) {
    fill_ns_ += more;
    return false;
  }
  fill_ns_ = capacity_ns_;
  overflow_ns_ += more - room;
  owed_ns_ = std::min(owed_ns_ + (more - room), capacity_ns_ / kMostOwedDivisor);
  const bool began = !limiting_;
  limiting_ = true;
  return began;
}

void CpuLimiter::drain(std::uint64_t ns) {
  const std::uint64_t paid = std::min(owed_ns_, ns);
  owed_ns_ -= paid;
  if (paid == ns) return;
  fill_ns_ -= std::min(fill_ns_, ns - paid);
  limiting_ = false;
}

void CpuLimiter::set_processors(unsigned processors) {
  capacity_ns_ = capacity_of(processors);
  fill_ns_ = std::min(fill_ns_, capacity_ns_);
  limiting_ = fill_ns_ == capacity_ns_;
  owed_ns_ = limiting_ ? std::min(owed_ns_, capacity_ns_ / kMostOwedDivisor) : 0;
}

}  // namespace memgc::internal
