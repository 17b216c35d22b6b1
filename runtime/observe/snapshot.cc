// Job: a heap dump as a .heapsnapshot: one JSON object of flat arrays of numbers, and a table of strings.
//
// Nodes, in this order: the root; "(GC roots)"; a node for each kind of root; "(floating)"; the objects, by address.
// Edges follow in the order of their nodes. An object's id is its place in the cage, in units of 16 bytes (no two cells
// begin in one); those of the others are below the first object's. All numbers of a heap below 64 GiB fit in the 32
// bits that DevTools keeps of them. Threads: the caller's alone.
#include "memgc/observe/snapshot.h"

#include <charconv>
#include <cstdint>
#include <cstdio>
#include <string_view>
#include <vector>

#include "runtime/heap_dump.h"
#include "runtime/observe/output_file.h"

namespace memgc {
namespace {

using internal::DumpEdge;
using internal::DumpNode;
using internal::DumpRoots;
using internal::EdgeKind;
using internal::HeapDump;
using observe::OutputFile;

constexpr std::size_t kNodeFields = 7;
constexpr unsigned kBytesPerId = 16;

// Places in node_types and edge_types below.
enum NodeType : unsigned { kArray = 1, kObject = 3, kSynthetic = 9 };
enum EdgeType : unsigned { kElementEdge = 1, kPropertyEdge = 2, kInternalEdge = 3, kWeakEdge = 6 };

constexpr std::string_view kMeta =
    R"("meta":{"node_fields":["type","name","id","self_size","edge_count","trace_node_id","detachedness"],)"
    R"("node_types":[["hidden","array","string","object","code","closure","regexp","number","native","synthetic",)"
    R"("concatenated string","sliced string","symbol","bigint","object shape"],)"
    R"("string","number","number","number","number","number"],)"
    R"("edge_fields":["type","name_or_index","to_node"],)"
    R"("edge_types":[["context","element","property","internal","hidden","shortcut","weak"],"string_or_number","node"],)"
    R"("trace_function_info_fields":["function_id","name","script_name","script_id","line","column"],)"
    R"("trace_node_fields":["id","function_info_index","count","size","children"],)"
    R"("sample_fields":["timestamp_us","last_assigned_id"],)"
    R"("location_fields":["object_index","script_id","line","column"]})";

// The objects that no root leads to, one for each of the pieces that they form.
std::vector<std::uint32_t> floating(const HeapDump& dump) {
  std::vector<std::uint32_t> found, todo;
  std::vector<bool> reached(dump.nodes.size());
  std::vector<std::size_t> first_edge(dump.nodes.size() + 1);
  for (std::size_t i = 0; i < dump.nodes.size(); ++i) first_edge[i + 1] = first_edge[i] + dump.nodes[i].edges;
  const auto reach = [&](std::uint32_t node) {
    if (reached[node]) return;
    reached[node] = true;
    todo.push_back(node);
  };
  const auto follow = [&] {
    while (!todo.empty()) {
      const std::uint32_t node = todo.back();
      todo.pop_back();
      for (std::size_t i = first_edge[node]; i < first_edge[node + 1]; ++i) {
        if (dump.edges[i].kind != static_cast<unsigned>(EdgeKind::kWeak)) reach(dump.edges[i].to);
      }
    }
  };
  for (const DumpRoots& kind : dump.roots) {
    for (const std::uint32_t node : kind.nodes) reach(node);
    follow();
  }
  for (std::uint32_t node = 0; node < dump.nodes.size(); ++node) {
    if (reached[node]) continue;
    found.push_back(node);
    reach(node);
    follow();
  }
  return found;
}

class Writer {
 public:
  Writer(const HeapDump& dump, const std::string& path)
      : dump_(dump), roots_(dump.roots), out_(path), first_layout_(kFixedStrings + dump.names.size()) {
    if (std::vector<std::uint32_t> rest = floating(dump); !rest.empty()) {
      roots_.push_back({"(floating)", std::move(rest)});
    }
    first_object_ = 2 + roots_.size();
  }

  void write() {
    write_head();
    out_.write("\"nodes\":[");
    write_nodes();
    out_.write("],\n\"edges\":[");
    write_edges();
    out_.write(
        "],\n\"trace_function_infos\":[],\n\"trace_tree\":[],\n\"samples\":[],\n\"locations\":[],\n\"strings\":[");
    write_strings();
    out_.write("]}\n");
    out_.commit();
  }

 private:
  static constexpr std::size_t kFixedStrings = 3;  // "<dummy>", "", "(GC roots)"

