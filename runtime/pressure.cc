// Job: see pressure.h.
#include "runtime/pressure.h"

#include <algorithm>

#include "allocator/base/bits.h"

namespace memgc::internal {
namespace {

constexpr std::size_t kBackPercent = 5;

bool reaches(const PressureInput& in, std::size_t percent, bool already) {
  return in.needed >= percent_of(in.limit, already ? percent - kBackPercent : percent);
}

}  // namespace

Pressure pressure_level(Pressure before, const PressureInput& in) {
  if (in.limit == SIZE_MAX) return Pressure::kBelow;
  if (in.cpu_limited && reaches(in, kNearPercent, false)) return Pressure::kOver;
  if (in.no_room || reaches(in, kOverPercent, before == Pressure::kOver)) return Pressure::kOver;
  if (reaches(in, kNearPercent, before != Pressure::kBelow)) return Pressure::kNear;
  return Pressure::kBelow;
}

bool limit_leaves_room(const RoomInput& in) {
  constexpr std::size_t kRoomDivisor = 8;
  constexpr std::size_t kFreedDivisor = 24;
  return in.limit != SIZE_MAX && in.needed <= in.limit - in.limit / kRoomDivisor &&
         in.freed >= in.limit / kFreedDivisor;
}

bool RoomJudge::worth_keeping(const RoomInput& in) {
  constexpr int kPatience = 4;
  if (in.limit == SIZE_MAX) return false;
  cycles_without_ = limit_leaves_room(in) ? 0 : std::min(cycles_without_ + 1, kPatience);
  return cycles_without_ < kPatience;
}

}  // namespace memgc::internal
