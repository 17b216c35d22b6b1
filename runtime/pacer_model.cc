// Job: see memgc/pacing.h.
#include <algorithm>

#include "memgc/pacing.h"
#include "runtime/assist.h"
#include "runtime/pacer.h"

namespace memgc {

struct PacerModel::Memory {
  internal::ConsMark cons_mark;
  std::size_t work = 0;  // of the last cycle

  std::size_t trigger(const internal::HeapGoal& goal, std::size_t live) const {
    const std::size_t ahead = internal::runway(cons_mark.ratio(), cons_mark.idle_share(), std::max(work, live));
    return internal::cycle_trigger(goal, live, ahead);
  }
};

PacerModel::PacerModel() : memory_(std::make_unique<Memory>()) {}
PacerModel::~PacerModel() = default;
PacerModel::PacerModel(PacerModel&& other) noexcept = default;
PacerModel& PacerModel::operator=(PacerModel&& other) noexcept = default;

void PacerModel::note(const PacerMark& cycle) {
  internal::CycleMeasure measure;
  measure.begun = cycle.begun_bytes;
  measure.ended = cycle.ended_bytes;
  measure.work = cycle.work_bytes;
  measure.assist_ns = cycle.assist_ns;
  measure.idle_ns = cycle.idle_ns;
  measure.wall_ns = cycle.wall_ns;
  measure.processors = cycle.processors;
  memory_->cons_mark.add(measure);
  memory_->work = cycle.work_bytes;
}

PacerGoal PacerModel::next(const PacerSetting& setting, const PacerHeap& heap) const {
  internal::GoalInput in;
  in.live = heap.live_bytes;
  in.roots = heap.root_bytes;
  in.growth_percent = setting.growth_percent;
  in.memory_limit = setting.memory_limit;
  in.mapped_ready = heap.live_bytes + heap.other_bytes;
  in.heap_in_use = heap.live_bytes;
  const internal::HeapGoal goal = internal::heap_goal(in);
  PacerGoal out;
  out.goal_bytes = goal.bytes;
  out.trigger_bytes = memory_->trigger(goal, heap.live_bytes);
  out.earliest_bytes = internal::cycle_trigger(goal, heap.live_bytes, SIZE_MAX);
  out.hard_bytes = internal::hard_goal(goal.bytes);
  out.by_limit = goal.by_limit;
  return out;
}

std::size_t PacerModel::trigger(std::size_t live_bytes, std::size_t goal_bytes) const {
  return memory_->trigger({goal_bytes, 0, false}, live_bytes);
}

}  // namespace memgc
