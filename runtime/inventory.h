// Job: what a process holds of memgc's at one moment: per heap, who is attached, which cleanups wait, which objects
// live and whether anything but a word on a stack keeps them; and Roots and root ranges. For leak checks.
//
// Invariant: plain data, in which nothing refers to a managed object. Threads: any, attached or not; one at a time,
// while nobody else makes or destroys a heap.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "memgc/internal/export.h"

namespace memgc {
class Heap;
}

namespace memgc::internal {

struct HeldObjects {
  std::string type;
  std::size_t count = 0;  // kept by a Root, a root range, or the wait for a destructor
  std::size_t bytes = 0;
  std::size_t count_by_stacks = 0;  // kept by words of stacks alone, any of which may be stale
  std::size_t bytes_by_stacks = 0;
};

struct HeldHeap {
  std::uint64_t number = 0;
  Heap* heap = nullptr;
  std::vector<std::string> mutators;  // their threads, "name (number)"; those of the heap's own threads excepted
  std::vector<std::string> cleanups;  // of living objects: these objects' types
  std::size_t overdue = 0;            // destructors and cleanups that were due, and have not run in time
  bool counted = false;               // else a thread did not come to a safepoint in time, and no objects are listed
  std::vector<HeldObjects> objects;
};

struct Inventory {
  std::vector<HeldHeap> heaps;  // in the order of their numbers
  std::vector<std::string> root_range_threads;
  std::size_t root_ranges = 0;            // those of threads that are attached nowhere included
  std::size_t roots = 0;                  // those of null included
  std::vector<std::string> root_targets;  // types of what the others refer to; "nothing: its heap is gone"
};

/// Collects each heap, until no destructor or cleanup is due any more, and lists what is left. Gives a heap up, and
/// says so, when that takes longer than `patience`: nobody waits for ever for a thread that is stuck.
MEMGC_EXPORT Inventory take_inventory(std::chrono::nanoseconds patience);

}  // namespace memgc::internal
