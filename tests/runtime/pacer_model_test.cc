// Job: tests memgc/pacing.h: it says what the pacer's own functions say, and remembers what a heap's pacing remembers.
//
// Threads: one.
#include <gtest/gtest.h>

#include "memgc/pacing.h"
#include "runtime/assist.h"
#include "runtime/pacer.h"

namespace memgc::testing {
namespace {

constexpr std::size_t kMiB = std::size_t{1} << 20;

PacerMark mark(std::size_t allocated) {
  PacerMark out;
  out.begun_bytes = 90 * kMiB;
  out.ended_bytes = out.begun_bytes + allocated;
  out.work_bytes = 50 * kMiB;
  out.assist_ns = 1'000'000;
  out.idle_ns = 2'000'000;
  out.wall_ns = 20'000'000;
  out.processors = 2;
  return out;
}

TEST(PacerModel, SaysWhatThePacerSays) {
  PacerModel model;
  internal::ConsMark seen;
  for (const std::size_t allocated : {2 * kMiB, 9 * kMiB, 4 * kMiB}) {
    const PacerMark cycle = mark(allocated);
    model.note(cycle);
    seen.add({cycle.begun_bytes, cycle.ended_bytes, cycle.work_bytes, cycle.assist_ns, cycle.idle_ns, cycle.wall_ns,
              cycle.processors});
  }
  internal::GoalInput in;
  in.live = in.heap_in_use = 50 * kMiB;
  in.roots = 3 * kMiB;
  in.mapped_ready = 54 * kMiB;
  for (const int percent : {-1, 0, 50, 100, 400}) {
    for (const std::size_t limit : {SIZE_MAX, 40 * kMiB, 90 * kMiB, 1000 * kMiB}) {
      in.growth_percent = percent;
      in.memory_limit = limit;
      const internal::HeapGoal goal = internal::heap_goal(in);
      const PacerGoal said = model.next({percent, limit}, {in.live, in.roots, 4 * kMiB});
      EXPECT_EQ(said.goal_bytes, goal.bytes);
      EXPECT_EQ(said.by_limit, goal.by_limit);
      EXPECT_EQ(said.hard_bytes, internal::hard_goal(goal.bytes));
      EXPECT_EQ(said.trigger_bytes,
                internal::cycle_trigger(goal, in.live, internal::runway(seen.ratio(), seen.idle_share(), in.live)));
      EXPECT_EQ(said.earliest_bytes, internal::cycle_trigger(goal, in.live, SIZE_MAX));
      EXPECT_EQ(model.trigger(in.live, said.goal_bytes), said.trigger_bytes);
    }
  }
}

TEST(PacerModel, FiveQuietCyclesMakeItForgetABusyOne) {
  PacerModel model;
  model.note(mark(kMiB));
  const std::size_t quiet = model.trigger(50 * kMiB, 100 * kMiB);
  model.note(mark(20 * kMiB));
  for (int i = 0; i < 4; ++i) {
    model.note(mark(kMiB));
    EXPECT_LT(model.trigger(50 * kMiB, 100 * kMiB), quiet) << i;
  }
  model.note(mark(kMiB));
  EXPECT_EQ(model.trigger(50 * kMiB, 100 * kMiB), quiet);
}

}  // namespace
}  // namespace memgc::testing
