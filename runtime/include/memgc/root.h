// Job: references from outside the heap: Root<T> for one, RootRange for a stretch of memory that the embedder fills.
//
// Roots live in a registry of the whole process; each heap takes from it what points into its own cage, so a Root needs
// no heap and may be static, thread_local, or a field of a malloc'd object. Never put one inside a managed object: it
// would keep what it names for as long as that object stands, and nothing could free a cycle through it.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <utility>

#include "memgc/internal/checks.h"
#include "memgc/internal/schedule_point.h"
#include "memgc/internal/thread_state.h"

namespace memgc {

namespace internal {
using RootSlot = std::atomic<const void*>;
MEMGC_EXPORT RootSlot* take_root_slot();
MEMGC_EXPORT void give_back_root_slot(RootSlot* slot) noexcept;
MEMGC_EXPORT void store_root_slow(RootSlot* slot, const void* target) noexcept;  // while thread_state.barrier
}  // namespace internal

/// Keeps one object. Usable from anywhere that is not a managed object. Making and dropping one costs a short lock;
/// reading and assigning cost what a Member costs plus one indirection. Any thread may read it; one at a time may
/// assign.
template <class T>
class Root {
 public:
  Root() : Root(nullptr) {}
  explicit Root(T* pointer) : slot_(internal::take_root_slot()) {
    internal::note_root(this);
    if (pointer != nullptr) set(pointer);
  }
  Root(const Root& other) : Root(other.get()) {}
  Root(Root&& other) : Root(other.get()) { other.set(nullptr); }
  ~Root() {
    if (get() != nullptr) set(nullptr);
    internal::give_back_root_slot(slot_);
  }
  Root& operator=(const Root& other) noexcept {
    set(other.get());
    return *this;
  }
  Root& operator=(T* pointer) noexcept {
    set(pointer);
    return *this;
  }

  T* get() const noexcept { return static_cast<T*>(const_cast<void*>(slot_->load(std::memory_order_relaxed))); }
  operator T*() const noexcept { return get(); }  // NOLINT(google-explicit-constructor)
  T* operator->() const noexcept { return get(); }
  std::add_lvalue_reference_t<T> operator*() const noexcept { return *get(); }

 private:
  void set(T* pointer) noexcept {
    if (internal::thread_state.shades) [[unlikely]] {
      internal::store_root_slow(slot_, pointer);
    } else {
      internal::schedule_point("store");
      slot_->store(pointer, std::memory_order_release);  // as in Member
    }
  }

  internal::RootSlot* slot_;
};

/// A stretch of words, such as a VM's value stack, that belongs to the thread that makes the RootRange (which must be
/// attached): that thread alone writes to it, with plain stores. Scanned as the thread's own stack is, whole words,
/// conservatively, or through a Slot policy. The memory must stay readable for as long as the RootRange lives.
class MEMGC_EXPORT RootRange {
 public:
  /// What a word refers to; nullptr for none.
  using Decode = const void* (*)(std::uintptr_t word);

  /// Scans [begin, end).
  RootRange(const void* begin, const void* end, Decode decode = nullptr);
  /// Scans [begin, *top), reading *top when the thread answers: a stack that grows upwards, with the VM's own top
  /// pointer. (Two ends of a stretch of pointers are not mistaken for this: `top` is a pointer to what `begin` is.)
  template <class Word>
  RootRange(const Word* begin, Word* const* top, Decode decode = nullptr)
      : RootRange(begin, Top{reinterpret_cast<const void* const*>(top)}, decode) {}
  ~RootRange();
  RootRange(const RootRange&) = delete;
  RootRange& operator=(const RootRange&) = delete;

  /// Moves the range, when the embedder's stack has moved or grown. By the owning thread.
  void reset(const void* begin, const void* end) noexcept;

 private:
  struct Top {
    const void* const* address;
  };
  RootRange(const void* begin, Top top, Decode decode);

  void* entry_;
};

}  // namespace memgc
