// Job: how the collector reaches every mutator: the registry of mutators, and asking each of them for something.
//
// ask() raises each running mutator's poll and returns when all have answered; blocked ones are answered for. What is
// asked is done by respond(), on the mutator's own thread at its next safepoint, or here for a blocked one. No mutator
// waits for another, nor for the collector, except with Ask::kStop.
//
// Several questions may be asked in turn. Who answers one as the last asks the next (advance()): else each would wait
// until the collector has a processor again, which among threads that are all busy takes milliseconds, and between the
// first and the third every store shades. The registry's lock is held while a question is asked, by whomever; so a
// question is asked when the one before has been answered by all, and once.
//
// Why nobody is missed: publish() goes over the registry with its lock held, and takes each mutator's lock in turn. It
// finds the mutator blocked, and answers for it: then leaving the blocked state takes the same lock later and sees the
// new number. Or it finds it running, counts it as pending and raises its poll under the lock: then whatever the
// mutator does next with its state (a safepoint, blocking, detaching) takes that lock and finds the number to be
// answered. Mutators that attach later start with the present number, barrier and roles.
//
// Threads: ask(), stop and resume: the collector's thread only. The rest: any; advance() with no lock held.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <span>
#include <vector>

#include "allocator/base/lock.h"
#include "allocator/base/sync.h"
#include "allocator/block_set.h"
#include "runtime/handshake_word.h"
#include "runtime/snapshot.h"

namespace memgc::internal {

class HeapImpl;
class MutatorImpl;
struct ThreadRecord;

/// What a handshake asks of each mutator; the numbers are those of the phases in collector.h.
enum class Ask : std::uint8_t {
  kBarrierOn,  // stores shade from now on
  kFence,      // nothing: whoever has answered has no store under way that began without a barrier somewhere
  kSnapshot,   // record runs, copy stack and registers aside, allocate black from now on
  kFlush,      // hand over what was shaded; new cells go to the kept bitmap itself from now on
  kEnd,        // barrier off, next roles
  kPark,       // record runs, and go no further until resume_all(): before a fork
  kStop,       // record runs, copy stack and registers aside, and go no further until resume_all()
};

/// One question, and the heap's roles from then on.
struct Question {
  Ask what = Ask::kFence;
  Roles roles = {};
  bool outside = false;  // before it is asked, stores by threads that nobody asks begin to shade
};

/// How long answers took.
struct StopSum {
  std::uint64_t longest_ns = 0;
  std::uint64_t total_ns = 0;
};

class Handshakes {
 public:
  explicit Handshakes(HeapImpl& heap) : heap_(heap) {}

  void attach(MutatorImpl& mutator);  // waits for a stop under way
  void detach(MutatorImpl& mutator);

  /// Asks all mutators; returns when all have answered. From then on the heap's roles are `roles`.
  void ask(Ask what, const Roles& roles);
  /// The same for several in turn, kMostQuestions at most; returns when all have answered the last.
  void ask(std::span<const Question> questions);
  static constexpr std::size_t kMostQuestions = 3;
  /// The heap's bytes when all had answered the last question; who asked may have got a processor much later.
  std::size_t bytes_when_over() const { return bytes_when_over_; }
  /// Asks the next question, or says that there is none, if all have answered the last. What asking takes counts as a
  /// stop. REQUIRES: no lock of a heap or a mutator is held. Threads: mutators'.
  void advance();
  /// After ask(kStop) or ask(kPark): lets all go on. Until then none goes on, attaches or leaves a BlockingScope.
  void resume_all();

  /// Whether a mutator must not go on now. Under its lock.
  bool stopping() const {
    // Acquire: as in wait_until_resumed(), for who comes when it is over.
    return stopping_.load(std::memory_order_acquire);
  }
  /// Blocks until stopping() is false.
  void wait_until_resumed() const {
    // Acquire: pairs with resume_all(): what the collector did while all stood still is seen after it.
    sync::wait(stopping_, true, std::memory_order_acquire);
  }

  /// The number of the last handshake.
  std::uint64_t number() const {
    // Who sees a number sees what it asks, and stopping() if it is a stop.
    return word_.number();
  }
  /// Does for `mutator` what handshake `number` asks, if it has not been done. Under its lock, by its thread or while
  /// it is blocked. Whether that was the last answer awaited: then advance() is due, when the lock is free.
  bool respond(MutatorImpl& mutator, std::uint64_t number);

  /// Moves the snapshots of all mutators, and of those that have gone since, to `out` (as many as returned).
  std::size_t take_snapshots(std::vector<std::unique_ptr<Snapshot>>& out);

  /// The time that answers have taken since the last call of this.
  StopSum take_stop_sum();

  /// Calls f(mutator) for each; the registry's lock is held, so none comes or goes meanwhile.
  template <class F>
  void for_each(F&& f);

  void lock_for_fork() { registry_lock_.lock(); }
  void unlock_after_fork() { registry_lock_.unlock(); }
  /// In the child of a fork, with all parked: drops the mutators of threads other than `thread`, which are gone.
  void forget_others(const ThreadRecord& thread);

  std::size_t count();
  /// Mutators that are not blocked, about.
  std::size_t running();

 private:
  void perform(MutatorImpl& mutator);
  bool leave_registry(MutatorImpl& mutator);
  void publish(const Question& question);
  void wait_for_answers();
  bool ask_next();
  void count_stop(std::uint64_t took);
  void report_late(std::uint64_t patience_ns);
  static void show_where_late(const MutatorImpl& mutator);

  HeapImpl& heap_;
  Lock registry_lock_;
  MutatorImpl* first_ = nullptr;
  std::vector<std::unique_ptr<Snapshot>> orphans_;  // snapshots of mutators that have gone
  bool marking_ = false;                            // for those that attach

  // Under registry_lock_: what is to be asked in turn, how much of it has been.
  std::array<Question, kMostQuestions> questions_;
  std::size_t question_count_ = 0;
  std::size_t asked_count_ = 0;
  std::uint64_t published_ns_ = 0;   // when the last was asked
  std::size_t bytes_when_over_ = 0;  // written before over_ is set
  std::atomic<bool> over_{true};     // all have answered the last

  // Written by who asks, before the number is published, read by those who answer it.
  Ask asked_ = Ask::kFence;
  HandshakeWord<std::atomic> word_;
  std::atomic<bool> stopping_{false};
  std::atomic<std::uint64_t> longest_ns_{0};
  std::atomic<std::uint64_t> total_ns_{0};

  sync::Mutex answers_lock_;
  sync::Condition all_answered_;
};

}  // namespace memgc::internal
