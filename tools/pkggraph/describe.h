// Job: how things of the graph are called in answers, and what is said of a name that is not there.
//
// Threads: one attached thread, while nobody changes the graph.
#pragma once

#include <string>
#include <string_view>

#include "graph.h"

namespace pkggraph {

/// "libc6 (>= 2.34)"
std::string edge_text(const Edge& edge);
/// "Depends: debconf (>= 0.5) | debconf-2.0"
std::string clause_text(const Clause& clause);
/// "libc6 2.36-9"
std::string package_text(const Package& package);
/// "exim4-daemon-light, postfix and 3 more"; at most `most` names.
std::string providers_text(const Name& name, std::size_t most);

/// Throws InputError: nothing of that name is in the graph, with names that are close to it.
[[noreturn]] void fail_unknown(memgc::Mutator& me, const Graph& graph, std::string_view name);
/// Throws InputError: the graph knows the name, but it is no package.
[[noreturn]] void fail_not_a_package(const Name& name);

}  // namespace pkggraph
