// Job: bugs planted on purpose, to show that the tests find them (tests/mutants). Nothing in the library as shipped.
//
//   -DMEMGC_SEEDED_BUGS=1        the test-only libraries: the environment variable MEMGC_SEEDED_BUG names the live bug
//   cmake -DMEMGC_MUTANT=NAME    that one bug, compiled in; CMake defines MEMGC_MUTANT for the files that have it
//
// A bug is planted in a .cc file, by a switch that is false where there is none: if (!seeded_bug("name")) ... A name
// that is not in the list does not compile. Threads: any.
#pragma once

#include <cstddef>
#include <cstdlib>
#include <iterator>
#include <string_view>

#if defined(MEMGC_SEEDED_BUGS)
#include "allocator/base/check.h"
#endif

namespace memgc::internal {

inline constexpr std::string_view kSeededBugs[] = {
    // Barrier.
    "old_value_unshaded", "new_value_unshaded", "root_store_unshaded", "outside_store_unshaded",
    // Handshakes, and who takes part in them.
    "fence_skipped", "stack_copied_at_once", "blocked_thread_forgotten", "round_skipped", "barrier_off_at_flush",
    "grey_lost_at_flush", "grey_lost_at_detach", "copied_stack_lost_at_detach", "attaches_without_barrier",
    "attaches_white", "questions_left",
    // Roots and marking.
    "registers_unscanned", "skipped_root_range", "unscanned_field", "neighbour_mark", "array_rest_dropped",
    // Hand-out.
    "double_handout", "new_cell_white", "new_large_object_white", "run_outlives_the_copy", "rest_stays_kept",
    "stale_refill", "returned_cells_outlive_roles", "cells_not_cleared",
    // The end of a cycle.
    "new_bitmap_not_merged", "swapped_bitmap", "bitmap_not_cleared", "kept_block_given_back",
    "kept_large_object_given_back",
    // Weak references and ephemerons.
    "weak_read_unshaded", "weak_read_forgotten", "weak_tracing_begins_late", "revived_weak_uncleared",
    "ephemeron_value_always_traced", "ephemeron_value_never_traced",
    // Minor cycles.
    "young_for_ever", "young_too_early", "store_unremembered", "store_unremembered_while_marking", "range_unremembered",
    "cards_not_scanned", "elsewhere_ignored", "old_weak_cells_unscanned", "destroyed_object_scanned"};

/// A name from the list, as its place there.
class SeededBug {
 public:
  consteval SeededBug(const char* name) : place_(place_of(name)) {  // NOLINT(google-explicit-constructor)
    if (place_ == std::size(kSeededBugs)) throw "not in kSeededBugs";
  }
  constexpr std::size_t place() const { return place_; }

  static constexpr std::size_t place_of(std::string_view name) {
    std::size_t place = 0;
    while (place < std::size(kSeededBugs) && kSeededBugs[place] != name) ++place;
    return place;
  }

 private:
  std::size_t place_;
};

#if defined(MEMGC_SEEDED_BUGS)
inline bool seeded_bug(SeededBug bug) {
  static const std::size_t live = [] {
    const char* name = std::getenv("MEMGC_SEEDED_BUG");
    const std::size_t place = name == nullptr ? SIZE_MAX : SeededBug::place_of(name);
    if (place == std::size(kSeededBugs)) fatal("MEMGC_SEEDED_BUG=%s: no such bug; seeded_bug.h has the list", name);
    return place;
  }();
  return bug.place() == live;
}
#elif defined(MEMGC_MUTANT)
constexpr bool seeded_bug(SeededBug bug) { return bug.place() == SeededBug(MEMGC_MUTANT).place(); }
#else
constexpr bool seeded_bug(SeededBug) { return false; }
#endif

}  // namespace memgc::internal
