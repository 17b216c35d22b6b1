// Job: what a snapshot comes to: by type, by kind of root, and in all.
//
// A type retains what its objects do, each byte counted once: of two of its objects of which one stands below the other
// in the tree of dominators, only the upper one counts. Synthetic nodes are no objects. One thread.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "heap/dominators.h"
#include "heap/snapshot.h"

namespace memgc::trace {

struct TypeRow {
  std::string type;
  std::uint64_t objects = 0, bytes = 0, retained_bytes = 0;
};

struct RootRow {
  std::string kind;
  std::uint64_t objects = 0;         // to which it leads directly
  std::uint64_t retained_bytes = 0;  // what would die without this kind of root
};

struct Census {
  Census(const Snapshot& snapshot, const Types& types, const Dominators& dominators);

  std::uint64_t objects = 0, bytes = 0;
  std::uint64_t unreached_objects = 0, unreached_bytes = 0;  // no root leads there but by weak edges
  std::vector<TypeRow> types;                                // what retains most comes first
  std::vector<RootRow> roots;                                // likewise
};

}  // namespace memgc::trace
