// Job: how much marking a mutator owes for what it allocates while a cycle marks. Pure: no clock, lock or thread.
//
// How: Go's assists (runtime/mgcpacer.go, revise; mgcmark.go, gcAssistAlloc). The marking that is still to be done is
// spread over the bytes that may still be allocated before the goal. Each mutator has a balance in bytes; allocating
// takes from it, marking adds to it. What background workers mark beyond their own need is a pool that mutators draw on
// first, so that as a rule nobody assists.
//
//   a cycle begins, and now and then while it marks:    ratio = assist_ratio(...)
//   a mutator's balance is below zero:                  owed = assist_owed(-balance, ratio)
//                                                       taken = work_from_pool(pool, owed.work), then marks the rest
//                                                       balance += credit_for(owed, taken + marked, ratio)
//
// "Work" is bytes scanned: of objects, stacks and roots. Objects allocated while marking are no work, as they are
// black.
#pragma once

#include <cstddef>
#include <cstdint>

namespace memgc::internal {

/// An assist does at least this much work, so that the next is far off. More: fewer, longer assists.
inline constexpr std::size_t kLeastAssistWork = std::size_t{64} << 10;

/// And no more than this at once, whatever is owed, about 100 us: an assist holds a thread up.
inline constexpr std::size_t kMostAssistWork = std::size_t{256} << 10;

/// Where a cycle stands.
struct AssistInput {
  std::size_t heap = 0;           // bytes of objects now, those allocated since the cycle began included
  std::size_t begun = 0;          // the same when it began
  std::size_t goal = 0;           // where it is to end
  std::size_t most = SIZE_MAX;    // the goal is never stretched beyond this: limit_goal(); SIZE_MAX without a limit
  int growth_percent = 100;       // negative: off
  std::size_t expected_work = 0;  // what the last cycle scanned
  std::size_t most_work = 0;      // what there is to scan if nothing has died: heap when it began, stacks, roots
  std::size_t work = 0;           // done so far in this cycle, by workers and assists
};

/// The price of a byte, and the two ends that it came from.
struct AssistRatio {
  double work_per_byte = 0;
  double bytes_per_work = 0;
  std::size_t expected_work = 0;  // what the cycle is now expected to scan in all
  std::size_t goal = 0;           // the heap size at which that is to be done
  std::size_t hard_goal = 0;      // past it a mutator does nothing but mark
};

/// Once more has been scanned than was expected, everything is expected to be live, and the goal is stretched in
/// proportion: no mutator is to pay for a live heap that has grown. At most to what `growth_percent` allows above the
/// goal, as if all of it were live, and to `most`. A heap beyond the goal gets the hard goal, a tenth above it.
AssistRatio assist_ratio(const AssistInput& in);

/// A tenth above the goal. SIZE_MAX when it does not fit.
std::size_t hard_goal(std::size_t goal);

/// So much work buys so many bytes.
struct Assist {
  std::size_t work = 0;
  std::size_t bytes = 0;
};

/// What a mutator owes that has overdrawn its balance by `debt_bytes`: at least kLeastAssistWork, and the bytes for it.
Assist assist_owed(std::size_t debt_bytes, const AssistRatio& ratio);

/// What one assist can pay for: who takes no more at once has no debts that grow.
std::size_t affordable_bytes(const AssistRatio& ratio);

/// How much of `work` the pool covers. A pool below zero (it may be, for a moment, when two draw on it) covers none.
std::size_t work_from_pool(std::int64_t pool, std::size_t work);

/// What doing `work` of what is owed adds to the balance: all of its bytes when all is done, more or less in
/// proportion.
std::size_t credit_for(const Assist& owed, std::size_t work, const AssistRatio& ratio);

}  // namespace memgc::internal
