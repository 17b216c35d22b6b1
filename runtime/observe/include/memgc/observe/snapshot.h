// write_snapshot(): every object of a heap, what refers to it and why it is alive, as Chrome DevTools' .heapsnapshot,
// which its Memory panel opens, and `memgc-trace heap`.
#pragma once

#include <cstddef>
#include <string>

#include "memgc/heap.h"

namespace memgc {

/// How a snapshot is taken.
struct SnapshotOptions {
  std::size_t most_bytes = std::size_t{4} << 30;  ///< Of memory that taking it may need, outside the heap.
};

/// Runs a full cycle (also in a generational heap) and writes to `path` what it kept. May be called from any thread,
/// attached (then it counts as blocked meanwhile) or not; snapshots of one heap are taken one after another.
///
/// What is in it. A node is an object: its type's name, its cell's size in bytes, and an id that says where it is, so
/// an object has the same id in all snapshots of its process (and so may an object that was made where another has
/// died). Types with equal layouts share blocks, and objects carry no header: such a node has all their names,
/// "Node | Pair", unless the heap was made with MEMDEBUG=types=1 before the types' first objects. An edge is a field,
/// with its name if the type lists it in `fields` ("left", "pair.key", "child[3]"; "+16" for fields that `trace`
/// shows), an array's element, or a `weak` reference, which keeps nothing: a Weak's target, an Ephemeron's key. Roots
/// are nodes by kind below "(GC roots)": Roots, each thread's stack and root ranges, objects that wait for their
/// destructors; "(floating)" leads to what the cycle kept though nothing in the file does: what was let go or made
/// while it ran.
///
/// Consistency. Mutators go on. All objects that were reachable at one moment, when the cycle's marking began, are in
/// it. Each field is read once, later, at a moment of its own: what it says was so then, and what it leads to is in the
/// file, but for objects made during the cycle, which may be missing. Of a heap that nobody changes it is exact.
///
/// Cost. No mutator is stopped for longer than in any full cycle; the cycle takes longer, by about 0.1 us an object and
/// reference, and the heap may grow past its goal meanwhile, not past a memory limit. (With gcstoptheworld=1 all stand
/// still meanwhile.) Memory, outside the heap: 16 bytes an object, 8 a reference, and while it is written 4 an object
/// more. Writing is streamed, on the calling thread.
///
/// Throws ObserveError when the file cannot be written, std::bad_alloc when there is no memory, or `most_bytes` would
/// not do; then `path` is as it was.
void write_snapshot(Heap& heap, const std::string& path, const SnapshotOptions& options = {});

}  // namespace memgc
