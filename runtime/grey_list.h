// Job: the list through which chunks of grey pointers are handed over: put() by one side, take() by the other.
//
// Invariant: whoever takes a chunk sees all that its owner wrote to it before handing it over. A template, so that
// tests/relacy checks it with a lock and a counter whose memory is as weak as the standard allows. Threads: any.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <utility>

namespace memgc::internal {

/// `Chunk` has a member `next`; `Count` is an atomic std::size_t.
template <class Chunk, class Mutex, class Count>
class GreyList {
 public:
  void put(Chunk* chunk) {
    const std::lock_guard guard(lock_);
    chunk->next = std::exchange(first_, chunk);
    ++puts_;
    count_.fetch_add(1, std::memory_order_relaxed);
  }
  /// Whether add(chunk) could add to the chunk that was put last; counts as put again.
  template <class Add>
  bool add_to_last(Add&& add) {
    const std::lock_guard guard(lock_);
    if (first_ == nullptr || !add(*first_)) return false;
    ++puts_;
    return true;
  }
  /// One that was put; null if there is none.
  Chunk* take() {
    if (empty()) return nullptr;
    const std::lock_guard guard(lock_);
    Chunk* chunk = first_;
    if (chunk == nullptr) return nullptr;
    first_ = std::exchange(chunk->next, nullptr);
    count_.fetch_sub(1, std::memory_order_relaxed);
    return chunk;
  }
  /// Whether there is none. May be out of date at once.
  bool empty() const { return count_.load(std::memory_order_relaxed) == 0; }
  /// How many were ever put, and whether all were taken: both as of one moment.
  std::uint64_t puts(bool& all_taken) {
    const std::lock_guard guard(lock_);
    all_taken = first_ == nullptr;
    return puts_;
  }

 private:
  Mutex lock_;
  Chunk* first_ = nullptr;
  std::uint64_t puts_ = 0;
  Count count_{0};
};

}  // namespace memgc::internal
