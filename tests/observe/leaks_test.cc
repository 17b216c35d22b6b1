// What is left behind is found, by type, count, thread and call stack, and nothing else is; memgc/observe/leaks.h.
//
// Objects are made on threads that are gone, unless the test is about a thread's stack.
#include "memgc/observe/leaks.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <cstdio>
#include <memory>
#include <optional>
#include <semaphore>
#include <string>
#include <thread>

#include "memgc/memgc.h"
#include "tests/runtime/support.h"

namespace memgc {
namespace {

using ::testing::AllOf;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::Field;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

struct Node {
  Member<Node> next;
  long value = 0;
  static constexpr auto fields = memgc::fields(&Node::next);
};
struct Twin {  // of a Node's layout
  Member<Twin> next;
  long value = 0;
  static constexpr auto fields = memgc::fields(&Twin::next);
};

Options leak_options() {
  Options options = testing::manual_options();
  options.debug.types = true;
  options.debug.profilerate = 1;
  return options;
}

auto leaks(LeakKind kind, std::size_t count, const std::string& type) {
  return AllOf(Field(&Leak::kind, kind), Field(&Leak::count, count), Field(&Leak::type, HasSubstr(type)));
}
auto objects(std::size_t count, const std::string& type) { return leaks(LeakKind::kObjects, count, type); }

// A cache that never forgets.
struct Cache {
  explicit Cache(Heap& heap) : heap_(heap) {}
  void remember(int count) {
    testing::on_another_thread(heap_, [&](Mutator& me) {
      for (int i = 0; i < count; ++i) remember_one(me);
    });
  }
  [[gnu::noinline]] void remember_one(Mutator& me) {
    Node* node = me.make<Node>();
    node->next = first_;
    first_ = node;
  }
  void forget() { first_ = nullptr; }

