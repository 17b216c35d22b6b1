// Job: reads a .heapsnapshot as a tool that knows only the format would, and checks all that the format promises.
//
// Shares nothing with what wrote the file.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace memgc::testing {

struct SnapshotEdge {
  std::string type;
  std::string name;  // an element's is its index
  std::size_t to;
};

struct SnapshotNode {
  std::string type;
  std::string name;
  std::uint64_t id = 0;
  std::uint64_t bytes = 0;
  std::vector<SnapshotEdge> edges;

  /// The node that the edge of this name leads to, or SIZE_MAX.
  std::size_t to(const std::string& edge) const;
};

struct SnapshotFile {
  std::uint64_t base = 0;
  std::uint64_t bytes_per_id = 0;
  std::vector<SnapshotNode> nodes;
  std::map<std::uint64_t, std::size_t> by_id;

  /// Throws std::runtime_error that says what is wrong: counts, offsets, places of strings, ids that stand twice.
  static SnapshotFile read(const std::string& path);

  /// The node of the object at an address; SIZE_MAX.
  std::size_t at(const void* object) const;
  std::size_t named(const std::string& name) const;
  std::vector<bool> reached() const;  // by edges that keep
};

}  // namespace memgc::testing
