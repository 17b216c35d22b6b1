// Job: what one full cycle kept, as numbers: every object, what it refers to, and which roots there are.
//
// Taken by the cycle when marking has ended (phase 5) and before anything is freed (phase 7): what it kept stays what
// it is meanwhile, and mutators run on. Objects are those that the cycle marked, and those made while it marked whose
// threads have recorded them. A field is read once, atomically, at some moment between the two phases, as a marker
// would read it; what it held then is kept, for whatever a mutator can store is. A reference to an object that was
// recorded only after this began is left out.
//
// Memory: 16 bytes an object, 8 a reference, 4 a block, in malloc's memory; take() keeps it below `most_bytes`.
//
// Invariant: nodes are in the order of their addresses; each node's edges follow those of the one before. Threads:
// take() by the collector's; else whoever owns it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <exception>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "allocator/block_set.h"
#include "memgc/heap.h"
#include "memgc/internal/export.h"
#include "runtime/snapshot.h"

namespace memgc::internal {

struct DumpNode {
  BlockIndex block;
  std::uint16_t cell;
  std::uint16_t layout;
  std::uint32_t words;  // its cell's size, in units of 8 bytes, or UINT32_MAX for more than that
  std::uint32_t edges;
};
static_assert(sizeof(DumpNode) == 16 && kMaxLayouts <= UINT16_MAX + 1);

enum class EdgeKind : std::uint8_t { kField, kElement, kInternal, kWeak };

struct DumpEdge {
  std::uint32_t to;         // index of a node
  std::uint32_t kind : 2;   // EdgeKind
  std::uint32_t name : 30;  // kElement: an index (or as much of it as there is room for); else of HeapDump::names
};

/// References from outside the heap that are of one kind.
struct DumpRoots {
  std::string name;
  std::vector<std::uint32_t> nodes;
};

class HeapDump {
 public:
  explicit HeapDump(std::size_t most_bytes) : most_bytes_(most_bytes) {}

  /// Fills it in; or keeps why not in `error` and is empty.
  void take(HeapImpl& heap, const Roles& roles, std::span<const std::unique_ptr<Snapshot>> threads);

  std::uintptr_t base = 0;  // the cage's address
  std::vector<DumpNode> nodes;
  std::deque<DumpEdge> edges;
  std::vector<std::string> names;         // of fields
  std::vector<std::string> layout_names;  // by layout
  std::vector<DumpRoots> roots;
  std::exception_ptr error;

  /// Bytes from the cage's beginning to the node's cell.
  std::size_t offset_of(const DumpNode& node) const;

 private:
  class Recorder;
  void take_nodes(const Cage& cage, const Roles& roles);
  void take_roots(HeapImpl& heap, Recorder& recorder, std::span<const std::unique_ptr<Snapshot>> threads);
  void keep_bound(std::size_t more) const;

  std::size_t most_bytes_;
  std::vector<std::uint32_t> first_node_;  // by block
};

/// A heap's dump, by a full cycle of its own. Throws std::bad_alloc when it would take more than `most_bytes`, when
/// there is no memory, or no cycle to be had. Any thread.
MEMGC_EXPORT void dump_heap(Heap& heap, HeapDump& dump);

}  // namespace memgc::internal
