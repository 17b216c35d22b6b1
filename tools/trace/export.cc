// Job: memgc-trace export.
#include "commands.h"

namespace memgc::trace {

void add_export(CLI::App&) {}

}  // namespace memgc::trace