  void write_head() {
    std::size_t edges = dump_.edges.size() + 1 + roots_.size();
    for (const DumpRoots& kind : roots_) edges += kind.nodes.size();
    char counts[128], cage[96];
    std::snprintf(counts, sizeof(counts), ",\"node_count\":%zu,\"edge_count\":%zu,\"trace_function_count\":0,",
                  first_object_ + dump_.nodes.size(), edges);
    // Further members are nothing to DevTools: from them a node's address follows.
    std::snprintf(cage, sizeof(cage), "\"memgc\":{\"base\":\"0x%zx\",\"bytes_per_id\":%u}},\n",
                  static_cast<std::size_t>(dump_.base), kBytesPerId);
    out_.write("{\"snapshot\":{");
    out_.write(kMeta);
    out_.write(counts);
    out_.write(cage);
  }

  void write_nodes() {
    write_node(kSynthetic, 1, 1, 0, 1);
    write_node(kSynthetic, 2, 3, 0, roots_.size());
    const std::size_t first_root_name = first_layout_ + dump_.layout_names.size();
    for (std::size_t i = 0; i < roots_.size(); ++i) {
      write_node(kSynthetic, first_root_name + i, 5 + 2 * i, 0, roots_[i].nodes.size());
    }
    for (const DumpNode& node : dump_.nodes) {
      const bool is_array = dump_.layout_names[node.layout].starts_with("memgc::Array<");
      write_node(is_array ? kArray : kObject, first_layout_ + node.layout, dump_.offset_of(node) / kBytesPerId,
                 std::size_t{node.words} * 8, node.edges);
    }
  }

  void write_edges() {
    write_edge(kElementEdge, 1, 1);
    for (std::size_t i = 0; i < roots_.size(); ++i) write_edge(kElementEdge, i + 1, 2 + i);
    for (const DumpRoots& kind : roots_) {
      std::size_t number = 0;
      for (const std::uint32_t node : kind.nodes) write_edge(kElementEdge, ++number, first_object_ + node);
    }
    for (const DumpEdge& edge : dump_.edges) {
      const auto kind = static_cast<EdgeKind>(edge.kind);
      constexpr EdgeType kTypes[] = {kPropertyEdge, kElementEdge, kInternalEdge, kWeakEdge};
      write_edge(kTypes[edge.kind], edge.name + (kind == EdgeKind::kElement ? 0 : kFixedStrings),
                 first_object_ + edge.to);
    }
  }

  void write_strings() {
    out_.write("\"<dummy>\",\"\",\"(GC roots)\"");
    for (const std::string& name : dump_.names) write_string(name);
    for (const std::string& name : dump_.layout_names) write_string(name);
    for (const DumpRoots& kind : roots_) write_string(kind.name);
  }

  void write_node(unsigned type, std::size_t name, std::size_t id, std::size_t bytes, std::size_t edges) {
    write_numbers(first_node_, {type, name, id, bytes, edges, 0, 0});
    first_node_ = false;
  }
  void write_edge(unsigned type, std::size_t name, std::size_t to) {
    write_numbers(first_edge_, {type, name, to * kNodeFields});
    first_edge_ = false;
  }

  void write_numbers(bool first, std::initializer_list<std::size_t> numbers) {
    char line[kNodeFields * 24];
    char* at = line;
    if (!first) *at++ = ',';
    for (const std::size_t number : numbers) {
      at = std::to_chars(at, line + sizeof(line), number).ptr;
      *at++ = ',';
    }
    at[-1] = '\n';
    out_.write({line, static_cast<std::size_t>(at - line)});
  }

  // Bytes that are no characters of C++ names may come from what a thread is called.
  void write_string(std::string_view text) {
    std::string line = ",\n\"";
    for (const char c : text) {
      const bool plain = c >= ' ' && c < 0x7f;
      if (c == '"' || c == '\\') line += '\\';
      line += plain ? c : '?';
    }
    out_.write(line += '"');
  }

  const HeapDump& dump_;
  std::vector<DumpRoots> roots_;
  OutputFile out_;
  const std::size_t first_layout_;  // its name's place among the strings
  std::size_t first_object_ = 0;    // among the nodes
  bool first_node_ = true;
  bool first_edge_ = true;
};

}  // namespace

void write_snapshot(Heap& heap, const std::string& path, const SnapshotOptions& options) {
  HeapDump dump(options.most_bytes);
  dump_heap(heap, dump);
  Writer(dump, path).write();
}

}  // namespace memgc
