// Job: drain grey to black: follow pointers, mark cells, scan what was newly marked.
//
//   stack  --pop-->  queue of kQueue cells being fetched into the cache  --oldest-->  test and set mark, scan, push
//
// A pointer waits in the queue while its cell's descriptor, mark word and first line are fetched; the mark is tested
// when it leaves, so that most misses overlap (Cher, Hosking and Vitek, "Software prefetching for mark-sweep garbage
// collection", ASPLOS 2004; OCaml 4.14 does the same).
//
// Invariants: a cell is scanned at most once a cycle, by whoever set its mark. Everything pushed has been followed when
// drain_some() says so. Threads: one marker is used by one thread at a time; until share_marks() it alone writes to the
// kept bitmap, and marks are plain loads and stores: a locked instruction costs more than all the rest of a mark.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "allocator/cage.h"
#include "memgc/visitor.h"
#include "runtime/mark_stack.h"
#include "runtime/weak_refs.h"

namespace memgc::internal {

class Marker final : public Visitor {
 public:
  Marker(Cage& cage, WeakRefs& weak_refs) : cage_(cage), weak_refs_(weak_refs) {}

  /// Gets the first memory. False when there is none.
  bool reserve() { return stack_.reserve(cursor_, limit_); }

  /// Begins a cycle: `kept` is the bitmap to mark in, `occupied` says what exists.
  void begin(unsigned occupied, unsigned kept);

  /// A pointer that is one: to an object, into one, or null.
  void push(const void* target);
  /// A word that may be one: followed if it points into an occupied cell.
  void push_if_object(std::uintptr_t word);
  /// Follows what was pushed, for about `cells` cells. True when everything was followed.
  bool drain_some(std::size_t cells);
  /// From now on others set marks in the same bitmap too: marks are atomic read-modify-writes.
  void share_marks() { shared_ = true; }
  /// Follows the values of ephemerons whose keys are marked, from now on as soon as they are.
  void watch_ephemerons();
  /// Ends a cycle: gives memory back.
  void finish();

  std::size_t marked_bytes() const { return marked_bytes_; }
  std::size_t marked_cells() const { return marked_cells_; }
  std::size_t memory_bytes() const { return stack_.memory_bytes() + arrays_.capacity() * sizeof(ArrayRest); }
  MarkStack& stack_for_testing() { return stack_; }

 private:
  static constexpr std::size_t kQueue = 16;
  static constexpr std::size_t kArrayChunk = 1024;  // elements of a big array that are scanned at once

  struct Entry {
    const Block* block;
    char* cell;
    BitmapWord* word;
    std::uint64_t bit;
  };
  struct ArrayRest {
    const Block* block;
    char* cell;
    std::size_t next;  // the first element that is not scanned
  };

  void flush() override;  // Visitor: the stack's chunk is full
  void visit_words(const void* begin, const void* end) override;
  bool drain_stack(std::size_t cells);
  bool pop(const void*& target);
  bool resolve(const void* target, Entry& entry) const;
  void process(const Entry& entry);
  void scan(const Block& block, char* cell);
  void scan_array(const Block& block, char* cell, std::size_t from);
  void rescan_marked();
  [[noreturn]] void bad_pointer(const void* target) const;

  Cage& cage_;
  WeakRefs& weak_refs_;
  MarkStack stack_;
  std::vector<ArrayRest> arrays_;
  unsigned occupied_ = 0;
  unsigned kept_ = 1;
  bool shared_ = false;
  std::size_t frontier_bytes_ = 0;
  std::size_t marked_bytes_ = 0;
  std::size_t marked_cells_ = 0;
  Entry queue_[kQueue];
  std::size_t queued_ = 0;  // entries in the queue
  std::size_t oldest_ = 0;
};

}  // namespace memgc::internal
