// Job: see pacer.h.
#include "runtime/pacer.h"

#include <algorithm>

#include "allocator/base/bits.h"
#include "runtime/worker_share.h"

namespace memgc::internal {
namespace {

constexpr std::size_t kLimitHeadroom = std::size_t{1} << 20;  // at the least
constexpr std::size_t kLimitHeadroomPercent = 3;
constexpr std::size_t kLeastRunway = std::size_t{64} << 10;  // from a cycle's beginning to its goal
constexpr std::size_t kSweepDistance = std::size_t{1} << 20;
constexpr double kLeastMutatorShare = 1e-6;  // nothing allocates without any time

std::size_t add(std::size_t a, std::size_t b) { return a > SIZE_MAX - b ? SIZE_MAX : a + b; }

// Of all processors' time, what idle workers had.
double idle_share_of(const CycleMeasure& cycle) {
  const double all = static_cast<double>(cycle.wall_ns) * static_cast<double>(cycle.processors);
  return all > 0 ? std::min(static_cast<double>(cycle.idle_ns) / all, 1.0) : 0;
}

}  // namespace

std::size_t growth_goal(const GoalInput& in) {
  if (in.growth_percent < 0) return kNoGoal;
  const auto percent = static_cast<std::size_t>(in.growth_percent);
  const std::size_t live = in.live - std::min(in.promoted, in.live);
  return std::max(percent_of(kMinimumGoal, percent), add(live, percent_of(add(live, in.roots), percent)));
}

std::size_t limit_goal(const GoalInput& in) {
  if (in.memory_limit == SIZE_MAX) return kNoGoal;
  const std::size_t heap = add(in.heap_free, in.heap_in_use);
  const std::size_t non_heap = in.mapped_ready > heap ? in.mapped_ready - heap : 0;
  const std::size_t over = in.mapped_ready > in.memory_limit ? in.mapped_ready - in.memory_limit : 0;
  if (add(non_heap, over) >= in.memory_limit) return in.live;
  const std::size_t goal = in.memory_limit - non_heap - over;
  const std::size_t headroom = std::max(goal / 100 * kLimitHeadroomPercent, kLimitHeadroom);
  return std::max(goal < headroom || goal - headroom < headroom ? headroom : goal - headroom, in.live);
}

HeapGoal heap_goal(const GoalInput& in) {
  const std::size_t growth = growth_goal(in);
  const std::size_t limit = limit_goal(in);
  if (limit < growth) return {limit, 0, true};
  const std::size_t cycle_end = in.begun == kNoGoal ? 0 : add(in.begun, kLeastRunway);
  return {std::max({growth, in.least_trigger, cycle_end}), in.least_trigger, false};
}

std::size_t sweep_floor(std::size_t heap, bool sweep_done) { return sweep_done ? 0 : add(heap, kSweepDistance); }

double cons_mark(const CycleMeasure& cycle) {
  if (cycle.ended <= cycle.begun) return 0;
  const double all = static_cast<double>(cycle.wall_ns) * static_cast<double>(cycle.processors);
  const double assist_share = all > 0 ? static_cast<double>(cycle.assist_ns) / all : 0;
  const double mark_share = std::min(kMarkShare + assist_share, 1.0);
  const double mutator_share = std::max(1 - mark_share, kLeastMutatorShare);
  const double allocated = static_cast<double>(cycle.ended - cycle.begun);
  const double work = static_cast<double>(std::max<std::size_t>(cycle.work, 1));
  return allocated * (mark_share + idle_share_of(cycle)) / (work * mutator_share);
}

void ConsMark::add(const CycleMeasure& cycle) {
  if (cycle.ended <= cycle.begun) return;
  ratios_[next_] = cons_mark(cycle);
  idle_shares_[next_] = idle_share_of(cycle);
  next_ = (next_ + 1) % kRemembered;
}

double ConsMark::ratio() const { return *std::max_element(ratios_.begin(), ratios_.end()); }
double ConsMark::idle_share() const { return *std::min_element(idle_shares_.begin(), idle_shares_.end()); }

std::size_t runway(double cons_mark, double idle_share, std::size_t work) {
  const double bytes = cons_mark * (1 - kMarkShare) / (kMarkShare + idle_share) * static_cast<double>(work);
  return bytes >= 0x1p62 ? std::size_t{1} << 62 : static_cast<std::size_t>(bytes);
}

std::size_t cycle_trigger(const HeapGoal& goal, std::size_t live, std::size_t runway) {
  if (goal.bytes == kNoGoal || live >= goal.bytes) return goal.bytes;
  const std::size_t room = goal.bytes - live;
  const std::size_t low = std::min(std::max(goal.least_trigger, live + room / 64 * 45), goal.bytes);
  std::size_t high = live + room / 64 * 61;
  if (goal.bytes > kMinimumGoal) high = std::max(high, goal.bytes - kMinimumGoal);
  const std::size_t wanted = runway > goal.bytes ? low : goal.bytes - runway;
  return std::clamp(wanted, low, std::max(high, low));
}

}  // namespace memgc::internal
