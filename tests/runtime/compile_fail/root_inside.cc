// A Root inside a managed object would keep a cycle through it for ever; its destructor gives it away.
#include <memgc/memgc.h>

struct Node {
#ifdef MEMGC_MISTAKE
  memgc::Root<Node> next;
#else
  memgc::Member<Node> next;
#endif
  void trace(memgc::Visitor& visitor) const {
#ifndef MEMGC_MISTAKE
    visitor(next);
#else
    static_cast<void>(visitor);
#endif
  }
};

Node* use() { return memgc::make<Node>(); }
