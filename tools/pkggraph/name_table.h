// Job: the hash table of names: managed slots, so that it is marked, grown and dropped like everything else.
//
// Threads: as for the graph that owns it.
#pragma once

#include <cstdint>
#include <string_view>

#include "graph.h"

namespace pkggraph {

/// The same for the same text in every run: what churn does must depend on its seed alone.
std::uint64_t hash_of(std::string_view text);

NameTable* make_name_table();
Name* find_name(const NameTable& table, std::string_view text, std::uint64_t hash);
/// REQUIRES: no name of that text is there. May allocate a larger table.
void insert_name(NameTable& table, Name* name);
/// REQUIRES: it is there. Allocates nothing.
void erase_name(NameTable& table, Name* name);

}  // namespace pkggraph
