// Heap snapshots for tests: graphs drawn by hand or at random, as the structure and as the file.
#pragma once

#include <cstdint>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "heap/snapshot.h"

namespace memgc::trace {

struct GraphEdge {
  Snapshot::Node to;
  EdgeKind kind = EdgeKind::kElement;
  std::uint32_t name = 0;
};

struct GraphNode {
  std::uint64_t bytes = 0;
  std::uint32_t name = 0;  // among the strings: "<dummy>", "A", "B", "C"
  std::vector<GraphEdge> edges;
  bool synthetic = false;
};

using Graph = std::vector<GraphNode>;

inline constexpr const char* kGraphStrings[] = {"<dummy>", "A", "B", "C"};

// Ids are 1, 3, 5, ...
inline Snapshot snapshot_of(const Graph& graph) {
  Snapshot out;
  out.kind_names = {"object", "synthetic"};
  for (const char* const string : kGraphStrings) out.strings.add(string);
  for (const GraphNode& node : graph) {
    out.ids.push_back(2 * out.ids.size() + 1);
    out.bytes.push_back(node.bytes);
    out.names.push_back(node.name);
    out.kinds.push_back(node.synthetic ? 1 : 0);
    for (const GraphEdge& edge : node.edges) {
      out.to.push_back(edge.to);
      out.edge_names.push_back(edge.name);
      out.edge_kinds.push_back(edge.kind);
    }
    out.first_edges.push_back(static_cast<Snapshot::Edge>(out.to.size()));
  }
  return out;
}

// 32 bits, whatever the size of the generator's type.
class Random {
 public:
  explicit Random(unsigned seed) : engine_(seed) {}
  std::uint32_t operator()() { return static_cast<std::uint32_t>(engine_()); }

 private:
  std::mt19937 engine_;
};

// Node 0 is synthetic; a tenth of the edges is weak, a tenth a shortcut.
inline Graph random_graph(Random& random, std::uint32_t nodes, std::uint32_t edges) {
  Graph graph(nodes);
  graph[0].synthetic = true;
  for (std::uint32_t i = 1; i < nodes; ++i) {
    graph[i].bytes = random() % 100;
    graph[i].name = 1 + random() % 3;
  }
  for (std::uint32_t i = 0; i < edges; ++i) {
    const std::uint32_t draw = random() % 10;
    graph[random() % nodes].edges.push_back({random() % nodes,
                                             draw == 0   ? EdgeKind::kWeak
                                             : draw == 1 ? EdgeKind::kShortcut
                                                         : EdgeKind::kNamed,
                                             1});
  }
  return graph;
}

// Written by a list of the places of fields, so that a test can order them as it likes.
inline std::string file_of(const Graph& graph, bool reordered = false, const char* further = "") {
  std::string nodes, edges;
  const std::size_t fields = 7;
  for (std::size_t i = 0; i < graph.size(); ++i) {
    const GraphNode& node = graph[i];
    const std::string kind = node.synthetic ? "1" : "0", name = std::to_string(node.name),
                      id = std::to_string(2 * i + 1), bytes = std::to_string(node.bytes),
                      count = std::to_string(node.edges.size());
    nodes += (i == 0 ? "" : ",\n") + (reordered ? "-1," + bytes + "," + name + "," + count + ",0.5," + id + "," + kind
                                                : kind + "," + name + "," + id + "," + bytes + "," + count + ",0,0");
    for (const GraphEdge& edge : node.edges) {
      constexpr int kPlaces[] = {4, 1, 2, 3, 5, 6};  // by EdgeKind
      const std::string type = std::to_string(kPlaces[static_cast<int>(edge.kind)]),
                        to = std::to_string(edge.to * fields), label = std::to_string(edge.name);
      edges += edges.empty() ? "" : ",\n";
      edges += reordered ? to + "," + type + "," + label : type + "," + label + "," + to;
    }
  }
  std::size_t edge_count = 0;
  for (const GraphNode& node : graph) edge_count += node.edges.size();
  const std::string types = R"(["object","synthetic"])",
                    edge_types = R"(["context","element","property","internal","hidden","shortcut","weak"])";
  const std::string meta =
      reordered ? R"("node_fields":["trace_node_id","self_size","name","edge_count","novel","id","type"],)"
                  R"("node_types":["number","number","string","number","number","number",)" +
                      types + R"(],"edge_fields":["to_node","type","name_or_index"],"edge_types":["node",)" +
                      edge_types + R"(,"string_or_number"])"
                : R"("node_fields":["type","name","id","self_size","edge_count","trace_node_id","detachedness"],)"
                  R"("node_types":[)" +
                      types +
                      R"(,"string","number","number","number","number","number"],)"
                      R"("edge_fields":["type","name_or_index","to_node"],"edge_types":[)" +
                      edge_types + R"(,"string_or_number","node"])";
  return R"({"snapshot":{"meta":{)" + meta + R"(},"node_count":)" + std::to_string(graph.size()) + R"(,"edge_count":)" +
         std::to_string(edge_count) + further + "},\n\"nodes\":[" + nodes + "],\n\"edges\":[" + edges +
         "],\n\"trace_tree\":[1,[2,3,[]]],\n\"samples\":[],\n\"locations\":[0,1,2,3],\n" +
         R"("strings":["<dummy>","A","B","C"]})" + "\n";
}

}  // namespace memgc::trace
