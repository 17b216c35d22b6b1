// Job: pins that a call stack which is found with the help of the thread's last one is the one that is found without.
//
// Threads: one, or each its own record.
#include "runtime/call_stack.h"

#include <alloca.h>
#include <gtest/gtest.h>

#include <random>
#include <thread>
#include <vector>

#include "runtime/thread_record.h"

namespace memgc::testing {
namespace {

using internal::CallStack;
using internal::ThreadRecord;

using Frames = std::vector<const void*>;

// Both ways by the same instructions, so that all frames are equal.
[[gnu::noinline]] void compare(std::size_t& captures) {
  ThreadRecord& thread = ThreadRecord::mine();
  const CallStack::Last before = thread.last_stack;
  Frames found[2];
  for (int with_help = 0; with_help < 2; ++with_help) {
    thread.last_stack = with_help != 0 ? before : CallStack::Last();
    CallStack stack;
    stack.capture(thread);
    found[with_help].assign(stack.frames().begin(), stack.frames().end());
  }
  ASSERT_GT(found[0].size(), 3u);
  ASSERT_EQ(found[0], found[1]) << "capture " << captures;
  ++captures;
}

// Functions of unlike frames, which call one another at random, from two places each.
class Wanderer {
 public:
  Wanderer(unsigned seed, int deepest) : random_(seed), deepest_(deepest) {}

  void go(int calls) {
    for (calls_left_ = calls; calls_left_ > 0;) step(0);
  }
  std::size_t captures() const { return captures_; }

 private:
  [[gnu::noinline]] void step(int depth) {
    if (random_() % 4 == 0) compare(captures_);
    if (depth >= deepest_ || calls_left_-- <= 0) return;
    for (auto more = random_() % 3; more > 0; --more) {
      switch (random_() % 5) {
        case 0:
          step(depth + 1);
          break;
        case 1:
          large(depth);
          break;
        case 2:
          sized(depth);
          break;
        case 3:
          throwing(depth);
          break;
        default:
          step(depth + 1);
          compare(captures_);
      }
    }
  }
  [[gnu::noinline]] void large(int depth) {
    volatile char room[1000];
    room[depth] = 1;
    step(depth + 1);
    sum_ += static_cast<unsigned>(room[depth]);
  }
  // A frame whose size is only known when it is entered.
  [[gnu::noinline]] void sized(int depth) {
    auto* room = static_cast<volatile char*>(alloca(16 + 16 * (random_() % 4)));
    room[0] = 1;
    step(depth + 1);
    step(depth + 1);
    sum_ += static_cast<unsigned>(room[0]);
  }
  [[gnu::noinline]] void throwing(int depth) {
    try {
      step(depth + 1);
      if (random_() % 2 == 0) throw depth;
    } catch (int) {
      compare(captures_);
    }
  }

  std::mt19937 random_;
  const int deepest_;
  int calls_left_ = 0;
  std::size_t captures_ = 0;
  unsigned sum_ = 0;
};

TEST(CallStack, IsTheSameWithTheHelpOfTheLastOne) {
  for (const unsigned seed : {1u, 2u, 3u, 4u}) {
    SCOPED_TRACE(seed);
    Wanderer wanderer(seed, 12);
    wanderer.go(3000);
    EXPECT_GT(wanderer.captures(), 300u);
  }
}

TEST(CallStack, IsTheSameWhereItIsCutOff) {
  for (const unsigned seed : {5u, 6u}) {
    SCOPED_TRACE(seed);
    Wanderer wanderer(seed, 60);
    wanderer.go(3000);
  }
}

TEST(CallStack, IsEachThreadsOwn) {
  const auto wander = [](unsigned seed) {
    for (int i = 0; i < 10; ++i) Wanderer(seed, 12).go(500);
  };
  std::thread other(wander, 7);
  wander(8);
  other.join();
}

}  // namespace
}  // namespace memgc::testing
