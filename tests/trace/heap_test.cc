// What memgc-trace heap says of a graph, against what a slower and simpler way finds.
#include <gtest/gtest.h>

#include <limits>
#include <numeric>
#include <stdexcept>

#include "heap/census.h"
#include "heap/difference.h"
#include "heap/dominators.h"
#include "heap/path.h"
#include "heap_graph.h"

namespace memgc::trace {
namespace {

using Node = Snapshot::Node;
constexpr Node kNobody = Snapshot::kNone;

// By the definition of the words: who is reached from the root when one node is not there.
std::vector<bool> reached_without(const Graph& graph, Node without) {
  std::vector<bool> out(graph.size());
  if (without == 0) return out;
  std::vector<Node> todo = {0};
  out[0] = true;
  while (!todo.empty()) {
    const Node node = todo.back();
    todo.pop_back();
    for (const GraphEdge& edge : graph[node].edges) {
      const bool keeps = edge.kind != EdgeKind::kWeak && (edge.kind != EdgeKind::kShortcut || node == 0);
      if (!keeps || edge.to == without || out[edge.to]) continue;
      out[edge.to] = true;
      todo.push_back(edge.to);
    }
  }
  return out;
}

std::uint64_t bytes_of(const Graph& graph, const std::vector<bool>& which) {
  std::uint64_t sum = 0;
  for (std::size_t i = 0; i < graph.size(); ++i) sum += which[i] ? graph[i].bytes : 0;
  return sum;
}

TEST(HeapDominators, RetainedIsWhatIsNoLongerReachedWithoutTheObject) {
  for (unsigned seed = 0; seed < 400; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Random random(seed);
    const std::uint32_t nodes = 1 + random() % 60;
    const Graph graph = random_graph(random, nodes, random() % (3 * nodes));
    const Dominators found(snapshot_of(graph));
    const std::vector<bool> reached = reached_without(graph, kNobody);
    for (Node node = 0; node < nodes; ++node) {
      ASSERT_EQ(found.reached(node), reached[node]);
      const std::uint64_t lost = bytes_of(graph, reached) - bytes_of(graph, reached_without(graph, node));
      ASSERT_EQ(found.retained[node], reached[node] ? lost : 0) << "node " << node;
    }
  }
}

TEST(HeapDominators, AListOfAMillionObjectsAsksForNoStack) {
  constexpr Node kNodes = 1'000'000;
  Graph graph(kNodes);
  for (Node i = 0; i + 1 < kNodes; ++i) graph[i].edges.push_back({i + 1});
  for (Node i = 1; i < kNodes; ++i) {
    graph[i].bytes = 8, graph[i].name = 1;
    graph[i].edges.push_back({i - 1});  // and back again, so that each has many ways
  }
  const Snapshot snapshot = snapshot_of(graph);
  const Dominators found(snapshot);
  EXPECT_EQ(found.retained[1], std::uint64_t{8} * (kNodes - 1));
  EXPECT_EQ(found.retained[kNodes - 1], 8u);
  const Census census(snapshot, Types(snapshot), found);
  ASSERT_EQ(census.types.size(), 2u);  // "A", and node 0's
  EXPECT_EQ(shortest_path(snapshot, kNodes - 1).size(), kNodes - 1);
}

// (root) -> (stack) -> A -> A -> C;  (root) -> (globals) -> B -> C's brother;  a weak edge to a third C.
Graph example() {
  Graph graph(9);
  graph[0] = {0, 0, {{1}, {2}}, true};
  graph[1] = {0, 1, {{3}}, true};
  graph[2] = {0, 2, {{5}, {5}}, true};
  graph[3] = {10, 1, {{4, EdgeKind::kNamed, 2}}, false};
  graph[4] = {20, 1, {{6, EdgeKind::kElement, 7}}, false};
  graph[5] = {40, 2, {{7, EdgeKind::kInternal, 1}, {8, EdgeKind::kWeak, 1}}, false};
  graph[6] = {100, 3, {}, false};
  graph[7] = {200, 3, {{6, EdgeKind::kShortcut, 1}}, false};
  graph[8] = {400, 3, {}, false};
  return graph;
}

TEST(HeapCensus, ATypeRetainsEachByteOnce) {
  const Snapshot snapshot = snapshot_of(example());
  const Census census(snapshot, Types(snapshot), Dominators(snapshot));
  EXPECT_EQ(census.objects, 6u);
  EXPECT_EQ(census.bytes, 770u);
  EXPECT_EQ(census.unreached_objects, 1u);
  EXPECT_EQ(census.unreached_bytes, 400u);
  ASSERT_EQ(census.types.size(), 3u);
  EXPECT_EQ(census.types[0].type, "C");
  EXPECT_EQ(census.types[0].objects, 3u);
  EXPECT_EQ(census.types[0].bytes, 700u);
  EXPECT_EQ(census.types[0].retained_bytes, 300u);
  EXPECT_EQ(census.types[1].type, "B");
  EXPECT_EQ(census.types[1].retained_bytes, 240u);
  EXPECT_EQ(census.types[2].type, "A");
  EXPECT_EQ(census.types[2].retained_bytes, 130u);  // the outer one's, not the inner one's once more
}

TEST(HeapCensus, RootsAreCountedByKind) {
  const Snapshot snapshot = snapshot_of(example());
  const Census census(snapshot, Types(snapshot), Dominators(snapshot));
  ASSERT_EQ(census.roots.size(), 2u);
  EXPECT_EQ(census.roots[0].kind, "B");
  EXPECT_EQ(census.roots[0].objects, 1u);  // twice the same
  EXPECT_EQ(census.roots[0].retained_bytes, 240u);
  EXPECT_EQ(census.roots[1].kind, "A");
  EXPECT_EQ(census.roots[1].retained_bytes, 130u);
}

TEST(HeapPath, NamesTheFieldsOnTheWay) {
  const Snapshot snapshot = snapshot_of(example());
  const Types types(snapshot);
  const Dominators dominators(snapshot);
  EXPECT_EQ(find_object(snapshot, types, dominators, "13"), 6u);
  EXPECT_EQ(find_object(snapshot, types, dominators, "C"), 7u);  // which retains most
  EXPECT_THROW(find_object(snapshot, types, dominators, "12"), std::invalid_argument);
  EXPECT_THROW(find_object(snapshot, types, dominators, "D"), std::invalid_argument);
  std::string text;
  for (const Step& step : shortest_path(snapshot, 6)) text += edge_text(snapshot, step.edge);
  EXPECT_EQ(text, "[0][0].B[7]");
  text.clear();
  for (const Step& step : shortest_path(snapshot, 7)) text += edge_text(snapshot, step.edge);
  EXPECT_EQ(text, "[0][0]<A>");
  EXPECT_TRUE(shortest_path(snapshot, 8).empty());
}

TEST(HeapPath, NoneIsShorter) {
  for (unsigned seed = 0; seed < 100; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Random random(seed);
    const std::uint32_t nodes = 2 + random() % 40;
    const Graph graph = random_graph(random, nodes, 2 * nodes);
    const Snapshot snapshot = snapshot_of(graph);
    constexpr std::size_t kFar = std::numeric_limits<std::size_t>::max() / 2;
    std::vector<std::size_t> distance(nodes, kFar);
    distance[0] = 0;
    for (std::uint32_t round = 0; round < nodes; ++round) {  // Bellman and Ford's
      for (Node node = 0; node < nodes; ++node) {
        for (const GraphEdge& edge : graph[node].edges) {
          if (edge.kind == EdgeKind::kWeak || (edge.kind == EdgeKind::kShortcut && node != 0)) continue;
          distance[edge.to] = std::min(distance[edge.to], distance[node] + 1);
        }
      }
    }
    for (Node node = 0; node < nodes; ++node) {
      const std::vector<Step> path = shortest_path(snapshot, node);
      ASSERT_EQ(path.size(), distance[node] == kFar ? 0 : distance[node]) << "node " << node;
      Node at = 0;
      for (const Step& step : path) {
        ASSERT_TRUE(step.edge >= snapshot.first_edges[at] && step.edge < snapshot.first_edges[at + 1]);
        ASSERT_EQ(snapshot.to[step.edge], step.to);
        at = step.to;
      }
    }
  }
}

TEST(HeapDifference, ObjectsAreNewOrGoneByTheirIds) {
  Snapshot before = snapshot_of(example()), after = snapshot_of(example());
  after.ids[3] = 1001;  // an A that went, and one that came
  after.bytes[5] += 7;  // a B that grew
  after.names[8] = 1;   // a C's id is now an A's
  before.memgc_base = after.memgc_base = "0x1000";
  const Difference same(before, after);
  ASSERT_TRUE(same.by_id);
  ASSERT_EQ(same.types.size(), 3u);
  const DifferenceRow &a = same.types[0], &b = same.types[1], &c = same.types[2];
  EXPECT_EQ(a.type + b.type + c.type, "ABC");
  EXPECT_EQ(a.more_objects(), 1);
  EXPECT_EQ(a.more_bytes(), 400);
  EXPECT_EQ(a.new_objects, 2u);
  EXPECT_EQ(a.gone_objects, 1u);
  EXPECT_EQ(b.more_bytes(), 7);
  EXPECT_EQ(b.new_objects + b.gone_objects, 0u);
  EXPECT_EQ(c.more_bytes(), -400);
  EXPECT_EQ(c.gone_objects, 1u);
  EXPECT_EQ(same.all.more_bytes(), 7);
  EXPECT_EQ(same.all.new_objects, 2u);
  after.memgc_base = "0x2000";
  EXPECT_FALSE(Difference(before, after).by_id);
}

}  // namespace
}  // namespace memgc::trace
