// Job: pins what a program sees when the kernel refuses memory at the n-th call, for each n there is, once and from
// then on: an object, a null or std::bad_alloc, and afterwards a heap that works and still has all it had.
//
// The oracle is a list that knows its own contents. What follows a failure is done with the kernel willing again.
#include <gtest/gtest.h>
#include <memgc/memgc.h>

#include <cstdint>
#include <cstring>
#include <functional>
#include <memory>
#include <new>
#include <thread>

#include "allocator/os_memory.h"
#include "tests/allocator/process.h"

namespace memgc::internal {
namespace {

constexpr std::size_t kKiB = 1 << 10;

struct Link {
  Member<Link> next;
  std::uint64_t value = 0;
  static constexpr auto fields = memgc::fields(&Link::next);
};

struct Wide {
  Member<Link> links[40];
  void trace(Visitor& visit) const {
    for (const auto& link : links) visit(link);
  }
};

// A list that is pushed to and checked; the heap keeps it, whatever fails.
class List {
 public:
  void push(Mutator& me, std::size_t count) {
    for (; count > 0; --count) {
      Link* link = me.make<Link>();
      link->next = first_;
      link->value = ++pushed_;
      first_ = link;
    }
  }
  testing::AssertionResult intact() const {
    std::uint64_t expected = pushed_;
    for (const Link* link = first_; link != nullptr; link = link->next, --expected) {
      if (link->value != expected) return testing::AssertionFailure() << link->value << " where " << expected << " was";
    }
    return expected == 0 ? testing::AssertionSuccess() : testing::AssertionFailure() << expected << " links are gone";
  }

 private:
  Root<Link> first_;
  std::uint64_t pushed_ = 0;
};

struct Scenario {
  const char* name;
  std::function<void(Heap&, Mutator&, List&)> run;
};

// Calls `run` with the n-th call failing, for n = 1, 2, ... until there is no n-th call; once, then from then on. After
// each, `afterwards`.
template <class Run, class Afterwards>
void for_each_failing_call(const char* what, Run run, Afterwards afterwards) {
  constexpr std::uint64_t kMost = 5000;
  for (const bool sticky : {false, true}) {
    std::uint64_t n = 1, refused = 0;
    for (; n < kMost; ++n) {
      const std::uint64_t failed_before = os::failed_calls_for_testing();
      os::fail_call_for_testing(n, sticky);
      try {
        run();
      } catch (const std::bad_alloc&) {
        ++refused;
      }
      os::fail_call_for_testing(0, false);
      SCOPED_TRACE(testing::Message() << what << ", call " << n << (sticky ? " and all after it" : ""));
      afterwards();
      if (testing::Test::HasFailure()) return;
      if (os::failed_calls_for_testing() == failed_before) break;
    }
    std::printf("%s: %llu calls, %llu of them fatal to it%s\n", what, static_cast<unsigned long long>(n - 1),
                static_cast<unsigned long long>(refused), sticky ? " when all later ones fail" : "");
    EXPECT_GT(n, 1u) << what << " makes no call that could fail";
    EXPECT_LT(n, kMost) << what;
  }
}

TEST(FailingCalls, WhileAHeapIsMadeAndAThreadAttachedLeaveNothingBehind) {
  for_each_failing_call(
      "a heap",
      [] {
        Heap heap;
        Mutator me(heap);
        EXPECT_NE(me.make<Link>(), nullptr);
      },
      [] {
        Heap heap;
        Mutator me(heap);
        EXPECT_NE(me.make<Link>(), nullptr);
      });
}

// Runs a scenario on a heap that exists already and has a list in it.
void check_scenario(const Scenario& scenario) {
  std::unique_ptr<Heap> heap;
  std::unique_ptr<Mutator> me;
  std::unique_ptr<List> list;
  const auto start_afresh = [&] {
    list.reset();
    me.reset();
    heap.reset();
    Options options;
    options.precise_stacks = true;
    options.debug.safepointms = 0;
    heap = std::make_unique<Heap>(options);
    me = std::make_unique<Mutator>(*heap);
    list = std::make_unique<List>();
    list->push(*me, 1000);
  };
  start_afresh();
  for_each_failing_call(
      scenario.name, [&] { scenario.run(*heap, *me, *list); },
      [&] {
        EXPECT_TRUE(list->intact());
        list->push(*me, 20'000);
        heap->collect();
        EXPECT_TRUE(list->intact());
        EXPECT_NE(me->try_make_array<char>(500 * kKiB), nullptr);
        start_afresh();
      });
}

TEST(FailingCalls, WhileSmallObjectsAreMadeLoseNothing) {
  check_scenario({"small objects", [](Heap&, Mutator& me, List& list) {
                    list.push(me, kSanitized ? 60'000 : 200'000);
                    for (int i = 0; i < 1000; ++i) me.make<Wide>();
                  }});
}

TEST(FailingCalls, WhileArraysAreMadeLoseNothing) {
  check_scenario({"arrays", [](Heap&, Mutator& me, List& list) {
                    for (std::size_t bytes = 1; bytes < 8000 * kKiB; bytes = bytes * 2 + 7) {
                      Array<char>* array = me.make_array<char>(bytes);
                      EXPECT_EQ(array->size(), bytes);
                      EXPECT_EQ(array->data()[bytes - 1], 0);
                      std::memset(array->data(), 0xff, bytes);
                      list.push(me, 100);
                    }
                  }});
}

TEST(FailingCalls, WhileCollectingLoseNothing) {
  check_scenario({"collections", [](Heap& heap, Mutator& me, List& list) {
                    for (int i = 0; i < 3; ++i) {
                      list.push(me, scaled(20'000));
                      auto* wide = me.make_array<Member<Link>>(20'000);  // fills the marker's stack
                      Root<Array<Member<Link>>> keep(wide);
                      for (auto& link : *keep) link = me.make<Link>();
                      heap.collect();
                    }
                  }});
}

TEST(FailingCalls, WhileMemoryIsReleasedLoseNothing) {
  check_scenario({"releasing", [](Heap& heap, Mutator& me, List& list) {
                    for (int i = 0; i < 3; ++i) {
                      for (int j = 0; j < 20; ++j) me.make_array<char>(300 * kKiB);
                      list.push(me, 5000);
                      heap.release_memory();
                      heap.release_memory();
                    }
                  }});
}

TEST(FailingCalls, WhileThreadsComeAndGoLoseNothing) {
  check_scenario({"threads", [](Heap& heap, Mutator& me, List& list) {
                    bool refused = false;
                    for (int i = 0; i < 3; ++i) {
                      BlockingScope waiting(me);
                      std::thread([&] {
                        try {
                          Mutator other(heap);
                          for (int j = 0; j < 3000; ++j) other.make<Wide>();
                        } catch (const std::bad_alloc&) {
                          refused = true;
                        }
                      }).join();
                    }
                    list.push(me, 1000);
                    if (refused) throw std::bad_alloc();
                  }});
}

}  // namespace
}  // namespace memgc::internal
