// Job: Mutator, a thread's attachment to a heap, and the ways to make objects on it.
//
// Invariant: between two safepoints (a make, safepoint(), the ends of a BlockingScope) a thread's raw pointers to
// managed objects stay valid; at a safepoint its stack and registers are scanned, so they stay valid across it too
// (unless Options::precise_stacks says that every local is in a Root or RootRange).
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <new>
#include <type_traits>
#include <utility>

#include "memgc/array.h"
#include "memgc/heap.h"
#include "memgc/internal/checks.h"
#include "memgc/internal/schedule_point.h"
#include "memgc/internal/thread_state.h"
#include "memgc/member.h"
#include "memgc/slot.h"

namespace memgc {

namespace internal {

template <class T>
constexpr void check_type() {
  static_assert(std::is_object_v<T> && !std::is_const_v<T> && !std::is_array_v<T>,
                "memgc: make wants a class or scalar type");
  static_assert(std::is_nothrow_destructible_v<T>, "memgc: a managed type's destructor must be there and not throw");
  static_assert(alignof(T) <= 4096, "memgc: no alignment above 4096");
}

enum class OnNoMemory : std::uint8_t { kReturnNull, kThrow };

/// The bump: a load of the run's offset, of its cursor, a compare, an add, a store. All else is in the slow path, also
/// the test for no memory.
template <class T, OnNoMemory kOnNoMemory>
inline void* allocate(MutatorState& mutator) {
  const TypeInfo& type = type_info<T>;
  // Relaxed: whoever reads a non-zero offset reads a run of its own, which only its own slow path has ever filled.
  Run& run = *reinterpret_cast<Run*>(mutator.runs + type.run_offset.load(std::memory_order_relaxed));
  if (run.cursor >= run.limit) [[unlikely]]
    return kOnNoMemory == OnNoMemory::kThrow ? allocate_or_fail(mutator, type) : allocate_slow(mutator, type);
  // Read again, so that the cursor is in no register that outlives the call above: where a run ends another object may
  // begin, and a dead one would be kept while the collector looks at this thread, with all that it leads to.
  __asm__("" : "+m"(run.cursor));
  char* const cell = run.cursor;
  run.cursor = cell + kCellBytes<T>;
  return cell;
}

template <class T, class... Args>
inline T* construct(void* cell, Args&&... args) {
  FieldCheck check(type_info<T>, cell);
  T* object;
  if constexpr (std::is_constructible_v<T, Args...>) {
    object = ::new (cell) T(std::forward<Args>(args)...);
  } else {
    object = ::new (cell) T{std::forward<Args>(args)...};
  }
  check.finish();
  return object;
}

template <class T, class... Args>
inline T* construct_owned(MutatorState& mutator, void* cell, Args&&... args) {
  T* object = construct<T>(cell, std::forward<Args>(args)...);
  if constexpr (!std::is_trivially_destructible_v<T>) owe_destructor(mutator, object);
  return object;
}

/// Destroys the elements made so far when a later one's constructor throws.
template <class T>
struct MadeElements {
  T* elements;
  std::size_t count = 0;
  ~MadeElements() {
    while (count > 0) elements[--count].~T();
  }
};

template <class T, class... Args>
inline T* try_make_on(MutatorState& mutator, Args&&... args) {
  check_type<T>();
  void* cell = allocate<T, OnNoMemory::kReturnNull>(mutator);
  if (cell == nullptr) [[unlikely]]
    return nullptr;
  return construct_owned<T>(mutator, cell, std::forward<Args>(args)...);
}

template <class T, class... Args>
inline T* make_on(MutatorState& mutator, Args&&... args) {
  check_type<T>();
  void* cell = allocate<T, OnNoMemory::kThrow>(mutator);
  return construct_owned<T>(mutator, cell, std::forward<Args>(args)...);
}

template <class T, class... Args>
Array<T>* try_make_array_on(MutatorState& mutator, std::size_t count, const Args&... args) {
  check_type<T>();
  auto* array = static_cast<Array<T>*>(allocate_array(mutator, type_info<T>, count));
  if (array == nullptr) [[unlikely]]
    return nullptr;
  constexpr bool zero_will_do = IsMember<T>::value || IsSlot<T>::value || std::is_trivially_default_constructible_v<T>;
  if constexpr (sizeof...(Args) > 0 || !zero_will_do) {
    MadeElements<T> made{array->data()};
    for (T& element : *array) {
      construct<T>(&element, args...);
      ++made.count;
    }
    made.count = 0;
  }
  if constexpr (!std::is_trivially_destructible_v<T>) owe_destructor(mutator, array);
  return array;
}

template <class T, class... Args>
Array<T>* make_array_on(MutatorState& mutator, std::size_t count, const Args&... args) {
  Array<T>* array = try_make_array_on<T>(mutator, count, args...);
  if (array == nullptr) [[unlikely]]
    no_memory(count > SIZE_MAX / sizeof(T) ? SIZE_MAX : count * sizeof(T));
  return array;
}

/// Calls attempt() until it gives something, or the time is over.
template <class Attempt>
auto within(MutatorState& mutator, std::chrono::nanoseconds patience, Attempt&& attempt) {
  const auto began = std::chrono::steady_clock::now();
  for (;;) {
    if (auto* made = attempt()) return made;
    const auto left = patience - (std::chrono::steady_clock::now() - began);
    if (left <= std::chrono::nanoseconds(0)) return decltype(attempt())(nullptr);
    wait_for_memory(mutator, static_cast<std::uint64_t>(left.count()));
  }
}

}  // namespace internal

/// Attaches the calling thread to a heap for as long as it lives; used and destroyed by that thread only. A thread may
/// attach to several heaps; memgc::make uses the one attached last. Cost: some microseconds.
class MEMGC_EXPORT Mutator {
 public:
  explicit Mutator(Heap& heap);
  ~Mutator();
  Mutator(const Mutator&) = delete;
  Mutator& operator=(const Mutator&) = delete;

