// Job: the thread that runs cycles, and how cycles are asked for and waited for.
//
// Threads: cycles run on the collector's own thread, made when the first is wanted. All else: any.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <mutex>

#include "allocator/base/sync.h"
#include "memgc/profile.h"
#include "runtime/cycle.h"

namespace memgc::internal {

class HeapImpl;
class HeapDump;
class MutatorImpl;

class Collector {
 public:
  explicit Collector(HeapImpl& heap) : heap_(heap), cycle_(heap) {}
  ~Collector();
  Collector(const Collector&) = delete;
  Collector& operator=(const Collector&) = delete;

  /// Gets the first memory. False when there is none.
  bool reserve() { return cycle_.reserve(); }
  /// Ends the thread, after the cycle under way. No cycle can be had from then on.
  void stop();

  /// A whole cycle that begins after the call, and its settling. Blocks the calling thread, attached or not.
  void collect(WaitKind why = WaitKind::kCollect) { collect(false, why); }
  /// The same, but minor if what is old is known, whether that pays or not: for gcstress and tests.
  void collect_minor() { collect(true, WaitKind::kCollect); }
  /// The same as collect(), recording what it finds. False if no cycle could be had. Dumps are taken one after another.
  bool collect(HeapDump& dump);
  /// Begins one and does not wait for it.
  void collect_async();
  /// The heap has grown to its trigger: a cycle is to begin. Waits for it only if the mutators are to stop.
  void collect_due(MutatorImpl& mutator);
  /// A knob was turned: a cycle may be due, or memory to be given back.
  void look_again();
  /// The heap grows: fresh memory is to be mapped ahead, as soon as there is time for that.
  void want_fresh();
  /// The collector has had less than its share of the processors: marks for a moment in its stead.
  void lend_time();
  /// The mutator has overdrawn its balance while a cycle marks: draws on what others have marked, or marks itself, or
  /// waits until there is something to mark.
  void assist(MutatorImpl& mutator);
  /// The heap has reached its hard goal, or would with an object of `large_bytes`: goes on once a cycle has made room,
  /// or none is under way; marks meanwhile.
  void stay_below_hard_goal(MutatorImpl& mutator, std::size_t large_bytes);
  /// Waits, blocked, until somebody else's cycle is over, or for a moment, `ns` at the most.
  void wait_for_room(std::uint64_t ns);
  /// Waits, blocked, until the destructors and cleanups that are due have run.
  void wait_for_finalizers();
  /// The cycle under way allows more.
  void note_progress();
  /// Collecting has taken too much: wakes all who are held up for it.
  void let_go();

  /// How many mutators have gone to sleep in assist().
  std::size_t waiting_to_assist();

  std::size_t metadata_bytes() const { return cycle_.metadata_bytes(); }

  /// Waits for the cycle under way, and lets none begin until go_on().
  void hold_off();
  void go_on();
  void lock_for_fork() { lock_.lock(); }
  void unlock_after_fork() { lock_.unlock(); }
  /// In the child of a fork, held off and locked: the thread is gone, and so are all who waited for it.
  void forget_thread();

 private:
  bool start_thread();
  void collect(bool minor, WaitKind why);
  std::uint64_t ask_for_cycle(bool minor);
  bool assist_may_go_on() const;
  void wait_for_work(MutatorImpl& mutator);
  std::uint64_t ticket_due() const { return begun_ == marked_ ? begun_ + 1 : begun_; }
  bool wait_until_wanted(std::unique_lock<sync::Mutex>& guard);
  std::uint64_t idle_left_ns() const;
  void run();

  HeapImpl& heap_;
  Cycle cycle_;

  // The collector's own:
  std::uint64_t last_cycle_ns_ = 0;  // when it began
  std::uint64_t last_took_ns_ = 0;   // until it was settled
  unsigned looked_again_ = 0;        // cycles in a row that only pressure called for

  sync::Mutex lock_;  // guards what follows
  sync::Condition wake_collector_;
  sync::Condition wake_waiters_;
  sync::Thread thread_;
  std::uint64_t wanted_ = 0;   // the cycle that somebody waits for
  std::uint64_t forced_ = 0;   // the latest cycle that collect() asked for
  std::uint64_t minor_ = 0;    // the latest that collect_minor() asked for
  HeapDump* dump_ = nullptr;   // to be filled in by
  std::uint64_t dump_of_ = 0;  // this cycle
  std::uint64_t begun_ = 0;
  std::uint64_t marked_ = 0;
  std::uint64_t settled_ = 0;
  std::size_t waiting_to_assist_ = 0;
  unsigned held_off_ = 0;
  bool look_again_ = false;
  std::atomic<bool> fresh_wanted_{false};  // set under lock_; read without, as asking once is enough
  bool stopping_ = false;
};

}  // namespace memgc::internal
