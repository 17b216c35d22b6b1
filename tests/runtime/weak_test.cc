// Job: pins Weak, Ephemeron, Cleanup and destructors: what dies when, that nothing dying is given out, that each action
// runs once.
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "tests/runtime/support.h"

namespace memgc::testing {
namespace {

struct Node {
  Member<Node> next;
  long id = 0;
  static constexpr auto fields = memgc::fields(&Node::next);
};

struct Holder {
  Weak<Node> weak;
  Member<Ephemeron<Node, Node>> pair;
  static constexpr auto fields = memgc::fields(&Holder::weak, &Holder::pair);
};

Node* make_node(Mutator& me, long id) {
  Node* node = me.make<Node>();
  node->id = id;
  return node;
}

TEST(Weak, IsNullUntilItIsGivenAnObject) {
  Heap heap(precise_options());
  Mutator me(heap);
  Root<Holder> holder(me.make<Holder>());
  EXPECT_EQ(holder->weak.get(), nullptr);
  Weak<Node> nothing(nullptr);
  EXPECT_EQ(nothing.get(), nullptr);
}

TEST(Weak, GivesItsObjectForAsLongAsSomethingElseKeepsIt) {
  Heap heap(precise_options());
  Mutator me(heap);
  Root<Holder> holder(me.make<Holder>());
  Root<Node> keep(make_node(me, 7));
  holder->weak.reset(keep.get());
  heap.collect();
  EXPECT_EQ(holder->weak.get(), keep.get());
  keep = nullptr;
  heap.collect();
  EXPECT_EQ(holder->weak.get(), nullptr);
}

TEST(Weak, AnObjectReadFromOneIsKeptByItsReader) {
  Heap heap(manual_options());  // conservative: the reader's stack keeps it
  Mutator me(heap);
  Root<Holder> holder(me.make<Holder>());
  holder->weak.reset(make_node(me, 7));
  if (Node* node = holder->weak.get()) {
    heap.collect();
    EXPECT_EQ(node->id, 7);
    EXPECT_EQ(holder->weak.get(), node);
  }
}

TEST(Ephemeron, KeepsItsValueWhileTheKeyIsKept) {
  Heap heap(precise_options());
  Mutator me(heap);
  Root<Holder> holder(me.make<Holder>());
  Root<Node> key(make_node(me, 1));
  {
    const Root<Node> value(make_node(me, 2));
    holder->pair = me.make<Ephemeron<Node, Node>>(key.get(), value.get());
  }
  heap.collect();
  ASSERT_NE(holder->pair->value(), nullptr);
  EXPECT_EQ(holder->pair->value()->id, 2);
  EXPECT_EQ(holder->pair->key(), key.get());
  key = nullptr;
  heap.collect();
  EXPECT_EQ(holder->pair->key(), nullptr);
  EXPECT_EQ(holder->pair->value(), nullptr);
}

TEST(Ephemeron, AValueThatRefersToItsKeyDoesNotKeepIt) {
  Heap heap(precise_options());
  Mutator me(heap);
  Root<Holder> holder(me.make<Holder>());
  {
    const Root<Node> key(make_node(me, 1)), value(make_node(me, 2));
    value->next = key.get();
    holder->pair = me.make<Ephemeron<Node, Node>>(key.get(), value.get());
  }
  heap.collect();
  EXPECT_EQ(holder->pair->value(), nullptr);
}

// The value of each is the key of the next, listed in the order that is worst for going over the list again and again.
TEST(Ephemeron, ALongChainInTheWorstOrderIsFollowedToItsEnd) {
  constexpr std::size_t kLength = 50000;
  using Pair = Ephemeron<Node, Node>;
  Heap heap(precise_options());
  Mutator me(heap);
  const Root<Array<Member<Pair>>> chain(me.make_array<Member<Pair>>(kLength));
  Root<Node> first(make_node(me, 0));
  Root<Node> key(first.get());
  for (std::size_t i = 0; i < kLength; ++i) {
    const Root<Node> value(make_node(me, static_cast<long>(i) + 1));
    (*chain)[kLength - 1 - i] = me.make<Pair>(key.get(), value.get());
    key = value.get();
  }
  key = nullptr;
  heap.collect();
  ASSERT_NE((*chain)[0]->value(), nullptr);
  EXPECT_EQ((*chain)[0]->value()->id, static_cast<long>(kLength));
  first = nullptr;
  heap.collect();
  for (std::size_t i = 0; i < kLength; i += 997) EXPECT_EQ((*chain)[i]->key(), nullptr);
}

std::atomic<int> destroyed{0};

struct Counted {
  std::string text = std::string(100, 'x');
  Member<Counted> other;
  ~Counted() { destroyed += text.size() == 100 ? 1 : 1000; }
  static constexpr auto fields = memgc::fields(&Counted::other);
};

void collect_and_finish(Heap& heap) {
  heap.collect();
  heap.wait_for_finalizers();
}

TEST(Destructor, RunsOnceForEachDeadObjectAlsoInCycles) {
  destroyed = 0;
  Heap heap(precise_options());
  Mutator me(heap);
  for (int i = 0; i < 100; ++i) {
    const Root<Counted> a(me.make<Counted>()), b(me.make<Counted>());
    a->other = b.get();
    b->other = a.get();
  }
  collect_and_finish(heap);
  EXPECT_EQ(destroyed, 200);
  for (int i = 0; i < 3; ++i) collect_and_finish(heap);
  EXPECT_EQ(destroyed, 200);
  EXPECT_EQ(heap.stats().live_bytes, 0u);
}

TEST(Destructor, DoesNotRunWhileTheObjectCanBeReached) {
  destroyed = 0;
  Heap heap(precise_options());
  Mutator me(heap);
  Root<Counted> keep(me.make<Counted>());
  keep->other = me.make<Counted>();
  for (int i = 0; i < 3; ++i) collect_and_finish(heap);
  EXPECT_EQ(destroyed, 0);
  keep->other = nullptr;
  collect_and_finish(heap);
  EXPECT_EQ(destroyed, 1);
}

TEST(Destructor, RunsForEachElementOfAnArray) {
  destroyed = 0;
  Heap heap(precise_options());
  Mutator me(heap);
  { const Root<Array<Counted>> small(me.make_array<Counted>(3)), large(me.make_array<Counted>(1000)); }
  collect_and_finish(heap);
  EXPECT_EQ(destroyed, 1003);
}

TEST(Destructor, DoesNotRunForAnObjectWhoseConstructorThrew) {
  struct Throws {
    std::string text;
    Throws() { throw std::runtime_error("no"); }
    ~Throws() { destroyed += 1000; }
  };
  destroyed = 0;
  Heap heap(precise_options());
  Mutator me(heap);
  EXPECT_THROW(me.make<Throws>(), std::runtime_error);
  collect_and_finish(heap);
  EXPECT_EQ(destroyed, 0);
}

TEST(Destructor, RunsForWhatIsLeftWhenTheHeapGoes) {
  destroyed = 0;
  Root<Counted> keep;
  {
    Heap heap(precise_options());
    Mutator me(heap);
    keep = me.make<Counted>();
    me.make<Counted>();
    keep = nullptr;
  }
  EXPECT_EQ(destroyed, 2);
}

std::atomic<int> named_something;

struct Watcher {
  Weak<Node> weak;
  ~Watcher() { named_something += weak.get() != nullptr; }
  static constexpr auto fields = memgc::fields(&Watcher::weak);
};

// A weak reference that only the dead refer to names nothing that was freed.
TEST(Destructor, FindsTheWeakReferencesOfItsObjectCleared) {
  named_something = 0;
  Heap heap(precise_options());
  Mutator me(heap);
  {
    const Root<Watcher> dying(me.make<Watcher>());
    dying->weak.reset(make_node(me, 1));
  }
  collect_and_finish(heap);
  EXPECT_EQ(named_something, 0);
}

std::atomic<bool> finalizer_held, was_overtaken;

struct SlowToTrace {
  std::atomic<bool> destroyed{false};
  Member<SlowToTrace> unused;
  ~SlowToTrace() { destroyed = true; }
  // Lets the finalizer thread go on, and waits: had it been given this object already, it would destroy it now.
  void trace(Visitor& visitor) const {
    visitor(unused);
    finalizer_held = false;
    for (int i = 0; i < 50 && !destroyed; ++i) std::this_thread::sleep_for(std::chrono::milliseconds(1));
    was_overtaken = was_overtaken || destroyed;
  }
};

TEST(Destructor, DoesNotRunWhileTheObjectIsTraced) {
  was_overtaken = false;
  finalizer_held = true;
  Heap heap(precise_options());
  Mutator me(heap);
  Cleanup(make_node(me, 1), [] {
    while (finalizer_held) memgc::make<Node>();
  });
  heap.collect();
  me.make<SlowToTrace>();
  heap.collect();
  EXPECT_FALSE(finalizer_held) << "the object was not traced";
  EXPECT_FALSE(was_overtaken);
  finalizer_held = false;
}

TEST(Cleanup, RunsAfterDeathOnceAndOnAnotherThread) {
  std::atomic<int> ran{0};
  std::atomic<bool> elsewhere{false};
  Heap heap(precise_options());
  Mutator me(heap);
  Root<Node> keep(make_node(me, 1));
  const std::thread::id here = std::this_thread::get_id();
  Cleanup first(keep.get(), [&] {
    ++ran;
    elsewhere = std::this_thread::get_id() != here;
  });
  Cleanup second(keep.get(), [&] { ran += 10; });
  Cleanup cancelled(keep.get(), [&] { ran += 100; });
  EXPECT_TRUE(cancelled.cancel());
  EXPECT_FALSE(cancelled.cancel());
  collect_and_finish(heap);
  EXPECT_EQ(ran, 0);
  keep = nullptr;
  for (int i = 0; i < 3; ++i) collect_and_finish(heap);
  EXPECT_EQ(ran, 11);
  EXPECT_TRUE(elsewhere);
  EXPECT_FALSE(first.cancel());
}

TEST(Cleanup, MayMakeObjectsAndWhatItThrowsIsDropped) {
  std::atomic<int> ran{0};
  Heap heap(precise_options());
  Mutator me(heap);
  {
    const Root<Node> dying(make_node(me, 1));
    Cleanup(dying.get(), [&] {
      ++ran;
      throw std::runtime_error("nobody can catch this");
    });
    Cleanup(dying.get(), [&] { ran += make<Node>() != nullptr ? 1 : 0; });
  }
  collect_and_finish(heap);
  EXPECT_EQ(ran, 2);
}

TEST(Cleanup, RunsWhenTheHeapGoesFirst) {
  int ran = 0;
  {
    Heap heap(precise_options());
    Mutator me(heap);
    Root<Node> keep(make_node(me, 1));
    Cleanup(keep.get(), [&] { ++ran; });
    keep = nullptr;
  }
  EXPECT_EQ(ran, 1);
}

// Readers race with the end of marking: what a weak reference gives out is whole, always.
TEST(Weak, ReadersRacingWithCyclesNeverSeeADyingObject) {
  Options options = manual_options();
  options.debug.clobberfree = true;
  Heap heap(options);
  constexpr std::size_t kSlots = 64;
  Root<Array<Member<Holder>>> shared;
  on_another_thread(heap, [&](Mutator& me) {
    shared = me.make_array<Member<Holder>>(kSlots);
    for (auto& slot : *shared) slot = me.make<Holder>();
  });
  std::atomic<bool> stop{false};
  std::atomic<int> bad{0};
  std::vector<std::thread> readers;
  for (unsigned seed = 1; seed <= 3; ++seed) {
    readers.emplace_back([&, seed] {
      Mutator me(heap);
      for (unsigned r = seed; !stop; r = r * 1664525 + 1013904223) {
        me.safepoint();
        const Holder* holder = (*shared)[(r >> 8) % kSlots];
        if (const Node* node = holder->weak.get(); node != nullptr && node->id != 7) ++bad;
        const Ephemeron<Node, Node>* pair = holder->pair;
        if (const Node* value = pair != nullptr ? pair->value() : nullptr; value != nullptr && value->id != 8) ++bad;
        if (r % 16 != 0) continue;
        Holder* fresh = me.make<Holder>();
        Node* key = make_node(me, 7);
        fresh->weak.reset(key);
        fresh->pair = me.make<Ephemeron<Node, Node>>(key, make_node(me, 8));
        (*shared)[(r >> 16) % kSlots] = fresh;
      }
    });
  }
  for (std::size_t i = 0; i < scaled(100); ++i) heap.collect();
  stop = true;
  for (std::thread& reader : readers) reader.join();
  EXPECT_EQ(bad, 0);
}

}  // namespace
}  // namespace memgc::testing
