// Job: std::shared_ptr on mimalloc: what a C++ program without a collector writes when nobody knows who frees.
//
// Every object is made by allocate_shared: one cell for object and counts. A leaf array is a shared_ptr to words of
// which the first is its length (std::shared_ptr<T[]> does not tell how many there are); a table of references is an
// object that holds its length and a std::shared_ptr<Shared<T>[]>, whose elements the library destroys: one more cell
// than other policies need, once per table. A link back is a plain pointer: the cheapest that is correct, since what it
// names is kept by another; a std::weak_ptr would be twice as large and count as well.
//
// Threads: the counts are atomic, but libstdc++ counts without locks while the process has never had a second thread.
#pragma once

#include <cstdint>
#include <memory>
#include <new>
#include <string>
#include <type_traits>
#include <utility>

#include "policies/mimalloc_version.h"
#include "policies/policy.h"

namespace memgc_bench {

/// What std::allocate_shared takes its cells from.
template <class T>
struct MimallocAllocator {
  using value_type = T;

  MimallocAllocator() = default;
  template <class U>
  MimallocAllocator(const MimallocAllocator<U>&) {}  // NOLINT(google-explicit-constructor)

  T* allocate(std::size_t count) {
    void* const cell = mi_malloc(count * sizeof(T));
    if (cell == nullptr) [[unlikely]]
      throw std::bad_alloc();
    return static_cast<T*>(hide(cell));
  }
  void deallocate(T* cell, std::size_t) { mi_free(hide(cell)); }

  template <class U, class... Args>
  void construct(U* cell, Args&&... args) {
    construct_destructible_at<U>(cell, std::forward<Args>(args)...);
  }
  template <class U>
  bool operator==(const MimallocAllocator<U>&) const {
    return true;
  }
};

/// A std::shared_ptr that may be borrowed from as if it were a plain pointer. No plain pointer becomes one.
template <class T>
class Shared : public std::shared_ptr<T> {
 public:
  Shared() = default;
  Shared(std::nullptr_t) {}                                                       // NOLINT
  Shared(std::shared_ptr<T> pointer) : std::shared_ptr<T>(std::move(pointer)) {}  // NOLINT
  operator T*() const { return this->get(); }                                     // NOLINT
};

/// A length and so many references.
template <class T>
class SharedTable {
 public:
  explicit SharedTable(std::size_t size)
      : size_(size), elements_(std::allocate_shared<Shared<T>[]>(MimallocAllocator<Shared<T>>(), size)) {}
  std::size_t size() const { return size_; }
  Shared<T>* data() { return elements_.get(); }
  Shared<T>& operator[](std::size_t index) { return elements_[static_cast<std::ptrdiff_t>(index)]; }

 private:
  std::size_t size_;
  std::shared_ptr<Shared<T>[]> elements_;
};

struct SharedPtrPolicy {
  static constexpr const char* kName = "shared_ptr";
  static constexpr bool kFreesByHand = false;
  static constexpr bool kUnlinksByHand = true;
  static constexpr bool kMallocIsGlibc = false;
  static std::string version() { return "std::shared_ptr on " + mimalloc_version(); }

  template <class T>
  using Local = Shared<T>;
  template <class T>
  using Ref = Shared<T>;
  template <class T>
  using BackRef = T*;

  template <class T>
  struct ArrayOf {
    using type = PlainArray<T>;
  };
  template <class T>
  struct ArrayOf<Shared<T>> {
    using type = SharedTable<T>;
  };
  template <class T>
  using Array = typename ArrayOf<T>::type;

  template <class T>
  class Root {
   public:
    explicit Root(Shared<T> pointer) : pointer_(std::move(pointer)) {}
    Root& operator=(Shared<T> pointer) {
      pointer_ = std::move(pointer);
      return *this;
    }
    const Shared<T>& get() const { return pointer_; }
    T* operator->() const { return pointer_.get(); }

   private:
    Shared<T> pointer_;
  };

  template <class... FieldPointers>
  static constexpr UnusedFields fields(FieldPointers...) {
    return {};
  }

  using Process = PlainProcess;

  class Thread {
   public:
    static constexpr bool kFreesByHand = false;

    explicit Thread(Process&) {}

    template <class T, class... Args>
    Shared<T> make(Args&&... args) {
      return std::allocate_shared<T>(MimallocAllocator<T>(), std::forward<Args>(args)...);
    }
    template <class T>
    Shared<SharedTable<T>> make_refs(std::size_t count) {
      return make<SharedTable<T>>(count);
    }
    template <class T>
    Shared<PlainArray<T>> make_leaves(std::size_t count) {
      static_assert(std::is_trivial_v<T> && alignof(T) <= alignof(Word), "leaf arrays hold plain data");
      const std::size_t words = (PlainArray<T>::bytes_for(count) + sizeof(Word) - 1) / sizeof(Word);
      std::shared_ptr<Word[]> cell = std::allocate_shared_for_overwrite<Word[]>(MimallocAllocator<Word>(), words);
      auto* const array = ::new (hide(cell.get())) PlainArray<T>(count);
      return std::shared_ptr<PlainArray<T>>(std::move(cell), array);
    }
    template <class Reference>
    void free(const Reference&) {}

   private:
    using Word = std::uint64_t;
  };

  using Region = PlainRegion<Thread>;
  using BlockingScope = NoBlockingScope<Thread>;
};

}  // namespace memgc_bench
