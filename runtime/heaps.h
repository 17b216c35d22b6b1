// Job: all heaps of the process: for what concerns every one of them (forks, leak checks), and for a debugger, which
// starts here and can call nothing (gdb/memgc-gdb.py).
//
// Invariant: never destroyed, so a process may fork while its static objects are. Threads: any.
#pragma once

#include "allocator/base/sync.h"

namespace memgc::internal {

class HeapImpl;

struct Heaps {
  sync::Mutex lock;           // guards what follows. Held across a fork, so who waits for it is blocked in its heaps
  HeapImpl* first = nullptr;  // the latest; linked by HeapImpl::next_heap

  void add(HeapImpl& heap);
  void remove(HeapImpl& heap);
  template <class F>
  void for_each(F&& f);
};
extern constinit Heaps heaps;

}  // namespace memgc::internal
