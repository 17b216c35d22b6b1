// Job: see check.h. Works from the objects alone: it shares no code with what builds and changes the graph.
#include "check.h"

#include <fmt/format.h>

#include <algorithm>

#include "errors.h"
#include "name_table.h"

namespace pkggraph {

namespace {

// What a walk counts, to be compared with the graph's own counters.
struct Counts {
  std::uint64_t names = 0, packages = 0, clauses = 0, edges = 0, provisions = 0, reverse_edges = 0, providers = 0;
};

// The package that lists `edge` (or `provision`) among its own; nullptr when none does.
const Package* owner_of(const Edge& edge) {
  const Clause& clause = *edge.clause;
  const auto& clauses = *clause.owner->clauses;
  const auto& alternatives = *clause.alternatives;
  const bool is_listed = std::find(clauses.begin(), clauses.end(), &clause) != clauses.end() &&
                         std::find(alternatives.begin(), alternatives.end(), &edge) != alternatives.end();
  return is_listed ? clause.owner.get() : nullptr;
}

const Package* owner_of(const Provision& provision) {
  const auto& provisions = *provision.owner->provisions;
  const bool is_listed = std::find(provisions.begin(), provisions.end(), &provision) != provisions.end();
  return is_listed ? provision.owner.get() : nullptr;
}

// Walks a name's list: its links agree with each other (so that nothing is in it twice), and all that is in it is
// listed by a package of the graph. With as many items as the packages list, the lists hold exactly those (I2).
template <class Item>
std::uint64_t check_list(memgc::Mutator& me, const Name& name, const Item* head) {
  std::uint64_t count = 0;
  const Item* previous = nullptr;
  for (const Item* item = head; item != nullptr; item = item->next) {
    me.safepoint();  // libc6 has tens of thousands
    require(item->previous.get() == previous, "a reverse list's links disagree at", name.view());
    require(item->target.get() == &name, "a reverse list holds an edge to something else than", name.view());
    const Package* owner = owner_of(*item);
    require(owner != nullptr && owner->name->package.get() == owner,
            "a reverse list holds an edge of a dropped package:", name.view());
    previous = item;
    ++count;
  }
  return count;
}

void check_package(const Graph& graph, const Package& package, Counts& counts) {
  ++counts.packages;
  for (const Clause* clause : *package.clauses) {
    ++counts.clauses;
    require(clause->owner.get() == &package, "a clause has another owner than", package.name_view());
    require(!clause->alternatives->empty(), "a clause without alternatives in", package.name_view());
    for (const Edge* edge : *clause->alternatives) {
      ++counts.edges;
      require(edge->clause.get() == clause, "an edge has another clause than the one it stands in, in",
              package.name_view());
      require(find_name(graph, edge->target->view()) == edge->target, "an edge to a name that is not in the table, in",
              package.name_view());
    }
  }
  for (const Provision* provision : *package.provisions) {
    ++counts.provisions;
    require(provision->owner.get() == &package, "a provision has another owner than", package.name_view());
    require(find_name(graph, provision->target->view()) == provision->target,
            "a provision of a name that is not in the table, in", package.name_view());
  }
}

// A running hash of one thing's words and texts, in order.
class Digest {
 public:
  void add(std::string_view text) {
    add(hash_of(text));
    add(text.size());
  }
  void add(std::uint64_t word) { state_ = mix(state_ ^ mix(word + 0x9e3779b97f4a7c15)); }
  std::uint64_t value() const { return state_; }

 private:
  static std::uint64_t mix(std::uint64_t word) {  // the finaliser of SplitMix64
    word = (word ^ (word >> 30)) * 0xbf58476d1ce4e5b9;
    word = (word ^ (word >> 27)) * 0x94d049bb133111eb;
    return word ^ (word >> 31);
  }
  std::uint64_t state_ = 0x6d656d6763;
};

void add_edge(Digest& out, const Edge& edge) {
  out.add(edge.target->view());
  out.add(static_cast<std::uint64_t>(edge.relation));
  out.add(view(edge.version));
  out.add(view(edge.qualifier));
}

std::uint64_t digest_of(const Package& package) {
  Digest out;
  out.add(package.name_view());
  out.add(package.version_view());
  out.add(view(package.architecture));
  out.add(view(package.summary));
  out.add(package.installed_kib);
  for (const Clause* clause : *package.clauses) {
    out.add(static_cast<std::uint64_t>(clause->kind));
    out.add(clause->alternatives->size());
    for (const Edge* edge : *clause->alternatives) add_edge(out, *edge);
  }
  for (const Provision* provision : *package.provisions) {
    out.add(provision->target->view());
    out.add(view(provision->version));
  }
  return out.value();
}

// Seen from the other end: a sum, because the lists are in no particular order.
std::uint64_t digest_of(memgc::Mutator& me, const Name& name) {
  std::uint64_t sum = 0;
  for (const Edge* edge = name.incoming; edge != nullptr; edge = edge->next) {
    me.safepoint();
    Digest out;
    out.add(edge->clause->owner->name_view());
    out.add(static_cast<std::uint64_t>(edge->clause->kind));
    add_edge(out, *edge);
    sum += out.value();
  }
  for (const Provision* provision = name.providers; provision != nullptr; provision = provision->next) {
    me.safepoint();
    Digest out;
    out.add(provision->owner->name_view());
    out.add(view(provision->version));
    sum += out.value();
  }
  Digest out;
  out.add(name.view());
  out.add(sum);
  return out.value();
}

}  // namespace

void require(bool holds, std::string_view what, std::string_view name) {
  if (!holds) throw CheckFailed(name.empty() ? std::string(what) : fmt::format("{} {}", what, name));
}

void check_graph(memgc::Mutator& me, const Graph& graph) {
  Counts counts;
  for (const Name* name : *graph.table->slots) {
    me.safepoint();
    if (name == nullptr) continue;
    ++counts.names;
    require(find_name(graph, name->view()) == name, "the table does not find", name->view());
    require(name->package != nullptr || name->incoming != nullptr || name->providers != nullptr,
            "the table keeps a name that nothing mentions:", name->view());
    counts.reverse_edges += check_list(me, *name, name->incoming.get());
    counts.providers += check_list(me, *name, name->providers.get());
    if (name->package == nullptr) continue;
    require(name->package->name == name, "a package has another name than", name->view());
    check_package(graph, *name->package, counts);
  }
  const auto same = [](std::uint64_t counted, std::uint64_t recorded, std::string_view what) {
    require(counted == recorded, fmt::format("{} {} counted, {} recorded", counted, what, recorded));
  };
  same(counts.names, graph.table->used, "names");
  same(counts.packages, graph.packages, "packages");
  same(counts.clauses, graph.clauses, "clauses");
  same(counts.edges, graph.edges, "edges");
  same(counts.provisions, graph.provisions, "provisions");
  same(counts.reverse_edges, graph.edges, "reverse edges");
  same(counts.providers, graph.provisions, "providers");
}

std::uint64_t digest(memgc::Mutator& me, const Graph& graph) {
  std::uint64_t sum = 0;
  for (const Name* name : *graph.table->slots) {
    me.safepoint();
    if (name == nullptr) continue;
    sum += digest_of(me, *name);
    if (name->package != nullptr) sum += digest_of(*name->package);
  }
  return sum;
}

}  // namespace pkggraph
