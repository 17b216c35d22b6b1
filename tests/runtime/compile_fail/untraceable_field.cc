// A plain pointer among the fields: it has no barrier.
#include <memgc/memgc.h>

struct Node {
#ifdef MEMGC_MISTAKE
  Node* next = nullptr;
#else
  memgc::Member<Node> next;
#endif
  static constexpr auto fields = memgc::fields(&Node::next);
};

Node* use() { return memgc::make<Node>(); }
