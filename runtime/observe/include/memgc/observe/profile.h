// A heap's profiles in pprof's format: a gzipped protocol buffer, for `go tool pprof FILE`, pprof, Pyroscope and
// others.
//
// Any thread, attached or not. An attached one delays collection while it writes, and stands in a BlockingScope if that
// matters: finding names takes a fraction of a second in a large program, most of it once.
#pragma once

#include <string>

#include "memgc/heap.h"
#include "memgc/observe/error.h"

namespace memgc {

/// The heap profile (see memgc/profile.h): sample types alloc_objects, alloc_space, inuse_objects and inuse_space (the
/// default), as Go has them, of all that was allocated since the heap was made; in use is what the last cycle found
/// alive, or was made since. Labels: `bytes`, of the object; `type`; `lifetime`, the cycles survived: 0, 1, 2-3, 4-7 or
/// 8+. Throws ObserveError; then nothing has changed at `path`.
void write_profile(Heap& heap, const std::string& path);
/// What write_profile() writes. Throws ObserveError only when there is no memory to compress it.
std::string profile_text(Heap& heap);

/// The waiting profile: sample types waits and delay (the default); label `kind`, as to_string(WaitKind). Throws as
/// above.
void write_waiting_profile(Heap& heap, const std::string& path);
std::string waiting_profile_text(Heap& heap);

}  // namespace memgc
