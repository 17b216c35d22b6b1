// Job: all who mark in one cycle: the collector's thread, which leads; helper threads, where processors are left over;
// mutators that assist, because they allocate faster than the others mark.
//
// The leader begins alone, with plain marks. When others are to join it shares its marks (marker.h) and opens the team.
// Then whoever comes takes a chunk from the grey queue, marks what it leads to for a while, hands the rest back to the
// queue and goes. The leader hands over a part of its own work whenever somebody waits and the queue is empty.
//
// Invariant: `busy_` counts who has work that is neither done nor in the queue, the leader apart; taking a chunk and
// being counted are one step under lock_, and so are handing back and being counted off. So when the leader has
// nothing, the queue is empty and nobody is busy, all that was ever pushed has been followed, and there is nothing to
// take up again until somebody hands over more: that is the moment at which drain() returns.
//
// Threads: drain(), begin(), end() and rest() by the leader; assist() by mutators, at a safepoint; helpers are the
// team's own, made when first wanted, gone with the heap, with all signals blocked.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "allocator/base/sync.h"
#include "allocator/block_set.h"
#include "runtime/clock.h"
#include "runtime/marker.h"
#include "runtime/pacing.h"

namespace memgc::internal {

class MarkTeam {
 public:
  MarkTeam(Cage& cage, WeakRefs& weak_refs, Remembered& remembered, GreyQueue& queue, Pacing& pacing)
      : cage_(cage),
        weak_refs_(weak_refs),
        remembered_(remembered),
        queue_(queue),
        pacing_(pacing),
        leader_(cage, weak_refs, remembered, queue) {}
  ~MarkTeam() { stop(); }
  MarkTeam(const MarkTeam&) = delete;
  MarkTeam& operator=(const MarkTeam&) = delete;

  /// Gets the first memory. False when there is none.
  bool reserve() { return leader_.open(); }
  /// Ends the helpers. No cycle is under way.
  void stop();
  /// In the child of a fork, between cycles: the helpers are gone.
  void forget_helpers();

  void begin(const Roles& roles);
  Marker& leader() { return leader_; }
  const Marker& leader() const { return leader_; }
  /// Follows all that was pushed or handed over, together with who helps. Calls between() about every `cells` cells.
  /// Returns GreyQueue::puts() as of the moment when nothing was left.
  template <class F>
  std::uint64_t drain(std::size_t cells, F&& between);
  /// From now on marks are shared, and others may come.
  void open();
  /// So many helpers may mark from now on, if there is work for them; opens the team if that is not none.
  void want_helpers(unsigned count);
  /// The leader does nothing for so long, or until somebody wants it to open the team. What it has is others'
  /// meanwhile.
  void rest(std::uint64_t ns);
  /// Marking has ended: nobody comes any more, and when this returns nobody is busy.
  void end();

  /// Marks about so many bytes on behalf of a mutator, and returns how many. 0 when there is nothing to be had at the
  /// moment: then the leader is asked for some. Bounded: no safepoint within.
  std::size_t assist(std::size_t bytes);
  /// The same as a helper of the collector's, whose time the caller lends it. Returns that, in ns.
  std::uint64_t lend(std::size_t bytes);
  /// A mutator waits for work, or no longer does: meanwhile the leader shares its own.
  void hunger(int by) { hungry_.fetch_add(static_cast<unsigned>(by), std::memory_order_relaxed); }
  /// Whether assist() would find work.
  bool has_work() const { return opened_.load(std::memory_order_relaxed) && !queue_.empty(); }

  /// Of the cycle under way, by all who have marked, as of their last stop for breath. From any thread.
  std::size_t marked_bytes() const { return marked_bytes_.load(std::memory_order_relaxed); }
  std::size_t marked_cells() const { return marked_cells_.load(std::memory_order_relaxed); }
  /// Processor time of helpers and of assists in the cycle under way, in ns.
  std::uint64_t helper_cpu_ns() const { return helper_cpu_ns_.load(std::memory_order_relaxed); }
  std::uint64_t assist_cpu_ns() const { return assist_cpu_ns_.load(std::memory_order_relaxed); }

 private:
  GreyChunk* take_or_wait(std::uint64_t& puts);
  void note_leader();
  bool enter(GreyChunk*& chunk);
  void leave(Marker& marker);
  struct Marked {
    std::size_t bytes;
    std::uint64_t cpu_ns;
  };
  std::optional<Marked> help(std::size_t bytes);
  std::size_t mark_a_while(GreyChunk* chunk, std::size_t bytes);
  void run_helper(unsigned number);

  Cage& cage_;
  WeakRefs& weak_refs_;
  Remembered& remembered_;
  GreyQueue& queue_;
  Pacing& pacing_;
  Marker leader_;
  std::size_t leader_bytes_ = 0;  // of its marks, counted in marked_bytes_
  std::size_t leader_cells_ = 0;

  sync::Mutex lock_;  // guards what follows
  sync::Condition wake_leader_;
  sync::Condition wake_helpers_;
  std::vector<sync::Thread> helpers_;
  Roles roles_;
  unsigned busy_ = 0;
  unsigned wanted_helpers_ = 0;
  bool asked_to_open_ = false;
  bool overflowed_ = false;
  bool stopping_ = false;

  // Written under lock_, read without: hints, and figures.
  std::atomic<bool> opened_{false};
  std::atomic<unsigned> hungry_{0};   // who wait for work
  std::atomic<bool> wanting_{false};  // somebody would have marked, and found nothing
  std::atomic<std::size_t> marked_bytes_{0};
  std::atomic<std::size_t> marked_cells_{0};
  std::atomic<std::uint64_t> helper_cpu_ns_{0};
  std::atomic<std::uint64_t> assist_cpu_ns_{0};
};

template <class F>
std::uint64_t MarkTeam::drain(std::size_t cells, F&& between) {
  constexpr std::size_t kSlice = 512;         // cells, about 7 us: who waits for work does not wait longer
  constexpr std::uint64_t kMostNs = 200'000;  // where cells are far apart in memory, `cells` take far longer
  std::uint64_t last_ns = now_ns();
  for (;;) {
    for (std::size_t done = kSlice; !leader_.drain_some(kSlice); done += kSlice) {
      note_leader();
      if (done < cells && elapsed_ns(last_ns, now_ns()) < kMostNs) continue;
      between();
      last_ns = now_ns();
      done = 0;
    }
    note_leader();
    between();
    std::uint64_t puts = 0;
    GreyChunk* chunk = take_or_wait(puts);
    if (chunk == nullptr) return puts;
    leader_.adopt(chunk);
  }
}

}  // namespace memgc::internal
