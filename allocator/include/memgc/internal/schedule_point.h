// Job: names a place at which another thread may come in between and make a difference.
//
// Nothing in the library that is shipped. In the test-only build (MEMGC_SCHEDULED, see allocator/base/sync.h) all
// threads are coroutines of one thread, and a seed decides at each such place who goes on. Threads: any.
#pragma once

namespace memgc::internal {

#if defined(MEMGC_SCHEDULED)
void schedule_point(const char* where);
#else
constexpr void schedule_point(const char*) {}
#endif

}  // namespace memgc::internal
