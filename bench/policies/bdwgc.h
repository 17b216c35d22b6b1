// Job: the Boehm-Demers-Weiser collector with its defaults: GC_MALLOC, and GC_MALLOC_ATOMIC for objects without
// pointers.
//
// What lies outside its heap and must be seen are the registered threads' stacks and static data; a Root is therefore
// an uncollectable cell, as the library's users do it.
#pragma once

#define GC_THREADS
#define GC_NO_THREAD_REDIRECTS
#include <gc/gc.h>

#include <stdexcept>
#include <string>
#include <utility>

#include "policies/policy.h"

namespace memgc_bench {

struct BdwgcPolicy : PlainPointers {
  static constexpr const char* kName = "bdwgc";
  static constexpr bool kFreesByHand = false;
  static constexpr bool kUnlinksByHand = false;
  static constexpr bool kMallocIsGlibc = true;
  static std::string version() {
    const unsigned number = GC_get_version();
    return "bdwgc " + std::to_string(number >> 16) + "." + std::to_string(number >> 8 & 0xff) + "." +
           std::to_string(number & 0xff);
  }

  template <class T>
  class Root {
   public:
    explicit Root(T* pointer) : cell_(static_cast<T**>(GC_MALLOC_UNCOLLECTABLE(sizeof(T*)))) {
      if (cell_ == nullptr) throw std::bad_alloc();
      *cell_ = pointer;
    }
    ~Root() { GC_FREE(cell_); }
    Root(const Root&) = delete;
    Root& operator=(const Root&) = delete;
    Root& operator=(T* pointer) {
      *cell_ = pointer;
      return *this;
    }
    T* get() const { return *cell_; }
    T* operator->() const { return *cell_; }

   private:
    T** cell_;
  };

  class Process {
   public:
    Process() {
      GC_INIT();
      GC_allow_register_threads();
      GC_start_performance_measurement();
    }
    void report(Counters& counters) const {
      counters["gc_cycles"] = static_cast<double>(GC_get_gc_no());
      counters["gc_wall_s"] = static_cast<double>(GC_get_full_gc_total_time()) / 1e3;
    }
  };

  class Thread {
   public:
    static constexpr bool kFreesByHand = false;

    explicit Thread(Process&) {
      GC_stack_base base;
      if (GC_get_stack_base(&base) != GC_SUCCESS) throw std::runtime_error("bdwgc finds no stack base");
      registered_ = GC_register_my_thread(&base) == GC_SUCCESS;  // GC_DUPLICATE on the main thread
    }
    ~Thread() {
      if (registered_) GC_unregister_my_thread();
    }
    Thread(const Thread&) = delete;
    Thread& operator=(const Thread&) = delete;

    template <class T, class... Args>
    T* make(Args&&... args) {
      constexpr bool kHasPointers = requires { T::fields; };
      void* cell = kHasPointers ? GC_MALLOC(sizeof(T)) : GC_MALLOC_ATOMIC(sizeof(T));
      return construct_at<T>(checked(cell), std::forward<Args>(args)...);
    }
    template <class T>
    PlainArray<T*>* make_refs(std::size_t count) {
      return ::new (checked(GC_MALLOC(PlainArray<T*>::bytes_for(count)))) PlainArray<T*>(count);
    }
    template <class T>
    PlainArray<T>* make_leaves(std::size_t count) {
      return ::new (checked(GC_MALLOC_ATOMIC(PlainArray<T>::bytes_for(count)))) PlainArray<T>(count);
    }
    template <class T>
    void free(T*) {}

   private:
    static void* checked(void* cell) {
      if (cell == nullptr) [[unlikely]]
        throw std::bad_alloc();
      return hide(cell);
    }

    bool registered_ = false;
  };

  using Region = PlainRegion<Thread>;

  // Waiting threads are stopped by a signal like any other: nothing to say.
  using BlockingScope = NoBlockingScope<Thread>;
};

}  // namespace memgc_bench
