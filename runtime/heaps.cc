// Job: see heaps.h.
#include "runtime/heaps.h"

#include <type_traits>

#include "runtime/heap_impl.h"

#if defined(MEMGC_GDB_SCRIPT)
// The debugger's side of it, as text: here, since every program that has a heap has this file linked in. gdb reads the
// section when the program's folder is in its auto-load safe-path; the program itself never loads it.
__asm__(
    ".pushsection \".debug_gdb_scripts\", \"MS\", @progbits, 1\n"
    ".byte 4\n"  // a Python text, with its name in the first line
    ".ascii \"memgc-gdb.py\\n\"\n"
    ".incbin \"" MEMGC_GDB_SCRIPT
    "\"\n"
    ".byte 0\n"
    ".popsection\n");
#endif

namespace memgc::internal {

static_assert(std::is_trivially_destructible_v<Heaps>);
constinit Heaps heaps;

void Heaps::add(HeapImpl& heap) {
  heap.next_heap = first;
  first = &heap;
}

void Heaps::remove(HeapImpl& heap) {
  HeapImpl** link = &first;
  while (*link != &heap) link = &(*link)->next_heap;
  *link = heap.next_heap;
}

}  // namespace memgc::internal
