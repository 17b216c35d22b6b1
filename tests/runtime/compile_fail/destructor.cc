// A managed type whose destructor would not run.
#include <memgc/memgc.h>

#include <string>
#include <string_view>

struct Named {
#ifdef MEMGC_MISTAKE
  std::string name;
#else
  std::string_view name;
#endif
};

Named* use() { return memgc::make<Named>(); }
