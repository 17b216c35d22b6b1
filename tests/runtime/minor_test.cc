// Job: minor cycles: what dies, what lives, what is old; each way in which an old object can come to refer to a young
// one.
//
// Stacks are not scanned: what a test holds is in Roots. Its cycles are those it asks for. A weak reference says
// whether an object was kept. Threads: the test's. With others: minor_threads_test.cc.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <optional>
#include <utility>
#include <vector>

#include "runtime/heap_impl.h"
#include "tests/runtime/support.h"

namespace memgc::testing {
namespace {

struct Cell {
  Member<Cell> next;
  static constexpr auto fields = memgc::fields(&Cell::next);
};

constexpr std::size_t kCell = 16;  // the least

struct Word {
  static const void* pointer(std::uintptr_t word) noexcept {
    return (word & 1) != 0 ? nullptr : reinterpret_cast<const void*>(word);
  }
};
struct Tagged {
  Slot<Word> slot;
  void trace(Visitor& v) const { v(slot); }
};

class Minor : public ::testing::Test {
 protected:
  Minor() : heap(generational_options()), me(std::in_place, heap) {}

  void collect() { heap.collect(); }
  void collect_minor() {
    const std::uint64_t before = heap.stats().minor_cycles;
    heap.impl().collector().collect_minor();
    EXPECT_EQ(heap.stats().minor_cycles, before + 1) << "the cycle was full";
  }
  // A young object, and a weak reference to it.
  Cell* make_watched() {
    Cell* cell = me->make<Cell>();
    watch(cell);
    return cell;
  }
  void watch(Cell* cell) {
    const Root<Cell> held(cell);
    weak = me->make<Watcher>();
    weak->weak.reset(cell);
  }
  bool is_kept() const { return weak->weak.get() != nullptr; }

  struct Watcher {
    Weak<Cell> weak;
    static constexpr auto fields = memgc::fields(&Watcher::weak);
  };

