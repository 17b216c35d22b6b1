// Job: memgc-trace explain.
#include "commands.h"

namespace memgc::trace {

void add_explain(CLI::App&) {}

}  // namespace memgc::trace
