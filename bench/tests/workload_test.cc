// Workloads check their own answers: here on allocators that break what they hand out, as a collector with a bug would.
#include <gtest/gtest.h>

#include <barrier>
#include <cstdlib>
#include <cstring>
#include <deque>
#include <exception>
#include <thread>
#include <vector>

#include "harness/check.h"
#include "harness/shared.h"
#include "policies/glibc.h"
#ifdef MEMGC_BENCH_HAS_MIMALLOC
#include "policies/shared_ptr.h"
#endif
#include "workloads/big_arrays.h"
#include "workloads/binary_trees.h"
#include "workloads/gcbench.h"
#include "workloads/json_documents.h"
#include "workloads/larson.h"
#include "workloads/latency.h"
#include "workloads/lru_cache.h"
#include "workloads/message_queue.h"
#include "workloads/producer_consumer.h"
#include "workloads/random_graph.h"
#include "workloads/splay_tree.h"
#include "workloads/symbols.h"

namespace memgc_bench {
namespace {

/// What is wiped, or handed out a second time, kDelay allocations after it was made.
enum class Breaks { kNothing, kObjects, kFirstWords, kLeaves, kReusesLeaves };

/// Never frees, so that writing to an old object breaks nothing but the object. The delay lets a small tree be built
/// and dropped in peace: what breaks is what lives long.
template <Breaks what>
struct BreakingPolicy : PlainPointers {
  static constexpr bool kFreesByHand = true;
  static constexpr bool kUnlinksByHand = true;
  static constexpr std::size_t kDelay = 5000;
  static constexpr std::size_t kLargestLeaf = 1024;
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
      if constexpr (what == Breaks::kObjects) doomed_.push_back({object, sizeof(T), cells_.size()});
      if constexpr (what == Breaks::kFirstWords) doomed_.push_back({object, sizeof(void*), cells_.size()});
      return object;
    }
    template <class T>
    PlainArray<T*>* make_refs(std::size_t count) {
      return ::new (cell(PlainArray<T*>::bytes_for(count))) PlainArray<T*>(count);
    }
    template <class T>
    PlainArray<T>* make_leaves(std::size_t count) {
      if constexpr (what == Breaks::kReusesLeaves) return ::new (leaf_cell()) PlainArray<T>(count);
      auto* const array = ::new (cell(PlainArray<T>::bytes_for(count))) PlainArray<T>(count);
      if constexpr (what == Breaks::kLeaves) doomed_.push_back({array->data(), count * sizeof(T), cells_.size()});
      return array;
    }
    template <class T>
    void free(T*) {}

   private:
    struct Doomed {
      void* contents;
      std::size_t bytes;
      std::size_t made;  // after so many allocations
    };

    void* cell(std::size_t bytes) {
      while (!doomed_.empty() && doomed_.front().made + kDelay < cells_.size()) {
        std::memset(doomed_.front().contents, 0, doomed_.front().bytes);
        doomed_.pop_front();
      }
      return cells_.emplace_back(std::calloc(1, bytes));
    }

    // One large enough for any; the oldest again once there are kDelay.
    void* leaf_cell() {
      if (leaves_.size() < kDelay) return leaves_.emplace_back(cell(kLargestLeaf));
      leaves_.push_back(leaves_.front());
      leaves_.pop_front();
      return leaves_.back();
    }

