// Job: see pacer.h.
#include "runtime/pacer.h"

#include <algorithm>

#include "allocator/base/bits.h"

namespace memgc::internal {
namespace {

constexpr std::size_t kLimitHeadroom = std::size_t{1} << 20;  // at the least
constexpr std::size_t kLimitHeadroomPercent = 3;

std::size_t add(std::size_t a, std::size_t b) { return a > SIZE_MAX - b ? SIZE_MAX : a + b; }

}  // namespace

std::size_t growth_goal(const GoalInput& in) {
  if (in.growth_percent < 0) return kNoGoal;
  const auto percent = static_cast<std::size_t>(in.growth_percent);
  return std::max(percent_of(kMinimumGoal, percent), add(in.live, percent_of(add(in.live, in.roots), percent)));
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

std::size_t heap_goal(const GoalInput& in) { return std::min(growth_goal(in), limit_goal(in)); }

void ConsMark::add(std::size_t allocated, std::size_t marked) {
  recent_[next_] = static_cast<double>(allocated) / static_cast<double>(std::max<std::size_t>(marked, 1));
  next_ = (next_ + 1) % recent_.size();
}

double ConsMark::ratio() const { return *std::max_element(recent_.begin(), recent_.end()); }

std::size_t cycle_trigger(std::size_t goal, std::size_t live, double cons_mark) {
  if (goal == kNoGoal || live >= goal) return goal;
  const std::size_t room = goal - live;
  const std::size_t low = live + room / 64 * 45;
  std::size_t high = live + room / 64 * 61;
  if (goal > kMinimumGoal) high = std::max(high, goal - kMinimumGoal);
  // A quarter more than last time: a cycle that begins too late holds mutators up, one that begins early costs little.
  const double runway = std::min(cons_mark * 1.25 * static_cast<double>(live), static_cast<double>(goal));
  return std::clamp(goal - static_cast<std::size_t>(runway), low, std::max(high, low));
}

std::size_t allowed_growth(std::size_t begun, std::size_t goal, std::size_t expected_work, std::size_t done) {
  constexpr std::size_t kSlack = std::size_t{256} << 10;
  const std::size_t end = std::max(add(goal, goal / 20), add(begun, begun / 16 + kSlack));
  if (done >= expected_work) return end;
  const double share = static_cast<double>(done) / static_cast<double>(expected_work);
  // Half of the room at once: what is held up for is the end, not the way there.
  const double room = static_cast<double>(end - begun);
  return begun + std::max(static_cast<std::size_t>(room * (0.5 + share / 2)), kSlack);
}

}  // namespace memgc::internal
