// Job: see sweep_pacer.h.
#include "runtime/sweep_pacer.h"

#include <algorithm>
#include <cmath>

namespace memgc::internal {
namespace {

constexpr std::size_t kSlack = std::size_t{1} << 20;
constexpr std::size_t kLeastDistance = std::size_t{8} << 10;

}  // namespace

SweepPace sweep_pace(std::size_t heap, std::size_t trigger, std::size_t blocks_left) {
  const std::size_t distance = trigger > heap ? trigger - heap : 0;
  const std::size_t way = std::max(distance > kSlack ? distance - kSlack : 0, kLeastDistance);
  return {static_cast<double>(blocks_left) / static_cast<double>(way), heap};
}

std::size_t sweep_due(const SweepPace& pace, std::size_t heap, std::size_t bytes, std::size_t swept) {
  const double grown = heap > pace.basis ? static_cast<double>(heap - pace.basis) : 0;
  const double target = std::ceil(pace.blocks_per_byte * (grown + static_cast<double>(bytes)));
  const double due = target - static_cast<double>(swept);
  if (!(due > 0)) return 0;
  return due >= 0x1p62 ? std::size_t{1} << 62 : static_cast<std::size_t>(due);
}

}  // namespace memgc::internal
