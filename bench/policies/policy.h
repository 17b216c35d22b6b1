// Job: what an allocator must offer so that every workload can run on it, and the parts that most policies share.
//
// A policy is a class of types and static members; a workload is a template over it and names nothing else:
//
//   kName                the allocator's name in tables
//   kFreesByHand         whether free() does anything: a workload skips walks that only free when it is false
//   kUnlinksByHand       whether a long list must be taken apart link by link when it dies: true of those who free by
//                        hand, and of counters of references, whose destructors would call each other down the list
//   version()            which version is linked, for the record
//   Local<T>             what a local variable or a parameter holds that keeps an object: T* (counters of references:
//                        their owning pointer). A T* that is only looked at may be borrowed from any of these
//   Ref<T>               a pointer field of an object in the heap under test: T*, memgc::Member<T>, ... A workload
//   moves
//                        from one that it will not read again, which spares a counter work and is a copy to all others
//   BackRef<T>           a pointer field to something that another Ref keeps (a list's link back): for counters of
//                        references; to everyone else a Ref
//   Array<T>             an object made of a length and that many T; the length word is part of it for every policy
//   Root<T>              holds one object from outside the heap, for as long as it lives
//   fields(...)          the value of a workload object's `static constexpr auto fields`
//   Process              what a process sets up once; report(counters) adds the allocator's own figures
//   Thread               this thread's attachment to a Process, and its allocator: make<T>(args...), make_refs<T>(n)
//   (an
//                        Array<Ref<T>> of nulls), make_leaves<T>(n) (an Array<T> of unspecified contents), free(local)
//   BlockingScope        surrounds a wait of an attached thread
//   Region               a phase whose objects are all dead when it ends: allocator() is what to make them on, and
//                        Region::kFreesByHand says whether they must be freed one by one before
//
// No destructor of an object is called but by counters of references, so objects must be trivially destructible for all
// others. Threads: one Process per process; a Thread and a Region belong to one thread;
// free() takes objects made by any thread.
#pragma once

#include <cstddef>
#include <map>
#include <new>
#include <string>
#include <type_traits>
#include <utility>

namespace memgc_bench {

/// An allocator's own figures, by name, in the order of their names.
using Counters = std::map<std::string, double>;

/// The `fields` of policies that need no description of an object. The names stay, to tell leaves from other objects.
struct UnusedFields {};

/// A length and the elements, in one cell: memgc::Array's layout, for everyone else.
template <class T>
class PlainArray {
 public:
  static constexpr std::size_t kHeaderBytes = alignof(T) > sizeof(std::size_t) ? alignof(T) : sizeof(std::size_t);
  static constexpr std::size_t bytes_for(std::size_t count) { return kHeaderBytes + count * sizeof(T); }

  explicit PlainArray(std::size_t size) : size_(size) {}
  std::size_t size() const { return size_; }
  T* data() { return reinterpret_cast<T*>(reinterpret_cast<char*>(this) + kHeaderBytes); }
  T& operator[](std::size_t index) { return data()[index]; }

 private:
  std::size_t size_;
};

/// A region that is nothing but its thread's allocator.
template <class Thread>
class PlainRegion {
 public:
  static constexpr bool kFreesByHand = Thread::kFreesByHand;
  explicit PlainRegion(Thread& thread) : thread_(thread) {}
  Thread& allocator() { return thread_; }

 private:
  Thread& thread_;
};

/// Hides where a pointer came from, so that the compiler can neither drop a matching pair of calls nor assume what
/// fresh memory holds. Costs no instruction.
inline void* hide(void* pointer) {
  asm volatile("" : "+r"(pointer) : : "memory");
  return pointer;
}

/// Aggregates in braces, everything else in parentheses.
template <class T, class... Args>
T* construct_destructible_at(void* cell, Args&&... args) {
  if constexpr (std::is_constructible_v<T, Args...>) {
    return ::new (cell) T(std::forward<Args>(args)...);
  } else {
    return ::new (cell) T{std::forward<Args>(args)...};
  }
}

/// The same, where nobody will call a destructor.
template <class T, class... Args>
T* construct_at(void* cell, Args&&... args) {
  static_assert(std::is_trivially_destructible_v<T>, "workload objects must be trivially destructible");
  return construct_destructible_at<T>(cell, std::forward<Args>(args)...);
}

/// make, make_refs, make_leaves and free over a Derived that has allocate(bytes), allocate_zeroed(bytes) and
/// release(pointer, bytes).
template <class Derived>
class MallocLike {
 public:
  static constexpr bool kFreesByHand = true;

  template <class T, class... Args>
  T* make(Args&&... args) {
    return construct_at<T>(checked(self().allocate(sizeof(T))), std::forward<Args>(args)...);
  }
  template <class T>
  PlainArray<T*>* make_refs(std::size_t count) {
    return ::new (checked(self().allocate_zeroed(PlainArray<T*>::bytes_for(count)))) PlainArray<T*>(count);
  }
  template <class T>
  PlainArray<T>* make_leaves(std::size_t count) {
    static_assert(std::is_trivial_v<T>, "leaf arrays hold plain data");
    return ::new (checked(self().allocate(PlainArray<T>::bytes_for(count)))) PlainArray<T>(count);
  }

  template <class T>
  void free(T* object) {
    self().release(hide(object), sizeof(T));
  }
  template <class T>
  void free(PlainArray<T>* array) {
    const std::size_t bytes = PlainArray<T>::bytes_for(array->size());
    self().release(hide(array), bytes);
  }

 private:
  Derived& self() { return static_cast<Derived&>(*this); }
  static void* checked(void* cell) {
    if (cell == nullptr) [[unlikely]]
      throw std::bad_alloc();
    return hide(cell);
  }
};

/// What policies of plain pointers have in common.
struct PlainPointers {
  template <class T>
  using Local = T*;
  template <class T>
  using Ref = T*;
  template <class T>
  using BackRef = T*;
  template <class T>
  using Array = PlainArray<T>;

  template <class T>
  class Root {
   public:
    explicit Root(T* pointer) : pointer_(pointer) {}
    Root& operator=(T* pointer) {
      pointer_ = pointer;
      return *this;
    }
    T* get() const { return pointer_; }
    T* operator->() const { return pointer_; }

   private:
    T* pointer_;
  };

  template <class... FieldPointers>
  static constexpr UnusedFields fields(FieldPointers...) {
    return {};
  }
};

/// malloc-like policies have nothing to set up, nothing to tell and nobody to wait for.
struct PlainProcess {
  void report(Counters&) const {}
};
template <class Thread>
struct NoBlockingScope {
  explicit NoBlockingScope(Thread&) {}
};

}  // namespace memgc_bench
