// A trace function that shows something with no pointers to find.
#include <memgc/memgc.h>

#include <array>

struct Row {
#ifdef MEMGC_MISTAKE
  std::array<long, 4> cells{};
#else
  std::array<memgc::Member<Row>, 4> cells;
#endif
  void trace(memgc::Visitor& visitor) const { visitor(cells); }
};

Row* use() { return memgc::make<Row>(); }
