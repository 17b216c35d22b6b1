// Job: one collection, from the first handshake to settled blocks.
//
// Phases, cited by number elsewhere; each handshake ends when all mutators have answered:
//   1  handshake kBarrierOn: stores shade
//   2  handshake kFence: no store is under way that began while somebody had no barrier yet
//   3  handshake kSnapshot: runs recorded, stacks copied aside; from here on each allocates black
//   4  mark, with mutators running: what is remembered, in a minor cycle; Roots, snapshots, what is shaded; then
//      everything they lead to
//   5  handshake kFlush, again and again with marking between, until a round finds nothing grey anywhere
//   6  merge the new bitmap into the kept one
//   7  handshake kEnd: the kept bitmap becomes the occupied one, barriers off; next goal, the line
//   8  settle: begin the next kept bitmap, clear or, for a minor cycle, as a copy of the occupied one; give empty
//      blocks back, sort the rest. Blocks are also taken by refills before they are settled: sweeping is lazy, and dead
//      cells are never touched
// With gcstoptheworld=1, phases 1 to 3 are one stop, which lasts until phase 7.
// Why no reachable object is lost: runtime/README.md.
//
// Threads: the collector's.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "allocator/block_set.h"
#include "runtime/cycle_totals.h"
#include "runtime/mark_team.h"
#include "runtime/old_sample.h"
#include "runtime/pacer.h"
#include "runtime/snapshot.h"
#include "runtime/trace_line.h"

namespace memgc::internal {

class HeapImpl;
class HeapDump;

/// What a cycle is to be. Minor only if what is old is known.
enum class CycleKind : std::uint8_t { kAny, kFull, kMinor };

class Cycle {
 public:
  explicit Cycle(HeapImpl& heap);

  /// Gets the first memory. False when there is none.
  bool reserve() {
    // Room for the first threads' copies: where memory is short the heap is refused, not the collector's thread ended.
    constexpr std::size_t kFirst = 4;
    snapshots_.reserve(kFirst);
    for (std::size_t i = 0; i < kFirst; ++i) snapshots_.push_back(std::make_unique<Snapshot>());
    const bool reserved = team_.reserve();
    note_memory();
    return reserved;
  }

  /// In the child of a fork, between cycles.
  void forget_helpers() { team_.forget_helpers(); }

  /// Phases 1 to 7.
  /// With `dump`, which wants a full one, also records what is kept, when that is known.
  void mark(std::uint64_t number, CycleCause cause, CycleKind kind, HeapDump* dump);
  /// Phase 8. The next cycle begins after it.
  void settle();

  /// Ends the helper threads. No cycle is under way.
  void stop() { team_.stop(); }

  MarkTeam& team() { return team_; }
  const MarkTeam& team() const { return team_; }

  /// Stack copies, lists of weak references, as of the last slice of marking. From any thread.
  std::size_t metadata_bytes() const { return memory_bytes_.load(std::memory_order_relaxed); }

 private:
  void open(Roles& roles);
  bool knows_old() const;
  bool is_to_be_minor() const;
  void forget_old(unsigned kept);
  void mark_remembered(const Roles& roles);
  bool is_scanned_whole(const Block& block, bool all_traced) const;
  void mark_from_roots();
  void mark_to_the_end(Roles& roles);
  void drain();
  void record(HeapDump& dump, const Roles& roles);
  void check_marks(const Roles& roles);
  void close(Roles& roles, std::size_t in_both);
  void bury_dead(const Roles& roles);
  void note_end();
  void note_swept();
  void print();
  void print_pacer_begin() const;
  void print_pacer_end() const;
  bool found_grey();
  void pace();
  void take_share(bool idle);
  void note_gc_cpu();
  void warn_of_no_room();
  void note_cpu();
  std::size_t work() const;
  CycleMeasure measure(std::size_t heap_bytes) const;
  void note_memory();

  HeapImpl& heap_;
  MarkTeam team_;
  std::vector<std::unique_ptr<Snapshot>> snapshots_;
  std::size_t snapshot_bytes_ = 0;
  std::atomic<std::size_t> memory_bytes_{0};  // relaxed: a figure that nothing depends on
  const unsigned processors_;

  // As of the last cycle's end: what is old, which a minor cycle takes for alive.
  BlockSets::Cells old_;
  OldSample old_sample_;
  // Of which types a minor cycle has scanned all old objects; and which of them in the cycle under way.
  std::vector<bool> layouts_traced_ = std::vector<bool>(kMaxLayouts);
  std::vector<bool> traced_now_ = std::vector<bool>(kMaxLayouts);

  CycleTotals totals_;
  std::uint64_t totals_gc_ns_ = 0;  // CPU time of all who collected that is in the totals

  // Of the cycle under way.
  CycleTrace trace_;
  bool minor_ = false;    // what is kept from the cycles before is marked to begin with
  bool stopped_ = false;  // all mutators stand still
  std::uint64_t mark_began_ns_ = 0;
  std::uint64_t mark_cpu_began_ns_ = 0;
  std::uint64_t process_cpu_began_ns_ = 0;
  std::uint64_t quiet_puts_ = 0;   // GreyQueue::puts() when there was nothing left to mark
  std::size_t heap_at_black_ = 0;  // heap bytes when all allocated black
};

}  // namespace memgc::internal
