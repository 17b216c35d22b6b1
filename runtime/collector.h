// Job: the cycle, and the thread that runs it.
//
// Phases, cited by number elsewhere:
//   1  stop: every mutator reaches a safepoint or is blocked; its runs are recorded and dropped
//   2  mark: roots, stacks, ranges; then everything they lead to
//   3  swap: the kept bitmap becomes the occupied one; next goal
//   4  resume; print the line
//   5  settle, with mutators running: clear the old bitmap, give empty blocks back, sort the rest. Blocks are also
//   taken
//      by refills before they are settled: sweeping is lazy, and dead cells are never touched.
// The next cycle begins after phase 5.
//
// Threads: cycles run on the collector's own thread, made when the first is wanted. collect() and request() from any.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <thread>

#include "runtime/marker.h"
#include "runtime/trace_line.h"

namespace memgc::internal {

class HeapImpl;
class MutatorImpl;

class Collector {
 public:
  explicit Collector(HeapImpl& heap);
  ~Collector();
  Collector(const Collector&) = delete;
  Collector& operator=(const Collector&) = delete;

  /// Gets the first memory. False when there is none.
  bool reserve() { return marker_.reserve(); }
  /// Ends the thread, after the cycle under way. No cycle can be had from then on.
  void stop();

  /// A whole cycle that begins after the call, and its settling. Blocks the calling thread, attached or not.
  void collect();
  /// A cycle because of the trigger; waits until mutators may go on, and not for settling. By an attached thread.
  void collect_due(MutatorImpl& mutator);

  std::size_t metadata_bytes() const { return marker_.memory_bytes(); }

 private:
  enum class Wanted : std::uint8_t { kMarked, kSettled };

  void want(bool forced, Wanted until);
  void run();
  void cycle(bool forced);
  void mark_from_roots(CycleTrace& trace);
  void check_marks();
  void note_opening_stops(CycleTrace& trace, std::uint64_t marked_from_ns);
  void bury_dead();
  void print(CycleTrace& trace);

  HeapImpl& heap_;
  Marker marker_;
  std::uint64_t made_ns_;
  unsigned processors_ = 1;

  std::mutex lock_;  // guards what follows
  std::condition_variable wake_collector_;
  std::condition_variable wake_waiters_;
  std::thread thread_;
  std::uint64_t wanted_ = 0;  // the cycle that somebody waits for
  std::uint64_t forced_ = 0;  // the latest cycle that collect() asked for
  std::uint64_t begun_ = 0;
  std::uint64_t marked_ = 0;
  std::uint64_t settled_ = 0;
  bool stopping_ = false;
};

}  // namespace memgc::internal
