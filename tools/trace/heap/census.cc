// Job: see census.h.
#include "heap/census.h"

#include <algorithm>
#include <tuple>

namespace memgc::trace {
namespace {

using Node = Snapshot::Node;
constexpr std::uint32_t kNone = Snapshot::kNone;

void count_objects(const Snapshot& snapshot, const Types& types, const Dominators& dominators, Census& census) {
  for (Node node = 0; node < snapshot.nodes(); ++node) {
    if (types.of_node[node] == kNone) continue;
    TypeRow& row = census.types[types.of_node[node]];
    ++row.objects;
    row.bytes += snapshot.bytes[node];
    ++census.objects;
    census.bytes += snapshot.bytes[node];
    if (dominators.reached(node)) continue;
    ++census.unreached_objects;
    census.unreached_bytes += snapshot.bytes[node];
  }
}

// Walks the tree of dominators and notes how many objects of each type it is below.
void add_retained(const Types& types, const Dominators& dominators, std::vector<TypeRow>& rows) {
  const std::size_t nodes = dominators.parent.size();
  std::vector<Node> first_child(nodes, kNone), next_sibling(nodes, kNone);
  for (const Node node : dominators.top_down) {
    if (node == Snapshot::kRoot) continue;
    next_sibling[node] = first_child[dominators.parent[node]];
    first_child[dominators.parent[node]] = node;
  }
  std::vector<std::uint32_t> above(rows.size());
  const auto enter = [&](Node node) {
    const std::uint32_t type = types.of_node[node];
    if (type != kNone && above[type]++ == 0) rows[type].retained_bytes += dominators.retained[node];
  };
  const auto leave = [&](Node node) {
    if (types.of_node[node] != kNone) --above[types.of_node[node]];
  };
  Node at = Snapshot::kRoot;
  enter(at);
  for (;;) {
    if (first_child[at] != kNone) {
      at = first_child[at];
    } else {
      for (; next_sibling[at] == kNone && at != Snapshot::kRoot; at = dominators.parent[at]) leave(at);
      if (at == Snapshot::kRoot) return;
      leave(at);
      at = next_sibling[at];
    }
    enter(at);
  }
}

// The kinds of roots are the synthetic nodes to which synthetic ones alone lead, if objects follow them.
std::vector<RootRow> count_roots(const Snapshot& snapshot, const Types& types, const Dominators& dominators) {
  std::vector<RootRow> out;
  std::vector<Node> todo = {Snapshot::kRoot};
  std::vector<bool> seen(snapshot.nodes());
  seen[Snapshot::kRoot] = true;
  while (!todo.empty()) {
    const Node node = todo.back();
    todo.pop_back();
    RootRow row;
    row.kind = node == Snapshot::kRoot ? "(root itself)" : std::string(snapshot.strings[snapshot.names[node]]);
    row.retained_bytes = dominators.retained[node];
    std::vector<Node> objects;
    snapshot.each_keeping_edge(node, [&](Snapshot::Edge edge) {
      const Node to = snapshot.to[edge];
      if (types.of_node[to] != kNone) {
        objects.push_back(to);
      } else if (!seen[to]) {
        seen[to] = true;
        todo.push_back(to);
      }
    });
    std::sort(objects.begin(), objects.end());
    row.objects = static_cast<std::uint64_t>(std::unique(objects.begin(), objects.end()) - objects.begin());
    if (row.objects > 0) out.push_back(std::move(row));
  }
  std::sort(out.begin(), out.end(), [](const RootRow& a, const RootRow& b) {
    return std::tie(b.retained_bytes, b.objects, a.kind) < std::tie(a.retained_bytes, a.objects, b.kind);
  });
  return out;
}

}  // namespace

Census::Census(const Snapshot& snapshot, const Types& named, const Dominators& dominators) {
  types.resize(named.names.size());
  for (std::size_t i = 0; i < types.size(); ++i) types[i].type = named.names[i];
  count_objects(snapshot, named, dominators, *this);
  add_retained(named, dominators, types);
  std::sort(types.begin(), types.end(), [](const TypeRow& a, const TypeRow& b) {
    return std::tie(b.retained_bytes, b.bytes, a.type) < std::tie(a.retained_bytes, a.bytes, b.type);
  });
  roots = count_roots(snapshot, named, dominators);
}

}  // namespace memgc::trace
