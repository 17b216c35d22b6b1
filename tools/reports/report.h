// Job: the work of one request: a table of rows on the managed heap, and its sum.
//
// A table is as large as was asked for and lives for as long as the request. Threads: each request's own, attached.
#pragma once

#include <memgc/memgc.h>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>

namespace reports {

/// Thrown when the heap has no room for a table, not even after waiting. What was built of it is garbage by then.
struct NoRoom {};

/// How a table's memory is asked for.
struct Patience {
  /// None: as most programs do, as if there were always memory (memgc::make, which throws std::bad_alloc when there is
  /// none). Otherwise an object waits so long at most (memgc::Mutator::make_within), and then NoRoom is thrown.
  std::optional<std::chrono::milliseconds> wait;
};

/// Builds a table of `rows` rows, some 300 bytes each, holds it for `hold`, and sums it up.
std::uint64_t report(memgc::Mutator& me, std::size_t rows, std::chrono::milliseconds hold, Patience patience);

/// What report() gives.
std::uint64_t expected_sum(std::size_t rows);

}  // namespace reports
