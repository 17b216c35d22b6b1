// Job: what a heap holds that is resident, part by part: what MEMLIMIT counts.
//
// Plain numbers, in bytes. Each part is counted where it changes, so that reading them stops nobody; together they are
// of about one moment.
#pragma once

#include <cstddef>

namespace memgc::internal {

struct Holdings {
  std::size_t blocks = 0;        // in use: cells and large objects, dead ones included
  std::size_t free_blocks = 0;   // free, and not given back to the kernel
  std::size_t tables = 0;        // descriptors and bitmaps of blocks, sets of blocks
  std::size_t mark_work = 0;     // grey chunks: mark stacks, what was shaded
  std::size_t stack_copies = 0;  // and the cycle's lists of weak references
  std::size_t threads = 0;       // runs, and what else belongs to an attached thread
  std::size_t external = 0;      // what the program has reported

  std::size_t metadata() const { return tables + mark_work + stack_copies + threads; }
  /// All but blocks: what is not there for objects.
  std::size_t others() const { return metadata() + external; }
  std::size_t all() const { return blocks + free_blocks + others(); }
};

}  // namespace memgc::internal
