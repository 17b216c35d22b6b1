// Job: a heap: owns the parts, wires them, and keeps the numbers that they share.
//
// Not here: what a cycle does (collector.h), how cells are found (alloc_path.h).
// Threads: any; the numbers are atomics that mean nothing together, unless said otherwise.
#pragma once

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <mutex>

#include "allocator/block_heap.h"
#include "allocator/block_set.h"
#include "allocator/cage.h"
#include "allocator/large_objects.h"
#include "memgc/allocation_counter.h"
#include "memgc/heap.h"
#include "runtime/allocation_sampler.h"
#include "runtime/collector.h"
#include "runtime/cycle_totals.h"
#include "runtime/finalizers.h"
#include "runtime/gc_cpu.h"
#include "runtime/grey_queue.h"
#include "runtime/handshake.h"
#include "runtime/heaps.h"
#include "runtime/holdings.h"
#include "runtime/mutator_impl.h"
#include "runtime/pacing.h"
#include "runtime/pressure.h"
#include "runtime/published.h"
#include "runtime/remembered.h"
#include "runtime/scavenger.h"
#include "runtime/stop_recorder.h"
#include "runtime/trace_line.h"
#include "runtime/waiting_sampler.h"
#include "runtime/weak_refs.h"

namespace memgc::internal {

class HeapImpl {
 public:
  /// Throws ConfigError and std::bad_alloc, as Heap does.
  HeapImpl(Heap& facade, const Options& options);
  ~HeapImpl();
  HeapImpl(const HeapImpl&) = delete;
  HeapImpl& operator=(const HeapImpl&) = delete;

  Cage& cage() { return cage_; }
  BlockHeap& blocks() { return blocks_; }
  BlockSets& sets() { return sets_; }
  LargeObjects& large() { return large_; }
  Handshakes& handshakes() { return handshakes_; }
  Collector& collector() { return collector_; }
  /// The calling thread was held up for `ns`: counts it as a stop, and if it is attached here perhaps samples it, less
  /// what was noted `within`. With no lock held.
  void count_stop(WaitKind kind, std::uint64_t ns, std::uint64_t within_ns = 0);
  /// The calling thread's mutator, if it is attached here.
  MutatorImpl* this_mutator() const;
  AllocationSampler& allocation_sampler() { return allocation_sampler_; }
  WaitingSampler& waiting_sampler() { return waiting_sampler_; }
  const DebugOptions& debug() const { return options_.debug; }
  bool precise_stacks() const { return options_.precise_stacks; }

  GreyQueue& grey() { return grey_; }
  WeakRefs& weak_refs() { return weak_refs_; }
  Finalizers& finalizers() { return finalizers_; }
  Heap& facade() { return *facade_; }

  /// What the bitmaps are at present. Written by the collector, as part of asking (see Handshakes::ask).
  Roles roles() const { return roles_; }
  void set_roles(const Roles& roles) { roles_ = roles; }

  /// It is settled what was old when the roles changed last: what is handed out from now on will not be. The
  /// collector's.
  void note_old() { old_known_.store(roles_.swaps, std::memory_order_release); }
  /// Whether it is, for a thread that has answered the roles' last change. Acquire, with the release above: what it
  /// records from now on comes after the collector has read what is old.
  bool knows_old(const Roles& its) const { return old_known_.load(std::memory_order_acquire) == its.swaps; }

