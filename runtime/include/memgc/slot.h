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

namespace internal {
struct RawFields;
}  // namespace internal

/// A field that holds a word of which Policy knows what it refers to. Zero when made without one. Cost: as a Member.
template <class Policy>
class Slot {
 public:
  Slot() noexcept {
    internal::note_field(this);
    word().store(0, std::memory_order_relaxed);  // atomic, as in Member
  }
  Slot(std::uintptr_t word) noexcept {  // NOLINT(google-explicit-constructor)
    internal::note_field(this);
    if (internal::has_barrier()) [[unlikely]] {
      const void* target = Policy::pointer(word);
      if (!internal::was_noted(&value_, target)) internal::shade_field(&value_, nullptr, target);
    }
    store(word);
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

  std::uintptr_t get() const noexcept { return word().load(std::memory_order_relaxed); }
  operator std::uintptr_t() const noexcept { return get(); }  // NOLINT(google-explicit-constructor)

  /// What the collector follows.
  const void* target() const noexcept { return target_of(word().load(std::memory_order_acquire)); }

 private:
  friend struct internal::RawFields;

  static const void* target_of(std::uintptr_t word) noexcept { return Policy::pointer(word); }
  std::atomic_ref<std::uintptr_t> word() const noexcept { return std::atomic_ref<std::uintptr_t>(value_); }

  void set(std::uintptr_t word) noexcept {
    if (internal::has_barrier()) [[unlikely]] {
      const void* new_target = target_of(word);
      if (!internal::was_noted(&value_, new_target)) internal::shade_field(&value_, target(), new_target);
    }
    internal::schedule_point("store");
    store(word);
  }
  void store(std::uintptr_t word) noexcept {
    this->word().store(word, std::memory_order_release);  // as in Member
  }

  mutable std::uintptr_t value_;  // as in Member
};

}  // namespace memgc
