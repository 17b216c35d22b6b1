// Job: weak references and ephemerons of one cycle, and the moment at which the dead are dead for all threads.
//
// The marker lists the weak cells that it meets, and asks what an ephemeron's key is. When a round of handshakes has
// found nothing grey, decide() either makes that moment, or says that a weak reference was read since the round began.
//
//   tracing --decide()--> decided --clear()--> cleared --end()--> tracing (of the next cycle)
//
// Invariants (after Ugawa, Jones and Ritson, "Reference object processing in on-the-fly garbage collection", ISMM
// 2014):
//   I1  While tracing, a weak read that meets an unmarked object shades it, so it will be marked: what is handed out is
//       alive. Such a read since the last round began makes another round necessary: the reader's buffer may have been
//       flushed before.
//   I2  From decided on, a weak read answers null for what is not marked; nothing is marked any more but by the
//   collector
//       on behalf of destructors, and that only once all weak cells are cleared, when marks are no longer asked.
//   I3  A key's mark is set before take_waiting() asks for it under the lock of the lists, and an ephemeron is listed
//       under that lock while its key is not marked: whichever comes second finds the other.
// Threads: load() by mutators, add() and take_waiting() by whoever marks, all else by the collector alone. Two locks,
// for a few words each, but for clear().
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <unordered_map>
#include <vector>

#include "allocator/base/lock.h"
#include "allocator/block_set.h"
#include "allocator/cage.h"
#include "memgc/weak.h"

namespace memgc::internal {

class MutatorImpl;

class WeakRefs {
 public:
  explicit WeakRefs(const Cage& cage) : cage_(cage) {}

  /// A weak read by a mutator whose barrier is on.
  const void* load(MutatorImpl& mutator, const std::atomic<const void*>& word);

  /// A cycle begins.
  void begin(const Roles& roles);
  /// A round of handshakes begins.
  void begin_round();
  /// The round found nothing grey. False if a weak read has shaded since it began.
  bool decide();
  /// Clears the weak cells whose objects are not marked, and the ephemerons whose keys are not.
  void clear();
  void end();

  /// The marker met one.
  void add(WeakCell* cell);
  /// True if the key is marked, so that the value is to be followed; otherwise it is listed.
  bool add(EphemeronCell* cell);

  /// Whether `cell` is the key of a listed ephemeron: their values are then to be followed. `f(value)` for each.
  template <class F>
  void take_waiting(CellRef key, F&& f);
  /// From now on the marker asks take_waiting() about each cell that it marks; f(value) for those whose key has been
  /// marked since they were listed.
  template <class F>
  void watch_keys(F&& f);
  bool watching() const { return watching_.load(std::memory_order_relaxed); }

  std::size_t memory_bytes();

 private:
  enum class State : std::uint8_t { kTracing, kDecided, kCleared };

  bool is_marked(const void* target) const;
  static std::uint64_t key_of(CellRef cell) { return std::uint64_t{cell.block} << 32 | cell.index; }
  void wait_for_key(EphemeronCell* cell);

  const Cage& cage_;
  Lock lock_;  // guards state_, shaded_
  State state_ = State::kTracing;
  bool shaded_ = false;
  Roles roles_;
  Lock lists_lock_;  // guards what follows, while others than the collector mark
  std::vector<WeakCell*> cells_;
  std::vector<EphemeronCell*> unwatched_;  // listed before watch_keys()
  std::unordered_multimap<std::uint64_t, EphemeronCell*> waiting_;
  // Relaxed: changed while nobody else marks, and seen by who begins to mark after that.
  std::atomic<bool> watching_{false};
};

template <class F>
void WeakRefs::take_waiting(CellRef key, F&& f) {
  const std::lock_guard guard(lists_lock_);
  const auto [begin, end] = waiting_.equal_range(key_of(key));
  for (auto at = begin; at != end; ++at) f(at->second->value.load(std::memory_order_acquire));
  waiting_.erase(begin, end);
}

template <class F>
void WeakRefs::watch_keys(F&& f) {
  const std::lock_guard guard(lists_lock_);
  watching_.store(true, std::memory_order_relaxed);
  for (EphemeronCell* cell : unwatched_) {
    if (is_marked(cell->key.load(std::memory_order_acquire))) {
      f(cell->value.load(std::memory_order_acquire));
    } else {
      wait_for_key(cell);
    }
  }
  unwatched_.clear();
}

}  // namespace memgc::internal
