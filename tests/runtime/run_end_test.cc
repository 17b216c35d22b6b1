// Job: pins that the address at which a thread's run of free cells ends keeps nothing: another object may begin there,
// a dead one that leads to all that died after it.
//
// Addresses are kept inverted and in malloc'd memory, where no scan looks. Threads: one, besides the collector.
#include <gtest/gtest.h>
#include <memgc/memgc.h>

#include <cstdint>
#include <cstring>
#include <unordered_map>

#include "tests/runtime/support.h"

namespace memgc::testing {
namespace {

constexpr std::size_t kCells = 4096, kStretch = 4;  // less than a thread takes at first

struct Cell {
  std::uint64_t number = 0;
  char bytes[56] = {};
};
static_assert(sizeof(Cell) == 64);

struct Table {
  Array<Member<Cell>>* cells;
  Array<Weak<Cell>>* watched;  // made before: from dropping a cell to the end of a run nothing else may be made
  std::unordered_map<std::uintptr_t, std::size_t> numbers;  // of what is held, by inverted address
};

[[gnu::noinline]] void clear_stack() {
  char dead[8192];
  std::memset(dead, 0, sizeof(dead));
  asm volatile("" : : "r"(dead) : "memory");
}

// Every other stretch of cells is free after the next collection.
[[gnu::noinline]] void fill(Mutator& me, Table& table) {
  for (std::size_t i = 0; i < kCells; ++i) (*table.cells)[i] = me.make<Cell>(i);
  for (std::size_t i = 0; i < kCells; ++i) {
    if (i / kStretch % 2 == 0) {
      (*table.cells)[i] = nullptr;
    } else {
      (*table.watched)[i].reset((*table.cells)[i].get());
      table.numbers[~reinterpret_cast<std::uintptr_t>((*table.cells)[i].get())] = i;
    }
  }
}

// Fills free cells up to one that is held; drops that, so that only its Weak knows it. Its number; kCells if there is
// none.
[[gnu::noinline]] std::size_t reach_a_held_one(Mutator& me, Table& table) {
  for (std::size_t tries = 0; tries < kCells; ++tries) {
    const auto made = reinterpret_cast<std::uintptr_t>(me.make<Cell>());
    const auto next = table.numbers.find(~(made + sizeof(Cell)));
    if (next == table.numbers.end()) continue;
    const std::size_t number = next->second;
    (*table.cells)[number] = nullptr;
    table.numbers.erase(next);
    return number;
  }
  return kCells;
}

void look_at(Cell*) {}
void (*volatile use)(Cell*) = look_at;  // volatile: the compiler does not know what registers it leaves alone

// What is made is needed behind a call, as a constructor's or the program's: it stands in a register that calls keep,
// and so would the end of the run before it.
[[gnu::noinline]] std::uint64_t make_one(Mutator& me) {
  Cell* cell = me.make<Cell>();
  use(cell);
  return cell->number;
}

TEST(RunEnd, KeepsNothing) {
  if (kUnderAsan || kUnderTsan || MEMGC_CHECKS) GTEST_SKIP() << "what stands on the stack is the optimiser's business";
  Options options = manual_options();
  options.debug.gcstress = 1;  // a collection whenever a run is used up
  Heap heap(options);
  Mutator me(heap);
  Root<Array<Member<Cell>>> cells(me.make_array<Member<Cell>>(kCells));
  Root<Array<Weak<Cell>>> watched(me.make_array<Weak<Cell>>(kCells));
  Table table{cells.get(), watched.get(), {}};
  fill(me, table);
  clear_stack();
  heap.collect();
  std::size_t tried = 0, kept = 0, sum = 0;
  for (std::size_t number; (number = reach_a_held_one(me, table)) != kCells; ++tried) {
    clear_stack();
    sum += make_one(me);
    kept += (*watched)[number].get() != nullptr;
  }
  EXPECT_GT(tried, 10u);
  EXPECT_EQ(kept, 0u);
  EXPECT_EQ(sum, 0u);
}

}  // namespace
}  // namespace memgc::testing
