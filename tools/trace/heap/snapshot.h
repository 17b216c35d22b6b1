// Job: a .heapsnapshot in memory: the graph of objects that it holds, as flat arrays.
//
// Invariant of what the reader hands out: every name is a string, every edge leads to a node, node 0 is the root, and
// the sizes of all objects together fit in 63 bits; so nothing that walks the graph checks again.
// Memory: 25 bytes a node, 9 an edge, and the strings, each up to kMostName bytes of it (V8 keeps sources there).
// Constant once read; any thread may look.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace memgc::trace {

// Many strings in one piece of memory.
class Strings {
 public:
  static constexpr std::size_t kMostName = 1000;

  void add(std::string_view text);  // what is longer is cut, between characters
  std::size_t size() const { return ends_.size(); }
  std::string_view operator[](std::size_t i) const {
    const std::size_t begin = i == 0 ? 0 : ends_[i - 1];
    return {text_.data() + begin, ends_[i] - begin};
  }

 private:
  std::string text_;
  std::vector<std::size_t> ends_;
};

// The edges' types of which something depends. Any other is kNumbered: all that is known of it is a number.
enum class EdgeKind : std::uint8_t { kNumbered, kElement, kNamed, kInternal, kShortcut, kWeak };

struct Snapshot {
  using Node = std::uint32_t;
  using Edge = std::uint32_t;
  static constexpr Node kRoot = 0;
  static constexpr std::uint32_t kNone = UINT32_MAX;

  // Of each node:
  std::vector<std::uint64_t> ids, bytes;
  std::vector<std::uint32_t> names;     // among the strings
  std::vector<std::uint8_t> kinds;      // among kind_names
  std::vector<Edge> first_edges = {0};  // and one more, for the end of the last
  // Of each edge:
  std::vector<Node> to;
  std::vector<std::uint32_t> edge_names;  // among the strings, or a number, as the kind says
  std::vector<EdgeKind> edge_kinds;

  std::vector<std::string> kind_names;  // "object", "closure", ...
  Strings strings;
  std::string memgc_base;  // of a heap of memgc's: where its cage began. Else empty

  Node nodes() const { return static_cast<Node>(ids.size()); }
  bool is_synthetic(Node node) const { return kind_names[kinds[node]] == "synthetic"; }

  // Does this edge of the node keep what it leads to alive? No weak one does, and of the shortcuts that V8 draws for a
  // reader's convenience only those from the root, as DevTools has it.
  bool keeps(Node node, Edge edge) const {
    const EdgeKind kind = edge_kinds[edge];
    return kind != EdgeKind::kWeak && (kind != EdgeKind::kShortcut || node == kRoot);
  }
  // Calls see(edge) for each edge of the node that does.
  template <typename See>
  void each_keeping_edge(Node node, See see) const {
    for (Edge edge = first_edges[node]; edge != first_edges[node + 1]; ++edge) {
      if (keeps(node, edge)) see(edge);
    }
  }
};

// What an object is counted under: in a heap of memgc's its C++ type; in V8's what DevTools calls its constructor, that
// is its name if it is an object, and else its kind in brackets. Roots and the like, V8's synthetic nodes, have none.
struct Types {
  explicit Types(const Snapshot& snapshot);

  std::vector<std::uint32_t> of_node;  // among the names; kNone
  std::vector<std::string> names;
};

}  // namespace memgc::trace
