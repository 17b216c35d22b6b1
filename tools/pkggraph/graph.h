// Job: the dependency graph as managed objects, and the two operations that change it: insert and remove a package.
//
//   Graph --table--> NameTable --slots--> Name --package--> Package --clauses--> Clause --alternatives--> Edge
//                                           |                  |                                            |
//                                           |                  +--provisions--> Provision --target--> Name <+ target
//                                           +--incoming--> Edge <--> Edge ...      (every edge to this name)
//                                           +--providers--> Provision <--> ...     (every package that provides it)
//
// Invariants (check.h tests them all):
//   I1  A Name is in the table exactly when it has a package, an incoming edge or a provider.
//   I2  An Edge is in its target's `incoming` list exactly when its package is in the graph: the reverse edge is the
//       list link. The same for a Provision and `providers`.
//   I3  The counters of the Graph are what a walk over it counts.
// Everything that the graph holds is reachable from the Graph alone, which an embedder keeps in a memgc::Root.
//
// Threads: insert, remove, find by one thread at a time (GraphStore's lock, store.h); reading by any number while
// nobody changes it.
#pragma once

#include <cstdint>
#include <string_view>

#include "memgc/memgc.h"
#include "version.h"

namespace pkggraph {

using Text = memgc::Array<char>;

struct Package;
struct Name;
struct Clause;
struct Edge;
struct Provision;

enum class Kind : std::uint8_t { kPreDepends, kDepends, kRecommends };
std::string_view kind_text(Kind kind);

/// A name that something in the index mentions: a package, a virtual package, or one that is missing.
struct Name {
  memgc::Member<Text> text;
  memgc::Member<Package> package;      ///< Null for a virtual or missing one.
  memgc::Member<Edge> incoming;        ///< Head of the reverse edges.
  memgc::Member<Provision> providers;  ///< Head of the list of those who provide it.
  std::uint64_t hash = 0;
  static constexpr auto fields = memgc::fields(&Name::text, &Name::package, &Name::incoming, &Name::providers);

  std::string_view view() const { return {text->data(), text->size()}; }
};

struct Package {
  memgc::Member<Name> name;
  memgc::Member<Text> version;
  memgc::Member<Text> architecture;
  memgc::Member<Text> summary;
  memgc::Member<memgc::Array<memgc::Member<Clause>>> clauses;
  memgc::Member<memgc::Array<memgc::Member<Provision>>> provisions;
  std::uint64_t installed_kib = 0;
  std::uint64_t source_offset = 0;  ///< Where in the uncompressed index its stanza is.
  std::uint64_t source_bytes = 0;
  std::uint64_t source_line = 0;
  std::uint32_t number = 0;  ///< Its place in the order of names; valid after order_packages().
  static constexpr auto fields = memgc::fields(&Package::name, &Package::version, &Package::architecture,
                                               &Package::summary, &Package::clauses, &Package::provisions);

  std::string_view name_view() const { return name->view(); }
  std::string_view version_view() const { return {version->data(), version->size()}; }
};

/// One demand of a package: any of the alternatives meets it.
struct Clause {
  memgc::Member<Package> owner;
  memgc::Member<memgc::Array<memgc::Member<Edge>>> alternatives;
  Kind kind = Kind::kDepends;
  static constexpr auto fields = memgc::fields(&Clause::owner, &Clause::alternatives);
};

/// One alternative of a clause.
struct Edge {
  memgc::Member<Clause> clause;
  memgc::Member<Name> target;
  memgc::Member<Text> version;    ///< Null when any version will do.
  memgc::Member<Text> qualifier;  ///< Null, or what stands behind the colon of "python3:any".
  memgc::Member<Edge> next;       ///< In target->incoming.
  memgc::Member<Edge> previous;
  Relation relation = Relation::kAny;
  static constexpr auto fields =
      memgc::fields(&Edge::clause, &Edge::target, &Edge::version, &Edge::qualifier, &Edge::next, &Edge::previous);
};

/// That a package provides a name.
struct Provision {
  memgc::Member<Package> owner;
  memgc::Member<Name> target;
  memgc::Member<Text> version;    ///< Null when it provides no particular version.
  memgc::Member<Provision> next;  ///< In target->providers.
  memgc::Member<Provision> previous;
  static constexpr auto fields =
      memgc::fields(&Provision::owner, &Provision::target, &Provision::version, &Provision::next, &Provision::previous);
};

/// All names: open addressing, linear probing, deletion by shifting back, so that no tombstones remain after churn.
struct NameTable {
  memgc::Member<memgc::Array<memgc::Member<Name>>> slots;  ///< A power of two of them, at most 3/4 in use.
  std::uint64_t used = 0;
  static constexpr auto fields = memgc::fields(&NameTable::slots);
};

struct Graph {
  memgc::Member<NameTable> table;
  std::uint64_t packages = 0;
  std::uint64_t clauses = 0;
  std::uint64_t edges = 0;
  std::uint64_t provisions = 0;
  static constexpr auto fields = memgc::fields(&Graph::table);
};

using PackageArray = memgc::Array<memgc::Member<Package>>;

Graph* make_graph();
Text* make_text(std::string_view text);
inline std::string_view view(const Text* text) {
  return text == nullptr ? std::string_view() : std::string_view(text->data(), text->size());
}

/// The name, or nullptr when nothing mentions it. Allocates nothing.
Name* find_name(const Graph& graph, std::string_view text);
Package* find_package(const Graph& graph, std::string_view text);
/// The name, made when there is none yet. The caller gives it a package, an edge or a provider before it lets go of the
/// lock (I1).
Name* intern_name(Graph& graph, std::string_view text);

/// Puts `package`, whose name has no package, into the graph; its edges' and provisions' targets are set.
void link_package(Graph& graph, Package* package);
/// Takes it out, and every name that nothing mentions any more. The garbage that this makes is a connected piece of the
/// graph, cycles included.
void remove_package(Graph& graph, Package* package);

/// All packages sorted by name, each given its place as `number`. Queries start with this, so that their answers do not
/// depend on the order in which the index was read.
PackageArray* order_packages(memgc::Mutator& me, const Graph& graph);

/// Whether `package` meets `edge` by being what it names, or `provision` by providing it.
bool satisfies(const Edge& edge, const Package& package);
bool satisfies(const Edge& edge, const Provision& provision);

/// Calls visit(Package*, Provision* or nullptr) for each package that meets `edge`; stops when it returns false.
template <class Visit>
void for_each_candidate(const Edge& edge, Visit visit) {
  const Name& target = *edge.target;
  if (Package* direct = target.package; direct != nullptr && satisfies(edge, *direct)) {
    if (!visit(direct, static_cast<Provision*>(nullptr))) return;
  }
  for (Provision* provision = target.providers; provision != nullptr; provision = provision->next) {
    if (satisfies(edge, *provision) && !visit(provision->owner.get(), provision)) return;
  }
}

/// The candidate that is installed when nobody asks for another: the package of that name, else the first provider by
/// `number`; nullptr when there is none.
Package* preferred_candidate(const Edge& edge);
/// The preferred candidate of the first alternative that has one; nullptr when the clause cannot be met.
Package* preferred_candidate(const Clause& clause);

}  // namespace pkggraph
