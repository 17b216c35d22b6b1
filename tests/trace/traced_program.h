// A few programs with different habits, run on a heap of their own, and the trace that they leave.
//
// Marking stops the program (gcstoptheworld), and the program waits for each cycle that is due: so where a cycle begins
// and what it finds alive do not depend on how fast the machine is. One thread beside the heap's own.
#pragma once

#include <gtest/gtest.h>
#include <memgc/memgc.h>

#include <algorithm>
#include <chrono>
#include <random>
#include <string>
#include <thread>

#include "advice.h"
#include "reader.h"

namespace memgc::trace {

struct Cell {
  Member<Cell> next;
  char payload[240] = {};
  static constexpr auto fields = memgc::fields(&Cell::next);
};

class TracedProgram {
 public:
  explicit TracedProgram(Heap& heap, Mutator& mutator) : heap_(heap), mutator_(mutator) {}

  Cell* make(Cell* next = nullptr) {
    Cell* const cell = mutator_.make<Cell>();
    cell->next = next;
    // Cells are rooted by the callers' Roots; one that was just made is kept while this waits.
    if (++made_ % 256 == 0) wait(cell);
    return cell;
  }
  Mutator& mutator() { return mutator_; }

 private:
  void wait(Cell* cell) {
    const Root<Cell> keep(cell);
    const Stats before = heap_.stats();
    if (before.heap_bytes < before.goal_bytes) return;
    const auto until = std::chrono::steady_clock::now() + std::chrono::milliseconds(50);
    while (heap_.stats().cycles == before.cycles && std::chrono::steady_clock::now() < until) {
      const BlockingScope blocking(mutator_);
      std::this_thread::sleep_for(std::chrono::microseconds(50));
    }
  }

  Heap& heap_;
  Mutator& mutator_;
  std::uint64_t made_ = 0;
};

using Cells = Array<Member<Cell>>;

// A cache that is full: each cell takes the place of the oldest.
inline void full_cache(TracedProgram& program) {
  const Root<Cells> table(program.mutator().make_array<Member<Cell>>(80'000));
  for (std::size_t i = 0; i < 1'600'000; ++i) (*table)[i % 80'000] = program.make();
}

// A leak: of eight cells one is kept for ever.
inline void leak(TracedProgram& program) {
  Root<Cell> kept;
  for (int i = 0; i < 1'600'000; ++i) {
    Cell* const cell = program.make();
    if (i % 8 != 0) continue;
    cell->next = kept.get();
    kept = cell;
  }
}

// Requests: lists of up to 5 MiB, each dropped at once, beside a cache of 15. What a cycle finds alive of them is
// chance.
inline void requests(TracedProgram& program) {
  const Root<Cells> table(program.mutator().make_array<Member<Cell>>(60'000));
  for (std::size_t i = 0; i < 60'000; ++i) (*table)[i] = program.make();
  std::mt19937 random(1);
  for (int request = 0; request < 160; ++request) {
    Root<Cell> list;
    for (auto left = random() % 20'000; left > 0; --left) list = program.make(list.get());
  }
}

// Two lives: a small heap for the first half of the work, one five times as large for the second.
inline void two_phases(TracedProgram& program) {
  for (const std::size_t live : {std::size_t{30'000}, std::size_t{150'000}}) {
    const Root<Cells> table(program.mutator().make_array<Member<Cell>>(live));
    for (std::size_t i = 0; i < 1'000'000; ++i) (*table)[i % live] = program.make();
  }
}

struct Traced {
  Program program;
  ReadStatus status;
};

// Runs it; `json` says in which of the two formats it traces. So that costs do not depend on the machine either, the
// clock is replaced: marking a MiB takes a millisecond.
inline Traced trace_of(void (*work)(TracedProgram&), const PacerSetting& setting, bool json) {
  Options options;
  options.growth_percent = setting.growth_percent;
  options.memory_limit = setting.memory_limit;
  options.precise_stacks = true;
  options.debug.gctrace = true;
  options.debug.gctrace_json = json;
  options.debug.gcstoptheworld = true;
  options.debug.gcperiodms = 0;
  ::testing::internal::CaptureStderr();
  {
    Heap heap(options);
    Mutator mutator(heap);
    TracedProgram program(heap, mutator);
    work(program);
  }
  Traced out;
  Handlers handlers;
  handlers.cycle = [&](const Cycle& read) {
    Cycle cycle = read;
    cycle.assist_cpu_ms = cycle.idle_cpu_ms = 0;
    cycle.background_cpu_ms = std::max(cycle.live_mib - (cycle.end_mib - cycle.start_mib), 0.0);
    out.program.add(cycle);
  };
  Reader reader(std::move(handlers));
  reader.feed(::testing::internal::GetCapturedStderr());
  reader.finish();
  out.status = reader.status();
  return out;
}

}  // namespace memgc::trace
