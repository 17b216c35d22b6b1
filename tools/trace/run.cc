// Job: memgc-trace run.
#include "commands.h"

namespace memgc::trace {

void add_run(CLI::App&) {}

}  // namespace memgc::trace
