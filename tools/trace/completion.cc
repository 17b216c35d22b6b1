// Job: memgc-trace completion.
#include "commands.h"

namespace memgc::trace {

void add_completion(CLI::App&) {}

}  // namespace memgc::trace
