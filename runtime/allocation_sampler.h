// Job: a sample of the objects that a heap's threads make: by which call stack, of what type and size, and after how
// many cycles each was found dead.
//
// Which objects: SamplePoints, one for each mutator, cut its runs short (allocator/local_runs.h), so the inline path
// knows nothing of this. What becomes of them: when a cycle has marked, judge() asks of each cell whether it is kept.
//
//   made --add()--> fresh_ --judge()--> live_ --judge(): not kept--> counted with its site, forgotten
//
// Invariants:
//   I1  A sample names its cell by number, in memory that no marker reads: it keeps nothing alive, and shows nobody an
//       object that is not yet constructed.
//   I2  A sample is forgotten in the cycle that finds its object dead, before the first thread answers phase 7, and so
//       before anybody can be handed the cell again: it never stands for another object. And an object made since its
//       thread answered phase 3 is kept from its hand-out on, so each sample that judge() sees is of an object that
//       was marked or is new, or is dead.
//   I3  An object owed a destructor is kept, and so alive, until that has run.
// A cycle judges an object if it was made before its thread answered phase 3: it could have found it dead. Cycles are
// counted by the swaps of roles, which each mutator knows in its own time.
// Threads: add(), mutators, with no lock held; judge(), the collector; profile(), any.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <vector>

#include "allocator/base/lock.h"
#include "allocator/block_set.h"
#include "allocator/cage.h"
#include "memgc/profile.h"
#include "runtime/interned.h"
#include "runtime/stack_table.h"

namespace memgc::internal {

class CallStack;
class LocalRuns;
struct TypeInfo;

class AllocationSampler {
 public:
  /// `rate`: bytes for each sample; 0: none are taken. `seed`: 0 for another one each time.
  AllocationSampler(const Cage& cage, std::uint64_t rate, std::uint64_t seed);

  /// The runs are those of a thread that begins. Any thread.
  void begin(LocalRuns& runs);

  /// The calling thread has been handed this cell for a sampled object of `bytes`; `roles` are its runs'. Leaves
  /// registers of the program's frames on the stack below.
  void add(const void* cell, std::size_t bytes, const TypeInfo& type, bool array, const Roles& roles);
  /// A cycle has marked, and these are its roles: it is at phase 6, over.
  void judge(const Roles& roles);

  AllocationProfile profile();
  std::size_t memory_bytes() const { return memory_bytes_.load(std::memory_order_relaxed); }

  void lock_for_fork();
  void unlock_after_fork();

 private:
  struct Site {
    Site(const StackEntry* its_stack, const TypeInfo& its_type, bool is_array, std::size_t its_bytes);

    const StackEntry* stack;  // null: of many
    const TypeInfo* type;     // a key: what it points to may have been unloaded with its library
    std::string name;
    bool array;
    std::size_t bytes;
    std::uint64_t made = 0;  // under lock_
    Lifetimes died{};        // under live_lock_
    Site* next = nullptr;
  };
  struct Sample {
    CellRef cell;
    std::uint32_t born;  // the last cycle that does not judge it
    Site* site;
  };

  static constexpr std::size_t kMostSites = std::size_t{32} << 10;

  Site* site_of(const CallStack& stack, std::size_t bytes, const TypeInfo& type, bool array);
  void note_memory();

  const Cage& cage_;
  const std::uint64_t rate_;
  const std::uint64_t seed_;
  const std::uint64_t made_ns_;
  std::atomic<std::uint64_t> threads_{0};
  std::atomic<std::size_t> memory_bytes_{0};

  Lock live_lock_;                  // guards what follows, and Site::died; before lock_
  std::vector<Sample> live_;        // but for those in fresh_
  std::deque<Sample> taken_;        // judge()'s, empty else; here, for an empty deque is not made without memory
  std::uint32_t judged_until_ = 0;  // the last cycle that judged

  Lock lock_;  // guards what follows, and Site::made; for a microsecond at the most, as mutators wait for it
  StackTable stacks_;
  Interned<Site> sites_{kMostSites};
  std::deque<Sample> fresh_;
  std::uint64_t lost_ = 0;
};

}  // namespace memgc::internal
