// Job: drain grey to black: follow pointers, mark cells, scan what was newly marked.
//
//   stack  --pop-->  test and set mark  -->  queue of kQueue cells, being fetched  --oldest-->  scan, push
//
// A marked cell waits in the queue while its first line is fetched, so that most misses overlap (Cher, Hosking and
// Vitek, "Software prefetching for mark-sweep garbage collection", ASPLOS 2004; OCaml 4.14 does the same). Marks come
// before the queue: they lie beside the heap, a bit a cell, mostly in the cache, and a cell that is marked already, as
// half of all that are met in a graph are, is never fetched; nor is one that holds no pointers.
//
// When the stack cannot grow, what is on top of it is marked and not scanned, and overflowed() says so: somebody then
// scans all marked cells again, so that a full stack costs time, never an object.
//
// Invariants: a cell is scanned by whoever set its mark. Everything pushed has been followed when drain_some() says so
// (and nothing overflowed). Threads: one marker is used by one thread at a time. A cycle begins with one marker that
// alone writes to the kept bitmap, with plain loads and stores: a locked instruction would cost a quarter more (10.1 ns
// a cell instead of 8.1, in the cache). Once marks are shared there may be any number of them (mark_team.h).
#pragma once

#include <cstddef>
#include <cstdint>
#include <utility>

#include "allocator/cage.h"
#include "memgc/visitor.h"
#include "runtime/mark_stack.h"
#include "runtime/remembered.h"
#include "runtime/weak_refs.h"

namespace memgc::internal {

class Marker final : public Visitor {
 public:
  Marker(Cage& cage, WeakRefs& weak_refs, Remembered& remembered, GreyQueue& queue)
      : cage_(cage), weak_refs_(weak_refs), remembered_(remembered), stack_(queue) {}

  /// Gets the first memory. False when there is none. REQUIRED before all that follows.
  bool open() { return stack_.open(cursor_, limit_); }

  /// Begins a cycle: `kept` is the bitmap to mark in, `occupied` says what exists.
  void begin(unsigned occupied, unsigned kept, bool shared_marks);
  /// From now on others set marks in the same bitmap too: marks are atomic read-modify-writes.
  void share_marks() { shared_ = true; }

  /// A pointer that is one: to an object, into one, or null.
  void push(const void* target);
  /// A word that may be one: followed if it points into an occupied cell.
  void push_if_object(std::uintptr_t word);
  /// Work that others have handed over.
  void adopt(GreyChunk* chunk) { stack_.adopt(chunk, cursor_, limit_); }
  /// Follows what was pushed, until about `cells` cells more are marked. True when everything was followed.
  bool drain_some(std::size_t cells);
  /// Follows the values of ephemerons whose keys are marked, from now on as soon as they are.
  void watch_ephemerons();

  /// Hands a part of the work over to others; or all of it, but for what there is no memory for.
  void share() { stack_.share(cursor_); }
  void share_all();
  /// Hands all of it over, for the last time: this marker is used no more.
  void hand_over();

  /// Scans what is marked, and lies on this card of a block.
  void scan_card(BlockIndex index, std::size_t card);
  /// Scans all that is marked in a block. Whether there was anything.
  bool scan_marked(BlockIndex index);

  /// Whether cells were marked that nobody has scanned, since the last call of this.
  bool take_overflowed() { return std::exchange(overflowed_, false); }
  /// Scans all marked cells again, and follows what is found.
  void rescan_marked();

  std::size_t marked_bytes() const { return marked_bytes_; }
  std::size_t marked_cells() const { return marked_cells_; }
  /// Bytes that scan_card() and scan_marked() have looked at.
  std::size_t rescanned_bytes() const { return rescanned_bytes_; }

 private:
  static constexpr std::size_t kQueue = 32;        // a power of two
  static constexpr std::size_t kArrayChunk = 256;  // elements of a big array that are scanned at once

  void flush() override { make_room(1); }  // Visitor: the stack's chunk is full
  void visit_words(const void* begin, const void* end) override;
  void scan_queue();
  void make_room(std::size_t entries);
  void mark_unscanned();
  CellRef resolve(const void* target) const;
  bool take_rare(const void* target);
  bool set_mark(BitmapWord& marks, std::uint64_t bit) const;
  bool mark(CellRef cell);
  void mark_rare(const void* target);
  void scan(const Block& block, char* cell);
  static const void** push_masked(std::uint64_t mask, const char* cell, const void** cursor);
  void scan_array(const Block& block, char* cell, std::size_t from);
  void push_rest(char* cell, std::size_t next);
  bool is_marked(CellRef cell) const;
  template <class F>
  void for_each_marked(BlockIndex index, CellRange cells, F&& f);
  bool may_rescan(const Block& block, const char* cell) const;
  void scan_part(const Block& block, char* cell, std::size_t from, std::size_t to);
  void scan_elements(const Block& block, char* cell, std::size_t from, std::size_t to);
  [[noreturn]] void bad_pointer(const void* target) const;

  Cage& cage_;
  WeakRefs& weak_refs_;
  Remembered& remembered_;
  MarkStack stack_;
  unsigned occupied_ = 0;
  unsigned kept_ = 1;
  bool shared_ = false;
  bool overflowed_ = false;
  std::size_t frontier_bytes_ = 0;
  std::size_t marked_bytes_ = 0;
  std::size_t marked_cells_ = 0;
  std::size_t rescanned_bytes_ = 0;
  const char* last_part_of_ = nullptr;  // the cell that scan_part() scanned whole, last
  const void* queue_[kQueue];           // cells that are marked, not yet scanned, and being fetched
  std::size_t head_ = 0;                // of the oldest in the queue, and of the next; grow for ever
  std::size_t tail_ = 0;
};

}  // namespace memgc::internal
