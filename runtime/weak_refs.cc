// Job: see weak_refs.h.
#include "runtime/weak_refs.h"

#include "allocator/base/seeded_bug.h"
#include "memgc/internal/schedule_point.h"
#include "runtime/heap_impl.h"
#include "runtime/mutator_impl.h"

namespace memgc::internal {

bool WeakRefs::is_marked(const void* target) const {
  const CellRef cell = cage_.cell_of(target);
  return cell && cage_.is_kept(roles_.kept(), cell);
}

const void* WeakRefs::load(MutatorImpl& mutator, const std::atomic<const void*>& word) {
  const std::lock_guard guard(lock_);
  const void* target = word.load(std::memory_order_acquire);
  if (target == nullptr || state_ == State::kCleared || is_marked(target)) return target;
  if (state_ == State::kDecided) return nullptr;
  if (!seeded_bug("weak_read_forgotten")) shaded_ = true;
  if (!seeded_bug("weak_read_unshaded")) mutator.shade(target);
  return target;
}

void WeakRefs::begin(const Roles& roles) {
  const std::lock_guard guard(lock_);
  roles_ = roles;
  state_ = State::kTracing;
  shaded_ = false;
  watching_.store(false, std::memory_order_relaxed);
}

void WeakRefs::begin_round() {
  const std::lock_guard guard(lock_);
  shaded_ = false;
}

bool WeakRefs::decide() {
  const std::lock_guard guard(lock_);
  if (shaded_) return false;
  state_ = State::kDecided;
  return true;
}

void WeakRefs::add(WeakCell* cell) {
  const std::lock_guard guard(lists_lock_);
  cells_.push_back(cell);
}

bool WeakRefs::add(EphemeronCell* cell) {
  const void* key = cell->key.load(std::memory_order_acquire);
  if (key == nullptr) return false;
  const std::lock_guard guard(lists_lock_);
  if (seeded_bug("ephemeron_value_never_traced")) return false;
  if (seeded_bug("ephemeron_value_always_traced") || is_marked(key)) return true;
  if (watching()) {
    wait_for_key(cell);
  } else {
    unwatched_.push_back(cell);
  }
  return false;
}

void WeakRefs::wait_for_key(EphemeronCell* cell) {
  waiting_.emplace(key_of(cage_.cell_of(cell->key.load(std::memory_order_acquire))), cell);
}

void WeakRefs::clear() {
  for (WeakCell* cell : cells_) {
    const void* target = cell->target.load(std::memory_order_acquire);
    schedule_point("weak clear");
    if (target != nullptr && !is_marked(target)) cell->target.store(nullptr, std::memory_order_release);
  }
  for (const auto& [key, cell] : waiting_) {
    cell->key.store(nullptr, std::memory_order_release);
    cell->value.store(nullptr, std::memory_order_release);
  }
  const std::lock_guard guard(lock_);
  state_ = State::kCleared;
}

std::size_t WeakRefs::memory_bytes() {
  const std::lock_guard guard(lists_lock_);
  return (cells_.capacity() + unwatched_.capacity()) * sizeof(void*) + waiting_.size() * 48;
}

void WeakRefs::end() {
  cells_.clear();
  unwatched_.clear();
  waiting_.clear();
}

const void* load_weak_slow(const std::atomic<const void*>& word) {
  schedule_point("weak load");
  const void* target = word.load(std::memory_order_acquire);
  if (target == nullptr) return nullptr;
  ThreadRecord& thread = ThreadRecord::mine();
  for (MutatorImpl* mutator = thread.mutators; mutator != nullptr; mutator = mutator->next_on_thread) {
    if (mutator->marking && mutator->heap.cage().contains(target))
      return mutator->heap.weak_refs().load(*mutator, word);
  }
  return target;
}

}  // namespace memgc::internal