  Heap& heap_;
  Root<Node> first_;
};

// The first, and with types of its own: those that have once shared a layout go on doing so, and those that are made
// after a heap with types=1 share none.
struct Left {
  Member<Left> next;
  static constexpr auto fields = memgc::fields(&Left::next);
};
struct Right {
  Member<Right> next;
  static constexpr auto fields = memgc::fields(&Right::next);
};
TEST(Leaks, TypesThatShareALayoutAreNamedTogether) {
  Options options = leak_options();
  options.debug.types = false;
  options.debug.profilerate = 0;
  Heap heap(options);
  const LeakBaseline before = leak_baseline();
  Root<Left> left;
  Root<Right> right;
  testing::on_another_thread(heap, [&](Mutator& me) {
    left = me.make<Left>();
    right = me.make<Right>();
  });
  const LeakReport report = find_leaks(before);
  EXPECT_THAT(report.leaks, Contains(AllOf(objects(2, "Left"), objects(2, "Right")))) << report.text();
}

TEST(Leaks, NothingIsFoundWhereNothingIsLeft) {
  Heap heap(leak_options());
  Cache cache(heap);
  cache.remember(3);
  const LeakBaseline before = leak_baseline();
  testing::on_another_thread(heap, [&](Mutator& me) {
    const Root<Node> gone(me.make<Node>());
    const Cleanup cleanup(me.make<Node>(), [] {});
    me.make_array<char>(1'000'000);
  });
  const LeakReport report = find_leaks(before);
  EXPECT_TRUE(report.empty()) << report.text();
  EXPECT_EQ(report.text(), "");
}

TEST(Leaks, ObjectsThatAreMoreThanBeforeAreFoundByTypeAndCount) {
  Heap heap(leak_options());
  Cache cache(heap);
  cache.remember(3);
  const LeakBaseline before = leak_baseline();
  cache.remember(5);
  const LeakReport report = find_leaks(before);
  ASSERT_THAT(report.leaks, ElementsAre(objects(5, "Node"))) << report.text();
  EXPECT_EQ(report.leaks[0].bytes, 5 * 16u);
  EXPECT_THAT(report.text(), HasSubstr("  5 objects of type "));
  cache.forget();
  EXPECT_TRUE(find_leaks(before).empty());
}

TEST(Leaks, ObjectsAreFoundWithTheFunctionsThatMadeThem) {
  Heap heap(leak_options());
  Cache cache(heap);
  const LeakBaseline before = leak_baseline();
  cache.remember(2);
  const LeakReport report = find_leaks(before);
  ASSERT_THAT(report.leaks, ElementsAre(objects(2, "Node"))) << report.text();
  EXPECT_THAT(report.leaks[0].stack, Contains(HasSubstr("remember"))) << report.text();
  EXPECT_THAT(report.leaks[0].stack, Not(Contains(HasSubstr("memgc::internal::")))) << report.text();
}

TEST(Leaks, WithoutSamplesObjectsAreFoundWithoutFunctions) {
  Options options = leak_options();
  options.debug.profilerate = 0;
  Heap heap(options);
  Cache cache(heap);
  const LeakBaseline before = leak_baseline();
  cache.remember(2);
  const LeakReport report = find_leaks(before);
  ASSERT_THAT(report.leaks, ElementsAre(objects(2, "Node"))) << report.text();
  EXPECT_THAT(report.leaks[0].stack, IsEmpty());
}

TEST(Leaks, GarbageIsNoLeakHoweverManyDestructorsItTakes) {
  struct Owner {
    std::unique_ptr<Root<Node>> root;  // which its destructor drops, and then the Node can go
  };
  Heap heap(leak_options());
  const LeakBaseline before = leak_baseline();
  testing::on_another_thread(heap, [&](Mutator& me) {
    Owner* owner = me.make<Owner>();
    owner->root = std::make_unique<Root<Node>>(me.make<Node>());
  });
  const LeakReport report = find_leaks(before);
  EXPECT_TRUE(report.empty()) << report.text();
}

TEST(Leaks, RootsThatAreLeftAreFoundWithWhatTheyReferTo) {
  Heap heap(leak_options());
  const LeakBaseline before = leak_baseline();
  std::optional<Root<Node>> left, null;
  testing::on_another_thread(heap, [&](Mutator& me) { left.emplace(me.make<Node>()); });
  null.emplace();
  const LeakReport report = find_leaks(before);
  EXPECT_THAT(report.leaks, Contains(leaks(LeakKind::kRoot, 1, "Node"))) << report.text();
  EXPECT_THAT(report.leaks, Contains(leaks(LeakKind::kRoot, 1, "null"))) << report.text();
}

TEST(Leaks, ARootThatWasThereIsNoLeakWhenItRefersToSomethingElse) {
  Heap heap(leak_options());
  Root<Node> there;
  Cache cache(heap);
  cache.remember(1);
  const LeakBaseline before = leak_baseline();
  there = cache.first_;
  const LeakReport report = find_leaks(before);
  EXPECT_TRUE(report.empty()) << report.text();
}

TEST(Leaks, ARootOfAHeapThatIsGoneIsFound) {
  const LeakBaseline before = leak_baseline();
  std::optional<Root<Node>> left;
  {
    Heap heap(leak_options());
    testing::on_another_thread(heap, [&](Mutator& me) { left.emplace(me.make<Node>()); });
  }
  const LeakReport report = find_leaks(before);
  EXPECT_THAT(report.leaks, ElementsAre(leaks(LeakKind::kRoot, 1, "its heap is gone"))) << report.text();
}

TEST(Leaks, CleanupsThatStillWaitAreFound) {
  Heap heap(leak_options());
  Cache cache(heap);
  cache.remember(1);
  const LeakBaseline before = leak_baseline();
  testing::on_another_thread(heap, [&](Mutator&) {
    Cleanup waits(cache.first_.get(), [] {});
    Cleanup cancelled(cache.first_.get(), [] {});
    cancelled.cancel();
  });
  const LeakReport report = find_leaks(before);
  EXPECT_THAT(report.leaks, ElementsAre(leaks(LeakKind::kCleanup, 1, "Node"))) << report.text();
}

// A thread that is attached, with an object on its stack and one in a root range.
class Holder {
 public:
  Holder(Heap& heap, bool blocks) {
    thread_ = std::thread([this, &heap, blocks] {
      ::pthread_setname_np(::pthread_self(), "holder");
      Mutator me(heap);
      Node* volatile on_stack = me.make<Node>();
      const void* words[1] = {me.make<Twin>()};
      const RootRange range(words, words + 1);
      std::optional<BlockingScope> scope;
      if (blocks) scope.emplace(me);
      there_.release();
      go_.acquire();  // without a BlockingScope: nobody can collect
      scope.reset();
      ASSERT_NE(on_stack, nullptr);
    });
    there_.acquire();
  }
  ~Holder() {
    go_.release();
    thread_.join();
  }

