// Job: see scavenger.h.
#include "runtime/scavenger.h"

#include <algorithm>

#include "allocator/os_memory.h"
#include "runtime/clock.h"
#include "runtime/heap_impl.h"
#include "runtime/trace_line.h"

namespace memgc::internal {
namespace {

// Given back at a time: long enough that calls are few, short enough that a cycle that becomes due need not wait.
constexpr std::size_t kPieceBytes = std::size_t{1} << 20;

}  // namespace

// A cycle that did not wait for its goal has less in use than the next one may reach.
void Scavenger::note_cycle(std::size_t taken, std::size_t goal) {
  last_in_use_ = goal == kNoGoal ? taken : std::max(taken, goal);
  last_goal_ = goal == kNoGoal ? 0 : goal;
}

ScavengeInput Scavenger::input() const {
  const Holdings held = heap_.holdings();
  ScavengeInput in;
  in.last_in_use = last_in_use_;
  in.last_goal = last_goal_;
  in.goal = heap_.goal();
  in.retained = held.blocks + held.free_blocks;
  in.mapped_ready = held.all();
  in.memory_limit = heap_.pacing().limit();
  in.page_bytes = kBlockBytes;  // nothing smaller is given back
  return in;
}

std::uint64_t Scavenger::work() {
  const std::uint64_t began = thread_cpu_ns();
  std::size_t done = 0;
  std::uint64_t worked = 0;
  ScavengeInput in;
  while (worked < kScavengeWorkNs) {
    in = input();
    in.used_lately = used_lately_.note(use_goal(in), now_ns());
    const std::size_t excess = scavenge_excess(in);
    const std::size_t piece = excess == 0 ? 0 : heap_.blocks().release(std::min(excess, kPieceBytes));
    if (piece == 0) break;
    done += piece;
    worked = elapsed_ns(began, thread_cpu_ns());
  }
  if (done == 0) {
    if (scavenge_excess(in) > 0) return 0;  // there is nothing that could be given back
    in.used_lately = 0;
    return scavenge_excess(in) > 0 ? RecentMost::kHalfNs : 0;  // what is spared for a while is looked at again
  }
  background_.fetch_add(done, std::memory_order_relaxed);
  const std::uint64_t now = now_ns();
  const std::uint64_t rest =
      pace_.rest_ns(worked, done / os::page_bytes(), elapsed_ns(last_work_ns_, now), heap_.processors());
  last_work_ns_ = now;
  return std::max<std::uint64_t>(rest, 1);
}

std::size_t Scavenger::release_all() {
  const std::size_t done = heap_.blocks().release_all();
  eager_.fetch_add(done, std::memory_order_relaxed);
  return done;
}

void Scavenger::keep_limit(std::size_t growth) {
  if (heap_.gc_cpu().limiting() || heap_.blocks().stats().free_bytes == 0) return;
  ScavengeInput in;
  const Holdings held = heap_.holdings();
  in.mapped_ready = held.all();
  in.memory_limit = heap_.pacing().limit();
  const std::size_t wanted = scavenge_before_growth(in, growth, false).bytes;
  if (wanted == 0) return;
  BlockHeap& blocks = heap_.blocks();
  std::size_t released = blocks.release(std::max(wanted, kPieceBytes));
  if (released < wanted && blocks.stats().free_bytes != 0) {
    // Blocks that the collector maps ahead count as held before they can be taken or given back. Where the collector
    // waits for a processor meanwhile, whoever went on taking others would pass the limit by all of them.
    blocks.wait_until_listed();
    released += blocks.release(wanted - released);
  }
  eager_.fetch_add(released, std::memory_order_relaxed);
}

void Scavenger::print(ScavengeNote note) {
  const BlockHeapStats blocks = heap_.blocks().stats();
  ScavengeTrace trace;
  trace.background = background_.exchange(0, std::memory_order_relaxed);
  trace.eager = eager_.exchange(0, std::memory_order_relaxed);
  trace.released = blocks.released_bytes;
  trace.in_use = blocks.taken_bytes;
  trace.free = blocks.free_bytes;
  trace.note = note;
  char line[kPacerLineBytes];
  write_line(line, format_scavenge(line, trace));
}

}  // namespace memgc::internal
