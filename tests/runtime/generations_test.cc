// Job: pins which cycles are minor, in a simulated program: bytes that are made, live on, and die young or old.
//
// The program is numbers; the goals and the choice are the library's own pure functions. What is compared is the same
// program with full cycles alone: bytes of work, and the most that the heap holds.
#include "runtime/generations.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstddef>

#include "runtime/pacer.h"

namespace memgc::internal {
namespace {

constexpr double kMiB = 1 << 20;

// In each cycle so much of what was made since the last one lives on, and so much of what was old dies.
struct Program {
  double survive = 0;
  double old_dies = 0;
  double nepotism = 0;  // of the young that are dead, in a minor cycle kept by old ones that are dead
};

struct Outcome {
  double made = 0;
  double work = 0;
  double peak = 0;
  unsigned cycles = 0;
  unsigned minor = 0;

  double work_per_byte() const { return work / made; }
};

class Simulation {
 public:
  Simulation(Generational mode, double live, int percent = 100)
      : generations_(mode), percent_(percent), old_live_(live) {}

  Outcome run(const Program& program, unsigned cycles, bool limited = false) {
    Outcome out;
    for (unsigned i = 0; i < cycles; ++i) cycle(program, limited, out);
    return out;
  }
  bool remembers() const { return generations_.remembers(); }

 private:
  void cycle(const Program& program, bool limited, Outcome& out) {
    CycleFound found;
    found.minor = generations_.next_is_minor() && !limited;
    found.remembered = remembers_;
    found.limited = limited;
    remembers_ = generations_.remembers();
    GoalInput in;
    in.live = size(old_live_ + old_dead_);
    in.promoted = generations_.promoted();
    in.growth_percent = percent_;
    found.goal = growth_goal(in);
    found.before = in.live;
    found.ended = std::max(found.goal, in.live + (std::size_t{1} << 20));  // a cycle is over a megabyte late at best
    const double made = static_cast<double>(found.ended - found.before);
    const double young_live = made * program.survive, dies = old_live_ * program.old_dies;
    old_live_ -= dies;
    old_dead_ += dies;
    if (found.minor) {
      const double dragged = old_dead_ > 0 ? (made - young_live) * program.nepotism : 0;
      found.work = size(young_live + dragged);
      old_dead_ += dragged;
    } else {
      found.old_died = size(old_dead_);
      found.work = size(old_live_ + young_live);
      old_dead_ = 0;
    }
    old_live_ += young_live;
    found.live = size(old_live_ + old_dead_);
    generations_.note(found);
    out.made += made;
    out.work += static_cast<double>(found.work);
    out.peak = std::max(out.peak, static_cast<double>(found.ended));
    ++out.cycles;
    out.minor += found.minor;
  }
  static std::size_t size(double bytes) { return static_cast<std::size_t>(bytes); }

  Generations generations_;
  int percent_;
  bool remembers_ = false;
  double old_live_, old_dead_ = 0;
};

constexpr double kLive = 100 * kMiB;
// Steady: what becomes old makes up for what dies of the old.
constexpr Program kDiesYoung{0.05, 0.05, 0};
constexpr Program kDiesOld{1, 1, 0};           // a queue: each generation replaces the one before
constexpr Program kDragged{0.05, 0.05, 0.95};  // dead old objects hold on to the young
constexpr Program kGrows{1, 0, 0};

TEST(Generations, OffHasNoneAndRemembersNothing) {
  Simulation simulation(Generational::off, kLive);
  EXPECT_EQ(simulation.run(kDiesYoung, 100).minor, 0u);
  EXPECT_FALSE(simulation.remembers());
}

TEST(Generations, WhatDiesYoungCostsLessThanFullCyclesInNoMoreMemory) {
  for (const int percent : {25, 50, 100, 200, 400}) {
    for (const Generational mode : {Generational::on, Generational::automatic}) {
      const Outcome full = Simulation(Generational::off, kLive, percent).run(kDiesYoung, 1000);
      const Outcome out = Simulation(mode, kLive, percent).run(kDiesYoung, 1000);
      EXPECT_GT(out.minor, out.cycles / 2) << percent;
      EXPECT_LT(out.work_per_byte(), full.work_per_byte() * (percent <= 100 ? 0.4 : 0.7)) << percent;
      EXPECT_LE(out.peak, full.peak * 1.1) << percent;
    }
  }
}

TEST(Generations, AutomaticNeverTriesWhereAllThatIsYoungLives) {
  Simulation simulation(Generational::automatic, kLive);
  EXPECT_EQ(simulation.run(kDiesOld, 1000).minor, 0u);
  EXPECT_FALSE(simulation.remembers()) << "stores pay for nothing";
}

TEST(Generations, OnKeepsToTheMemoryOfFullCyclesAndAFifthMore) {
  for (const Program& program : {kDiesOld, kDragged}) {
    for (const int percent : {25, 100, 400}) {
      const Outcome full = Simulation(Generational::off, kLive, percent).run(program, 1000);
      const Outcome out = Simulation(Generational::on, kLive, percent).run(program, 1000);
      EXPECT_LE(out.peak, full.peak * 1.2) << percent;
    }
  }
}

TEST(Generations, AutomaticTriesLessAndLessWhereDeadObjectsKeepYoungOnes) {
  const Outcome full = Simulation(Generational::off, kLive).run(kDragged, 1000);
  const Outcome out = Simulation(Generational::automatic, kLive).run(kDragged, 1000);
  EXPECT_GT(out.minor, 5u) << "it tries again";
  EXPECT_LT(out.minor, 30u);
  EXPECT_LT(out.work_per_byte(), full.work_per_byte() * 1.03);
  EXPECT_LE(out.peak, full.peak * 1.2);
}

TEST(Generations, AutomaticFollowsAProgramThatChanges) {
  Simulation simulation(Generational::automatic, kLive);
  EXPECT_GT(simulation.run(kDiesYoung, 100).minor, 50u);
  EXPECT_LE(simulation.run(kDiesOld, 100).minor, 10u);
  EXPECT_GT(simulation.run(kDiesYoung, 200).minor, 50u);
}

TEST(Generations, NoneWhileTheHeapOnlyGrows) {
  EXPECT_EQ(Simulation(Generational::automatic, kMiB).run(kGrows, 12).minor, 0u);
}

TEST(Generations, NoneNearALimit) {
  Simulation simulation(Generational::automatic, kLive);
  EXPECT_EQ(simulation.run(kDiesYoung, 100, true).minor, 0u);
  EXPECT_FALSE(simulation.remembers());
  EXPECT_GT(simulation.run(kDiesYoung, 100, false).minor, 50u) << "when it is lifted";
}

TEST(Generations, WhatBecomesOldCallsForFullCycles) {
  Simulation simulation(Generational::on, kLive);
  const Outcome out = simulation.run({0.2, 0, 0}, 60);
  EXPECT_GT(out.minor, 20u);
  EXPECT_GE(out.cycles - out.minor, 8u);
}

}  // namespace
}  // namespace memgc::internal
