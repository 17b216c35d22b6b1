// Job: the one thing of the allocator that inline code in users' programs touches: free cells in a row, handed to one
// thread. Everything between cursor and limit reads as zero; it is always a whole number of cells, so that
// cursor < limit means room for one more.
#pragma once

#include <cstddef>

namespace memgc::internal {

struct Run {
  char* cursor;
  char* limit;
  std::size_t cell_bytes;
  std::size_t reserved;  // keeps the size a power of two
};
static_assert(sizeof(Run) == 32);

}  // namespace memgc::internal
