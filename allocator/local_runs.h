// Job: one thread's runs, one per layout: from the segments that it was handed, the free cells in a row to bump
// through.
//
//   segment   | #### ....... ## ..... ### |      # occupied, . free
//   run            [cursor limit run_end)         cleared up to limit, a little ahead of the cursor
//
// A run that is used up is recorded: its cells become occupied. What a thread has bumped past but not recorded is known
// to that thread alone, until retire_all().
// Where a sample is due a run is cut short, so that it is found where the run ends: of what is bumped through inline
// nothing need be asked.
// Invariants: a cell is recorded once (checked always: a cell handed out twice stops the program here). From cursor to
// limit every byte is zero. Threads: the owner; or another on its behalf while the owner cannot run.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <utility>

#include "allocator/block_set.h"
#include "allocator/sample_points.h"
#include "memgc/internal/run.h"

namespace memgc::internal {

class LocalRuns {
 public:
  LocalRuns(Cage& cage, BlockSets& sets) : cage_(cage), sets_(sets) {}
  ~LocalRuns();
  LocalRuns(const LocalRuns&) = delete;
  LocalRuns& operator=(const LocalRuns&) = delete;

  /// Reserves the tables. False when there is no address space.
  bool reserve();

  /// The inline part of the table, indexed by layout.
  Run* runs() const { return runs_; }

  /// Which objects are samples. To be begun before anything is allocated, if there are to be any.
  SamplePoints& points() { return points_; }
  /// Whether the object that is about to be made is a sample: asked once for each that does not fit its layout's run,
  /// before anything else is done for it. What fits has been decided to be none.
  /// If it is one, take_sample() is to follow.
  bool is_sample(LayoutId layout, std::size_t cell_bytes) { return states_[layout].cut || !points_.skip(cell_bytes); }
  void take_sample(LayoutId layout) {
    if (!std::exchange(states_[layout].cut, false)) points_.take_point();
  }

  /// Makes room in the layout's run without asking anybody: clears on, or goes to the segment's next free cells.
  /// False when the segment is used up.
  bool advance(LayoutId layout);
  enum class Refill : std::uint8_t { kDone, kNoMemory, kStale };
  /// Takes a new segment, of about `most_bytes` at most. kStale: roles() are no longer the present ones. REQUIRES:
  /// advance() said false.
  Refill refill(LayoutId layout, std::size_t most_bytes = kBlockBytes);

  /// Records all that was bumped past, and drops every run; what was kept ahead of its filling is kept no longer.
  /// From then on `roles` hold.
  void retire_all(const Roles& roles);
  const Roles& roles() const { return roles_; }
  /// From now on, what is handed out is kept in the kept bitmap itself. REQUIRES: roles().keep is not kNothing.
  void keep_in_kept_bitmap() { roles_.keep = Keep::kInKeptBitmap; }

  /// Counts what was bumped past to the cell, so that the two that follow are exact until more is handed out. Moves no
  /// cursor, records nothing. Costs a walk over the layouts in use.
  void count_all();
  /// Cells bumped past since the last call of this, in bytes, as of the slow paths: at most a few KiB late.
  std::size_t take_allocated_bytes() {
    const std::size_t bytes = allocated_bytes_;
    allocated_bytes_ = 0;
    return bytes;
  }
  /// The same in cells, but as of the end of a run.
  std::size_t take_allocated_cells() {
    const std::size_t cells = allocated_cells_;
    allocated_cells_ = 0;
    return cells;
  }

  /// Bytes of the tables that are in use. From any thread.
  std::size_t metadata_bytes() const;

 private:
  struct State {
    Segment segment;
    std::uint32_t run_begin;  // first cell that is not recorded
    std::uint32_t run_cells_end;
    std::uint32_t first_uncounted;  // cell, not before run_begin
    char* run_end;
    char* counted;               // bumped past and counted, in bytes, up to here
    std::uint32_t wanted_bytes;  // how much to ask for next
    LayoutId next_open, previous_open;
    bool open;
    bool cut;  // the cell at the run's limit is a sample
  };

  bool start_run(Run& run, State& state);
  void extend(Run& run, State& state);
  void record(State& state, std::uint32_t end);
  void count(const Run& run, State& state);
  void count_cells(State& state, std::uint32_t end);
  /// The block's cell that the cursor stands at: the first that was not bumped past.
  std::uint32_t cell_at_cursor(const Run& run, const State& state) const;
  void close(Run& run, State& state);

  Cage& cage_;
  BlockSets& sets_;
  Run* runs_ = nullptr;
  State* states_ = nullptr;
  std::size_t reserved_bytes_ = 0;
  LayoutId open_ = 0;                 // list of layouts with a segment, most recent first
  std::atomic<LayoutId> largest_{0};  // written by whoever runs this, read by whoever asks for metadata_bytes()
  Roles roles_;
  SamplePoints points_;
  std::size_t allocated_bytes_ = 0;
  std::size_t allocated_cells_ = 0;
};

}  // namespace memgc::internal
