// Job: memgc-trace top.
#include "commands.h"

namespace memgc::trace {

void add_top(CLI::App&) {}

}  // namespace memgc::trace
