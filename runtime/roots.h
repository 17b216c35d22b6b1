// Job: the registry of Roots: slots outside any heap, in chunks that live as long as the process.
//
// A slot that is taken holds what its Root refers to; a free one holds null. Scanning goes over all chunks without a
// lock; each heap takes what points into its own cage. Invariant: chunks are never freed, so a Root of static or
// thread_local storage may die after every heap. Threads: any.
#pragma once

#include <cstddef>

#include "memgc/root.h"

namespace memgc::internal {

/// Calls visit(context, pointer) for what each Root refers to, null excepted. Returns the bytes looked at.
std::size_t for_each_root(void (*visit)(void* context, const void* pointer), void* context);

/// Roots that exist at present.
std::size_t root_count();

/// A fork is not to find the free slots half changed.
void lock_roots_for_fork();
void unlock_roots_after_fork();

}  // namespace memgc::internal
