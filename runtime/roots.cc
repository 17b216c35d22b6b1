// Job: see roots.h.
#include "runtime/roots.h"

#include <array>
#include <atomic>
#include <mutex>
#include <new>
#include <vector>

#include "allocator/base/lock.h"
#include "memgc/internal/schedule_point.h"

namespace memgc::internal {
namespace {

struct Chunk {
  static constexpr std::size_t kSlots = 511;
  std::array<RootSlot, kSlots> slots{};
  Chunk* next = nullptr;
};

// Free slots are kept apart by thread, so that threads that make Roots seldom meet.
struct alignas(64) Shard {
  Lock lock;
  std::vector<RootSlot*> free;
  std::size_t taken = 0;  // made here less dropped here: only the sum over shards means anything
};
constexpr std::size_t kShards = 16;

constinit std::atomic<Chunk*> chunks{nullptr};

// Never destroyed: see the invariant. In static storage, for who asks first may be a collector in a process that has no
// memory left.
std::array<Shard, kShards>& shards() {
  using Shards = std::array<Shard, kShards>;
  alignas(Shards) static std::array<std::byte, sizeof(Shards)> storage;
  static Shards& forever = *new (storage.data()) Shards;
  return forever;
}

Shard& my_shard() {
  static std::atomic<std::size_t> next{0};
  static thread_local const std::size_t mine = next.fetch_add(1, std::memory_order_relaxed) % kShards;
  return shards()[mine];
}

void add_chunk(Shard& shard) {
  auto* chunk = new Chunk;
  shard.free.reserve(shard.free.size() + Chunk::kSlots);
  for (RootSlot& slot : chunk->slots) shard.free.push_back(&slot);
  chunk->next = chunks.load(std::memory_order_relaxed);
  // Release: pairs with the acquire in for_each_root().
  while (!chunks.compare_exchange_weak(chunk->next, chunk, std::memory_order_release, std::memory_order_relaxed)) {
  }
}

}  // namespace

RootSlot* take_root_slot() {
  Shard& shard = my_shard();
  const std::lock_guard guard(shard.lock);
  if (shard.free.empty()) add_chunk(shard);
  RootSlot* slot = shard.free.back();
  shard.free.pop_back();
  ++shard.taken;
  return slot;
}

void give_back_root_slot(RootSlot* slot) noexcept {
  Shard& shard = my_shard();
  const std::lock_guard guard(shard.lock);
  --shard.taken;
  try {
    shard.free.push_back(slot);
  } catch (const std::bad_alloc&) {
    // The slot is null and lost, eight bytes; there is no memory to say more.
  }
}

std::size_t for_each_root(void (*visit)(void* context, const void* pointer), void* context) {
  std::size_t bytes = 0;
  for (const Chunk* chunk = chunks.load(std::memory_order_acquire); chunk != nullptr; chunk = chunk->next) {
    for (const RootSlot& slot : chunk->slots) {
      const void* pointer = slot.load(std::memory_order_relaxed);
      if (pointer == nullptr) continue;
      visit(context, pointer);
      schedule_point("scan root");
    }
    bytes += sizeof(chunk->slots);
  }
  return bytes;
}

void lock_roots_for_fork() {
  for (Shard& shard : shards()) shard.lock.lock();
}

void unlock_roots_after_fork() {
  for (Shard& shard : shards()) shard.lock.unlock();
}

std::size_t root_count() {
  std::size_t count = 0;
  for (Shard& shard : shards()) {
    const std::lock_guard guard(shard.lock);
    count += shard.taken;
  }
  return count;
}

}  // namespace memgc::internal
