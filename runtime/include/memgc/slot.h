// Job: Slot<Policy>, a traced field that holds a language's tagged word.
//
// A Policy is a class with one static function:
//
//   struct Values {
//     static const void* pointer(std::uintptr_t word) noexcept;  // the managed object that `word` names, or nullptr
//   };
//
// It must answer nullptr for the word 0 (a fresh field). It is called by the collector's thread and by the barrier.
// The pointer may be an interior one. Invariant and threads: as for Member.
#pragma once

#include <atomic>
#include <cstdint>

#include "memgc/internal/checks.h"
#include "memgc/internal/schedule_point.h"
#include "memgc/internal/thread_state.h"

namespace memgc {

template <class Policy>
class Slot {
 public:
  Slot() noexcept { internal::note_field(this); }
  Slot(std::uintptr_t word) noexcept {  // NOLINT(google-explicit-constructor)
    internal::note_field(this);
    set(word);
  }
  Slot(const Slot& other) noexcept : Slot(other.get()) {}
  Slot& operator=(const Slot& other) noexcept {
    set(other.get());
    return *this;
  }
  Slot& operator=(std::uintptr_t word) noexcept {
    set(word);
    return *this;
  }

  std::uintptr_t get() const noexcept { return word_.load(std::memory_order_relaxed); }
  operator std::uintptr_t() const noexcept { return get(); }  // NOLINT(google-explicit-constructor)

  /// What the collector follows.
  const void* target() const noexcept { return Policy::pointer(word_.load(std::memory_order_acquire)); }

 private:
  void set(std::uintptr_t word) noexcept {
    if (internal::thread_state.barrier) [[unlikely]]
      internal::shade(target(), Policy::pointer(word));
    internal::schedule_point("store");
    word_.store(word, std::memory_order_release);  // as in Member
  }

  std::atomic<std::uintptr_t> word_{0};
};

}  // namespace memgc
