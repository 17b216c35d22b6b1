// Job: stores to Roots by threads that no handshake waits for: see barrier.cc.
//
// Invariant: a store here either has ended before sync() returns, or shades into every heap that was entered before
// sync() was called. Threads: any; one lock of the process.
#pragma once

#include <span>

#include "memgc/root.h"

namespace memgc::internal {

class HeapImpl;

class OutsideStores {
 public:
  static void store(RootSlot* slot, const void* target);
  static void shade(std::span<const void* const> targets);

  /// From now on stores shade into this heap what is not in its `kept` bitmap; waits for those under way.
  static void enter(HeapImpl& heap, unsigned kept);
  static void leave(HeapImpl& heap);

  /// No store is under way between the two.
  static void lock_for_fork();
  static void unlock_after_fork();
};

}  // namespace memgc::internal
