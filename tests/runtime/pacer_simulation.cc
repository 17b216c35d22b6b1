// Job: see pacer_simulation.h.
#include "tests/runtime/pacer_simulation.h"

#include <algorithm>
#include <cmath>
#include <cstdint>

#include "runtime/assist.h"
#include "runtime/worker_share.h"

namespace memgc::testing {
namespace {

using internal::kMarkShare;

constexpr double kCell = 16;  // what the program allocates at a time, at least: at the highest of prices, nothing

std::size_t size(double bytes) { return static_cast<std::size_t>(std::max(bytes, 0.0)); }

// Half a millisecond, as Go revises; less when the way to the goal is short, more when there is very much to mark.
double step_ms(const Conditions& now, double way, double work) {
  const double processors = now.processors;
  const double until_goal = way / (now.allocation_rate * 1024 * processors * (1 - kMarkShare));
  const double until_marked = work / (now.scan_rate * 1024 * processors * kMarkShare);
  return std::clamp(until_goal / 200, until_marked / 2000, std::max(until_marked / 500, 0.5));
}

}  // namespace

internal::HeapGoal Simulation::goal_for(const Conditions& now, std::size_t begun) const {
  internal::GoalInput in;
  in.live = marked_;
  in.roots = size(stack_scan_ + global_scan_);
  in.growth_percent = now.growth_percent;
  in.memory_limit = now.memory_limit;
  in.begun = begun;
  return internal::heap_goal(in);
}

CycleResult Simulation::run(const Conditions& now) {
  CycleResult result;
  const double expected = heap_scan_ + stack_scan_ + global_scan_;
  const internal::HeapGoal goal = goal_for(now, internal::kNoGoal);
  const std::size_t runway = internal::runway(cons_mark_.ratio(), cons_mark_.idle_share(), size(expected));
  result.live = marked_;
  const std::size_t trigger = internal::cycle_trigger(goal, marked_, runway);
  result.begun = trigger == internal::kNoGoal ? marked_ : std::max(trigger, marked_);  // else it was asked for by hand
  result.goal = goal_for(now, result.begun).bytes;

  // What lives, of which the scannable part is marked; and what would have to be, if nothing had died.
  const double survivors = (static_cast<double>(marked_) - black_) * now.growth;
  const double lives = now.live_bytes >= 0 ? now.live_bytes : cycles_ == 0 ? initial_bytes_ : survivors;
  const double heap_work = lives * now.scannable;
  const double work = now.global_bytes + now.stack_bytes + heap_work;
  const double grown = static_cast<double>(result.begun - marked_);
  double most_work = heap_scan_ + grown * now.scannable + now.stack_bytes + now.global_bytes;

  const double processors = now.processors;
  const double step = step_ms(now, static_cast<double>(result.goal) - static_cast<double>(result.begun), work);
  const double mutators = 1 - now.idle_share;
  double heap = static_cast<double>(result.begun);
  double wanted = 0;  // allocated, but for a cell that is not full yet
  double done = 0;
  double assist_ms = 0;
  while (done < work) {
    internal::AssistInput in;
    in.heap = size(heap);
    in.begun = result.begun;
    in.goal = goal_for(now, result.begun).bytes;
    in.most = now.memory_limit;
    in.growth_percent = now.growth_percent;
    in.expected_work = size(expected);
    in.most_work = size(most_work);
    in.work = size(done);
    const double price = internal::assist_ratio(in).work_per_byte;
    result.assist_ratio_most = std::max(result.assist_ratio_most, price);
    // Mutators mark and allocate such that the price is paid: price * allocated == scanned. Idle workers' part is a
    // gift.
    const double asked = price * now.allocation_rate * mutators - now.scan_rate * now.idle_share;
    const double share = std::max(asked / (price * now.allocation_rate + now.scan_rate), kMarkShare);
    const double scan_per_ms = now.scan_rate * 1024 * processors * (share + now.idle_share);
    const double ms = std::min(step, (work - done) / scan_per_ms);
    wanted += now.allocation_rate * 1024 * processors * std::max(mutators - share, 0.0) * ms;
    const double allocated = std::floor(wanted / kCell) * kCell;
    wanted -= allocated;
    done = ms < step ? work : done + scan_per_ms * ms;
    heap += allocated;
    most_work += allocated * now.scannable;
    assist_ms += (share - kMarkShare) * processors * ms;
    result.marking_ms += ms;
  }
  result.peak = size(heap);
  result.utilization = kMarkShare + assist_ms / (result.marking_ms * processors);

  black_ = heap - static_cast<double>(result.begun);
  marked_ = size(lives + black_);
  result.marked = marked_;
  heap_scan_ = heap_work;
  stack_scan_ = now.stack_bytes;
  global_scan_ = now.global_bytes;
  internal::CycleMeasure measure;
  measure.begun = result.begun;
  measure.ended = result.peak;
  measure.work = size(work);
  measure.assist_ns = static_cast<std::uint64_t>(assist_ms * 1e6);
  measure.idle_ns = static_cast<std::uint64_t>(now.idle_share * processors * result.marking_ms * 1e6);
  measure.wall_ns = static_cast<std::uint64_t>(result.marking_ms * 1e6);
  measure.processors = now.processors;
  cons_mark_.add(measure);
  ++cycles_;
  return result;
}

}  // namespace memgc::testing
