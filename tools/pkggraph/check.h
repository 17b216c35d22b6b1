// Job: what --check proves: the graph's invariants, and a digest that two graphs have in common when they say the same.
//
// Threads: one attached thread, while nobody changes the graph.
#pragma once

#include <cstdint>
#include <string_view>

#include "graph.h"

namespace pkggraph {

/// Walks the whole graph and tests I1 to I3 of graph.h. Throws CheckFailed naming the first thing that is wrong.
void check_graph(memgc::Mutator& me, const Graph& graph);

/// A number that depends on all that the graph says (names, versions, sizes, clauses, their reverse edges, provisions),
/// and not on the order in which it was built nor on where its objects are.
std::uint64_t digest(memgc::Mutator& me, const Graph& graph);

/// Throws CheckFailed with `what` unless `holds`.
void require(bool holds, std::string_view what, std::string_view name = {});

}  // namespace pkggraph