  /// Adds what a mutator has bumped past to the heap's counts. By its owner, or for it while it is blocked.
  void count_allocation(MutatorImpl& mutator);
  void count_large_allocation(MutatorImpl& mutator, std::size_t bytes);
  /// What has been counted since the heap was made.
  Allocations allocated() const {
    return {allocated_cells_.load(std::memory_order_relaxed), allocated_bytes_.load(std::memory_order_relaxed)};
  }
  /// What belongs to an attached mutator has become so much. By its owner, or for it while it is blocked.
  void count_thread_bytes(MutatorImpl& mutator, std::size_t bytes);
  /// Bytes of objects: live at the last cycle, and allocated since.
  std::size_t heap_bytes() const { return heap_bytes_.load(std::memory_order_relaxed); }
  /// The most that heap_bytes() has been since the last restart_peak().
  std::size_t peak_heap_bytes() const { return std::max(peak_bytes_.load(std::memory_order_relaxed), heap_bytes()); }
  void restart_peak() { peak_bytes_.store(0, std::memory_order_relaxed); }
  /// Whether the next cycle is due, or would be with a further object of its own blocks.
  bool trigger_reached(std::size_t large_bytes = 0) const {
    return heap_bytes() >= pacing_.trigger() || block_bytes() + large_bytes >= pacing_.block_trigger();
  }
  /// Whether nobody is to allocate, or to take so much, while a cycle is wanted or under way.
  bool above_hard_goal(std::size_t large_bytes) const {
    return (heap_bytes() >= pacing_.hard_goal() && !dumping_.load(std::memory_order_relaxed)) ||
           above_hard_blocks(large_bytes);
  }
  /// Whether a cycle that has marked all is held up because somebody wants to see what it found.
  void set_dumping(bool dumping) { dumping_.store(dumping, std::memory_order_relaxed); }
  bool above_hard_blocks(std::size_t large_bytes) const { return block_bytes() + large_bytes >= pacing_.hard_blocks(); }
  /// Blocks in use, without what large objects have not touched.
  std::size_t block_bytes() const {
    const std::size_t taken = blocks_.taken_bytes(), untouched = large_.untouched_bytes();
    return taken - std::min(untouched, taken);
  }
  /// Gives free blocks back if the memory limit has no room for `growth` bytes of fresh ones.
  void make_room(std::size_t growth) {
    const std::size_t most = pacing_.resident_blocks();
    if (most != SIZE_MAX && blocks_.resident_bytes() + growth > most) [[unlikely]]
      keep_limit(growth);
  }
  /// Fresh memory ahead of those who will want it, by the huge page: what the heap will grow to, and no more. The
  /// collector's thread, between two cycles.
  void map_fresh();
  bool wants_fresh() const { return blocks_.wants_fresh() && !fresh_refused_.load(std::memory_order_relaxed); }
  /// Why a cycle begins that nobody asked for.
  CycleCause cause_of_growth() const {
    return pacing_.by_limit() || above_block_trigger() ? CycleCause::kLimit : CycleCause::kAuto;
  }
  Remembered& remembered() { return remembered_; }
  /// Whether blocks in use have come near the memory limit, whatever is in them.
  bool above_block_trigger() const { return block_bytes() >= pacing_.block_trigger(); }
  Pacing& pacing() { return pacing_; }
  void count_late_answer() { late_answers_.fetch_add(1, std::memory_order_relaxed); }

  /// A cycle found this: of what is live, `marked` bytes were not made while it marked, and `roots` bytes were scanned
  /// outside the heap. Sets the next goal. What is allocated meanwhile stays counted.
  void finish_cycle(const CycleFound& found, std::size_t marked, std::size_t roots, const CycleMeasure& measure);
  /// What the cycle found dead is swept.
  void finish_sweep();
  /// Marking goes on: what it takes itself, the memory limit has less for blocks.
  void note_mark_work();
  std::size_t goal() const { return pacing_.goal(); }
  Scavenger& scavenger() { return scavenger_; }
  std::size_t release_memory();
  GcCpu& gc_cpu() { return gc_cpu_; }
  unsigned processors() const { return processors_; }
  /// Which of the heaps that this process has made this is, from 1.
  std::uint64_t number() const { return number_; }
  /// When it was made.
  std::uint64_t made_ns() const { return made_ns_; }

  int set_growth_percent(int percent);
  std::size_t set_memory_limit(std::size_t bytes);
  Options options() const;
  Stats stats();
  Metrics metrics() const;
  /// What cycles have come to: published by the collector, read by any thread.
  Published<CycleTotals>& cycle_totals() { return cycle_totals_; }
  Holdings holdings() const;
  void add_external_bytes(std::ptrdiff_t bytes);

