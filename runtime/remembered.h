// Job: which old objects may refer to young ones, for cycles that do not trace old objects (generations.h).
//
// Old is what the last cycle kept; it stays marked in a minor cycle. A store of a reference dirties the card of the
// field: a byte for 512 bytes of cells. A minor cycle scans, on the cards that it finds dirty, what is marked there,
// and so finds all that was made since the last cycle and that an old object refers to. Fields need not lie in cells: a
// trace function may show Members in memory of the program's own. A store to such a one dirties a card that stands for
// all of them, and all old objects with trace functions are scanned; the same holds once one has shown raw words, which
// are stored without a barrier.
//
// What was found dead and had a destructor stays old, for as long as only a full cycle finds that it is dead for good:
// what was marked with it may refer to it. Once the destructor has run its trace function must not: such objects are
// listed, and never scanned again.
//
// Cards are cleared when they are scanned, by every cycle, and after all have answered its third handshake. Why none is
// missed, though nothing orders a card and the store that it is for: runtime/README.md, "Minor cycles".
//
// Threads: note(), by whoever stores; clearing and scanning, the collector's. A card is an atomic byte, relaxed
// throughout: a mutator's stores before its answer to a handshake are seen by who waited for the answer.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <unordered_set>
#include <vector>

#include "allocator/cage.h"
#include "memgc/internal/card_table.h"

namespace memgc::internal {

class Remembered : public CardTable {
 public:
  Remembered() = default;
  Remembered(const Remembered&) = delete;
  Remembered& operator=(const Remembered&) = delete;

  /// Of a cage with cards.
  void open(const Cage& cage);
  /// Stands for the heaps of a thread that is attached to several.
  static Remembered& several();

  /// note() for a field that lies elsewhere: in another heap of this thread's, on its stack, or anywhere.
  void note_elsewhere(const void* field);
  /// note() for all cards that [field, field + count) touches.
  void note_range(const void* field, std::size_t count);
  /// A trace function has shown words that are stored without a barrier.
  void note_raw_words() {
    if (!raw_words_.load(std::memory_order_relaxed)) raw_words_.store(true, std::memory_order_relaxed);
  }

  /// A cycle begins. The collector's, as are the three that follow.
  void begin_cycle(bool minor) { minor_ = minor; }
  /// This object's destructor is to run, or has run.
  void note_ended(const void* object) { ending_.push_back(object); }
  /// Whether a minor cycle must not scan the object: an earlier one has ended it, or is about to.
  bool is_ended(const void* object) const { return minor_ && ended_.contains(object); }
  /// The cycle has marked. Forgets those for which `is_kept` is false: their memory is free.
  template <class F>
  void end_cycle(F&& is_kept) {
    ended_.insert(ending_.begin(), ending_.end());
    ending_.clear();
    std::erase_if(ended_, [&](const void* object) { return !is_kept(object); });
  }

  /// Whether all old objects with trace functions must be scanned. Forgets the stores that said so.
  bool take_elsewhere();
  /// Clears the dirty cards of a block, and calls f(number) for each that was.
  template <class F>
  static void take_cards(Card* cards, F&& f);

 private:
  bool minor_ = false;
  std::vector<const void*> ending_;  // found dead by the cycle under way
  std::unordered_set<const void*> ended_;
  std::atomic<bool> elsewhere_{false};
  std::atomic<bool> raw_words_{false};
};

template <class F>
void Remembered::take_cards(Card* cards, F&& f) {
  for (std::size_t group = 0; group < kCardsPerBlock; group += sizeof(std::uint64_t)) {
    // Eight at once: the memory is the kernel's zeros and what was stored by bytes.
    if (reinterpret_cast<const std::atomic<std::uint64_t>*>(cards + group)->load(std::memory_order_relaxed) == 0)
      continue;
    for (std::size_t i = group; i < group + sizeof(std::uint64_t); ++i) {
      if (cards[i].load(std::memory_order_relaxed) == 0) continue;
      cards[i].store(0, std::memory_order_relaxed);
      f(i);
    }
  }
}

}  // namespace memgc::internal
