// Job: memgc-trace compare.
#include "commands.h"

namespace memgc::trace {

void add_compare(CLI::App&) {}

}  // namespace memgc::trace
