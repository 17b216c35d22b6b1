// Job: the grey work of one marker: a stack of pointers still to be followed, in chunks from memory of the heap's own.
//
// Pushing is a store and an increment; only every kChunkEntries pushes come here. When no further chunk is to be had,
// the pointer is dropped and overflowed() says so: whoever marks then finds the lost work by going over the marked
// cells again, so a full stack costs time, never an object. Threads: one marker at a time.
#pragma once

#include <cstddef>
#include <cstdint>

namespace memgc::internal {

class MarkStack {
 public:
  static constexpr std::size_t kChunkEntries = 4094;  // with the links, 32 KiB

  MarkStack() = default;
  ~MarkStack();
  MarkStack(const MarkStack&) = delete;
  MarkStack& operator=(const MarkStack&) = delete;

  /// Gets the first chunk. False when there is no memory.
  bool reserve(const void**& cursor, const void**& limit);
  /// Whether `cursor` stands at the bottom of its chunk.
  bool at_bottom(const void** cursor) const { return cursor == top_->entries; }

  /// Makes room for at least `entries` (at most kChunkEntries) more at `cursor`, which it moves with `limit` to another
  /// chunk if need be. Without memory, cursor goes back by `entries`: that work is lost.
  /// REQUIRES: reserve() said true; the same for shrink().
  void grow(const void**& cursor, const void**& limit, std::size_t entries);
  /// Moves cursor and limit to the chunk below. False when there is none: the stack is empty.
  bool shrink(const void**& cursor, const void**& limit);

  /// Whether pointers were dropped since the last call of this.
  bool overflowed() {
    const bool was = overflowed_;
    overflowed_ = false;
    return was;
  }
  /// Gives all chunks back but one.
  void trim();
  std::size_t memory_bytes() const { return chunks_ * sizeof(Chunk); }

  /// At most this many chunks, for tests of overflow.
  void limit_chunks_for_testing(std::size_t chunks) { max_chunks_ = chunks; }

 private:
  struct Chunk {
    Chunk* below;
    const void** used;  // where this chunk's cursor stood when the next one was begun
    const void* entries[kChunkEntries];
  };

  Chunk* take_chunk();
  void give_chunk(Chunk* chunk);

  Chunk* top_ = nullptr;
  Chunk* spare_ = nullptr;
  std::size_t chunks_ = 0;
  std::size_t max_chunks_ = SIZE_MAX;
  bool overflowed_ = false;
};

}  // namespace memgc::internal
