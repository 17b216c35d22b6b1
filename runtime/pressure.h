// Job: how near a heap is to what it may use, in three levels that do not flutter. Pure: no clock, lock or thread.
#pragma once

#include <cstddef>

#include "memgc/heap.h"

namespace memgc::internal {

inline constexpr std::size_t kNearPercent = 85;
inline constexpr std::size_t kOverPercent = 97;  // what is left is the goal's headroom

struct PressureInput {
  std::size_t needed = 0;        // what cannot be given back: live objects, metadata, what the program reported
  std::size_t limit = SIZE_MAX;  // the smaller of memory limit and hard limit
  bool no_room = false;          // collecting finds nothing any more
  bool cpu_limited = false;      // collecting has taken too much of the CPU: says something only if much is needed
};

/// The level now, after `before`: near from 85 % of the limit on, over from 97 %, and down again 5 % lower.
Pressure pressure_level(Pressure before, const PressureInput& in);

/// What a cycle under a limit has found.
struct RoomInput {
  std::size_t limit = SIZE_MAX;  // the smaller of memory limit and hard limit
  std::size_t needed = 0;  // as above, but without objects made while it marked: they count as live, and need not be
  std::size_t freed = 0;   // objects found dead
};

/// Whether there is a point in keeping the limit whatever CPU time that takes: an eighth of it is room, and the cycle
/// has found some of that. Else the heap is too large for it, or so full of holes that it cannot be had.
bool limit_leaves_room(const RoomInput& in);

/// The same over cycles. One that finds no room says little: what was made while it marked is there until the next, and
/// that may be all the room there was. To give up the limit for one cycle only lets the heap grow to several times of
/// it, and what describes that heap then takes the room for good. No locks: for the collector's thread.
class RoomJudge {
 public:
  /// Whether to keep the limit until the next cycle has found `in`.
  bool worth_keeping(const RoomInput& in);

 private:
  int cycles_without_ = 0;  // one after the other, up to now
};

}  // namespace memgc::internal
