// Job: see local_runs.h.
#include "allocator/local_runs.h"

#include <algorithm>
#include <cstring>

#include "allocator/base/bits.h"
#include "allocator/base/check.h"
#include "allocator/base/poison.h"
#include "allocator/base/seeded_bug.h"
#include "memgc/internal/schedule_point.h"

namespace memgc::internal {
namespace {

// Cleared at once, just ahead of the cursor: the lines are in the first-level cache when they are filled. More would
// push out what the program uses, less would come here too often.
constexpr std::size_t kClearBytes = 2048;
// Of memory that is zero already: only so that counting is not late.
constexpr std::size_t kZeroedBytes = 8192;
// A thread's first segment of a layout; doubled each time it comes back, up to a block.
constexpr std::uint32_t kFirstSegmentBytes = 512;

}  // namespace

bool LocalRuns::reserve() {
  const std::size_t run_bytes = round_up(kMaxLayouts * sizeof(Run), os::page_bytes());
  reserved_bytes_ = run_bytes + round_up(kMaxLayouts * sizeof(State), os::page_bytes());
  char* base = static_cast<char*>(os::reserve(reserved_bytes_, os::page_bytes()));
  if (base == nullptr) return false;
  runs_ = reinterpret_cast<Run*>(base);
  states_ = reinterpret_cast<State*>(base + run_bytes);
  return os::commit(base, reserved_bytes_);
}

LocalRuns::~LocalRuns() {
  if (runs_ != nullptr) os::unreserve(runs_, reserved_bytes_);
}

void LocalRuns::count(const Run& run, State& state) {
  allocated_bytes_ += static_cast<std::size_t>(run.cursor - state.counted);
  state.counted = run.cursor;
}

void LocalRuns::count_cells(State& state, std::uint32_t end) {
  allocated_cells_ += end - state.first_uncounted;
  state.first_uncounted = end;
}

std::uint32_t LocalRuns::cell_at_cursor(const Run& run, const State& state) const {
  const auto offset = static_cast<std::size_t>(run.cursor - cage_.address_of(state.segment.block));
  return static_cast<std::uint32_t>(offset / run.cell_bytes);
}

void LocalRuns::count_all() {
  for (LayoutId layout = open_; layout != 0; layout = states_[layout].next_open) {
    const Run& run = runs_[layout];
    State& state = states_[layout];
    count(run, state);
    count_cells(state, cell_at_cursor(run, state));
  }
}

void LocalRuns::record(State& state, std::uint32_t end) {
  schedule_point("record");
  BitmapWord* occupied = cage_.bitmap(roles_.occupied, state.segment.block);
  for_each_word({state.run_begin, end}, [&](std::uint32_t word, std::uint64_t mask) {
    const std::uint64_t before = occupy(occupied[word], mask);
    if ((before & mask) != 0) [[unlikely]] {
      fatal("a cell was handed out twice (block %u, cells %u to %u): the heap is corrupt", state.segment.block,
            state.run_begin, end);
    }
  });
  count_cells(state, end);
  state.run_begin = end;
}

// The first cell is for the object that is being made, and has been asked about; of the others, those before the next
// sample. That one is then decided, and what comes behind it is open again: whether a run is left before its end has
// nothing to do with where in it a sample would have been.
void LocalRuns::extend(Run& run, State& state) {
  const std::size_t left = static_cast<std::size_t>(state.run_end - run.limit);
  const std::size_t step = state.segment.zeroed ? kZeroedBytes : kClearBytes;
  std::size_t bytes = std::min(left, std::max(step / run.cell_bytes, std::size_t{1}) * run.cell_bytes);
  const std::size_t others = bytes - run.cell_bytes;
  if (const std::size_t before = points_.pass(others); before < others) [[unlikely]] {
    bytes = run.cell_bytes + round_down(before, run.cell_bytes);
    state.cut = true;
  }
  unpoison(run.limit, bytes);
  if (!state.segment.zeroed && !seeded_bug("cells_not_cleared")) std::memset(run.limit, 0, bytes);
  run.limit += bytes;
}

bool LocalRuns::start_run(Run& run, State& state) {
  const BitmapWord* occupied = cage_.bitmap(roles_.occupied, state.segment.block);
  const CellRange cells = find_clear_run(occupied, state.run_cells_end, state.segment.cells.end);
  if (cells.empty()) {
    close(run, state);
    return false;
  }
  run.cell_bytes = cage_.block(state.segment.block).cell_bytes;
  run.cursor = run.limit = state.counted = cage_.address_of(CellRef{state.segment.block, cells.begin});
  state.run_begin = state.first_uncounted = cells.begin;
  state.run_cells_end = cells.end;
  state.run_end = run.cursor + static_cast<std::size_t>(cells.size()) * run.cell_bytes;
  extend(run, state);
  return true;
}

bool LocalRuns::advance(LayoutId layout) {
  State& state = states_[layout];
  if (!state.open) return false;
  Run& run = runs_[layout];
  MEMGC_DCHECK(run.cursor == run.limit);
  count(run, state);
  if (run.limit != state.run_end) {
    extend(run, state);
    return true;
  }
  record(state, state.run_cells_end);
  return start_run(run, state);
}

LocalRuns::Refill LocalRuns::refill(LayoutId layout, std::size_t most_bytes) {
  State& state = states_[layout];
  MEMGC_DCHECK(!state.open);
  state.wanted_bytes = std::clamp<std::uint32_t>(state.wanted_bytes * 2, kFirstSegmentBytes, kBlockBytes);
  state.segment = sets_.take(layout, std::min<std::size_t>(state.wanted_bytes, most_bytes), roles_);
  if (!state.segment) return state.segment.stale ? Refill::kStale : Refill::kNoMemory;
  state.open = true;
  state.next_open = open_;
  state.previous_open = 0;
  if (open_ != 0) states_[open_].previous_open = layout;
  open_ = layout;
  if (layout > largest_.load(std::memory_order_relaxed)) largest_.store(layout, std::memory_order_relaxed);
  state.run_cells_end = state.segment.cells.begin;
  start_run(runs_[layout], state);  // a segment has a free cell
  return Refill::kDone;
}

void LocalRuns::close(Run& run, State& state) {
  run.cursor = run.limit = nullptr;
  state.open = state.cut = false;
  (state.previous_open != 0 ? states_[state.previous_open].next_open : open_) = state.next_open;
  if (state.next_open != 0) states_[state.next_open].previous_open = state.previous_open;
}

void LocalRuns::retire_all(const Roles& roles) {
  while (open_ != 0) {
    Run& run = runs_[open_];
    State& state = states_[open_];
    const BlockIndex block = state.segment.block;
    count(run, state);
    const std::uint32_t used = cell_at_cursor(run, state);
    record(state, used);
    // Before the rest is dropped: from then on it may be another thread's, which makes it addressable for itself.
    poison(run.cursor, static_cast<std::size_t>(run.limit - run.cursor));
    schedule_point("drop rest");
    if (roles_.keep != Keep::kNothing && !seeded_bug("rest_stays_kept"))
      sets_.drop_rest(block, {used, state.segment.cells.end}, roles_);
    if (roles.swaps == roles_.swaps) sets_.give_back(state.segment, used, roles_);
    state.wanted_bytes /= 4;  // a thread that has stopped using a layout soon asks for little again
    close(run, state);
  }
  roles_ = roles;
}

std::size_t LocalRuns::metadata_bytes() const {
  if (runs_ == nullptr) return 0;
  const std::size_t layouts = largest_.load(std::memory_order_relaxed) + 1;
  return round_up(layouts * sizeof(Run), os::page_bytes()) + round_up(layouts * sizeof(State), os::page_bytes());
}

}  // namespace memgc::internal
