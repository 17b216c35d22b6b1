// Alignment above a page.
#include <memgc/memgc.h>

#ifdef MEMGC_MISTAKE
struct alignas(8192) Aligned {
#else
struct alignas(4096) Aligned {
#endif
  char byte = 0;
};

Aligned* use() { return memgc::make<Aligned>(); }
