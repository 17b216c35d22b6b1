// Job: threads that come, go, block, collect and meet in one Member, in every phase of cycles that never cease.
//
// A background thread collects without pause, so that each thing happens in each phase sooner or later. MEMGC_TEST_SEED
// replays the choices of each thread (it is printed); MEMGC_TEST_SCALE multiplies the work.
#include <fmt/core.h>
#include <gtest/gtest.h>
#include <memgc/memgc.h>

#include <array>
#include <atomic>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <mutex>
#include <optional>
#include <random>
#include <thread>
#include <vector>

#include "tests/runtime/support.h"

namespace memgc::testing {
namespace {

std::uint64_t number_from(const char* variable, std::uint64_t otherwise) {
  const char* text = std::getenv(variable);
  return text == nullptr ? otherwise : std::strtoull(text, nullptr, 10);
}

std::size_t work(std::size_t count) { return scaled(count) * number_from("MEMGC_TEST_SCALE", 1); }

// A value that two words carry: torn, stale or recycled memory shows.
struct Item {
  explicit Item(std::uint64_t given) : value(given), inverse(~given) {}
  bool intact() const { return value == ~inverse; }
  const std::uint64_t value;
  const std::uint64_t inverse;
};

struct Board {
  static constexpr std::size_t kPlaces = 32;
  std::array<Member<Item>, kPlaces> places;
  static constexpr auto fields = memgc::fields(&Board::places);
};

class Threads : public ::testing::Test {
 protected:
  static Options options() {
    Options result;
    result.growth_percent = 50;
    result.debug.clobberfree = true;
    result.debug.profilerate = 1024;  // samples everywhere, of objects that die at any moment
    result.debug.waitrate = 1000;
    result.debug.safepointms = 0;  // on a busy machine a thread may be late because it does not run
    return result;
  }
  void SetUp() override {
    fmt::print("seed {}\n", seed);
    on_another_thread(heap, [&](Mutator& me) { board = me.make<Board>(); });
  }
  void TearDown() override {
    board = nullptr;
    EXPECT_EQ(live_after_collect(heap), 0u) << "all threads are gone, and all roots";
  }

  // Collects, without pause, until `threads` have ended.
  void collect_until_joined(std::vector<std::thread>& threads) {
    std::atomic<bool> done{false};
    std::thread collector([&] {
      while (!done) heap.collect();
    });
    for (std::thread& thread : threads) thread.join();
    done = true;
    collector.join();
  }

