// A C array as the type: make_array is meant.
#include <memgc/memgc.h>

#ifdef MEMGC_MISTAKE
auto* use() { return memgc::make<int[4]>(); }
#else
auto* use() { return memgc::make_array<int>(4); }
#endif
