// Job: memgc-trace report.
#include "commands.h"

namespace memgc::trace {

void add_report(CLI::App&) {}

}  // namespace memgc::trace
