// Job: who goes on, at every place where it could matter, as a seed has it; see allocator/base/sync.h.
//
// All threads of a program under test are coroutines here. At each step (a schedule point, a wait, an end) the
// scheduler either lets the same one go on or switches, and notes the step in a hash: two runs of a seed are the same
// run if the hashes are equal. A seed decides by one of two rules:
//   chance     at each step another one with some probability (which the seed draws first), any that can run
//   priority   the one of highest priority that can run; at some steps, drawn first, its priority becomes the lowest
//              (after Burckhardt et al., "A randomized scheduler with probabilistic guarantees of finding bugs")
// By either rule, one that runs is now and then held up for long where it stands, be it in the middle of a store.
// Invariant: one coroutine runs; what it does between two steps nobody sees half done. Threads: one.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "runtime/thread_record.h"
#include "tests/schedule/coroutine.h"

namespace memgc::testing {

/// A small generator whose numbers are the same everywhere (Steele, Lea and Flood's splitmix64).
class Dice {
 public:
  explicit Dice(std::uint64_t seed) : state_(seed) {}
  std::uint64_t next() {
    std::uint64_t z = state_ += 0x9e3779b97f4a7c15;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
    z = (z ^ z >> 27) * 0x94d049bb133111eb;
    return z ^ z >> 31;
  }
  std::uint64_t below(std::uint64_t bound) { return next() % bound; }
  bool one_in(std::uint64_t n) { return below(n) == 0; }

 private:
  std::uint64_t state_;
};

class Scheduler {
 public:
  /// There is one; its stacks are used again from run to run.
  static Scheduler& the();

  /// Runs `job` and all that it starts to their ends. `watch(where)` is called at each step by who takes it, and must
  /// not end in one itself. Prints and aborts when all wait, or when there is no end to it.
  void run(std::uint64_t seed, std::function<void()> job, std::function<void(const char*)> watch);

  std::uint64_t steps() const { return steps_; }
  /// Of all steps: who, and where.
  std::uint64_t hash() const { return hash_; }
  /// Prints every step from here on.
  void print_steps() { print_ = true; }

  // What memgc::internal::scheduled asks for.
  void point(const char* where);
  bool block(const void* queue, const char* why, bool for_a_while);
  void wake(const void* queue, bool all);
  unsigned start(const char* name, std::function<void()> job);
  void join(unsigned number);
  unsigned processors() const { return processors_; }
  const char* stack_base() const { return current_->stack->stack_base(); }

 private:
  enum class State : std::uint8_t { kReady, kBlocked, kBlockedForAWhile, kEnded };
  struct Thread {
    Scheduler* scheduler = nullptr;
    std::size_t number = 0;
    std::unique_ptr<Coroutine> stack;
    std::function<void()> job;
    std::string name;
    State state = State::kEnded;
    const void* queue = nullptr;
    const char* why = "";
    bool ran_out = false;  // of time, in block_for_a_while
    std::uint64_t priority = 0;
    std::uint64_t stalled_until = 0;  // the step before which it is not chosen, if another can run
    internal::ThreadLocals locals;
  };

  void begin(std::uint64_t seed);
  static void body(void* thread);
  void end_current();
  void step(const char* where);
  void reschedule();
  Thread* choose();
  template <class F>
  void collect_ready(F&& is_ready);
  void switch_to(Thread& next, bool for_good);
  [[noreturn]] void fail(const char* what) const;

  Dice dice_{0};
  std::vector<std::unique_ptr<Thread>> threads_;  // those of this run come first
  std::size_t count_ = 0;
  std::vector<Thread*> ready_;  // scratch
  Thread* current_ = nullptr;
  Coroutine outside_;
  std::function<void(const char*)> watch_;
  bool watching_ = false;
  bool print_ = false;

  std::uint64_t steps_ = 0;
  std::uint64_t hash_ = 0;
  std::uint64_t stay_ = 0;               // rule "chance": one in this many steps looks for another
  std::vector<std::uint64_t> drops_at_;  // rule "priority", if not empty: steps at which the priority is lost
  std::uint64_t lowest_ = 0;
  unsigned processors_ = 1;
};

}  // namespace memgc::testing
