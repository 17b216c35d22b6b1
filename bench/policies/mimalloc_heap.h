// Job: a heap of mimalloc's per thread, each object freed by hand; and the same with a heap per region, destroyed
// whole.
//
// Up to version 3.3 a heap belongs to the thread that made it and mi_heap_malloc is its fast path; since 3.4 any thread
// may allocate from a heap, and mi_theap_malloc on the calling thread's part of it is the fast path.
#pragma once

#include "policies/mimalloc_version.h"
#include "policies/policy.h"

namespace memgc_bench {

/// A mimalloc heap used by one thread.
class MimallocHeap {
 public:
  MimallocHeap() : heap_(mi_heap_new()) {
    if (heap_ == nullptr) throw std::bad_alloc();
#if MI_MALLOC_VERSION >= 30400
    part_ = mi_heap_theap(heap_);
#endif
  }
  MimallocHeap(const MimallocHeap&) = delete;
  MimallocHeap& operator=(const MimallocHeap&) = delete;

  mi_heap_t* get() { return heap_; }

#if MI_MALLOC_VERSION >= 30400
  void* allocate(std::size_t bytes) { return mi_theap_malloc(part_, bytes); }
  void* allocate_zeroed(std::size_t bytes) { return mi_theap_zalloc(part_, bytes); }
#else
  void* allocate(std::size_t bytes) { return mi_heap_malloc(heap_, bytes); }
  void* allocate_zeroed(std::size_t bytes) { return mi_heap_zalloc(heap_, bytes); }
#endif

 private:
  mi_heap_t* heap_;
#if MI_MALLOC_VERSION >= 30400
  mi_theap_t* part_;
#endif
};

struct MimallocHeapPolicy : PlainPointers {
  static constexpr const char* kName = "mimalloc heap";
  static constexpr bool kFreesByHand = true;
  static constexpr bool kUnlinksByHand = true;
  static constexpr bool kMallocIsGlibc = false;
  static std::string version() { return mimalloc_version(); }

  using Process = PlainProcess;

  class Thread : public MallocLike<Thread> {
   public:
    explicit Thread(Process&) {}
    // What is still in use (objects that other threads hold) lives on in mimalloc's main heap.
    ~Thread() { mi_heap_delete(heap_.get()); }

    void* allocate(std::size_t bytes) { return heap_.allocate(bytes); }
    void* allocate_zeroed(std::size_t bytes) { return heap_.allocate_zeroed(bytes); }
    void release(void* cell, std::size_t) { mi_free(cell); }

   private:
    MimallocHeap heap_;
  };

  using Region = PlainRegion<Thread>;
  using BlockingScope = NoBlockingScope<Thread>;
};

/// As above, but a region's objects are never freed one by one: its heap is destroyed at its end.
struct MimallocDestroyPolicy : MimallocHeapPolicy {
  static constexpr const char* kName = "mimalloc destroy";

  class Region {
   public:
    static constexpr bool kFreesByHand = false;

    explicit Region(Thread&) {}
    ~Region() { mi_heap_destroy(allocator_.heap.get()); }
    Region(const Region&) = delete;
    Region& operator=(const Region&) = delete;

    struct Allocator : MallocLike<Allocator> {
      static constexpr bool kFreesByHand = false;
      MimallocHeap heap;
      void* allocate(std::size_t bytes) { return heap.allocate(bytes); }
      void* allocate_zeroed(std::size_t bytes) { return heap.allocate_zeroed(bytes); }
      void release(void*, std::size_t) {}
    };
    Allocator& allocator() { return allocator_; }

   private:
    Allocator allocator_;
  };
};

}  // namespace memgc_bench