  const std::uint64_t seed = number_from("MEMGC_TEST_SEED", 7);
  Heap heap{options()};
  Root<Board> board;
};

// Reads a place so that what was published there is ordered before, for ThreadSanitizer as well.
Item* read(Member<Item>& place) {
  Item* item = nullptr;
  place.compare_exchange(item, nullptr);  // fails unless it is null already
  return item;
}

void publish(Member<Item>& place, Item* item) {
  Item* expected = place;
  while (!place.compare_exchange(expected, item)) {
  }
}

TEST_F(Threads, AttachWorkAndDieInEveryPhase) {
  std::vector<std::thread> threads;
  for (std::uint64_t t = 0; t < 6; ++t) {
    threads.emplace_back([&, t] {
      std::mt19937_64 random(seed + t);
      for (std::size_t life = 0; life < work(3000); ++life) {
        Mutator me(heap);
        const std::size_t objects = random() % 40;
        Item* mine = nullptr;
        for (std::size_t i = 0; i < objects; ++i) {
          Item* item = me.make<Item>(random());
          ASSERT_TRUE(mine == nullptr || mine->intact());
          if (i % 4 == 0) mine = item;
        }
        Member<Item>& place = board->places[random() % Board::kPlaces];
        if (Item* other = read(place)) {
          ASSERT_TRUE(other->intact());
        }
        if (mine != nullptr) publish(place, mine);  // outlives its maker
      }
    });
  }
  collect_until_joined(threads);
  for (Member<Item>& place : board->places) {
    if (place) {
      EXPECT_TRUE(place->intact());
    }
  }
}

TEST_F(Threads, NewThreadsStartAndEndWithoutPause) {
  std::vector<std::thread> starters;
  for (std::uint64_t t = 0; t < 3; ++t) {
    starters.emplace_back([&, t] {
      for (std::size_t i = 0; i < work(1500); ++i) {
        std::thread([&] {
          Mutator me(heap);
          Item* item = me.make<Item>(i * 3 + t);
          me.make<Item>(std::uint64_t{0});
          publish(board->places[i % Board::kPlaces], item);
          ASSERT_TRUE(item->intact());
        }).join();
      }
    });
  }
  collect_until_joined(starters);
}

// The tear: two threads store to one Member, each dropping the only reference to what the other just stored, while a
// third takes references out of it and keeps them on its stack alone.
TEST_F(Threads, TwoStoreToOneMemberWhileAThirdTakesFromIt) {
  std::atomic<int> storing{2};
  std::vector<std::thread> threads;
  for (std::uint64_t t = 0; t < 2; ++t) {
    threads.emplace_back([&, t] {
      Mutator me(heap);
      Member<Item>& place = board->places[0];
      for (std::uint64_t i = 0; i < work(600'000); ++i) {
        Item* item = me.make<Item>(i * 2 + t);
        if (kUnderTsan) {
          publish(place, item);
        } else {
          std::atomic_signal_fence(std::memory_order_release);
          place = item;
        }
        if (i % 64 == 0) me.safepoint();
      }
      --storing;
    });
  }
  threads.emplace_back([&] {
    Mutator me(heap);
    std::array<Item*, 64> taken{};
    std::size_t next = 0;
    while (storing > 0) {
      Item*& slot = taken[next++ % taken.size()];
      if (slot != nullptr) {
        ASSERT_TRUE(slot->intact());
      }
      slot = kUnderTsan ? read(board->places[0]) : board->places[0].get();
      if (slot != nullptr) {
        ASSERT_TRUE(slot->intact());
      }
      me.safepoint();
      if (next % 16 == 0) me.make<Item>(std::uint64_t{1});
    }
  });
  collect_until_joined(threads);
  EXPECT_TRUE(board->places[0]->intact());
}

// Each object is in one place at a time: on somebody's stack or on the board. None is lost, none appears twice.
TEST_F(Threads, ObjectsChangeHandsThroughTheBoard) {
  constexpr std::uint64_t kItems = 24;
  {
    Mutator me(heap);
    for (std::uint64_t i = 0; i < kItems; ++i) board->places[i] = me.make<Item>(i);
  }
  std::vector<std::thread> threads;
  for (std::uint64_t t = 0; t < 4; ++t) {
    threads.emplace_back([&, t] {
      std::mt19937_64 random(seed * 31 + t);
      Mutator me(heap);
      Item* carried = nullptr;
      for (std::size_t i = 0; i < work(400'000); ++i) {
        Member<Item>& place = board->places[random() % Board::kPlaces];
        Item* expected = carried == nullptr ? read(place) : nullptr;
        if (carried == nullptr && expected != nullptr) {
          if (place.compare_exchange(expected, nullptr)) carried = expected;  // now on this stack alone
        } else if (carried != nullptr) {
          ASSERT_TRUE(carried->intact());
          if (place.compare_exchange(expected, carried)) carried = nullptr;  // and from here on not
        }
        if (random() % 8 == 0) me.make<Item>(random());
        if (random() % 16 == 0) me.safepoint();
        if (random() % 1024 == 0) {
          const BlockingScope blocked(me);
          std::this_thread::yield();
        }
      }
      while (carried != nullptr) {  // put it down before leaving
        Item* expected = nullptr;
        if (board->places[random() % Board::kPlaces].compare_exchange(expected, carried)) carried = nullptr;
        me.safepoint();
      }
    });
  }
  collect_until_joined(threads);
  std::vector<int> seen(kItems);
  for (const Member<Item>& place : board->places) {
    if (!place) continue;
    ASSERT_TRUE(place->intact());
    ASSERT_LT(place->value, kItems);
    ++seen[place->value];
  }
  for (std::uint64_t i = 0; i < kItems; ++i) EXPECT_EQ(seen[i], 1) << i;
}

TEST_F(Threads, BlockingScopesOpenAndCloseInEveryPhase) {
  std::mutex turn;
  std::vector<std::thread> threads;
  for (std::uint64_t t = 0; t < 6; ++t) {
    threads.emplace_back([&, t] {
      std::mt19937_64 random(seed * 17 + t);
      Mutator me(heap);
      Item* mine = me.make<Item>(t);
      for (std::size_t i = 0; i < work(30'000); ++i) {
        Item* held = me.make<Item>(random());
        {
          const BlockingScope blocked(me);
          const std::lock_guard lock(turn);  // all but one wait here
        }
        ASSERT_TRUE(held->intact());
        ASSERT_TRUE(mine->intact());
        mine = held;
      }
    });
  }
  collect_until_joined(threads);
}

TEST_F(Threads, AllCollectAtOnce) {
  std::vector<std::thread> threads;
  for (std::uint64_t t = 0; t < 5; ++t) {
    threads.emplace_back([&, t] {
      Mutator me(heap);
      for (std::size_t i = 0; i < work(300); ++i) {
        Item* item = me.make<Item>(t * 1000 + i);
        heap.collect();
        ASSERT_TRUE(item->intact());
        ASSERT_EQ(item->value, t * 1000 + i);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
}

// Roots are made, assigned and dropped by all, and read by others, while the collector reads them.
TEST_F(Threads, RootsChangeInEveryPhase) {
  struct Cell {
    std::mutex mutex;
    std::optional<Root<Item>> root;
  };
  std::vector<std::unique_ptr<Cell>> cells;
  for (int i = 0; i < 16; ++i) cells.push_back(std::make_unique<Cell>());
  std::vector<std::thread> threads;
  for (std::uint64_t t = 0; t < 4; ++t) {
    threads.emplace_back([&, t] {
      std::mt19937_64 random(seed * 13 + t);
      Mutator me(heap);
      for (std::size_t i = 0; i < work(100'000); ++i) {
        Item* item = me.make<Item>(random());
        Cell& cell = *cells[random() % cells.size()];
        std::unique_lock lock(cell.mutex, std::try_to_lock);  // never waits, so needs no BlockingScope
        if (!lock) continue;
        if (cell.root && *cell.root) {
          ASSERT_TRUE((*cell.root)->intact());
        }
        switch (random() % 4) {
          case 0:
            cell.root.emplace(item);
            break;
          case 1:
            cell.root.reset();
            break;
          case 2:
            if (cell.root) *cell.root = item;
            break;
          default:
            if (cell.root) {
              const Root<Item> copy(*cell.root);
              cell.root.reset();
              ASSERT_TRUE(!copy || copy->intact());
            }
        }
      }
    });
  }
  collect_until_joined(threads);
  cells.clear();
}

// Heaps come and go beside one that stays, each with threads of its own: the registries of the process are shared.
TEST_F(Threads, HeapsComeAndGoBesideEachOther) {
  std::vector<std::thread> threads;
  for (std::uint64_t t = 0; t < 3; ++t) {
    threads.emplace_back([&, t] {
      for (std::size_t i = 0; i < work(100); ++i) {
        Heap other(options());
        Mutator in_other(other);
        Mutator in_shared(heap);
        Root<Item> kept(in_other.make<Item>(i));
        for (int k = 0; k < 500; ++k) {
          Item* item = in_shared.make<Item>(t);
          in_other.make<Item>(t);
          if (k % 100 == 0) publish(board->places[t], item);
        }
        other.collect();
        ASSERT_TRUE(kept->intact());
        ASSERT_EQ(kept->value, i);
      }
    });
  }
  collect_until_joined(threads);
}

}  // namespace
}  // namespace memgc::testing
