// An array of elements whose destructors would not run.
#include <memgc/memgc.h>

#include <memory>

#ifdef MEMGC_MISTAKE
using Element = std::unique_ptr<int>;
#else
using Element = int*;
#endif

memgc::Array<Element>* use() { return memgc::make_array<Element>(3); }
