// Job: --churn: drop random packages and read them again from the index, so that a large live graph keeps changing.
//
// Invariant: when churn() returns, the graph is what it was before, made of other objects where it was dropped.
// Threads: each of `threads` mutators churns packages of its own; the names and lists that they share are changed under
// the store's lock. The caller waits in a BlockingScope.
#pragma once

#include <cstdint>

#include "index_source.h"
#include "store.h"

namespace pkggraph {

struct ChurnOptions {
  std::uint64_t packages = 0;  ///< How many drops and re-reads in all; a package may have several turns.
  std::uint64_t seed = 1;
  unsigned threads = 1;
};

/// REQUIRES: `source` was read with Keep::kForRereading, into `store`. Throws InputError when the index has changed.
void churn(memgc::Heap& heap, memgc::Mutator& me, GraphStore& store, const IndexSource& source,
           const ChurnOptions& options);

}  // namespace pkggraph
