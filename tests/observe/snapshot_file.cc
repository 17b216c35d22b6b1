// Job: see snapshot_file.h.
#include "tests/observe/snapshot_file.h"

#include <fstream>
#include <nlohmann/json.hpp>
#include <stdexcept>

namespace memgc::testing {
namespace {

void expect(bool holds, const std::string& what) {
  if (!holds) throw std::runtime_error("not a .heapsnapshot: " + what);
}

std::size_t place_of(const nlohmann::json& fields, const char* name) {
  for (std::size_t i = 0; i < fields.size(); ++i) {
    if (fields[i] == name) return i;
  }
  throw std::runtime_error(std::string("not a .heapsnapshot: no field ") + name);
}

}  // namespace

SnapshotFile SnapshotFile::read(const std::string& path) {
  std::ifstream stream(path);
  const nlohmann::json file = nlohmann::json::parse(stream);
  const auto& head = file.at("snapshot");
  const auto& meta = head.at("meta");
  const auto &nodes = file.at("nodes"), &edges = file.at("edges"), &strings = file.at("strings");
  const auto &node_fields = meta.at("node_fields"), &edge_fields = meta.at("edge_fields");
  const auto &node_types = meta.at("node_types").at(0), &edge_types = meta.at("edge_types").at(0);
  const std::size_t node_size = node_fields.size(), edge_size = edge_fields.size();
  expect(meta.at("node_types").size() == node_size && meta.at("edge_types").size() == edge_size, "types and fields");
  expect(nodes.size() == head.at("node_count").get<std::size_t>() * node_size, "node_count");
  expect(edges.size() == head.at("edge_count").get<std::size_t>() * edge_size, "edge_count");
  expect(strings.at(0) == "<dummy>", "strings[0]");
  for (const char* list : {"trace_function_infos", "trace_tree", "samples", "locations"}) {
    expect(file.at(list).is_array(), list);
  }
  SnapshotFile out;
  out.base = std::stoull(head.at("memgc").at("base").get<std::string>(), nullptr, 16);
  out.bytes_per_id = head.at("memgc").at("bytes_per_id");
  std::size_t edge = 0;
  for (std::size_t at = 0; at < nodes.size(); at += node_size) {
    const auto field = [&](const char* name) { return nodes[at + place_of(node_fields, name)].get<std::uint64_t>(); };
    SnapshotNode node;
    node.type = node_types.at(field("type"));
    node.name = strings.at(field("name"));
    node.id = field("id");
    node.bytes = field("self_size");
    expect(out.by_id.emplace(node.id, out.nodes.size()).second, "an id that stands twice");
    for (std::uint64_t i = field("edge_count"); i > 0; --i, edge += edge_size) {
      expect(edge < edges.size(), "edges of the last node");
      const auto part = [&](const char* name) {
        return edges[edge + place_of(edge_fields, name)].get<std::uint64_t>();
      };
      const std::string type = edge_types.at(part("type"));
      const bool is_number = type == "element" || type == "hidden";
      expect(part("to_node") % node_size == 0 && part("to_node") < nodes.size(), "to_node");
      node.edges.push_back(
          {type,
           is_number ? std::to_string(part("name_or_index")) : strings.at(part("name_or_index")).get<std::string>(),
           part("to_node") / node_size});
    }
    out.nodes.push_back(std::move(node));
  }
  expect(edge == edges.size(), "edges that belong to no node");
  expect(out.nodes.at(0).type == "synthetic", "node 0 is not the root");
  return out;
}

std::size_t SnapshotNode::to(const std::string& edge) const {
  for (const SnapshotEdge& each : edges) {
    if (each.name == edge) return each.to;
  }
  return SIZE_MAX;
}

std::size_t SnapshotFile::at(const void* object) const {
  const auto found = by_id.find((reinterpret_cast<std::uintptr_t>(object) - base) / bytes_per_id);
  return found == by_id.end() ? SIZE_MAX : found->second;
}

std::size_t SnapshotFile::named(const std::string& name) const {
  for (std::size_t i = 0; i < nodes.size(); ++i) {
    if (nodes[i].name == name) return i;
  }
  return SIZE_MAX;
}

std::vector<bool> SnapshotFile::reached() const {
  std::vector<bool> out(nodes.size());
  std::vector<std::size_t> todo = {0};
  out[0] = true;
  while (!todo.empty()) {
    const std::size_t node = todo.back();
    todo.pop_back();
    for (const SnapshotEdge& edge : nodes[node].edges) {
      if (edge.type == "weak" || out[edge.to]) continue;
      out[edge.to] = true;
      todo.push_back(edge.to);
    }
  }
  return out;
}

}  // namespace memgc::testing
