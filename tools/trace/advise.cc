// Job: memgc-trace advise.
#include "commands.h"

namespace memgc::trace {

void add_advise(CLI::App&) {}

}  // namespace memgc::trace
