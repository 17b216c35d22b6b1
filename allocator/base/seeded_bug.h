// Job: bugs planted on purpose, to show that the checks find them. Only in the test-only build of the library
// (-DMEMGC_SEEDED_BUGS=1): the environment variable MEMGC_SEEDED_BUG names the one that is live.
#pragma once

#include <cstdlib>
#include <cstring>

namespace memgc::internal {

#if defined(MEMGC_SEEDED_BUGS)
inline bool seeded_bug(const char* name) {
  static const char* const chosen = std::getenv("MEMGC_SEEDED_BUG");
  return chosen != nullptr && std::strcmp(chosen, name) == 0;
}
#else
constexpr bool seeded_bug(const char*) { return false; }
#endif

}  // namespace memgc::internal
