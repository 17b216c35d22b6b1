// Job: when a heap would collect, as plain numbers: for tools that ask what another setting would do.
//
// Behind it are the functions that a heap itself goes by, not copies of them. Nothing here touches a heap, a clock or a
// thread. Sizes in bytes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>

#include "memgc/internal/export.h"

namespace memgc {

/// The two knobs, as in Options.
struct PacerSetting {
  int growth_percent = 100;             ///< MEMGC; negative: off.
  std::size_t memory_limit = SIZE_MAX;  ///< MEMLIMIT; SIZE_MAX: none.
};

/// What the last cycle found. All zero before the first.
struct PacerHeap {
  std::size_t live_bytes = 0;   ///< Kept by it, what was allocated while it marked included.
  std::size_t root_bytes = 0;   ///< Scanned by it outside the heap: stacks and roots.
  std::size_t other_bytes = 0;  ///< Held beside objects (metadata): the limit counts it.
};

/// What a cycle measured.
struct PacerMark {
  std::size_t begun_bytes = 0;  ///< The heap when it began,
  std::size_t ended_bytes = 0;  ///< and when marking ended.
  std::size_t work_bytes = 0;   ///< Marked and scanned.
  std::uint64_t assist_ns = 0;  ///< CPU time of mutators that marked.
  std::uint64_t idle_ns = 0;    ///< CPU time of marking beyond a quarter of the processors.
  std::uint64_t wall_ns = 0;    ///< How long marking took.
  unsigned processors = 1;
};

/// When the next cycle is to begin, and below what it is to end.
struct PacerGoal {
  std::size_t goal_bytes = SIZE_MAX;  ///< SIZE_MAX: no cycle is due by allocation.
  std::size_t trigger_bytes = SIZE_MAX;
  std::size_t earliest_bytes = SIZE_MAX;  ///< However much was allocated during cycles, the trigger is not below this.
  std::size_t hard_bytes = SIZE_MAX;  ///< Who would allocate beyond this marks instead, or waits for the cycle's end.
  bool by_limit = false;              ///< The memory limit asks for less than growth does.
};

/// The pacer of full cycles with what it remembers of the last five. One thread at a time; every call is a few dozen
/// arithmetic operations.
class MEMGC_EXPORT PacerModel {
 public:
  PacerModel();  ///< No cycle yet. Throws std::bad_alloc.
  ~PacerModel();
  PacerModel(PacerModel&& other) noexcept;  ///< What was moved from may only be assigned to or destroyed.
  PacerModel& operator=(PacerModel&& other) noexcept;

  void note(const PacerMark& cycle);  ///< A cycle is over.
  PacerGoal next(const PacerSetting& setting, const PacerHeap& heap) const;
  /// The heap at which the cycle begins that is to end at a goal which is known, above `live_bytes` of the last.
  std::size_t trigger(std::size_t live_bytes, std::size_t goal_bytes) const;

 private:
  struct Memory;
  std::unique_ptr<Memory> memory_;
};

}  // namespace memgc
