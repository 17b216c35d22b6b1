// Job: what each object keeps alive: its retained size.
//
// An object dominates another if every path from the root to that one leads through it; then the other dies with it.
// The nearest that does is its immediate dominator; these form a tree, and what stands below an object in it, with the
// object, is what it retains. Weak edges and most shortcuts are no paths (Snapshot::each_keeping_edge()).
//
// The algorithm is Lengauer and Tarjan's ("A fast algorithm for finding dominators in a flowgraph", TOPLAS 1979), with
// simple linking: O(e log n) for any graph, where those that iterate take O(n * n) for some. Nothing recurses: a list
// of a million objects is as deep as it is long. Memory meanwhile: 72 bytes a node, 4 an edge; then 16 a node.
// One thread.
#pragma once

#include <cstdint>
#include <vector>

#include "heap/snapshot.h"

namespace memgc::trace {

struct Dominators {
  explicit Dominators(const Snapshot& snapshot);

  bool reached(Snapshot::Node node) const { return parent[node] != Snapshot::kNone; }

  std::vector<Snapshot::Node> parent;    // the immediate dominator; the root is its own; kNone: no root leads there
  std::vector<std::uint64_t> retained;   // bytes; 0 where no root leads
  std::vector<Snapshot::Node> top_down;  // those reached, each after its parent
};

}  // namespace memgc::trace
