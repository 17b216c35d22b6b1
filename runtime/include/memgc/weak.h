// Job: references that do not keep: Weak<T>, Ephemeron<K, V>; and Cleanup, an action for when an object has died.
//
// An object *dies* in the cycle that finds it unreachable. From that moment on, which is one for all threads, every
// weak reference to it answers null; after it, destructors and cleanups run, on the heap's finalizer thread. Nothing
// brings a dead object back. Threads: as for Member. While a cycle marks, reading a weak reference takes a short lock;
// otherwise it is a load.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>

#include "memgc/internal/export.h"
#include "memgc/internal/schedule_point.h"
#include "memgc/internal/thread_state.h"
#include "memgc/member.h"
#include "memgc/mutator.h"

namespace memgc {

namespace internal {

/// What a Weak refers to: a managed object whose one word is not followed (PointerMap::kWeak).
struct WeakCell {
  std::atomic<const void*> target;
};

/// A managed object whose second word is followed if the object named by the first is marked (PointerMap::kEphemeron).
struct EphemeronCell {
  std::atomic<const void*> key;
  std::atomic<const void*> value;
};

MEMGC_EXPORT const void* load_weak_slow(const std::atomic<const void*>& word);

inline const void* load_weak(const std::atomic<const void*>& word) {
  if (thread_state.shades) [[unlikely]]
    return load_weak_slow(word);
  schedule_point("weak load");
  return word.load(std::memory_order_acquire);  // pairs with the store of whoever made the weak reference
}

}  // namespace internal

/// A reference that does not keep its object. A field of managed objects (to be named in `fields` or `trace` like a
/// Member), or a local of an attached thread. Making one for an object makes a small managed object: a safepoint.
template <class T>
class Weak {
 public:
  Weak() noexcept = default;
  explicit Weak(T* object) { reset(object); }

  /// The object, or null if there is none or it has died. What it returns is kept by the caller as any local is.
  T* get() const noexcept {
    const internal::WeakCell* cell = cell_.get();
    return cell == nullptr ? nullptr : static_cast<T*>(const_cast<void*>(internal::load_weak(cell->target)));
  }
  void reset(T* object = nullptr) {
    cell_ = nullptr;
    if (object == nullptr) return;
    auto* cell = internal::make_on<internal::WeakCell>(internal::mutator_for(object));
    cell->target.store(object, std::memory_order_release);
    cell_ = cell;
  }

 private:
  Member<internal::WeakCell> cell_;

 public:
  static constexpr auto fields = memgc::fields(&Weak::cell_);
};

/// A managed object (made by make<Ephemeron<K, V>>(key, value)) that keeps `value` for as long as something else keeps
/// `key`; when the key dies, both are gone. Their number costs a cycle linear time, however they are chained.
template <class K, class V>
class Ephemeron : private internal::EphemeronCell {
 public:
  Ephemeron(K* key, V* value) {
    EphemeronCell::key.store(key, std::memory_order_release);
    set_value(value);
  }
  Ephemeron(const Ephemeron&) = delete;
  Ephemeron& operator=(const Ephemeron&) = delete;

  /// Null once the key has died.
  K* key() const noexcept { return static_cast<K*>(const_cast<void*>(internal::load_weak(EphemeronCell::key))); }
  /// Null once the key has died.
  V* value() const noexcept {
    const void* key = internal::load_weak(EphemeronCell::key);
    return key == nullptr ? nullptr
                          : static_cast<V*>(const_cast<void*>(EphemeronCell::value.load(std::memory_order_acquire)));
  }
  void set_value(V* value) noexcept {
    if (internal::thread_state.shades) [[unlikely]] {
      internal::shade(EphemeronCell::value.load(std::memory_order_relaxed), value);
    }
    internal::schedule_point("store");
    EphemeronCell::value.store(value, std::memory_order_release);  // as in Member
  }
};

/// An action that runs once, on the finalizer thread, after an object has died; several for one object run in any
/// order. The action may make managed objects and wait; it must not refer to the object (it would name dead memory).
/// What it throws is reported on stderr and dropped. If the heap is destroyed first, it runs then.
class MEMGC_EXPORT Cleanup {
 public:
  Cleanup() = default;
  /// Registers for an object of this thread's heap. Throws std::bad_alloc.
  Cleanup(const void* object, std::function<void()> action);

  /// Takes the action back. False if it has run, or runs now, or was cancelled before. Destroying a Cleanup does not
  /// cancel it.
  bool cancel();

 private:
  internal::HeapImpl* heap_ = nullptr;
  std::uint64_t number_ = 0;
};

}  // namespace memgc