  /// A new object, constructed from `args`. A safepoint. Throws std::bad_alloc when there is no memory.
  template <class T, class... Args>
  T* make(Args&&... args) {
    return internal::make_on<T>(*state_, std::forward<Args>(args)...);
  }
  /// The same; nullptr when there is no memory.
  template <class T, class... Args>
  T* try_make(Args&&... args) {
    return internal::try_make_on<T>(*state_, std::forward<Args>(args)...);
  }
  /// An array of `count` elements: value-initialised, or each constructed from `args`.
  template <class T, class... Args>
  Array<T>* make_array(std::size_t count, const Args&... args) {
    return internal::make_array_on<T>(*state_, count, args...);
  }
  /// The same; nullptr when there is no memory, also for sizes that no memory could hold.
  template <class T, class... Args>
  Array<T>* try_make_array(std::size_t count, const Args&... args) {
    return internal::try_make_array_on<T>(*state_, count, args...);
  }

  /// try_make() that waits for memory, up to `patience`: for other threads to let go of objects, and for collections to
  /// find them. nullptr when the time is over. Waiting counts as a stop. Costs a collection for each try.
  template <class T, class... Args>
  T* make_within(std::chrono::nanoseconds patience, Args&&... args) {
    // Nothing is moved from the arguments until there is memory.
    return internal::within(*state_, patience, [&] { return try_make<T>(std::forward<Args>(args)...); });
  }
  /// The same for an array.
  template <class T, class... Args>
  Array<T>* make_array_within(std::chrono::nanoseconds patience, std::size_t count, const Args&... args) {
    return internal::within(*state_, patience, [&] { return try_make_array<T>(count, args...); });
  }

  /// A poll: one load and a branch. For loops that do not allocate.
  void safepoint() {
    internal::schedule_point("safepoint");
    // Relaxed: the slow path takes the handshake's lock, which orders what it does.
    if (state_->poll.load(std::memory_order_relaxed) != 0) [[unlikely]]
      internal::safepoint_slow(*state_);
  }

  Heap& heap() const noexcept { return heap_; }

 private:
  friend class BlockingScope;

  Heap& heap_;
  internal::MutatorState* state_;
};

/// While it lives, the collector goes on without this thread: for system calls, locks, sleeping. Inside, the thread may
/// hold managed pointers but must not use them: no loads from managed objects, no stores, no make. Scopes nest. The end
/// waits for a stop under way. Covers all heaps that the thread is attached to.
class MEMGC_EXPORT BlockingScope {
 public:
  explicit BlockingScope(Mutator& mutator);
  ~BlockingScope();
  BlockingScope(const BlockingScope&) = delete;
  BlockingScope& operator=(const BlockingScope&) = delete;

 private:
  Mutator& mutator_;
};

/// The same four on this thread's mutator (the one attached last). Abort with a clear line on a thread without one.
template <class T, class... Args>
inline T* make(Args&&... args) {
  return internal::make_on<T>(internal::current_mutator(), std::forward<Args>(args)...);
}
template <class T, class... Args>
inline T* try_make(Args&&... args) {
  return internal::try_make_on<T>(internal::current_mutator(), std::forward<Args>(args)...);
}
template <class T, class... Args>
inline Array<T>* make_array(std::size_t count, const Args&... args) {
  return internal::make_array_on<T>(internal::current_mutator(), count, args...);
}
template <class T, class... Args>
inline Array<T>* try_make_array(std::size_t count, const Args&... args) {
  return internal::try_make_array_on<T>(internal::current_mutator(), count, args...);
}

}  // namespace memgc
