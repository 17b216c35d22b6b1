// Job: the library's small protocols under weak memory: each holds as written, and fails with its releases, or its
// acquires, made relaxed.
//
// The code under test is the library's own: allocator/bitmap.h, allocator/base/lock.h, runtime/handshake_word.h and
// runtime/grey_list.h are templates over the atomics they use. Threads: Relacy's, which are coroutines of one.
#include <array>
#include <mutex>
#include <string>

#include "allocator/base/lock.h"
#include "allocator/bitmap.h"
#include "runtime/grey_list.h"
#include "runtime/handshake_word.h"
#include "tests/relacy/weak_memory.h"

namespace memgc::testing {
namespace {

using internal::BasicLock;
using internal::CellRange;

template <class Orders>
using Bits = Word<std::uint64_t, Orders>;

// --- Bitmaps ---

// A thread is done with cell 1 and drops it; another, which has come to new roles, looks for free cells and fills it.
template <class Orders>
struct HandOut : rl::test_suite<HandOut<Orders>, 2> {
  Bits<Orders> kept{2}, occupied{0};
  Plain cell;

  void before() { write(cell, 0); }
  void thread(unsigned number) {
    if (number == 0) {
      write(cell, 1);
      internal::clear_range_unless(&kept, &occupied, CellRange{1, 2});
    } else if (internal::find_bit(&kept, 1, 2, false) == 1) {
      write(cell, 2);
    }
  }
};

TEST(Relacy, ACellThatIsDroppedIsReadyForWhoFindsIt) { expect_all_orders_needed<HandOut>(); }

// A cell that is being merged is found in one of the two bitmaps.
template <class Orders>
struct Merge : rl::test_suite<Merge<Orders>, 2> {
  Bits<Orders> kept{0}, fresh{2};

  void thread(unsigned number) {
    if (number == 0) {
      internal::merge_word(kept, fresh);
    } else {
      RL_ASSERT(internal::kept_cells(fresh, kept, 2) != 0);
    }
  }
};

TEST(Relacy, ANewCellIsKeptWhileItIsMerged) { expect_all_orders_needed<Merge>(); }

// A cell is handed out, kept, and recorded as occupied, while another thread looks for the dead.
template <class Orders>
struct Occupy : rl::test_suite<Occupy<Orders>, 2> {
  Bits<Orders> kept{0}, occupied{0};

  void thread(unsigned number) {
    if (number == 0) {
      internal::set_range_unless(&kept, &occupied, CellRange{1, 2});
      internal::occupy(occupied, 2);
    } else {
      RL_ASSERT(internal::dead_cells(occupied, kept, 2) == 0);
    }
  }
};

TEST(Relacy, ACellThatIsBeingHandedOutIsNotTakenForDead) { expect_all_orders_needed<Occupy>(); }

// A cell is made and recorded as occupied; a marker that has a stale word which happens to name it looks into it.
template <class Orders>
struct Named : rl::test_suite<Named<Orders>, 2> {
  Bits<Orders> occupied{0};
  Plain cell;

  void before() { write(cell, 0); }
  void thread(unsigned number) {
    if (number == 0) {
      write(cell, 1);
      internal::occupy(occupied, 2);
    } else if (internal::is_set(occupied, 2)) {
      RL_ASSERT(read(cell) == 1);
    }
  }
};

TEST(Relacy, ACellThatAStaleWordNamesIsReadAsItWasMade) { expect_all_orders_needed<Named>(); }

// --- Locks, and what is handed over under them ---

struct Yielding {
  struct Timer {};
  static int spins(int) { return 1; }
  static void pause() { rl::yield(1, RL_INFO); }
  template <class W>
  static void wait(W&, std::uint32_t) {
    rl::yield(1, RL_INFO);
  }
  template <class W>
  static void wake(W&) {}
};

template <class Orders>
using WeakLock = BasicLock<Word<std::uint32_t, Orders>, Yielding>;

template <class Orders>
struct Exclusion : rl::test_suite<Exclusion<Orders>, 3> {
  WeakLock<Orders> lock;
  Plain guarded;

  void before() { write(guarded, 0); }
  void thread(unsigned) {
    const std::lock_guard guard(lock);
    write(guarded, read(guarded) + 1);
  }
  void after() { RL_ASSERT(read(guarded) == 3); }
};

TEST(Relacy, ALockOrdersWhatItGuards) { expect_all_orders_needed<Exclusion>(); }

// Two mutators hand over what they shaded; the marker takes what is there.
template <class Orders>
struct Grey : rl::test_suite<Grey<Orders>, 3> {
  struct Chunk {
    Chunk* next = nullptr;
    Plain entry;
  };
  internal::GreyList<Chunk, WeakLock<Orders>, Word<std::uint64_t, Orders>> list;
  std::array<Chunk, 2> chunks;

  void thread(unsigned number) {
    if (number < 2) {
      write(chunks[number].entry, 7);
      list.put(&chunks[number]);
      return;
    }
    while (Chunk* chunk = list.take()) RL_ASSERT(read(chunk->entry) == 7);
  }
  void after() {
    int left = 0;
    while (list.take() != nullptr) ++left;
    bool all_taken = false;
    RL_ASSERT(left <= 2 && list.puts(all_taken) == 2 && all_taken);
  }
};

TEST(Relacy, AGreyChunkIsWholeForWhoTakesIt) { expect_all_orders_needed<Grey>(); }

// --- Handshakes ---

// The collector asks a running mutator; the mutator comes to a safepoint at any time: before it has been counted, then
// it answers of its own accord, or after. What is asked is read, what was shaded is handed over.
template <class Orders>
struct Handshake : rl::test_suite<Handshake<Orders>, 2> {
  template <class T>
  using Atomic = Word<T, Orders>;

  internal::HandshakeWord<Atomic> word;
  rl::mutex its_lock;  // orders as written, whatever becomes of the word: the lock has a test of its own
  Plain asked_for, shaded, acknowledged, counted;

  void before() {
    for (Plain* plain : {&asked_for, &shaded, &acknowledged, &counted}) write(*plain, 0);
  }
  void thread(unsigned number) { number == 0 ? collector() : mutator(); }

  void collector() {
    write(asked_for, 5);
    const auto number = static_cast<int>(word.publish());
    bool awaited = false;
    its_lock.lock(RL_INFO);
    if (read(acknowledged) != number) {
      write(counted, 1);
      word.expect_one();
      awaited = true;
    }
    its_lock.unlock(RL_INFO);
    while (!word.all_answered()) rl::yield(1, RL_INFO);
    if (awaited) RL_ASSERT(read(shaded) == 6);
  }

  void mutator() {
    for (bool done = false; !done;) {
      its_lock.lock(RL_INFO);
      const auto number = static_cast<int>(word.number());
      if (number != 0) {
        RL_ASSERT(read(asked_for) == 5);
        write(shaded, 6);
        write(acknowledged, number);
        done = true;
        if (read(counted) != 0) word.answered();
      }
      its_lock.unlock(RL_INFO);
      if (!done) rl::yield(1, RL_INFO);
    }
  }
};

TEST(Relacy, AHandshakeOrdersWhatIsAskedAndWhatIsAnswered) { expect_all_orders_needed<Handshake>(); }

}  // namespace
}  // namespace memgc::testing
