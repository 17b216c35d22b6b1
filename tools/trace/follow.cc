// Job: memgc-trace follow.
#include "commands.h"

namespace memgc::trace {

void add_follow(CLI::App&) {}

}  // namespace memgc::trace
