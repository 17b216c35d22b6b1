// Job: see pacing.h.
#include "runtime/pacing.h"

#include <algorithm>

namespace memgc::internal {

void Pacing::update_goal(const Holdings& now, bool at_goal) {
  GoalInput in;
  in.live = live();
  in.promoted = promoted_.load(std::memory_order_relaxed);
  in.roots = roots_.load(std::memory_order_relaxed);
  in.growth_percent = growth_percent();
  in.memory_limit = limit();
  in.mapped_ready = now.all();
  in.heap_free = now.free_blocks;
  // Whole blocks: what is free in them is room for objects, and what is dead and not yet swept is no overhead. That
  // they may be full of holes that nobody can use is told by how many are taken.
  in.heap_in_use = now.blocks;
  const HeapGoal goal = heap_goal(in);
  const double ahead = runway_.load(std::memory_order_relaxed) * static_cast<double>(expected_work());
  goal_.store(goal.bytes, std::memory_order_relaxed);
  limit_goal_.store(limited() ? limit_goal(in) : SIZE_MAX, std::memory_order_relaxed);
  by_limit_.store(goal.by_limit, std::memory_order_relaxed);
  no_room_.store(goal.by_limit && goal.bytes <= in.live, std::memory_order_relaxed);
  set_hard_goal(memgc::internal::hard_goal(goal.bytes));
  trigger_.store(at_goal ? goal.bytes : cycle_trigger(goal, in.live, static_cast<std::size_t>(std::min(ahead, 0x1p62))),
                 std::memory_order_relaxed);
}

void Pacing::update_block_goal(const Holdings& now, bool at_goal) {
  constexpr std::size_t kLeastGrowth = std::size_t{64} << 10;
  swept_blocks_.store(now.blocks, std::memory_order_relaxed);
  note_others(now.others());
  GoalInput in;
  in.memory_limit = limit();
  in.mapped_ready = now.others();
  const HeapGoal goal{limit_goal(in), 0, true};
  std::size_t trigger = SIZE_MAX;
  if (goal.bytes != kNoGoal) {
    const double ahead = runway_.load(std::memory_order_relaxed) * static_cast<double>(expected_work());
    trigger = at_goal ? goal.bytes : cycle_trigger(goal, now.blocks, static_cast<std::size_t>(std::min(ahead, 0x1p62)));
    trigger = std::max(trigger, now.blocks + kLeastGrowth);  // a cycle that nothing was taken since would find nothing
  }
  block_trigger_.store(trigger, std::memory_order_relaxed);
}

void Pacing::note_others(std::size_t bytes) {
  constexpr std::size_t kLeastGrowth = std::size_t{512} << 10;
  constexpr std::size_t kMarginDivisor = 64;  // half of the goal's headroom: those who are held are so a block late
  const std::size_t most = limit();
  if (most == SIZE_MAX) {
    resident_blocks_.store(SIZE_MAX, std::memory_order_relaxed);
    hard_blocks_.store(SIZE_MAX, std::memory_order_relaxed);
    return;
  }
  const std::size_t left = most > bytes ? most - bytes : 0;
  resident_blocks_.store(left, std::memory_order_relaxed);
  hard_blocks_.store(
      std::max(left - left / kMarginDivisor, swept_blocks_.load(std::memory_order_relaxed) + kLeastGrowth),
      std::memory_order_relaxed);
}

// Far enough above the goal and where the cycle began to let it come about.
void Pacing::set_hard_goal(std::size_t wanted) {
  constexpr std::size_t kLeast = std::size_t{1} << 20;
  const std::size_t least = std::max(goal(), begun_.load(std::memory_order_relaxed)) + kLeast;
  hard_goal_.store(goal() == kNoGoal ? kNoGoal : std::max(wanted, least), std::memory_order_relaxed);
}

void Pacing::begin_cycle(std::size_t heap, std::size_t untraced) {
  untraced_ = untraced;
  if (untraced == 0) work_.store(std::max(expected_work(), live()), std::memory_order_relaxed);
  begun_.store(heap, std::memory_order_relaxed);
  pool_.store(0, std::memory_order_relaxed);
  owed_ns_.store(0, std::memory_order_relaxed);
  revise(heap, 0);
  charging_.store(true, std::memory_order_relaxed);
}

void Pacing::revise(std::size_t heap, std::size_t marked) {
  AssistInput in;
  in.heap = heap;
  in.begun = begun_.load(std::memory_order_relaxed);
  in.goal = goal();
  // A minor cycle that finds more than it expected is no reason to grow: the next is full.
  in.most = untraced_ != 0 ? goal() : limit_goal_.load(std::memory_order_relaxed);
  in.growth_percent = growth_percent();
  in.expected_work = expected_work();
  in.most_work = in.begun - std::min(untraced_, in.begun);
  in.work = marked;
  const AssistRatio ratio = assist_ratio(in);
  set_hard_goal(ratio.hard_goal);
  work_per_byte_.store(ratio.work_per_byte, std::memory_order_relaxed);
  bytes_per_work_.store(ratio.bytes_per_work, std::memory_order_relaxed);
}

void Pacing::end_cycle(const CycleFound& found, std::size_t roots, CycleMeasure measure) {
  generations_.note(found);
  live_.store(found.live, std::memory_order_relaxed);
  promoted_.store(generations_.promoted(), std::memory_order_relaxed);
  work_.store(generations_.expected_work(found.live, goal()), std::memory_order_relaxed);
  roots_.store(roots, std::memory_order_relaxed);
  measure.begun = begun_.load(std::memory_order_relaxed);
  begun_.store(0, std::memory_order_relaxed);
  block_trigger_.store(SIZE_MAX, std::memory_order_relaxed);
  cons_mark_[found.minor].add(measure);
  const ConsMark& next = cons_mark_[generations_.next_is_minor()];
  runway_.store(static_cast<double>(runway(next.ratio(), next.idle_share(), std::size_t{1} << 32)) / 0x1p32,
                std::memory_order_relaxed);
}

AssistRatio Pacing::ratio() const {
  AssistRatio out;
  out.work_per_byte = work_per_byte_.load(std::memory_order_relaxed);
  out.bytes_per_work = bytes_per_work_.load(std::memory_order_relaxed);
  return out;
}

std::size_t Pacing::take_from_pool(std::size_t work) {
  const std::size_t taken = work_from_pool(pool_.load(std::memory_order_relaxed), work);
  if (taken != 0) pool_.fetch_sub(static_cast<std::int64_t>(taken), std::memory_order_relaxed);
  return taken;
}

void Pacing::add_to_pool(std::size_t work) {
  pool_.fetch_add(static_cast<std::int64_t>(work), std::memory_order_relaxed);
}

}  // namespace memgc::internal
