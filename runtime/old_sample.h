// Job: how much of what was old has died, by a sample: so that a full cycle tells what a minor one would have freed.
//
// A thousand cells, each for as many bytes of what the last cycle kept; looked at again when this one has marked. Good
// to some 3 % of what is old. Threads: the collector's.
#pragma once

#include <cstddef>
#include <vector>

#include "allocator/block_heap.h"
#include "allocator/block_set.h"
#include "allocator/cage.h"

namespace memgc::internal {

class OldSample {
 public:
  /// Takes it from what is kept, `old` in all, in blocks below `end`.
  void take(const Cage& cage, unsigned kept, BlockIndex end, const BlockSets::Cells& old);
  void clear() { cells_.clear(); }
  /// Bytes of what was kept when it was taken that are no longer.
  std::size_t died_bytes(const Cage& cage, unsigned kept) const;

 private:
  static constexpr std::size_t kCells = 1024;

  std::size_t stride_ = 0;  // bytes that each cell stands for
  std::vector<CellRef> cells_;
};

}  // namespace memgc::internal
