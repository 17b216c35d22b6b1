// Job: why an object is alive: a shortest path from the root to it, by edges that keep.
#pragma once

#include <string>
#include <vector>

#include "heap/dominators.h"
#include "heap/snapshot.h"

namespace memgc::trace {

// The object that is meant by a node's id as the file has it, or, of all of a type, or else of a name, the one that
// retains most. Throws std::invalid_argument that says what there is instead.
Snapshot::Node find_object(const Snapshot& snapshot, const Types& types, const Dominators& dominators,
                           const std::string& wanted);

// The edges from the root to it, in order; none for the root, and for what no root leads to. O(nodes + edges).
struct Step {
  Snapshot::Edge edge;
  Snapshot::Node to;
};
std::vector<Step> shortest_path(const Snapshot& snapshot, Snapshot::Node to);

// The edge as C++ would write it: ".field", "[7]"; an internal one as "<name>".
std::string edge_text(const Snapshot& snapshot, Snapshot::Edge edge);

}  // namespace memgc::trace