 private:
  std::binary_semaphore there_{0}, go_{0};
  std::thread thread_;
};

TEST(Leaks, AThreadThatIsStillAttachedIsFoundWithItsRangesAndItsStack) {
  Heap heap(leak_options());
  const LeakBaseline before = leak_baseline();
  std::optional<Holder> holder(std::in_place, heap, true);
  const LeakReport report = find_leaks(before);
  const auto of_holder = Field(&Leak::thread, HasSubstr("holder ("));
  EXPECT_THAT(report.leaks, Contains(AllOf(leaks(LeakKind::kMutator, 1, ""), of_holder))) << report.text();
  EXPECT_THAT(report.leaks, Contains(AllOf(leaks(LeakKind::kRootRange, 1, ""), of_holder))) << report.text();
  EXPECT_THAT(report.leaks, Contains(objects(1, "Twin"))) << report.text();
  EXPECT_THAT(report.leaks, Not(Contains(objects(1, "Node")))) << report.text();
  EXPECT_THAT(report.by_stacks_only, Contains(objects(1, "Node"))) << report.text();
  EXPECT_THAT(report.text(), HasSubstr("no leak: only words on stacks keep"));
  holder.reset();
  EXPECT_TRUE(find_leaks(before).empty());
}

TEST(Leaks, AThreadThatDoesNotAnswerIsFoundInTime) {
  Heap heap(leak_options());
  const LeakBaseline before = leak_baseline();
  std::optional<Holder> holder(std::in_place, heap, false);
  const LeakReport report = find_leaks(before, std::chrono::milliseconds(50));
  EXPECT_THAT(report.leaks, Contains(Field(&Leak::thread, HasSubstr("holder (")))) << report.text();
  EXPECT_THAT(report.problems, ElementsAre(HasSubstr("did not come to a safepoint")));
  EXPECT_FALSE(report.empty());
}

TEST(Leaks, AnAttachedThreadMayLook) {
  Heap heap(leak_options());
  Mutator me(heap);
  const LeakBaseline before = leak_baseline();
  Cache cache(heap);
  cache.remember(4);
  const LeakReport report = find_leaks(before);
  EXPECT_THAT(report.leaks, Contains(objects(4, "Node"))) << report.text();
}

TEST(Leaks, EachHeapIsLookedAt) {
  Heap first(leak_options());
  Cache in_first(first);
  const LeakBaseline before = leak_baseline();
  Heap second(leak_options());
  Cache in_second(second);
  in_first.remember(1);
  in_second.remember(2);
  const LeakReport report = find_leaks(before);
  ASSERT_THAT(report.leaks, Contains(objects(1, "Node"))) << report.text();
  ASSERT_THAT(report.leaks, Contains(objects(2, "Node"))) << report.text();
}

TEST(Leaks, ThoseThatAreKnownAreNotNamed) {
  Heap heap(leak_options());
  Cache cache(heap);
  Root<Twin> twin;
  const LeakBaseline before = leak_baseline();
  cache.remember(3);
  testing::on_another_thread(heap, [&](Mutator& me) { twin = me.make<Twin>(); });
  ignore_leaks({.type = "Twin$", .function = {}, .thread = {}});
  ignore_leaks({.type = "Node", .function = "no_such_function", .thread = {}});
  LeakReport report = find_leaks(before);
  EXPECT_THAT(report.leaks, ElementsAre(objects(3, "Node"))) << report.text();
  ignore_leaks({.type = "Node", .function = "remember", .thread = {}});
  report = find_leaks(before);
  EXPECT_TRUE(report.empty()) << report.text();
}

TEST(Leaks, AMalformedFilterIsRefused) {
  try {
    ignore_leaks({.type = "(", .function = {}, .thread = {}});
    FAIL() << "accepted";
  } catch (const ConfigError& error) {
    EXPECT_THAT(error.what(), HasSubstr("LeakFilter::type is '('"));
  }
  EXPECT_THROW(ignore_leaks({}), ConfigError);
}

}  // namespace
}  // namespace memgc