  // The locks that threads may hold that are attached nowhere, or blocked, in their order, in two steps: OutsideStores'
  // comes in between.
  void lock_for_fork();
  void lock_memory_for_fork();
  void unlock_memory_after_fork();
  void unlock_after_fork();

  Pressure pressure() const { return pressure_.load(std::memory_order_relaxed); }
  /// A cycle is over, a knob was turned, or the limiter has changed its mind.
  void update_pressure();
  /// Goals and limits anew, from what is held now. The collector, between two cycles.
  void update_limits();
  void set_pressure_callback(std::function<void(Pressure)> callback);
  /// Asks the embedder for memory; false if there is nobody to ask.
  bool call_pressure(Pressure pressure);

  HeapImpl* next_heap = nullptr;  // of Heaps, under its lock

  // Of OutsideStores, under its lock.
  HeapImpl* next_marking = nullptr;
  unsigned outside_kept = 0;

 private:
  void keep_limit(std::size_t growth);
  void note_peak(std::size_t bytes);
  void add_allocation(MutatorImpl& mutator, const Allocations& more);
  Holdings update_goal();  // what was held
  void update_most_bytes(const Holdings& held);
  std::size_t fixed_table_bytes() const;  // what is held besides the cage's tables

  Options options_;
  const std::uint64_t number_;
  const std::uint64_t made_ns_;
  const unsigned processors_;
  GcCpu gc_cpu_;
  RoomJudge room_;
  Pacing pacing_;
  Cage cage_;
  BlockHeap blocks_;
  BlockSets sets_;
  LargeObjects large_;
  Roles roles_;
  std::atomic<std::uint32_t> old_known_{0};  // the roles' swaps since which it is known what is old
  Remembered remembered_;
  GreyQueue grey_;
  WeakRefs weak_refs_;
  Finalizers finalizers_;
  Heap* facade_;
  StopRecorder stops_;
  AllocationSampler allocation_sampler_;
  WaitingSampler waiting_sampler_;
  Scavenger scavenger_;
  Handshakes handshakes_;

  std::atomic<bool> dumping_{false};        // relaxed: who sees it late waits, or goes on, a moment longer
  std::atomic<bool> fresh_refused_{false};  // until the goal is another
  std::atomic<std::size_t> heap_bytes_{0};
  std::atomic<std::size_t> peak_bytes_{0};  // of heap_bytes_, at the ends of cycles
  std::atomic<std::size_t> thread_bytes_{0};
  std::atomic<std::ptrdiff_t> external_bytes_{0};
  std::atomic<std::ptrdiff_t> external_at_goal_{0};
  std::atomic<std::uint64_t> late_answers_{0};
  std::atomic<std::uint64_t> allocated_bytes_{0};
  std::atomic<std::uint64_t> allocated_cells_{0};
  std::atomic<std::uint64_t> attached_threads_{0};
  Published<CycleTotals> cycle_totals_;

  sync::Mutex callback_lock_;  // guards what follows, and changes of pressure_
  std::atomic<Pressure> pressure_{Pressure::kBelow};
  std::function<void(Pressure)> pressure_callback_;

  Collector collector_;  // last: its thread uses all of the above
};

inline bool MutatorImpl::is_white(const void* target) const {
  const Cage& cage = heap.cage();
  if (!cage.contains(target)) return false;  // null, or another heap's
  const CellRef cell = cage.cell_of(target);
  return cell && !cage.is_kept(local.roles().kept(), cell);
}

template <class F>
void Heaps::for_each(F&& f) {
  for (HeapImpl* heap = first; heap != nullptr; heap = heap->next_heap) f(*heap);
}

template <class F>
void Handshakes::for_each(F&& f) {
  const std::lock_guard guard(registry_lock_);
  for (MutatorImpl* mutator = first_; mutator != nullptr; mutator = mutator->next) f(*mutator);
}

}  // namespace memgc::internal
