// A destructor runs on a thread of memgc's own: nobody there could catch what it throws.
#include <memgc/memgc.h>

struct Connection {
#ifdef MEMGC_MISTAKE
  ~Connection() noexcept(false) {}
#else
  ~Connection() {}
#endif
};

Connection* use() { return memgc::make<Connection>(); }
