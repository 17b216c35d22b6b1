// find_leaks(): what a stretch of a program has left behind: threads that are still attached, Roots, root ranges,
// cleanups that wait, and objects, by type, of which there are more than before. gtest_leaks.h asks after each test.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "memgc/observe/error.h"
#include "memgc/options.h"

namespace memgc {

enum class LeakKind : std::uint8_t { kMutator, kRoot, kRootRange, kCleanup, kObjects };

/// More of one thing than there was before.
struct Leak {
  LeakKind kind = LeakKind::kObjects;
  std::uint64_t heap = 0;  ///< Which of the process's heaps, from 1; 0 for Roots and root ranges, which are of none.
  std::size_t count = 0;   ///< How many more.
  std::size_t bytes = 0;   ///< Of objects: what they take in the heap.
  /// The objects' type, or the cleanup's object's, or what the Roots refer to. Objects carry no header, and types with
  /// equal layouts share blocks: then "Node | Pair", unless MEMDEBUG had types=1 when the first of them was made.
  std::string type;
  std::string thread;  ///< Of a mutator, of a root range: "name (number)".
  /// Where objects that are still there were made: functions, innermost first. Known with MEMDEBUG=profilerate=1
  /// (for all) or profilerate=N (for a sample of them, the rest is a Leak without stack).
  std::vector<std::string> stack;
};

/// What find_leaks() has found.
struct LeakReport {
  std::vector<Leak> leaks;
  /// Objects that nothing but words on stacks of attached threads keep. Such a word may be stale, left by a call that
  /// has returned, so these are no leaks; a thread that keeps on running holds what it works with like this too.
  std::vector<Leak> by_stacks_only;
  /// What could not be looked at: a heap of which a thread does not come to a safepoint, say. One line each.
  std::vector<std::string> problems;

  bool empty() const { return leaks.empty() && problems.empty(); }
  /// All of it, for people; what is by_stacks_only is marked. Empty if there is nothing.
  std::string text() const;
};

/// What there is at one moment, to compare with. A value; an empty one stands for nothing at all.
class LeakBaseline {
 public:
  LeakBaseline() = default;

 private:
  friend LeakBaseline leak_baseline(std::chrono::nanoseconds patience);
  friend LeakReport find_leaks(const LeakBaseline& since, std::chrono::nanoseconds patience);
  struct Stock;
  std::shared_ptr<const Stock> stock_;
};

/// How long to wait, in all, for threads to come to a safepoint and for destructors and cleanups to run.
inline constexpr std::chrono::nanoseconds kLeakPatience = std::chrono::seconds(5);

/// Takes stock of all heaps of the process: three collections of each, and more while destructors run. From any thread,
/// attached (it counts as blocked meanwhile) or not. REQUIRES: no other thread makes or destroys a heap, or checks for
/// leaks, meanwhile. Other threads may be attached and run; what they make and keep meanwhile counts.
LeakBaseline leak_baseline(std::chrono::nanoseconds patience = kLeakPatience);

/// Takes stock again and says what there is more of, but for what ignore_leaks() named. Threads and cost as above, and
/// finding functions' names. A heap that was destroyed has left no objects; Roots that still refer to it are leaks.
LeakReport find_leaks(const LeakBaseline& since = {}, std::chrono::nanoseconds patience = kLeakPatience);

/// Leaks that are known. Each text that is not empty is a regular expression (ECMAScript's) of which a match is found
/// somewhere in what it is compared with; all of them must be.
struct LeakFilter {
  std::string type;      ///< In Leak::type.
  std::string function;  ///< In a function of Leak::stack: of no use without MEMDEBUG=profilerate=1.
  std::string thread;    ///< In Leak::thread.
};

/// From now on find_leaks() says nothing of such leaks. Throws ConfigError for a malformed expression, or when all
/// three are empty. Any thread.
void ignore_leaks(const LeakFilter& filter);

}  // namespace memgc
