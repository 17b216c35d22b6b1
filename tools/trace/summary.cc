// Job: memgc-trace summary.
#include "commands.h"

namespace memgc::trace {

void add_summary(CLI::App&) {}

}  // namespace memgc::trace
