// Job: see graph.h: linking and unlinking packages, and what meets a dependency. The table of names is in
// name_table.cc.
#include "graph.h"

#include <algorithm>
#include <cstring>

#include "name_table.h"

namespace pkggraph {

namespace {

// The two intrusive lists, of edges and of provisions, differ in type only.
template <class Item>
void push_front(memgc::Member<Item>& head, Item* item) {
  Item* old_head = head;
  item->next = old_head;
  item->previous = nullptr;
  if (old_head != nullptr) old_head->previous = item;
  head = item;
}

// Clears the links too: a dropped item that a stray word on some stack keeps alive must not keep its neighbours.
template <class Item>
void unlink(memgc::Member<Item>& head, Item* item) {
  Item* next = item->next;
  Item* previous = item->previous;
  if (previous != nullptr) previous->next = next;
  if (previous == nullptr) head = next;
  if (next != nullptr) next->previous = previous;
  item->next = nullptr;
  item->previous = nullptr;
}

void drop_if_unmentioned(Graph& graph, Name* name) {
  if (name->package == nullptr && name->incoming == nullptr && name->providers == nullptr) {
    erase_name(*graph.table, name);
  }
}

}  // namespace

std::string_view kind_text(Kind kind) {
  switch (kind) {
    case Kind::kPreDepends:
      return "Pre-Depends";
    case Kind::kDepends:
      return "Depends";
    case Kind::kRecommends:
      break;
  }
  return "Recommends";
}

Graph* make_graph() {
  auto* graph = memgc::make<Graph>();
  graph->table = make_name_table();
  return graph;
}

Text* make_text(std::string_view text) {
  Text* out = memgc::make_array<char>(text.size());
  if (!text.empty()) std::memcpy(out->data(), text.data(), text.size());
  return out;
}

Name* find_name(const Graph& graph, std::string_view text) { return find_name(*graph.table, text, hash_of(text)); }

Package* find_package(const Graph& graph, std::string_view text) {
  const Name* name = find_name(graph, text);
  return name == nullptr ? nullptr : name->package.get();
}

Name* intern_name(Graph& graph, std::string_view text) {
  const std::uint64_t hash = hash_of(text);
  if (Name* known = find_name(*graph.table, text, hash); known != nullptr) return known;
  auto* name = memgc::make<Name>();
  name->text = make_text(text);
  name->hash = hash;
  insert_name(*graph.table, name);
  return name;
}

void link_package(Graph& graph, Package* package) {
  package->name->package = package;
  ++graph.packages;
  for (Clause* clause : *package->clauses) {
    ++graph.clauses;
    for (Edge* edge : *clause->alternatives) {
      push_front(edge->target->incoming, edge);
      ++graph.edges;
    }
  }
  for (Provision* provision : *package->provisions) {
    push_front(provision->target->providers, provision);
    ++graph.provisions;
  }
}

void remove_package(Graph& graph, Package* package) {
  package->name->package = nullptr;
  --graph.packages;
  for (Clause* clause : *package->clauses) {
    --graph.clauses;
    for (Edge* edge : *clause->alternatives) {
      unlink(edge->target->incoming, edge);
      --graph.edges;
    }
  }
  for (Provision* provision : *package->provisions) {
    unlink(provision->target->providers, provision);
    --graph.provisions;
  }
  // Only now: a package may mention one name several times, its own included.
  for (Clause* clause : *package->clauses) {
    for (Edge* edge : *clause->alternatives) drop_if_unmentioned(graph, edge->target);
  }
  for (Provision* provision : *package->provisions) drop_if_unmentioned(graph, provision->target);
  drop_if_unmentioned(graph, package->name);
}

PackageArray* order_packages(memgc::Mutator& me, const Graph& graph) {
  PackageArray* ordered = memgc::make_array<memgc::Member<Package>>(graph.packages);
  std::size_t count = 0;
  for (Name* name : *graph.table->slots) {
    me.safepoint();
    if (name != nullptr && name->package != nullptr) (*ordered)[count++] = name->package.get();
  }
  // Polled per comparison: sorting tens of thousands of names takes longer than a handshake should wait.
  std::sort(ordered->begin(), ordered->end(), [&me](const Package* a, const Package* b) {
    me.safepoint();
    return a->name_view() < b->name_view();
  });
  for (std::size_t i = 0; i < ordered->size(); ++i) (*ordered)[i]->number = static_cast<std::uint32_t>(i);
  return ordered;
}

bool satisfies(const Edge& edge, const Package& package) {
  return edge.relation == Relation::kAny || relation_holds(package.version_view(), edge.relation, view(edge.version));
}

bool satisfies(const Edge& edge, const Provision& provision) {
  if (edge.relation == Relation::kAny) return true;
  // Policy 7.5: what is provided without a version meets no dependency on a version.
  return provision.version != nullptr && relation_holds(view(provision.version), edge.relation, view(edge.version));
}

Package* preferred_candidate(const Edge& edge) {
  Package* best = nullptr;
  for_each_candidate(edge, [&](Package* candidate, Provision* provision) {
    if (best == nullptr || candidate->number < best->number) best = candidate;
    return provision != nullptr;  // a package of that very name ends the search: it comes first
  });
  return best;
}

Package* preferred_candidate(const Clause& clause) {
  for (Edge* edge : *clause.alternatives) {
    if (Package* found = preferred_candidate(*edge); found != nullptr) return found;
  }
  return nullptr;
}

}  // namespace pkggraph
