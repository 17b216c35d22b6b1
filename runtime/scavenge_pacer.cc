// Job: see scavenge_pacer.h.
#include "runtime/scavenge_pacer.h"

#include <algorithm>

#include "allocator/base/bits.h"

namespace memgc::internal {
namespace {

constexpr double kRetain = 1.10;
constexpr std::size_t kLimitPercent = 95;
constexpr double kShare = 0.01;
constexpr double kPageWorkNs = 10'000;  // where the clock is too coarse to see the work
constexpr double kMostCreditNs = 1e7;   // of rest; more would be a burst after a quiet time
constexpr double kLongestRestNs = 1e10;

std::size_t above(std::size_t value, std::size_t goal) { return value > goal ? value - goal : 0; }
std::size_t add(std::size_t a, std::size_t b) { return a > SIZE_MAX - b ? SIZE_MAX : a + b; }

}  // namespace

std::size_t use_goal(const ScavengeInput& in) {
  if (in.last_goal == 0 || in.goal == SIZE_MAX) return SIZE_MAX;
  const double moved = static_cast<double>(in.goal) / static_cast<double>(in.last_goal);
  const double goal = static_cast<double>(in.last_in_use) * moved;
  return goal >= 0x1p62 ? SIZE_MAX : static_cast<std::size_t>(goal);
}

std::size_t retain_goal(const ScavengeInput& in) {
  const double goal = static_cast<double>(use_goal(in)) * kRetain;
  return goal >= 0x1p62 ? SIZE_MAX : round_up(static_cast<std::size_t>(goal), in.page_bytes);
}

std::size_t resident_goal(const ScavengeInput& in) {
  return in.memory_limit == SIZE_MAX ? SIZE_MAX : percent_of(in.memory_limit, kLimitPercent);
}

std::size_t scavenge_excess(const ScavengeInput& in) {
  const std::size_t retain = std::max(retain_goal(in), in.used_lately);
  const std::size_t excess = std::max(above(in.retained, retain), above(in.mapped_ready, resident_goal(in)));
  return excess < in.page_bytes ? 0 : excess;
}

std::size_t RecentMost::note(std::size_t value, std::uint64_t now_ns) {
  const std::uint64_t passed = now_ns - half_began_ns_;
  if (passed >= kHalfNs) {
    last_half_ = passed >= 2 * kHalfNs ? 0 : this_half_;
    this_half_ = 0;
    half_began_ns_ = now_ns;
  }
  this_half_ = std::max(this_half_, value);
  return std::max(this_half_, last_half_);
}

ScavengeNow scavenge_before_growth(const ScavengeInput& in, std::size_t growth, bool limiting) {
  const std::size_t for_limit = limiting ? 0 : above(add(in.mapped_ready, growth), in.memory_limit);
  const std::size_t for_goal = std::min(above(add(in.retained, growth), retain_goal(in)), growth);
  return {std::max(for_limit, for_goal), for_limit > 0};
}

std::uint64_t ScavengePace::rest_ns(std::uint64_t worked_ns, std::size_t pages, std::uint64_t since_last_ns,
                                    unsigned processors) {
  const double worked = worked_ns > 0 ? static_cast<double>(worked_ns) : kPageWorkNs * static_cast<double>(pages);
  owed_ns_ += worked / (kShare * std::max(processors, 1u)) - static_cast<double>(since_last_ns);
  owed_ns_ = std::clamp(owed_ns_, -kMostCreditNs, kLongestRestNs);
  return static_cast<std::uint64_t>(std::max(owed_ns_, 0.0));
}

}  // namespace memgc::internal
