// Job: a sample of the times that threads are held up by this library: for what, for how long, in which call stack.
//
// Waits are sampled by length as objects are by size: a point falls on one in `rate` ns of waiting, and a wait that
// holds one is sampled. So it costs one call stack for each 0.1 ms that was lost anyway (by default), however many
// short waits there are, and nobody turns it on first. A wait counts once, also if others lie within it: the innermost.
// Threads: add(), mutators, with no lock held; profile(), any.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>

#include "allocator/base/lock.h"
#include "allocator/sample_points.h"
#include "memgc/profile.h"
#include "runtime/interned.h"
#include "runtime/stack_table.h"

namespace memgc::internal {

class WaitingSampler {
 public:
  /// `rate`: ns of waiting for each sample; 0: none are taken. `seed`: 0 for another one each time.
  WaitingSampler(std::uint64_t rate, std::uint64_t seed);

  /// The points are those of a thread that begins. Any thread.
  void begin(SamplePoints& points);
  /// The calling thread was held up for `ns`, which its points have hit. Leaves registers of the program's frames on
  /// the stack below.
  void add(WaitKind kind, std::uint64_t ns);

  WaitingProfile profile();
  std::size_t memory_bytes() const { return memory_bytes_.load(std::memory_order_relaxed); }

  void lock_for_fork() { lock_.lock(); }
  void unlock_after_fork() { lock_.unlock(); }

 private:
  struct Site {
    Site(const StackEntry* its_stack, WaitKind its_kind) : stack(its_stack), kind(its_kind) {}

    const StackEntry* stack;  // null: of many
    WaitKind kind;
    double waits = 0;  // estimates: each sample counts as often as waits of its length are not sampled
    double wait_ns = 0;
    Site* next = nullptr;
  };
  static constexpr std::size_t kMostSites = std::size_t{32} << 10;

  const std::uint64_t rate_;
  const std::uint64_t seed_;
  const std::uint64_t made_ns_;
  std::atomic<std::uint64_t> threads_{0};
  std::atomic<std::size_t> memory_bytes_{0};

  Lock lock_;  // guards what follows
  StackTable stacks_;
  Interned<Site> sites_{kMostSites};
  std::uint64_t lost_ = 0;
};

}  // namespace memgc::internal
