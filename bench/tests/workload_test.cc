// Workloads check their own answers: here on allocators that break what they hand out, as a collector with a bug would.
#include <gtest/gtest.h>

#include <cstdlib>
#include <cstring>
#include <deque>

#include "harness/check.h"
#include "policies/glibc.h"
#include "workloads/binary_trees.h"
#include "workloads/lru_cache.h"

namespace memgc_bench {
namespace {

/// Which objects lose their contents, a hundred allocations after they were made.
enum class Breaks { kNothing, kObjects, kLeaves };

/// Never frees, so that writing to an old object breaks nothing but the object.
template <Breaks what>
struct BreakingPolicy : PlainPointers {
  static constexpr bool kFreesByHand = true;
  using Process = PlainProcess;

  class Thread {
   public:
    static constexpr bool kFreesByHand = true;
    explicit Thread(Process&) {}
    ~Thread() {
      for (void* cell : cells_) std::free(cell);
    }
    Thread(const Thread&) = delete;
    Thread& operator=(const Thread&) = delete;

    template <class T, class... Args>
    T* make(Args&&... args) {
      T* const object = construct_at<T>(cell(sizeof(T)), std::forward<Args>(args)...);
      if constexpr (what == Breaks::kObjects) break_one(object, sizeof(T));
      return object;
    }
    template <class T>
    PlainArray<T*>* make_refs(std::size_t count) {
      return ::new (cell(PlainArray<T*>::bytes_for(count))) PlainArray<T*>(count);
    }
    template <class T>
    PlainArray<T>* make_leaves(std::size_t count) {
      auto* const array = ::new (cell(PlainArray<T>::bytes_for(count))) PlainArray<T>(count);
      if constexpr (what == Breaks::kLeaves) break_one(array->data(), count * sizeof(T));
      return array;
    }
    template <class T>
    void free(T*) {}

   private:
    void* cell(std::size_t bytes) { return cells_.emplace_back(std::calloc(1, bytes)); }
    void break_one(void* contents, std::size_t bytes) {
      young_.push_back({contents, bytes});
      if (young_.size() <= 100) return;
      std::memset(young_.front().contents, 0, young_.front().bytes);
      young_.pop_front();
    }

    struct Contents {
      void* contents;
      std::size_t bytes;
    };
    std::deque<void*> cells_;
    std::deque<Contents> young_;
  };
  using Region = PlainRegion<Thread>;
  using BlockingScope = NoBlockingScope<Thread>;
};

template <class Policy, template <class> class Workload>
void run(const typename Workload<Policy>::Options& options) {
  typename Policy::Process process;
  typename Policy::Thread thread(process);
  Workload<Policy> workload(thread, options, 0, 1);
  workload.run();
  workload.verify();
}

TEST(BinaryTrees, AcceptsAnAllocatorThatKeepsEverything) {
  EXPECT_NO_THROW((run<BreakingPolicy<Breaks::kNothing>, BinaryTrees>({.depth = 8})));
}
TEST(BinaryTrees, NoticesANodeThatLostItsChildren) {
  EXPECT_THROW((run<BreakingPolicy<Breaks::kObjects>, BinaryTrees>({.depth = 8})), WrongAnswer);
}
TEST(LruCache, AcceptsAnAllocatorThatKeepsEverything) {
  EXPECT_NO_THROW((run<BreakingPolicy<Breaks::kNothing>, LruCache>({.live = 1000, .inserts = 10000})));
}
TEST(LruCache, NoticesAPayloadThatLostItsBytes) {
  EXPECT_THROW((run<BreakingPolicy<Breaks::kLeaves>, LruCache>({.live = 1000, .inserts = 10000})), WrongAnswer);
}
TEST(LruCache, WorksAtItsSmallestSize) { EXPECT_NO_THROW((run<GlibcPolicy, LruCache>({.live = 1, .inserts = 1}))); }

}  // namespace
}  // namespace memgc_bench
