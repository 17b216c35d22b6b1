// Job: the grey work of one marker: a stack of pointers still to be followed, in chunks of the heap's grey queue.
//
//   base (empty, stays) <- chunk <- ... <- top: cursor moves in it
//
// Pushing is a store and an increment; only every few hundred pushes come here.
//
// An entry is a pointer, or two: a big array's cell and, above it, the first element that is still to be scanned, with
// kRestTag on top. A pair stands in one chunk. Threads: one marker at a time.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>

#include "runtime/grey_queue.h"

namespace memgc::internal {

class MarkStack {
 public:
  explicit MarkStack(GreyQueue& queue) : queue_(queue) {}
  ~MarkStack() { close(); }
  MarkStack(const MarkStack&) = delete;
  MarkStack& operator=(const MarkStack&) = delete;

  // No address of a program begins so; nor does a word of a buried object.
  static constexpr std::uintptr_t kRestTag = std::uintptr_t{0x8000} << 48;
  static bool is_rest(const void* entry) { return reinterpret_cast<std::uintptr_t>(entry) >> 48 == kRestTag >> 48; }
  static const void* rest(std::size_t next) { return reinterpret_cast<const void*>(kRestTag | next); }
  static std::size_t next_of(const void* rest) { return reinterpret_cast<std::uintptr_t>(rest) & ~kRestTag; }

  /// Gets the chunk that every stack in use has. False when there is no memory.
  bool open(const void**& cursor, const void**& limit);
  /// Gives all chunks back, with what is in them.
  void close();

  /// Whether `cursor` stands at the bottom of its chunk.
  bool at_bottom(const void** cursor) const { return cursor == top_->entries; }
  /// Makes room for at least `entries` (at most GreyChunk::kEntries) more at `cursor`, which it moves with `limit` to
  /// another chunk if need be. False when there is no memory. REQUIRES: open; so do those below.
  bool grow(const void**& cursor, const void**& limit, std::size_t entries);
  /// Moves cursor and limit to the chunk below. False when there is none: the stack is empty.
  bool shrink(const void**& cursor, const void**& limit);

  /// Puts a chunk of the queue on top.
  void adopt(GreyChunk* chunk, const void**& cursor, const void**& limit);
  /// Hands a part over to the queue: a chunk, or half of the only one. Nothing when there is little.
  void share(const void**& cursor);
  /// Hands everything over that memory allows.
  void share_all(const void**& cursor, const void**& limit);
  /// Hands everything over, and closes the stack.
  void hand_over(const void** cursor);

  /// The first entry of the chunk on top.
  const void** bottom() const { return top_->entries; }

 private:
  void stand_on(GreyChunk* chunk, const void**& cursor, const void**& limit);

  GreyQueue& queue_;
  GreyChunk* top_ = nullptr;
  GreyChunk* spare_ = nullptr;
};

}  // namespace memgc::internal
