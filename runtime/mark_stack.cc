// Job: see mark_stack.h.
#include "runtime/mark_stack.h"

#include <utility>

#include "allocator/os_memory.h"

namespace memgc::internal {

MarkStack::~MarkStack() {
  trim();
  if (top_ != nullptr) give_chunk(top_);
  if (spare_ != nullptr) give_chunk(spare_);
}

MarkStack::Chunk* MarkStack::take_chunk() {
  if (spare_ != nullptr) return std::exchange(spare_, nullptr);
  if (chunks_ >= max_chunks_) return nullptr;
  void* memory = os::reserve(sizeof(Chunk), os::page_bytes());
  if (memory == nullptr) return nullptr;
  if (!os::commit(memory, sizeof(Chunk))) {
    os::unreserve(memory, sizeof(Chunk));
    return nullptr;
  }
  ++chunks_;
  return static_cast<Chunk*>(memory);
}

void MarkStack::give_chunk(Chunk* chunk) {
  os::unreserve(chunk, sizeof(Chunk));
  --chunks_;
}

bool MarkStack::reserve(const void**& cursor, const void**& limit) {
  if (top_ == nullptr) top_ = take_chunk();
  if (top_ == nullptr) return false;
  top_->below = nullptr;
  cursor = top_->entries;
  limit = top_->entries + kChunkEntries;
  return true;
}

void MarkStack::grow(const void**& cursor, const void**& limit, std::size_t entries) {
  if (static_cast<std::size_t>(limit - cursor) >= entries) return;
  if (Chunk* chunk = take_chunk()) {
    chunk->below = top_;
    top_->used = cursor;
    top_ = chunk;
    cursor = chunk->entries;
    limit = chunk->entries + kChunkEntries;
    return;
  }
  overflowed_ = true;
  cursor -= entries;
}

bool MarkStack::shrink(const void**& cursor, const void**& limit) {
  if (top_->below == nullptr) return false;
  Chunk* chunk = std::exchange(top_, top_->below);
  if (spare_ == nullptr) {
    spare_ = chunk;  // work swings about a chunk's edge
  } else {
    give_chunk(chunk);
  }
  cursor = top_->used;
  limit = top_->entries + kChunkEntries;
  return true;
}

void MarkStack::trim() {
  if (spare_ != nullptr) give_chunk(std::exchange(spare_, nullptr));
}

}  // namespace memgc::internal
