// Job: see mark_stack.h.
#include "runtime/mark_stack.h"

#include <algorithm>
#include <utility>

namespace memgc::internal {

bool MarkStack::open(const void**& cursor, const void**& limit) {
  if (top_ == nullptr) top_ = queue_.try_take_empty();
  if (top_ == nullptr) return false;
  stand_on(top_, cursor, limit);
  return true;
}

void MarkStack::close() {
  if (spare_ != nullptr) queue_.give_back(std::exchange(spare_, nullptr));
  while (top_ != nullptr) queue_.give_back(std::exchange(top_, top_->next));
}

void MarkStack::stand_on(GreyChunk* chunk, const void**& cursor, const void**& limit) {
  top_ = chunk;
  cursor = chunk->entries + chunk->count;
  limit = chunk->entries + GreyChunk::kEntries;
}

bool MarkStack::grow(const void**& cursor, const void**& limit, std::size_t entries) {
  if (static_cast<std::size_t>(limit - cursor) >= entries) return true;
  GreyChunk* chunk = spare_ != nullptr ? std::exchange(spare_, nullptr) : queue_.try_take_empty();
  if (chunk == nullptr) return false;
  top_->count = static_cast<std::size_t>(cursor - top_->entries);
  chunk->count = 0;
  chunk->next = top_;
  stand_on(chunk, cursor, limit);
  return true;
}

bool MarkStack::shrink(const void**& cursor, const void**& limit) {
  if (top_->next == nullptr) return false;
  GreyChunk* chunk = std::exchange(top_, top_->next);
  if (spare_ == nullptr) {
    spare_ = chunk;  // work swings about a chunk's edge
  } else {
    queue_.give_back(chunk);
  }
  stand_on(top_, cursor, limit);
  return true;
}

void MarkStack::adopt(GreyChunk* chunk, const void**& cursor, const void**& limit) {
  top_->count = static_cast<std::size_t>(cursor - top_->entries);
  chunk->next = top_;
  stand_on(chunk, cursor, limit);
}

void MarkStack::share(const void**& cursor) {
  constexpr std::size_t kLeast = 2;
  if (GreyChunk* below = top_->next; below != nullptr && below->count != 0) {
    top_->next = below->next;
    queue_.put(below);
    return;
  }
  const auto count = static_cast<std::size_t>(cursor - top_->entries);
  if (count < kLeast) return;
  GreyChunk* chunk = spare_ != nullptr ? std::exchange(spare_, nullptr) : queue_.try_take_empty();
  if (chunk == nullptr) return;
  // The older half: what is near the roots leads to more.
  std::size_t half = count / 2;
  if (is_rest(top_->entries[half])) ++half;  // a pair stays together
  std::copy_n(top_->entries, half, chunk->entries);
  std::copy(top_->entries + half, top_->entries + count, top_->entries);
  chunk->count = half;
  cursor -= half;
  queue_.put(chunk);
}

void MarkStack::share_all(const void**& cursor, const void**& limit) {
  top_->count = static_cast<std::size_t>(cursor - top_->entries);
  GreyChunk* base = top_;
  while (base->next != nullptr) base = base->next;
  if (base->count != 0) {  // the base stays with the stack: another takes its place
    GreyChunk* chunk = spare_ != nullptr ? std::exchange(spare_, nullptr) : queue_.try_take_empty();
    if (chunk == nullptr) return;
    std::copy_n(base->entries, base->count, chunk->entries);
    chunk->count = std::exchange(base->count, 0);
    queue_.put(chunk);
  }
  while (top_ != base) queue_.put(std::exchange(top_, top_->next));
  stand_on(base, cursor, limit);
}

void MarkStack::hand_over(const void** cursor) {
  top_->count = static_cast<std::size_t>(cursor - top_->entries);
  while (top_ != nullptr) {
    GreyChunk* chunk = std::exchange(top_, top_->next);
    if (chunk->count != 0) {
      queue_.put(chunk);
    } else {
      queue_.give_back(chunk);
    }
  }
}

}  // namespace memgc::internal
