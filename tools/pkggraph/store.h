// Job: GraphStore, what keeps a graph alive and lets one thread at a time change it; and the way from a stanza to
// objects.
//
// Invariant: the graph hangs on one Root; a stanza becomes garbage-collected objects before the lock is taken, and only
// names are looked up and lists linked under it.
// Threads: any attached thread may insert and remove. Who waits for the lock waits in a BlockingScope, so that the
// collector never waits for a waiter; who holds it may allocate, and so reach a safepoint.
#pragma once

#include <mutex>
#include <string>

#include "graph.h"
#include "memgc/memgc.h"
#include "stanza.h"

namespace pkggraph {

/// What of the index becomes part of the graph.
struct BuildOptions {
  bool recommends = false;  ///< Recommends are edges too.
};

/// What load() met on the way.
struct LoadReport {
  std::uint64_t stanzas = 0;
  std::uint64_t superseded = 0;     ///< Stanzas of a package of which the index has a later version.
  std::uint64_t not_installed = 0;  ///< Remains of removed packages in dpkg's status file.
};

/// Parses stanzas into objects, with buffers that it reuses. One per thread.
class PackageBuilder {
 public:
  explicit PackageBuilder(const BuildOptions& options) : options_(options) {}

  /// A package with clauses, edges and provisions, not linked to anything: `name` and all targets are null. Throws
  /// InputError on malformed fields.
  Package* build(const Stanza& stanza, const std::string& source);
  /// Sets name and targets of the package built last, interning what the graph does not know yet.
  void bind(Graph& graph, Package* package, const Stanza& stanza) const;

 private:
  struct ParsedField {
    Kind kind;
    Field Stanza::*field;
    Dependencies parsed;
  };

  BuildOptions options_;
  ParsedField fields_[3] = {{Kind::kPreDepends, &Stanza::pre_depends, {}},
                            {Kind::kDepends, &Stanza::depends, {}},
                            {Kind::kRecommends, &Stanza::recommends, {}}};
  Dependencies provides_;
};

class GraphStore {
 public:
  /// On the calling thread's mutator.
  explicit GraphStore(const BuildOptions& options) : options_(options), graph_(make_graph()) {}

  Graph& graph() const { return *graph_; }
  const BuildOptions& options() const { return options_; }

  /// Inserts the stanza's package. Of a package that is there already the later version stays, and of equal versions
  /// the first. Returns the new package, or nullptr when it did not stay.
  Package* insert(memgc::Mutator& me, PackageBuilder& builder, const Stanza& stanza, const std::string& source,
                  LoadReport* report = nullptr);
  void remove(memgc::Mutator& me, Package* package);

  /// Reads a whole index.
  LoadReport load(memgc::Mutator& me, StanzaReader& reader);

 private:
  std::unique_lock<std::mutex> lock(memgc::Mutator& me);

  BuildOptions options_;
  std::mutex mutex_;  // guards the graph while threads change it
  memgc::Root<Graph> graph_;
};

}  // namespace pkggraph
