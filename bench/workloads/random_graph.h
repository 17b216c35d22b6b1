// Job: a graph that changes all the time: a table of nodes, each with an array of two to eight edges to any of them.
//
// A step visits a node and one of its neighbours, then replaces the node by a new one, or gives it an edge array of
// another length, or turns one of its edges elsewhere. A node that is replaced loses its edges, which says that it is
// dropped, but the edges that lead to it stay until their own nodes are visited: then they are turned to living ones.
//
// A collector's version does no more than that. By hand somebody must know when the last edge to a dropped node is
// gone, so the by-hand version counts the edges to every node, at each edge made, turned or lost, and frees a node that
// is dropped and has none. Dropped nodes have no edges themselves, so no circle of them keeps itself alive.
//
// The answers: each node visited knows the sum of its neighbours' names, and has edges; in the end this is so of all
// nodes in the table, and they are those that were made and not dropped.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "harness/check.h"
#include "harness/random.h"
#include "policies/policy.h"
#include "workloads/sizes.h"

namespace memgc_bench {

template <class Policy>
class RandomGraph {
 public:
  using Options = RandomGraphOptions;

  static constexpr bool kUsesRegions = false;

  using Thread = typename Policy::Thread;

  RandomGraph(Thread& thread, const Options& options, unsigned index, unsigned)
      : thread_(thread),
        size_(std::max<std::uint64_t>(options.nodes, 1)),
        steps_(options.steps),
        random_(index + 1),
        nodes_(nullptr) {}

  ~RandomGraph() {
    if constexpr (Policy::kFreesByHand) {
      if (nodes_.get() == nullptr) return;
      for (std::size_t slot = 0; slot < size_; ++slot) {
        Node* const node = nodes()[slot];
        if (node != nullptr && node->edges != nullptr) drop(node);
      }
      thread_.free(nodes_.get());
    }
  }

  void run() {
    nodes_ = thread_.template make_refs<Node>(size_);
    for (filled_ = 0; filled_ < size_;) put_new_node(filled_++);
    for (std::uint64_t i = 0; i < steps_; ++i) step();
  }

  void verify() {
    std::uint64_t names = 0;
    for (std::size_t slot = 0; slot < size_; ++slot) {
      check(*nodes()[slot]);
      names += nodes()[slot]->name;
    }
    expect_equal("the sum of all nodes' names", names, names_);
  }

 private:
  struct Node;
  using Edges = typename Policy::template Array<typename Policy::template Ref<Node>>;

  struct Node {
    typename Policy::template Ref<Edges> edges;  // none: dropped
    std::uint64_t name;                          // never 0
    std::uint64_t sum;                           // of the names that its edges lead to
    std::uint64_t edges_to_it;                   // counted by the by-hand version only
    static constexpr auto fields = Policy::fields(&Node::edges);
  };
  using Local = typename Policy::template Local<Node>;
  using LocalEdges = typename Policy::template Local<Edges>;

  Edges& nodes() { return *nodes_.get(); }
  Local any_node() { return nodes()[random_.below(filled_)]; }
  LocalEdges make_edges() {
    return thread_.template make_refs<Node>(Options::kMinEdges +
                                            random_.below(Options::kMaxEdges - Options::kMinEdges + 1));
  }

  [[gnu::noinline]] void step() {
    const std::size_t slot = random_.below(size_);
    Local node = nodes()[slot];
    visit(*node);
    Edges& edges = *node->edges;
    visit(*edges[random_.below(edges.size())]);
    switch (random_.below(8)) {
      case 0:
      case 1:
      case 2:
      case 3:
        put_new_node(slot);
        drop(node);
        break;
      case 4:
      case 5:
      case 6:
        resize(*node);
        break;
      default:
        turn(*node, random_.below(edges.size()));
    }
  }

  void put_new_node(std::size_t slot) {
    LocalEdges edges = make_edges();
    Local node = thread_.template make<Node>(edges, mix64(++made_), std::uint64_t{0}, std::uint64_t{0});
    names_ += node->name;
    nodes()[slot] = node;
    for (std::size_t i = 0; i < edges->size(); ++i) connect(*node, (*edges)[i], any_node());
  }

  void drop(const Local& node) {
    names_ -= node->name;
    if constexpr (Policy::kFreesByHand) {
      Edges& edges = *node->edges;
      for (std::size_t i = 0; i < edges.size(); ++i) forget_edge_to(edges[i]);
      thread_.free(&edges);
    }
    node->edges = nullptr;
    if constexpr (Policy::kFreesByHand) {
      if (node->edges_to_it == 0) thread_.free(node);
    }
  }

  // Its first edges stay, as many as there is room for.
  void resize(Node& node) {
    LocalEdges old = node.edges;
    LocalEdges edges = make_edges();
    node.edges = edges;
    for (std::size_t i = 0; i < edges->size(); ++i) {
      if (i < old->size()) {
        (*edges)[i] = (*old)[i];
      } else {
        connect(node, (*edges)[i], any_node());
      }
    }
    for (std::size_t i = edges->size(); i < old->size(); ++i) {
      node.sum -= (*old)[i]->name;
      forget_edge_to((*old)[i]);
    }
    thread_.free(old);
  }

  void turn(Node& node, std::size_t edge) {
    auto& target = (*node.edges)[edge];
    node.sum -= target->name;
    Node* const old = target;
    connect(node, target, any_node());
    forget_edge_to(old);
  }

  template <class Edge>
  static void connect(Node& from, Edge& edge, const Local& to) {
    edge = to;
    from.sum += to->name;
    if constexpr (Policy::kFreesByHand) ++to->edges_to_it;
  }

  // The edge itself is gone, or about to go.
  void forget_edge_to(Node* target) {
    if constexpr (Policy::kFreesByHand) {
      if (--target->edges_to_it == 0 && target->edges == nullptr) thread_.free(target);
    }
  }

  void visit(Node& node) {
    check(node);
    Edges& edges = *node.edges;
    for (std::size_t i = 0; i < edges.size(); ++i) {
      if (edges[i]->edges == nullptr) turn(node, i);
    }
  }

  void check(Node& node) {
    if (node.edges == nullptr) [[unlikely]]
      wrong_answer("the edge array of a node in use", 0, node.name);
    Edges& edges = *node.edges;
    std::uint64_t sum = 0;
    for (std::size_t i = 0; i < edges.size(); ++i) sum += edges[i]->name;
    expect_equal("the sum of the neighbours' names", sum, node.sum);
  }

  Thread& thread_;
  const std::uint64_t size_, steps_;
  Random random_;
  std::uint64_t filled_ = 0;  // slots that have a node
  std::uint64_t made_ = 0;
  std::uint64_t names_ = 0;  // of the living, summed up
  typename Policy::template Root<Edges> nodes_;
};

}  // namespace memgc_bench
