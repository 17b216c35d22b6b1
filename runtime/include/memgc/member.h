// Job: Member<T>, a traced pointer field of a managed object, and its barrier.
//
// Invariant: while marking, the value that a store overwrites and the value it writes are both shaded before the store.
// Threads: any number may read and write one Member at once (atomics, free of fences on x86): a race is memory-safe,
// and its winner is whoever is last. Publishing an object to another thread needs the embedder's own synchronisation,
// as in plain C++.
#pragma once

#include <atomic>
#include <cstddef>
#include <type_traits>

#include "memgc/internal/checks.h"
#include "memgc/internal/schedule_point.h"
#include "memgc/internal/thread_state.h"

namespace memgc {

namespace internal {
struct RawFields;

// Relaxed is enough: what a pointer leads to is read through it, and hardware keeps the order of such reads, whoever
// stored the pointer with release. ThreadSanitizer goes by the language, which knows no such order.
#if defined(__SANITIZE_THREAD__)
inline constexpr std::memory_order kReadOrder = std::memory_order_acquire;
#elif defined(__has_feature)
inline constexpr std::memory_order kReadOrder =
    __has_feature(thread_sanitizer) ? std::memory_order_acquire : std::memory_order_relaxed;
#else
inline constexpr std::memory_order kReadOrder = std::memory_order_relaxed;
#endif

/// A U is a T, so that a Member<U> may stand where a Member<T> is wanted.
template <class U, class T>
concept PointsTo = std::is_convertible_v<U*, T*>;
}  // namespace internal

/// A field that refers to a managed object of the same heap, or to nothing. As large as a pointer; all zeros is null.
/// Cost: a load like any other; a store is one flag test and a store while nobody marks.
template <class T>
class Member {
 public:
  // Atomic: an object may be found through a pointer that another thread has stored without any other order.
  Member() noexcept {
    internal::note_field(this);
    word().store(nullptr, std::memory_order_relaxed);
  }
  Member(std::nullptr_t) noexcept : Member() {}  // NOLINT(google-explicit-constructor)
  Member(T* pointer) noexcept {                  // NOLINT(google-explicit-constructor)
    internal::note_field(this);
    if (internal::has_barrier()) [[unlikely]] {
      if (!internal::was_noted(&pointer_, pointer)) internal::shade_field(&pointer_, nullptr, pointer);
    }
    store(pointer);
  }
  Member(const Member& other) noexcept : Member(other.get()) {}
  template <internal::PointsTo<T> U>
  Member(const Member<U>& other) noexcept : Member(other.get()) {}  // NOLINT(google-explicit-constructor)

  Member& operator=(const Member& other) noexcept {
    set(other.get());
    return *this;
  }
  template <internal::PointsTo<T> U>
  Member& operator=(const Member<U>& other) noexcept {
    set(other.get());
    return *this;
  }
  Member& operator=(T* pointer) noexcept {
    set(pointer);
    return *this;
  }

  T* get() const noexcept { return word().load(internal::kReadOrder); }
  operator T*() const noexcept { return get(); }  // NOLINT(google-explicit-constructor)
  T* operator->() const noexcept { return get(); }
  std::add_lvalue_reference_t<T> operator*() const noexcept { return *get(); }

  /// Atomically replaces `expected` by `desired`; on failure `expected` is what was there.
  bool compare_exchange(T*& expected, T* desired) noexcept {
    if (internal::has_barrier()) [[unlikely]]
      internal::shade_field(&pointer_, expected, desired);
    internal::schedule_point("exchange");
    return word().compare_exchange_strong(expected, desired, std::memory_order_acq_rel, std::memory_order_acquire);
  }

  /// What the collector follows.
  const void* target() const noexcept { return word().load(std::memory_order_acquire); }

 private:
  friend struct internal::RawFields;

  static const void* target_of(const T* pointer) noexcept { return pointer; }
  std::atomic_ref<T*> word() const noexcept { return std::atomic_ref<T*>(pointer_); }

  void set(T* pointer) noexcept {
    if (internal::has_barrier()) [[unlikely]] {
      if (internal::was_noted(&pointer_, pointer)) return store(pointer);
      internal::store_shaded(&pointer_, pointer);  // all of it, so that the path without keeps no register for after it
    } else {
      internal::schedule_point("store");
      store(pointer);
    }
  }
  void store(T* pointer) noexcept {
    // Release: pairs with target()'s acquire: the marker sees what was written to the object before its address got
    // here.
    word().store(pointer, std::memory_order_release);
  }

  mutable T* pointer_;  // a plain word, so that a constructor given a value need not write null first
};

}  // namespace memgc
