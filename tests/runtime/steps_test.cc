// Job: pins each rule of the collection cycle by the order of events in which breaking it would lose an object.
//
// The threads of each test answer one handshake at a time (steps.h), so the events happen in the order in which they
// stand here. The orders are those in which tests/model refutes a cycle without the rule. All references but those of
// a Stepper's `local`, of Roots and of fields are out of the collector's sight. Threads: see steps.h.
#include "tests/runtime/steps.h"

#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <memory>
#include <thread>

#include "tests/runtime/support.h"

namespace memgc::testing {
namespace {

struct Cell {
  Member<Cell> next;
  static constexpr auto fields = memgc::fields(&Cell::next);
};

struct Watcher {
  Weak<Cell> weak;
  static constexpr auto fields = memgc::fields(&Watcher::weak);
};

// A heap that has been through a cycle: `first` and `second` are old objects. `a` and `late` are attached.
class Steps : public ::testing::Test {
 protected:
  Steps() {
    heap.collect();
    on_another_thread(heap, [&](Mutator& me) {
      first = me.make<Cell>();
      second = me.make<Cell>();
      watcher = me.make<Watcher>();
    });
    a = std::make_unique<Stepper>(heap);
    late = std::make_unique<Stepper>(heap);
  }

  // A cell that its weak reference alone refers to: is_kept() says whether a cycle has kept it.
  Cell* make_watched(Mutator& me) {
    Cell* cell = me.make<Cell>();
    watcher->weak.reset(cell);
    return cell;
  }
  Cell* put_watched_behind(Cell* cell) {
    a->run([&](Mutator& me) { cell->next = make_watched(me); });
    return cell->next;
  }
  bool is_kept() {
    bool kept = false;
    on_another_thread(heap, [&](Mutator&) { kept = watcher->weak.get() != nullptr; });
    return kept;
  }

  // All have answered the first two handshakes, and `a` the third; so nothing is marked before `late` answers it too.
  template <class... Others>
  void answer_until_late_has_not_copied_its_stack(Others&... others) {
    for (int handshake = 1; handshake <= 2; ++handshake) {
      a->answer();
      late->answer();
      (others.answer(), ...);
    }
    a->answer();
    (others.answer(), ...);
  }

  static void load(Stepper& thread, const Cell* from) {
    thread.run([&](Mutator&) { thread.local = from->next.get(); });
  }
  static void store(Stepper& thread, Cell* to, Cell* value) {
    thread.run([&](Mutator&) { to->next = value; });
  }
  static Cell* local_of(const Stepper& thread) { return static_cast<Cell*>(const_cast<void*>(thread.local)); }