    std::deque<void*> cells_;
    std::deque<Doomed> doomed_;
    std::deque<void*> leaves_;
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

/// The same on several threads, as measure.h does it. All Threads outlive all that was made on them.
template <class Policy, template <class> class Workload>
void run_team(const typename Workload<Policy>::Options& options, unsigned threads) {
  typename Policy::Process process;
  typename SharedOf<Workload<Policy>>::type shared(options, threads);
  std::deque<typename Policy::Thread> allocators;
  for (unsigned index = 0; index < threads; ++index) allocators.emplace_back(process);
  std::barrier all(threads);
  std::vector<std::exception_ptr> errors(threads);
  std::vector<std::thread> team;
  for (unsigned index = 0; index < threads; ++index) {
    team.emplace_back([&, index] {
      auto workload = make_workload<Workload<Policy>>(allocators[index], options, index, threads, shared);
      all.arrive_and_wait();
      try {
        workload.run();
        workload.verify();
      } catch (...) {
        errors[index] = std::current_exception();
        shared.abandon();
      }
      all.arrive_and_wait();
    });
  }
  for (std::thread& thread : team) thread.join();
  for (const std::exception_ptr& error : errors) {
    if (error) std::rethrow_exception(error);
  }
}

TEST(BinaryTrees, AcceptsAnAllocatorThatKeepsEverything) {
  EXPECT_NO_THROW((run<BreakingPolicy<Breaks::kNothing>, BinaryTrees>({.depth = 8})));
}
TEST(BinaryTrees, NoticesANodeThatLostItsChildren) {
  EXPECT_THROW((run<BreakingPolicy<Breaks::kObjects>, BinaryTrees>({.depth = 8})), WrongAnswer);
}
TEST(LruCache, AcceptsAnAllocatorThatKeepsEverything) {
  EXPECT_NO_THROW((run<BreakingPolicy<Breaks::kNothing>, LruCache>({.live = 4000, .inserts = 20000})));
}
TEST(LruCache, NoticesAPayloadThatLostItsBytes) {
  EXPECT_THROW((run<BreakingPolicy<Breaks::kLeaves>, LruCache>({.live = 4000, .inserts = 20000})), WrongAnswer);
}
TEST(GcBench, AcceptsAnAllocatorThatKeepsEverything) {
  EXPECT_NO_THROW((run<BreakingPolicy<Breaks::kNothing>, GcBench>({.depth = 8})));
}
TEST(GcBench, NoticesANodeThatLostItsChildren) {
  EXPECT_THROW((run<BreakingPolicy<Breaks::kObjects>, GcBench>({.depth = 8})), WrongAnswer);
}
TEST(GcBench, NoticesAnArrayThatLostItsElements) {
  EXPECT_THROW((run<BreakingPolicy<Breaks::kLeaves>, GcBench>({.depth = 8})), WrongAnswer);
}
TEST(MessageQueue, AcceptsAnAllocatorThatKeepsEverything) {
  EXPECT_NO_THROW((run<BreakingPolicy<Breaks::kNothing>, MessageQueue>({.live = 4000, .messages = 20000})));
}
TEST(MessageQueue, NoticesAMessageThatLostItsBytes) {
  EXPECT_THROW((run<BreakingPolicy<Breaks::kLeaves>, MessageQueue>({.live = 4000, .messages = 20000})), WrongAnswer);
}
TEST(MessageQueue, NoticesALinkThatWasCut) {
  EXPECT_THROW((run<BreakingPolicy<Breaks::kFirstWords>, MessageQueue>({.live = 4000, .messages = 20000})),
               WrongAnswer);
}
TEST(MessageQueue, WorksAtItsSmallestSize) {
  EXPECT_NO_THROW((run<GlibcPolicy, MessageQueue>({.live = 1, .messages = 1})));
}
/// Holds up one request of a hundred for far longer than it takes until the next ones are due.
template <class Policy>
class Stalling {
 public:
  struct Options {};
  Stalling(typename Policy::Thread&, const Options&, unsigned, unsigned) {}
  void prepare() {}
  void step() {
    if (++steps_ == 20 * LatencyOptions::kSteps) std::this_thread::sleep_for(std::chrono::milliseconds(100));
  }
  std::uint64_t steps_until_steady() const { return LatencyOptions::kSteps; }
  void verify() { expect_equal("steps", steps_, 101 * LatencyOptions::kSteps); }

