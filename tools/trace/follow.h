// Job: the line-wise live view, which `top` turns into where there is no terminal.
#pragma once

#include <cstdint>

#include "live.h"

namespace memgc::trace {

// Prints a line each interval, and one at the end; at most `count` of them unless 0. Returns the exit status.
int follow(const LiveOptions& options, const WatchSource& source, std::uint64_t count);

}  // namespace memgc::trace
