// Job: see dominators.h. The names are the article's: semi, ancestor, label, bucket; `dom` is what it computes. All
// arrays go by the number that the depth-first search gave to a node, but for where `node` is said.
#include "heap/dominators.h"

#include <algorithm>
#include <utility>

namespace memgc::trace {
namespace {

using Node = Snapshot::Node;
constexpr std::uint32_t kNone = Snapshot::kNone;

class LengauerTarjan {
 public:
  explicit LengauerTarjan(const Snapshot& snapshot) : snapshot_(snapshot), number_of_(snapshot.nodes(), kNone) {
    search();
    find_predecessors();
    link_all();
  }

  // In the order of the search.
  const std::vector<Node>& nodes() const { return node_of_; }
  std::vector<Node> take_nodes() { return std::move(node_of_); }
  Node dominator(std::uint32_t number) const { return node_of_[dom_[number]]; }

 private:
  // Numbers the nodes in the order in which a depth-first search comes to them. Each entry of the stack is an edge that
  // is still to be walked, so that a node's parent is the node from which it was really reached.
  void search() {
    std::vector<std::pair<Node, Snapshot::Edge>> path;  // a node, and the next of its edges
    const auto enter = [&](Node node, std::uint32_t parent) {
      number_of_[node] = static_cast<std::uint32_t>(node_of_.size());
      node_of_.push_back(node);
      parent_.push_back(parent);
      path.emplace_back(node, snapshot_.first_edges[node]);
    };
    enter(Snapshot::kRoot, 0);
    while (!path.empty()) {
      auto& [node, edge] = path.back();
      if (edge == snapshot_.first_edges[node + 1]) {
        path.pop_back();
        continue;
      }
      const Snapshot::Edge now = edge++;
      if (snapshot_.keeps(node, now) && number_of_[snapshot_.to[now]] == kNone)
        enter(snapshot_.to[now], number_of_[node]);
    }
  }

  // For each node the numbers of those with an edge to it, one after the other in one array.
  void find_predecessors() {
    first_predecessor_.assign(node_of_.size() + 1, 0);
    for (const Node node : node_of_)
      snapshot_.each_keeping_edge(node, [&](auto edge) { ++first_predecessor_[number_of_[snapshot_.to[edge]] + 1]; });
    for (std::size_t i = 1; i < first_predecessor_.size(); ++i) first_predecessor_[i] += first_predecessor_[i - 1];
    predecessors_.resize(first_predecessor_.back());
    std::vector<std::uint32_t> next(first_predecessor_.begin(), first_predecessor_.end() - 1);
    for (std::uint32_t number = 0; number < node_of_.size(); ++number) {
      snapshot_.each_keeping_edge(node_of_[number],
                                  [&](auto edge) { predecessors_[next[number_of_[snapshot_.to[edge]]]++] = number; });
    }
  }

  void link_all() {
    const auto count = static_cast<std::uint32_t>(node_of_.size());
    ancestor_.assign(count, kNone);
    bucket_.assign(count, kNone);
    next_in_bucket_.assign(count, kNone);
    dom_.assign(count, 0);
    for (std::uint32_t i = 0; i < count; ++i) label_.push_back(i), semi_.push_back(i);
    for (std::uint32_t w = count - 1; w > 0; --w) {
      for (std::uint32_t i = first_predecessor_[w]; i < first_predecessor_[w + 1]; ++i)
        semi_[w] = std::min(semi_[w], semi_[eval(predecessors_[i])]);
      next_in_bucket_[w] = std::exchange(bucket_[semi_[w]], w);
      const std::uint32_t parent = ancestor_[w] = parent_[w];
      for (std::uint32_t v = std::exchange(bucket_[parent], kNone); v != kNone; v = next_in_bucket_[v]) {
        const std::uint32_t u = eval(v);
        dom_[v] = semi_[u] < semi_[v] ? u : parent;
      }
    }
    for (std::uint32_t w = 1; w < count; ++w) {
      if (dom_[w] != semi_[w]) dom_[w] = dom_[dom_[w]];
    }
  }

  // Of the linked nodes from v up to below its tree's root: the one with the least semi. Shortens the way for the next.
  std::uint32_t eval(std::uint32_t v) {
    if (ancestor_[v] == kNone) return v;
    for (std::uint32_t at = v; ancestor_[ancestor_[at]] != kNone; at = ancestor_[at]) way_.push_back(at);
    for (; !way_.empty(); way_.pop_back()) {
      const std::uint32_t at = way_.back(), above = ancestor_[at];
      if (semi_[label_[above]] < semi_[label_[at]]) label_[at] = label_[above];
      ancestor_[at] = ancestor_[above];
    }
    return label_[v];
  }

  const Snapshot& snapshot_;
  std::vector<std::uint32_t> number_of_;  // by node
  std::vector<Node> node_of_;
  std::vector<std::uint32_t> parent_, first_predecessor_, predecessors_;
  std::vector<std::uint32_t> semi_, ancestor_, label_, bucket_, next_in_bucket_, dom_;
  std::vector<std::uint32_t> way_;  // eval's
};

}  // namespace

Dominators::Dominators(const Snapshot& snapshot) : parent(snapshot.nodes(), kNone), retained(snapshot.nodes()) {
  LengauerTarjan found(snapshot);
  const auto count = static_cast<std::uint32_t>(found.nodes().size());
  for (std::uint32_t number = 0; number < count; ++number) {
    const Node node = found.nodes()[number];
    parent[node] = found.dominator(number);
    retained[node] = snapshot.bytes[node];
  }
  // A dominator is reached before what it dominates.
  for (std::uint32_t number = count - 1; number > 0; --number) {
    const Node node = found.nodes()[number];
    retained[parent[node]] += retained[node];
  }
  top_down = found.take_nodes();
}

}  // namespace memgc::trace