  Heap heap{precise_options()};
  Root<Cell> first, second;
  Root<Watcher> watcher;
  std::unique_ptr<Stepper> a, late;
};

TEST_F(Steps, WhatNothingRefersToIsNotKept) {
  put_watched_behind(first.get());
  store(*a, first.get(), nullptr);
  SteppedCycle(heap).finish(*a, *late);
  EXPECT_FALSE(is_kept());
}

TEST_F(Steps, AnOverwrittenValueIsKeptForWhoReadItBefore) {
  put_watched_behind(first.get());
  SteppedCycle cycle(heap);
  answer_until_late_has_not_copied_its_stack();
  load(*a, first.get());
  store(*a, first.get(), nullptr);
  cycle.finish(*late, *a);
  EXPECT_TRUE(is_kept());
}

// A new object is never scanned when nothing old refers to it any more.
TEST_F(Steps, AValueHiddenInANewObjectIsKept) {
  late->run([&](Mutator& me) { late->local = make_watched(me); });
  SteppedCycle cycle(heap);
  answer_until_late_has_not_copied_its_stack();
  a->run([&](Mutator& me) {
    auto* fresh = me.make<Cell>();
    a->local = fresh;
    first->next = fresh;
  });
  store(*late, first->next.get(), local_of(*late));
  late->local = nullptr;
  store(*a, first.get(), nullptr);
  cycle.finish(*late, *a);
  EXPECT_TRUE(is_kept());
}

TEST_F(Steps, ARootIsLikeAField) {
  Root<Cell> root;
  a->run([&](Mutator& me) { root = make_watched(me); });
  SteppedCycle cycle(heap);
  answer_until_late_has_not_copied_its_stack();
  a->run([&](Mutator&) {
    a->local = root.get();
    root = nullptr;
  });
  cycle.finish(*late, *a);
  EXPECT_TRUE(is_kept());
}

TEST_F(Steps, ARootMayBeDroppedByAThreadThatIsNotAttached) {
  Root<Cell> root;
  a->run([&](Mutator& me) { root = make_watched(me); });
  SteppedCycle cycle(heap);
  answer_until_late_has_not_copied_its_stack();
  a->run([&](Mutator&) { a->local = root.get(); });
  root = nullptr;
  cycle.finish(*late, *a);
  EXPECT_TRUE(is_kept());
}

// `late` has no barrier yet: its store hides what `a` has read, but `a` has still to copy its stack.
TEST_F(Steps, StacksAreCopiedWhenAllHaveBarriers) {
  put_watched_behind(first.get());
  SteppedCycle cycle(heap);
  a->answer();
  load(*a, first.get());
  store(*late, first.get(), nullptr);
  cycle.finish(*late, *a);
  EXPECT_TRUE(is_kept());
}

// A language's word that stops its thread within the barrier of a store, when the old value has been read.
std::atomic<bool> stop_within_barrier, stopped_within_barrier;

struct StoppingPolicy {
  static const void* pointer(std::uintptr_t word) noexcept {
    if (word == 0 && stop_within_barrier.exchange(false)) {
      stopped_within_barrier = true;
      while (stopped_within_barrier) std::this_thread::yield();
    }
    return reinterpret_cast<const void*>(word);
  }
};

struct Tagged {
  Slot<StoppingPolicy> slot;
  static constexpr auto fields = memgc::fields(&Tagged::slot);
};

// `a` is about to overwrite the null that it has seen; `late`, without a barrier, stores a reference there meanwhile.
TEST_F(Steps, NoStackIsCopiedWhileAStoreIsUnderWayThatBeganBeforeAllHadBarriers) {
  Root<Tagged> tagged;
  a->run([&](Mutator& me) { tagged = me.make<Tagged>(); });
  late->run([&](Mutator& me) { late->local = make_watched(me); });
  SteppedCycle cycle(heap);
  a->answer();
  stop_within_barrier = true;
  a->start([&](Mutator&) { tagged->slot = reinterpret_cast<std::uintptr_t>(first.get()); });
  while (!stopped_within_barrier) std::this_thread::yield();
  late->run([&](Mutator&) { tagged->slot = reinterpret_cast<std::uintptr_t>(late->local); });
  late->local = nullptr;
  late->answer();
  late->answer();
  late->run([&](Mutator&) { late->local = tagged->slot.target(); });
  stopped_within_barrier = false;
  a->wait();
  cycle.finish(*late, *a);
  EXPECT_TRUE(is_kept());
}

TEST_F(Steps, ANewObjectIsKeptThoughItsThreadsStackWasCopiedBefore) {
  a->run([&](Mutator& me) { me.make<Cell>(); });  // leaves a run with room
  SteppedCycle cycle(heap);
  answer_until_late_has_not_copied_its_stack();
  a->run([&](Mutator& me) { a->local = make_watched(me); });
  cycle.finish(*late, *a);
  EXPECT_TRUE(is_kept());
}

// The same for objects that the marker does not reach, and for what their memory is used for next.
TEST_F(Steps, NewObjectsOfAllSizesStayWholeThroughTheNextCycle) {
  struct Small {
    std::array<long, 3> words;
  };
  struct Large {
    std::array<long, 20'000> words;
  };
  const Small* small = nullptr;
  const Large* large = nullptr;
  {
    SteppedCycle cycle(heap);
    answer_until_late_has_not_copied_its_stack();
    a->run([&](Mutator& me) {
      small = me.make<Small>(Small{{1, 2, 3}});
      large = me.make<Large>();
      const_cast<Large*>(large)->words[7] = 8;
    });
    cycle.finish(*late, *a);
  }
  late->run([&](Mutator& me) {
    for (int i = 0; i < 1000; ++i) me.make<Small>();
    for (int i = 0; i < 10; ++i) me.make<Large>();
  });
  EXPECT_EQ(small->words[0], 1);
  EXPECT_EQ(large->words[7], 8);
}

// What `a` shades after its answer to a round is found by the next round.
class StepsOfRounds : public Steps {
 protected:
  // `a` has taken the watched cell from behind one that `b` alone has shaded, in the middle of the first round.
  void take_watched_within_round(Stepper& b) {
    Cell* shaded = nullptr;
    b.run([&](Mutator& me) {
      shaded = me.make<Cell>();
      first->next = shaded;
    });
    put_watched_behind(shaded);
    cycle = std::make_unique<SteppedCycle>(heap);
    answer_until_late_has_not_copied_its_stack(b);
    load(b, first.get());
    store(b, first.get(), nullptr);
    late->answer();
    b.wait_until_asked();  // what could be marked is
    store(b, second.get(), local_of(b));
    a->answer();
    load(*a, shaded);
    store(*a, shaded, nullptr);
  }
  std::unique_ptr<SteppedCycle> cycle;
};

TEST_F(StepsOfRounds, ARoundThatFoundSomethingIsFollowedByAnother) {
  Stepper b(heap);
  take_watched_within_round(b);
  cycle->finish(b, *late, *a);
  EXPECT_TRUE(is_kept());
}

TEST_F(StepsOfRounds, AThreadThatLeavesHandsOverWhatItHasShaded) {
  Stepper b(heap);
  take_watched_within_round(b);
  store(*a, first.get(), local_of(*a));
  a->detach();
  cycle->finish(b, *late);
  EXPECT_TRUE(is_kept());
}

TEST_F(Steps, TheCopiedStackOfAThreadThatHasGoneIsScanned) {
  a->run([&](Mutator& me) { a->local = make_watched(me); });
  {
    SteppedCycle cycle(heap);
    answer_until_late_has_not_copied_its_stack();
    a->detach();
    cycle.finish(*late);
  }
  EXPECT_TRUE(is_kept());
  SteppedCycle(heap).finish(*late);
  EXPECT_FALSE(is_kept());
}

TEST_F(Steps, WhoComesWithinACycleShades) {
  put_watched_behind(first.get());
  SteppedCycle cycle(heap);
  answer_until_late_has_not_copied_its_stack();
  Stepper newcomer(heap);
  load(newcomer, first.get());
  store(newcomer, first.get(), nullptr);
  cycle.finish(*late, *a, newcomer);
  EXPECT_TRUE(is_kept());
}

// A thread polls for all its heaps, by whichever of its mutators it uses.
TEST_F(Steps, WhoAttachesToAnotherHeapStillAnswersTheFirst) {
  Heap other(precise_options());
  SteppedCycle cycle(heap);
  a->wait_until_asked();
  a->run([&](Mutator&) {
    Mutator there(other);
    EXPECT_NE(internal::thread_state.current->poll.load(), 0u) << "the new mutator's poll is not up";
    there.safepoint();
  });
  cycle.finish(*late, *a);
}

TEST_F(Steps, WhoComesWithinACycleMakesObjectsThatAreKept) {
  SteppedCycle cycle(heap);
  answer_until_late_has_not_copied_its_stack();
  Stepper newcomer(heap);
  newcomer.run([&](Mutator& me) { newcomer.local = make_watched(me); });
  cycle.finish(*late, *a, newcomer);
  EXPECT_TRUE(is_kept());
}

TEST_F(Steps, AWeakReadBeforeAllStacksAreCopiedKeepsItsObject) {
  put_watched_behind(first.get());
  store(*a, first.get(), nullptr);
  SteppedCycle cycle(heap);
  answer_until_late_has_not_copied_its_stack();
  a->run([&](Mutator&) { a->local = watcher->weak.get(); });
  ASSERT_NE(a->local, nullptr);
  cycle.finish(*late, *a);
  EXPECT_TRUE(is_kept());
}

TEST_F(Steps, AWeakReadWithinARoundIsFollowedByAnotherRound) {
  put_watched_behind(first.get());
  store(*a, first.get(), nullptr);
  SteppedCycle cycle(heap);
  answer_until_late_has_not_copied_its_stack();
  late->answer();
  a->answer();
  a->run([&](Mutator&) { a->local = watcher->weak.get(); });
  ASSERT_NE(a->local, nullptr);
  cycle.finish(*late, *a);
  EXPECT_TRUE(is_kept());
}

TEST_F(Steps, WhatABlockedThreadHoldsIsKept) {
  std::atomic<bool> blocked{false}, go_on{false};
  a->run([&](Mutator& me) { a->local = make_watched(me); });
  a->start([&](Mutator& me) {
    const BlockingScope scope(me);
    blocked = true;
    while (!go_on) std::this_thread::yield();
  });
  while (!blocked) std::this_thread::yield();
  SteppedCycle(heap).finish(*late);
  go_on = true;
  a->wait();
  EXPECT_TRUE(is_kept());
}

}  // namespace
}  // namespace memgc::testing
