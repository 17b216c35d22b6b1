// Job: minor cycles with threads: of several heaps, with stacks that are scanned, and between the answers to a
// handshake.
//
// As in minor_test.cc, what lives is told by live bytes. Threads: those of steps.h where the order of events matters.
#include <gtest/gtest.h>

#include "tests/runtime/steps.h"
#include "tests/runtime/support.h"

namespace memgc::testing {
namespace {

TEST(MinorThreads, AThreadOfSeveralHeapsRemembersForEach) {
  Heap first(generational_options()), second(generational_options()), third(precise_options());
  Mutator one(first), two(second), three(third);
  const Root<Link> old_first(one.make<Link>()), old_second(two.make<Link>()), old_third(three.make<Link>());
  first.collect();
  second.collect();
  old_first->next = one.make<Link>();
  old_second->next = two.make<Link>();
  old_third->next = three.make<Link>();
  first.impl().collector().collect_minor();
  second.impl().collector().collect_minor();
  EXPECT_EQ(first.stats().minor_cycles, 1u);
  EXPECT_EQ(first.stats().live_bytes, 2 * sizeof(Link));
  EXPECT_EQ(second.stats().live_bytes, 2 * sizeof(Link));
}

struct Late {
  Late(Heap& heap, Mutator& me) : first((heap.collect(), nullptr)), second(me.make<Link>()) {}
  Member<Link> first, second;
  static constexpr auto fields = memgc::fields(&Late::first, &Late::second);
};

// Old before all its fields are constructed, as a cycle has found it on the stack.
TEST(MinorConservative, AConstructorsFieldsAreRemembered) {
  Options options = generational_options();
  options.precise_stacks = false;
  Heap heap(options);
  Root<Late> made;
  on_another_thread(heap, [&](Mutator& me) { made = me.make<Late>(heap, me); });
  heap.impl().collector().collect_minor();
  EXPECT_EQ(heap.stats().minor_cycles, 1u);
  EXPECT_EQ(heap.stats().live_bytes, 2 * sizeof(Link));
}

TEST(MinorThreads, AThreadOfSeveralHeapsRemembersAllThatItCopies) {
  Heap heap(generational_options()), other(precise_options());
  Mutator me(heap), another(other);
  constexpr std::size_t kCount = 500;
  const Root<Array<Member<Link>>> old(me.make_array<Member<Link>>(kCount)), young(me.make_array<Member<Link>>(kCount));
  heap.collect();
  for (Member<Link>& one : *young) one = me.make<Link>();
  memgc::copy(*young, old->data());
  memgc::clear(*young);
  heap.impl().collector().collect_minor();
  EXPECT_EQ(heap.stats().minor_cycles, 1u);
  std::size_t live = 0;
  for (const Member<Link>& one : *old) live += heap.contains(one.get());
  EXPECT_EQ(live, kCount);
  heap.impl().collector().collect_minor();  // aborts at a pointer to a free cell
}

// Threads that answer one handshake at a time.
class MinorSteps : public ::testing::Test {
 protected:
  MinorSteps() : heap(options()), a(heap), late(heap) {
    a.run([&](Mutator& me) { old = me.make<Link>(); });
    SteppedCycle first(heap);
    first.finish(a, late);
  }
  static Options options() {
    Options out = generational_options();
    out.debug.gccheckmark = false;  // it stops all before the cycle ends
    return out;
  }
  void collect_minor() {
    SteppedCycle(heap, true).finish(a, late);
    EXPECT_EQ(heap.stats().minor_cycles, 1u);
  }

  // Of other layouts than a Link, so that they have runs of their own.
  struct WideLink : Link {
    std::uint64_t more[6] = {};
  };
  struct Watcher {
    Weak<Link> weak;
    std::uint64_t more[3] = {};
    static constexpr auto fields = memgc::fields(&Watcher::weak);
  };

  Heap heap;
  Root<Link> old;
  Stepper a, late;
};

// `a` is through with the cycle, and what it makes is young for the next one; `late` is not, and shades what it stores.
TEST_F(MinorSteps, WhatIsStoredBeforeAThreadKnowsOfTheEndIsRemembered) {
  if (MEMGC_CHECKS != 0) GTEST_SKIP() << "marks are verified with all threads stopped, between a round and the end";
  {
    SteppedCycle cycle(heap);
    for (int handshake = 1; handshake <= 4; ++handshake) {  // barrier, fence, snapshot, flush
      a.answer();
      late.answer();
    }
    a.answer();  // the end
    Link* young = nullptr;
    a.run([&](Mutator& me) { a.local = young = me.make<Link>(); });
    late.run([&](Mutator&) {
      EXPECT_TRUE(internal::thread_state.shades) << "the cycle is over for this thread, too";
      old->next = young;
    });
    cycle.finish(a, late);
    a.local = nullptr;
  }
  collect_minor();
  EXPECT_EQ(heap.stats().live_bytes, 2 * sizeof(Link)) << "the old object and the young one";
}

// What is handed out within a round is kept at once, and what is left of it at the end is free: not old.
TEST_F(MinorSteps, TheRestOfARunIsNotOld) {
  {
    SteppedCycle cycle(heap);
    for (int handshake = 1; handshake <= 3; ++handshake) {
      a.answer();
      late.answer();
    }
    a.answer();
    a.run([&](Mutator& me) { a.local = me.make<Link>(); });
    cycle.finish(a, late);
  }
  collect_minor();
  EXPECT_EQ(heap.stats().live_bytes, 2 * sizeof(Link));
}

// `a` has what was made last in a run that it goes on with; a cycle later that is old.
TEST_F(MinorSteps, WhatWasYoungBeforeACycleIsNotAfterIt) {
  Root<Link> held, young;
  a.run([&](Mutator& me) { held = me.make<Link>(); });
  SteppedCycle(heap, true).finish(a, late);
  late.run([&](Mutator& me) { young = me.make<Link>(); });
  a.run([&](Mutator&) { held->next = young; });
  young = nullptr;
  SteppedCycle(heap, true).finish(a, late);
  EXPECT_EQ(heap.stats().minor_cycles, 2u);
  EXPECT_EQ(heap.stats().live_bytes, 3 * sizeof(Link));
}

// `a` is through with the cycle, and uses a run up before what is old is known: it becomes old with the rest.
TEST_F(MinorSteps, WhatBecomesOldAtOnceIsRemembered) {
  if (MEMGC_CHECKS != 0) GTEST_SKIP() << "marks are verified with all threads stopped, between a round and the end";
  constexpr std::size_t kMoreThanABlock = (std::size_t{128} << 10) / sizeof(Link);
  Root<Link> held;
  Root<Watcher> watcher;
  {
    SteppedCycle cycle(heap);
    for (int handshake = 1; handshake <= 4; ++handshake) {
      a.answer();
      late.answer();
    }
    a.answer();  // the end
    a.run([&](Mutator& me) {
      watcher = me.make<Watcher>();
      watcher->weak.reset(me.make<WideLink>());  // from here on there is a run that is not used up
      held = me.make<Link>();
      WideLink* young = me.make<WideLink>();
      held->next = young;
      watcher->weak.reset(young);
      for (std::size_t i = 0; i < kMoreThanABlock; ++i) me.make<Link>();
    });
    a.local = nullptr;
    cycle.finish(a, late);
  }
  collect_minor();
  a.run([&](Mutator&) { EXPECT_EQ(watcher->weak.get(), held->next); });
}

}  // namespace
}  // namespace memgc::testing
