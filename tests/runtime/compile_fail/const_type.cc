// An object that is const from the start could hold nothing.
#include <memgc/memgc.h>

struct Point {
  int x = 0;
};

#ifdef MEMGC_MISTAKE
const Point* use() { return memgc::make<const Point>(); }
#else
const Point* use() { return memgc::make<Point>(); }
#endif