 private:
  std::uint64_t steps_ = 0;
};

Counters latencies_of_stalling(double rate) {
  GlibcPolicy::Process process;
  GlibcPolicy::Thread thread(process);
  Latency<Stalling>::On<GlibcPolicy> workload(thread, {{}, {.requests = 100, .rate = rate}}, 0, 1);
  workload.run();
  workload.verify();
  Counters counters;
  workload.report(counters);
  return counters;
}

TEST(Latency, OneAfterTheOtherAStallIsOneRequests) {
  const Counters counters = latencies_of_stalling(0);
  EXPECT_LT(counters.at("latency_p90_us"), 20e3);
  EXPECT_GE(counters.at("latency_max_us"), 100e3);
}
TEST(Latency, AtARateAStallIsPaidForByAllRequestsDueMeanwhile) {
  const Counters counters = latencies_of_stalling(1000);  // 18 are in time; the last is 19 ms late
  EXPECT_GE(counters.at("latency_p50_us"), 20e3);
  EXPECT_GE(counters.at("latency_max_us"), 100e3);
  EXPECT_LE(counters.at("requests_per_s"), 1000 * 100.0 / 99);
}
TEST(Latency, ServesRequestsThatCheckTheirAnswers) {
  using Broken = BreakingPolicy<Breaks::kLeaves>;
  EXPECT_NO_THROW((run<GlibcPolicy, Latency<LruCache>::On>({{.live = 4000}, {.requests = 2000}})));
  EXPECT_NO_THROW((run<GlibcPolicy, Latency<MessageQueue>::On>({{.live = 4000}, {.requests = 2000, .rate = 1e6}})));
  EXPECT_THROW((run<Broken, Latency<LruCache>::On>({{.live = 4000}, {.requests = 2000}})), WrongAnswer);
  EXPECT_THROW((run<Broken, Latency<MessageQueue>::On>({{.live = 4000}, {.requests = 2000}})), WrongAnswer);
}

TEST(LruCache, WorksAtItsSmallestSize) { EXPECT_NO_THROW((run<GlibcPolicy, LruCache>({.live = 1, .inserts = 1}))); }
TEST(Symbols, AcceptsAnAllocatorThatKeepsEverything) {
  EXPECT_NO_THROW((run<BreakingPolicy<Breaks::kNothing>, Symbols>({.names = 1 << 17, .lookups = 40000})));
}
TEST(Symbols, NoticesANameThatLostItsLetters) {
  EXPECT_THROW((run<BreakingPolicy<Breaks::kLeaves>, Symbols>({.names = 1 << 17, .lookups = 40000})), WrongAnswer);
}
TEST(Symbols, NoticesASymbolThatLostItsName) {
  EXPECT_THROW((run<BreakingPolicy<Breaks::kObjects>, Symbols>({.names = 1 << 17, .lookups = 40000})), WrongAnswer);
}
TEST(Symbols, NoticesAChainThatWasCut) {
  EXPECT_THROW((run<BreakingPolicy<Breaks::kFirstWords>, Symbols>({.names = 1 << 17, .lookups = 40000})), WrongAnswer);
}
TEST(Symbols, WorksAtItsSmallestSize) { EXPECT_NO_THROW((run<GlibcPolicy, Symbols>({.names = 1, .lookups = 1}))); }
TEST(RandomGraph, AcceptsAnAllocatorThatKeepsEverything) {
  EXPECT_NO_THROW((run<BreakingPolicy<Breaks::kNothing>, RandomGraph>({.nodes = 4000, .steps = 20000})));
}
TEST(RandomGraph, NoticesANodeThatLostItsEdges) {
  EXPECT_THROW((run<BreakingPolicy<Breaks::kFirstWords>, RandomGraph>({.nodes = 4000, .steps = 20000})), WrongAnswer);
}
TEST(RandomGraph, NoticesANodeThatLostItsName) {
  EXPECT_THROW((run<BreakingPolicy<Breaks::kObjects>, RandomGraph>({.nodes = 4000, .steps = 20000})), WrongAnswer);
}
TEST(RandomGraph, WorksAtItsSmallestSize) {
  EXPECT_NO_THROW((run<GlibcPolicy, RandomGraph>({.nodes = 1, .steps = 100})));
}
TEST(SplayTree, AcceptsAnAllocatorThatKeepsEverything) {
  EXPECT_NO_THROW((run<BreakingPolicy<Breaks::kNothing>, SplayTree>({.live = 1000, .steps = 1000})));
}
TEST(SplayTree, NoticesAPayloadThatLostItsNumbers) {
  EXPECT_THROW((run<BreakingPolicy<Breaks::kLeaves>, SplayTree>({.live = 1000, .steps = 1000})), WrongAnswer);
}
TEST(SplayTree, NoticesALinkThatWasCut) {
  EXPECT_THROW((run<BreakingPolicy<Breaks::kFirstWords>, SplayTree>({.live = 1000, .steps = 1000})), WrongAnswer);
}
TEST(SplayTree, WorksAtItsSmallestSize) { EXPECT_NO_THROW((run<GlibcPolicy, SplayTree>({.live = 1, .steps = 100}))); }
TEST(JsonDocuments, AcceptsAnAllocatorThatKeepsEverything) {
  EXPECT_NO_THROW((run<BreakingPolicy<Breaks::kNothing>, JsonDocuments>({.live = 100, .documents = 200})));
}
TEST(JsonDocuments, NoticesATextThatLostItsCharacters) {
  EXPECT_THROW((run<BreakingPolicy<Breaks::kLeaves>, JsonDocuments>({.live = 100, .documents = 200})), WrongAnswer);
}
TEST(JsonDocuments, NoticesAValueThatLostItsContents) {
  EXPECT_THROW((run<BreakingPolicy<Breaks::kObjects>, JsonDocuments>({.live = 100, .documents = 200})), WrongAnswer);
}
TEST(JsonDocuments, NoticesAMemberThatLostItsName) {
  EXPECT_THROW((run<BreakingPolicy<Breaks::kFirstWords>, JsonDocuments>({.live = 100, .documents = 200})), WrongAnswer);
}
TEST(JsonDocuments, WorksAtItsSmallestSize) {
  EXPECT_NO_THROW((run<GlibcPolicy, JsonDocuments>({.live = 1, .documents = 1})));
}
TEST(BigArrays, AcceptsAnAllocatorThatKeepsEverything) {
  EXPECT_NO_THROW((run<BreakingPolicy<Breaks::kNothing>, BigArrays>({.live = 4000, .steps = 6000, .largest = 8192})));
}
TEST(BigArrays, NoticesAnArrayThatLostItsNumbers) {
  EXPECT_THROW((run<BreakingPolicy<Breaks::kLeaves>, BigArrays>({.live = 4000, .steps = 6000, .largest = 8192})),
               WrongAnswer);
}
TEST(BigArrays, NoticesARecordThatLostItsNumber) {
  EXPECT_THROW((run<BreakingPolicy<Breaks::kObjects>, BigArrays>({.live = 4000, .steps = 6000, .largest = 8192})),
               WrongAnswer);
}
TEST(BigArrays, WorksAtItsSmallestSize) {
  EXPECT_NO_THROW((run<GlibcPolicy, BigArrays>({.live = 1, .steps = 100, .largest = 1})));
}

template <Breaks what>
void run_larson(unsigned threads) {
  run_team<BreakingPolicy<what>, Larson>({.live = 4000, .replacements = 40000, .handovers = 5}, threads);
}
TEST(Larson, AcceptsAnAllocatorThatKeepsEverything) {
  for (unsigned threads : {1, 2, 3, 8}) EXPECT_NO_THROW(run_larson<Breaks::kNothing>(threads)) << threads;
}
TEST(Larson, NoticesAnObjectThatLostItsBytes) { EXPECT_THROW(run_larson<Breaks::kLeaves>(1), WrongAnswer); }
TEST(Larson, NoticesAnObjectWhoseCellWasReused) { EXPECT_THROW(run_larson<Breaks::kReusesLeaves>(1), WrongAnswer); }
TEST(Larson, NoticesItOnTwoThreadsAndNobodyWaitsForOneThatFailed) {
  EXPECT_THROW(run_larson<Breaks::kReusesLeaves>(2), WrongAnswer);
}
TEST(Larson, WorksAtItsSmallestSize) {
  EXPECT_NO_THROW((run_team<GlibcPolicy, Larson>({.live = 1, .replacements = 1, .handovers = 0}, 2)));
}

// Half of the slots are more than an object lasts on a breaking allocator, and a consumer sleeps until they are full.
template <Breaks what>
void run_producer_consumer(unsigned threads) {
  run_team<BreakingPolicy<what>, ProducerConsumer>({.slots = 20000, .messages = 40000}, threads);
}
TEST(ProducerConsumer, AcceptsAnAllocatorThatKeepsEverything) {
  for (unsigned threads : {2, 8}) EXPECT_NO_THROW(run_producer_consumer<Breaks::kNothing>(threads)) << threads;
}
TEST(ProducerConsumer, NoticesAMessageThatLostItsBytes) {
  EXPECT_THROW(run_producer_consumer<Breaks::kLeaves>(2), WrongAnswer);
}
TEST(ProducerConsumer, NoticesAPayloadWhoseCellWasReused) {
  EXPECT_THROW(run_producer_consumer<Breaks::kReusesLeaves>(2), WrongAnswer);
}
TEST(ProducerConsumer, NoticesAMessageThatLostItsPayload) {
  EXPECT_THROW(run_producer_consumer<Breaks::kFirstWords>(2), WrongAnswer);
}
TEST(ProducerConsumer, WorksAtItsSmallestSize) {
  EXPECT_NO_THROW((run_team<GlibcPolicy, ProducerConsumer>({.slots = 1, .messages = 1}, 8)));
}

// Destructors that call each other down a list of this length would need some 100 MB of stack.
TEST(SharedPtr, ALongListDiesWithoutRecursion) {
#ifdef MEMGC_BENCH_HAS_MIMALLOC
  EXPECT_NO_THROW((run<SharedPtrPolicy, MessageQueue>({.live = 500'000, .messages = 500'000})));
  EXPECT_NO_THROW((run<SharedPtrPolicy, LruCache>({.live = 500'000, .inserts = 1'000'000})));
#else
  GTEST_SKIP() << "mimalloc was not found";
#endif
}

}  // namespace
}  // namespace memgc_bench
