// Job: see assist.h.
#include "runtime/assist.h"

#include <algorithm>

#include "allocator/base/bits.h"

namespace memgc::internal {
namespace {

constexpr std::size_t kHardGoalPercent = 110;
constexpr int kPercentWhenOff = 100'000;  // then only the limit bounds a heap
// Expected work that is left is never none: allocating stays priced until the cycle is over.
constexpr std::size_t kLeastWorkLeft = 1000;

// Beyond the goal the price is out of reach, and a cell at a time would be no way to get there.
constexpr std::size_t kLeastAffordable = std::size_t{4} << 10;

std::size_t to_size(double value) {
  if (!(value > 0)) return 0;
  return value >= 0x1p63 ? SIZE_MAX : static_cast<std::size_t>(value);
}

// What fits a balance, which is signed and below zero when this is added to it.
std::size_t to_balance(double value) {
  constexpr std::size_t kMost = std::size_t{1} << 62;
  return std::min(to_size(value), kMost);
}

// The way from the cycle's beginning to its goal, longer by as much as the work is more than was expected.
std::size_t stretched_goal(const AssistInput& in) {
  const double way = static_cast<double>(in.goal) - static_cast<double>(in.begun);
  const double more =
      static_cast<double>(in.most_work) / static_cast<double>(std::max<std::size_t>(in.expected_work, 1));
  const int percent = in.growth_percent < 0 ? kPercentWhenOff : in.growth_percent;
  const std::size_t all_live = percent_of(in.goal, 100 + static_cast<std::size_t>(percent));
  const std::size_t most = std::min(all_live, std::max(in.most, in.goal));
  return std::min(to_size(static_cast<double>(in.begun) + way * more), most);
}

}  // namespace

AssistRatio assist_ratio(const AssistInput& in) {
  AssistRatio out;
  out.expected_work = in.expected_work;
  out.goal = in.goal;
  if (in.work > in.expected_work) {
    out.goal = stretched_goal(in);
    out.expected_work = in.most_work;
  }
  out.hard_goal = hard_goal(out.goal);
  if (in.heap > out.goal) {
    out.goal = out.hard_goal;
    out.expected_work = in.most_work;
  }
  const std::size_t work_left =
      out.expected_work > in.work ? std::max(out.expected_work - in.work, kLeastWorkLeft) : kLeastWorkLeft;
  const std::size_t heap_left = out.goal > in.heap ? out.goal - in.heap : 1;
  out.work_per_byte = static_cast<double>(work_left) / static_cast<double>(heap_left);
  out.bytes_per_work = static_cast<double>(heap_left) / static_cast<double>(work_left);
  return out;
}

std::size_t hard_goal(std::size_t goal) { return percent_of(goal, kHardGoalPercent); }

Assist assist_owed(std::size_t debt_bytes, const AssistRatio& ratio) {
  const std::size_t work = to_balance(ratio.work_per_byte * static_cast<double>(debt_bytes));
  if (work >= kLeastAssistWork) return {work, debt_bytes};
  const std::size_t bytes = to_balance(ratio.bytes_per_work * static_cast<double>(kLeastAssistWork));
  return {kLeastAssistWork, std::max(bytes, debt_bytes)};
}

std::size_t affordable_bytes(const AssistRatio& ratio) {
  constexpr std::size_t kWork = kMostAssistWork / 2;
  return std::max(kLeastAffordable, to_balance(ratio.bytes_per_work * static_cast<double>(kWork)));
}

std::size_t work_from_pool(std::int64_t pool, std::size_t work) {
  return pool <= 0 ? 0 : std::min(static_cast<std::size_t>(pool), work);
}

std::size_t credit_for(const Assist& owed, std::size_t work, const AssistRatio& ratio) {
  if (work == owed.work) return owed.bytes;
  // Rounded up: a debt of one byte can be paid.
  return to_balance(ratio.bytes_per_work * static_cast<double>(work)) + 1;
}

}  // namespace memgc::internal
