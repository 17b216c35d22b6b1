// Job: see grey_queue.h.
#include "runtime/grey_queue.h"

#include <mutex>
#include <utility>

#include "allocator/base/check.h"
#include "allocator/os_memory.h"

namespace memgc::internal {

static_assert(sizeof(GreyChunk) == 4096);

GreyQueue::~GreyQueue() {
  discard();
  trim();
}

GreyChunk* GreyQueue::take_empty() {
  {
    const std::lock_guard guard(lock_);
    if (unused_ != nullptr) {
      GreyChunk* chunk = std::exchange(unused_, unused_->next);
      chunk->next = nullptr;
      chunk->count = 0;
      return chunk;
    }
    ++chunks_;
  }
  void* memory = os::reserve(sizeof(GreyChunk), os::page_bytes());
  if (memory == nullptr || !os::commit(memory, sizeof(GreyChunk))) {
    fatal("no memory for the write barrier's buffer (%zu bytes)", sizeof(GreyChunk));
  }
  return static_cast<GreyChunk*>(memory);  // zeroed memory is an empty chunk
}

void GreyQueue::give_back(GreyChunk* chunk) {
  const std::lock_guard guard(lock_);
  chunk->next = std::exchange(unused_, chunk);
}

void GreyQueue::put(GreyChunk* chunk) {
  const std::lock_guard guard(lock_);
  chunk->next = std::exchange(full_, chunk);
}

GreyChunk* GreyQueue::take_all() {
  const std::lock_guard guard(lock_);
  return std::exchange(full_, nullptr);
}

void GreyQueue::discard() {
  for (GreyChunk* chunk = take_all(); chunk != nullptr;) give_back(std::exchange(chunk, chunk->next));
}

void GreyQueue::trim() {
  lock_.lock();
  GreyChunk* chunk = std::exchange(unused_, nullptr);
  lock_.unlock();
  std::size_t given = 0;
  for (; chunk != nullptr; ++given) os::unreserve(std::exchange(chunk, chunk->next), sizeof(GreyChunk));
  const std::lock_guard guard(lock_);
  chunks_ -= given;
}

std::size_t GreyQueue::memory_bytes() {
  const std::lock_guard guard(lock_);
  return chunks_ * sizeof(GreyChunk);
}

}  // namespace memgc::internal
