// Job: see grey_queue.h.
#include "runtime/grey_queue.h"

#include <algorithm>
#include <mutex>
#include <utility>

#include "allocator/base/bits.h"
#include "allocator/base/check.h"

namespace memgc::internal {
namespace {

static_assert(sizeof(GreyChunk) == 4096);

constexpr std::size_t kGrowBytes = std::size_t{256} << 10;      // made ready at a time, at least
constexpr std::size_t kRetainedBytes = std::size_t{256} << 10;  // from cycle to cycle

}  // namespace

GreyQueue::~GreyQueue() {
  if (memory_.base() != nullptr) os::unreserve(memory_.base(), memory_.reserved_bytes());
}

bool GreyQueue::reserve(std::size_t bytes) {
  bytes = round_up(bytes, os::page_bytes());
  void* base = os::reserve(bytes, os::page_bytes());
  if (base == nullptr) return false;
  memory_ = Region(static_cast<char*>(base), bytes);
  chunks_ = bytes / sizeof(GreyChunk);
  most_for_markers_ = chunks_ - chunks_ / 8;
  return true;
}

GreyChunk* GreyQueue::take_empty(std::size_t most) {
  const std::lock_guard guard(lock_);
  GreyChunk* chunk = unused_;
  if (chunk != nullptr) {
    if (in_use_ >= most) return nullptr;
    unused_ = chunk->next;
  } else {
    const std::size_t cut = cut_.load(std::memory_order_relaxed);
    if (cut >= most) return nullptr;
    const std::size_t end = (cut + 1) * sizeof(GreyChunk);
    if (end > memory_.committed_bytes()) {
      // An eighth more at a time, so that calls are few.
      const std::size_t generous =
          std::min(round_up(end + std::max(kGrowBytes, end / 8), kGrowBytes), chunks_ * sizeof(GreyChunk));
      if (!memory_.grow_to(generous) && !memory_.grow_to(end)) return nullptr;
    }
    chunk = reinterpret_cast<GreyChunk*>(memory_.base() + end) - 1;
    cut_.store(cut + 1, std::memory_order_relaxed);
    if (cut + 1 > resident_.load(std::memory_order_relaxed)) resident_.store(cut + 1, std::memory_order_relaxed);
  }
  ++in_use_;
  chunk->next = nullptr;
  chunk->count = 0;
  return chunk;
}

GreyChunk* GreyQueue::take_empty() {
  GreyChunk* chunk = take_empty(chunks_);
  if (chunk == nullptr) fatal("no memory for the write barrier's buffer (%zu bytes)", sizeof(GreyChunk));
  return chunk;
}

GreyChunk* GreyQueue::try_take_empty() { return take_empty(most_for_markers_); }

void GreyQueue::put_one(const void* target) {
  const auto add = [target](GreyChunk& chunk) {
    if (chunk.count == GreyChunk::kEntries) return false;
    chunk.entries[chunk.count++] = target;
    return true;
  };
  if (full_.add_to_last(add)) return;
  GreyChunk* chunk = take_empty();
  add(*chunk);
  put(chunk);
}

void GreyQueue::give_back(GreyChunk* chunk) {
  const std::lock_guard guard(lock_);
  chunk->next = std::exchange(unused_, chunk);
  --in_use_;
}

void GreyQueue::discard() {
  while (GreyChunk* chunk = take()) give_back(chunk);
}

void GreyQueue::trim() {
  const std::lock_guard guard(lock_);
  const std::size_t used = cut_.load(std::memory_order_relaxed) * sizeof(GreyChunk);
  if (in_use_ != 0 || used <= kRetainedBytes) return;
  // All are free: cut them anew from the front.
  unused_ = nullptr;
  cut_.store(0, std::memory_order_relaxed);
  if (os::release(memory_.base() + kRetainedBytes, used - kRetainedBytes))
    resident_.store(kRetainedBytes / sizeof(GreyChunk), std::memory_order_relaxed);
}

}  // namespace memgc::internal