  Heap heap;
  std::optional<Mutator> me;
  Root<Watcher> weak;
};

TEST_F(Minor, AYoungObjectThatNothingRefersToDies) {
  collect();
  make_watched();
  collect_minor();
  EXPECT_FALSE(is_kept());
}

TEST_F(Minor, WhatARootRefersToLives) {
  collect();
  const Root<Cell> root(make_watched());
  collect_minor();
  EXPECT_TRUE(is_kept());
}

TEST_F(Minor, AnOldObjectLivesUntilAFullCycle) {
  Root<Cell> root(make_watched());
  collect();
  root = nullptr;
  collect_minor();
  EXPECT_TRUE(is_kept()) << "a minor cycle takes what is old for alive";
  collect();
  EXPECT_FALSE(is_kept());
}

TEST_F(Minor, WhatLivesThroughAMinorCycleIsOld) {
  collect();
  Root<Cell> root(make_watched());
  collect_minor();
  root = nullptr;
  collect_minor();
  EXPECT_TRUE(is_kept());
  collect();
  EXPECT_FALSE(is_kept());
}

TEST_F(Minor, WhatAnOldObjectRefersToLives) {
  const Root<Cell> old(me->make<Cell>());
  collect();
  old->next = make_watched();
  collect_minor();
  EXPECT_TRUE(is_kept());
  collect_minor();
  EXPECT_TRUE(is_kept()) << "it is old now, and needs no card";
}

TEST_F(Minor, WhatAnOldObjectRefersToLivesWithAllThatItLeadsTo) {
  const Root<Cell> old(me->make<Cell>());
  collect();
  const Root<Cell> head(me->make<Cell>());
  Cell* last = head;
  for (int i = 0; i < 1000; ++i) last = last->next = me->make<Cell>();
  last->next = make_watched();
  old->next = head;
  collect_minor();
  EXPECT_TRUE(is_kept());
}

TEST_F(Minor, AReferenceThatIsOverwrittenBeforeTheCycleKeepsNothing) {
  const Root<Cell> old(me->make<Cell>());
  collect();
  old->next = make_watched();
  old->next = nullptr;
  collect_minor();
  EXPECT_FALSE(is_kept());
}

TEST_F(Minor, AnExchangeIsRemembered) {
  const Root<Cell> old(me->make<Cell>());
  collect();
  Cell* expected = nullptr;
  ASSERT_TRUE(old->next.compare_exchange(expected, make_watched()));
  collect_minor();
  EXPECT_TRUE(is_kept());
}

TEST_F(Minor, ASlotIsRemembered) {
  const Root<Tagged> old(me->make<Tagged>());
  collect();
  old->slot = reinterpret_cast<std::uintptr_t>(make_watched());
  collect_minor();
  EXPECT_TRUE(is_kept());
}

TEST_F(Minor, EveryElementOfAnArrayIsRemembered) {
  for (const std::size_t count : {5UL, 100UL, 1000UL, 20'000UL, 100'000UL}) {
    const Root<Array<Member<Cell>>> old(me->make_array<Member<Cell>>(count));
    collect();
    for (const std::size_t i : {std::size_t{0}, count / 2, count - 1}) {
      (*old)[i] = make_watched();
      collect_minor();
      EXPECT_TRUE(is_kept()) << i << " of " << count;
    }
  }
}

TEST_F(Minor, EveryElementOfATracedArrayIsRemembered) {
  struct Pair {
    long number = 0;
    Slot<Word> slot;
    long another = 0;
    void trace(Visitor& v) const { v(slot); }
  };
  for (const std::size_t count : {3UL, 100UL, 30'000UL}) {
    const Root<Array<Pair>> old(me->make_array<Pair>(count));
    collect();
    for (const std::size_t i : {std::size_t{0}, std::size_t{1}, count / 2, count - 1}) {
      (*old)[i].slot = reinterpret_cast<std::uintptr_t>(make_watched());
      collect_minor();
      EXPECT_TRUE(is_kept()) << i << " of " << count;
    }
  }
}

TEST_F(Minor, FieldsOfABigObjectAreRemembered) {
  struct Big {
    std::array<Member<Cell>, 60> cells;
    std::array<char, 3000> bytes{};
    Member<Cell> last;
    void trace(Visitor& v) const { v(cells, last); }
  };
  const Root<Big> old(me->make<Big>());
  collect();
  old->last = make_watched();
  collect_minor();
  EXPECT_TRUE(is_kept());
  old->cells[59] = make_watched();
  collect_minor();
  EXPECT_TRUE(is_kept());
}

TEST_F(Minor, CopiedAndFilledFieldsAreRemembered) {
  const Root<Array<Member<Cell>>> old(me->make_array<Member<Cell>>(300));
  collect();
  const Root<Array<Member<Cell>>> young(me->make_array<Member<Cell>>(300));
  (*young)[299] = make_watched();
  memgc::copy(*young, old->data());
  (*young)[299] = nullptr;
  collect_minor();
  EXPECT_TRUE(is_kept());
  memgc::fill(old->data() + 200, old->data() + 201, make_watched());
  collect_minor();
  EXPECT_TRUE(is_kept());
}

TEST_F(Minor, AFieldThatLiesOutsideTheHeapIsRemembered) {
  struct Elsewhere {
    std::vector<Member<Cell>> cells{10};
    void trace(Visitor& v) const {
      for (const Member<Cell>& cell : cells) v(cell);
    }
  };
  const Root<Elsewhere> old(me->make<Elsewhere>());
  collect();
  collect_minor();  // the first that meets a type scans all of it
  old->cells[7] = make_watched();
  collect_minor();
  EXPECT_TRUE(is_kept());
}

TEST_F(Minor, WordsWithoutABarrierAreAlwaysScanned) {
  struct Raw {
    std::array<void*, 4> words{};
    void trace(Visitor& v) const { v.conservative(words.begin(), words.end()); }
  };
  const Root<Raw> old(me->make<Raw>());
  collect();
  for (int i = 0; i < 2; ++i) {  // the first minor cycle that meets the type finds out
    old->words[2] = make_watched();
    collect_minor();
    EXPECT_TRUE(is_kept());
  }
}

TEST_F(Minor, AnOldEphemeronsNewValueLives) {
  const Root<Cell> key(me->make<Cell>());
  const Root<Ephemeron<Cell, Cell>> old(me->make<Ephemeron<Cell, Cell>>(key.get(), nullptr));
  collect();
  old->set_value(make_watched());
  collect_minor();
  EXPECT_TRUE(is_kept());
}

// Those that the destructor test makes: whether a trace function ran on one whose destructor had.
std::atomic<int> traced_after_its_end{0};
struct Ending {
  Ending() = default;
  Ending(const Ending&) = delete;
  Ending& operator=(const Ending&) = delete;
  ~Ending() { ended = true; }
  void trace(Visitor& v) const {
    if (ended) ++traced_after_its_end;
    v(next);
  }
  std::atomic<bool> ended{false};
  Member<Ending> next;
};

TEST_F(Minor, WhatWasDestroyedIsScannedNoMore) {
  constexpr std::size_t kCount = 64;  // neighbours of it are on its card
  const Root<Array<Member<Ending>>> all(me->make_array<Member<Ending>>(kCount));
  for (Member<Ending>& one : *all) one = me->make<Ending>();
  for (std::size_t i = 1; i < kCount; i += 2) (*all)[i] = nullptr;
  collect();
  heap.wait_for_finalizers();
  for (Member<Ending>& one : *all) {
    if (one != nullptr) one->next = me->make<Ending>();
  }
  collect_minor();
  EXPECT_EQ(traced_after_its_end, 0);
  collect();
  collect();
  EXPECT_EQ(traced_after_its_end, 0);
}

struct Owner {
  Owner() = default;
  Owner(const Owner&) = delete;
  Owner& operator=(const Owner&) = delete;
  ~Owner() { end = 1; }
  Member<Owner> self;
  Member<Cell> cell;
  long end = 0;
  static constexpr auto fields = memgc::fields(&Owner::self, &Owner::cell);
};
struct Back {
  Member<Owner> owner;
  Member<Cell> young;
  static constexpr auto fields = memgc::fields(&Back::owner, &Back::young);
};

// Old, found dead, and referred to by what was marked with it: its memory must stay what it is.
TEST_F(Minor, WhatRefersToTheDestroyedFindsItsMemory) {
  const Root<Array<Member<Back>>> others(me->make_array<Member<Back>>(64));
  for (Member<Back>& other : *others) {
    other = me->make<Back>();
    other->owner = me->make<Owner>();
    other->owner->self = other->owner;
  }
  for (std::size_t i = 1; i < 64; i += 2) (*others)[i] = nullptr;
  collect();
  heap.wait_for_finalizers();
  for (int round = 0; round < 3; ++round) {
    for (std::size_t i = 0; i < 64; i += 2) (*others)[i]->young = me->make<Cell>();
    collect_minor();  // aborts if a pointer on a dirty card names a free cell
  }
}

TEST(MinorLine, EndsWithTheWord) {
  Options options = generational_options();
  options.debug.gctrace = true;
  Heap heap(options);
  Mutator me(heap);
  const auto line_of = [](auto&& collect) {
    ::testing::internal::CaptureStderr();
    collect();
    return ::testing::internal::GetCapturedStderr();
  };
  EXPECT_THAT(line_of([&] { heap.collect(); }), ::testing::EndsWith(" P (forced)\n"));
  EXPECT_THAT(line_of([&] { heap.impl().collector().collect_minor(); }), ::testing::EndsWith(" P (minor)\n"));
}

TEST_F(Minor, StatsCountItApart) {
  collect();
  const Stats before = heap.stats();
  collect_minor();
  const Stats after = heap.stats();
  EXPECT_EQ(after.cycles, before.cycles + 1);
  EXPECT_EQ(after.minor_cycles, before.minor_cycles + 1);
  EXPECT_EQ(after.forced_cycles, before.forced_cycles);
}

TEST_F(Minor, LiveBytesAreTheOldAndWhatLivesOfTheYoung) {
  const Root<Array<Member<Cell>>> all(me->make_array<Member<Cell>>(1000));
  for (std::size_t i = 0; i < 500; ++i) (*all)[i] = me->make<Cell>();
  collect();
  const std::uint64_t full = heap.stats().live_bytes;
  for (std::size_t i = 500; i < 1000; ++i) {
    (*all)[i] = me->make<Cell>();
    me->make<Cell>();
  }
  collect_minor();
  EXPECT_EQ(heap.stats().live_bytes, full + 500 * kCell);
  collect();
  EXPECT_EQ(heap.stats().live_bytes, full + 500 * kCell);
}

TEST(MinorOff, ThereIsNoneUnlessAskedFor) {
  Heap heap(precise_options());
  Mutator me(heap);
  heap.collect();
  heap.impl().collector().collect_minor();
  EXPECT_EQ(heap.stats().minor_cycles, 0u);
  EXPECT_FALSE(internal::has_barrier()) << "a store pays for what is off";
}

TEST(MinorOff, StressCollectsAsIfItWereAskedTo) {
  Options options = precise_options();
  options.debug.gcstress = 1;
  Heap heap(options);
  Mutator me(heap);
  for (int i = 0; i < 1000; ++i) me.make<Cell>();
  EXPECT_GE(heap.stats().cycles, 5u);
  EXPECT_EQ(heap.stats().forced_cycles, heap.stats().cycles);
}

}  // namespace
}  // namespace memgc::testing
