// Job: one JSON line of gctrace=json into a Cycle. Pure; reads the flat objects that memgc writes, not JSON in general.
//
// Keys may come in any order and there may be unknown ones: schema 1 promises that keys keep their meaning. A line that
// was cut holds the parts of a Cycle of which all keys have been read.
#pragma once

#include <cstddef>
#include <string_view>

#include "cycle.h"
#include "line.h"

namespace memgc::trace {

// Where the next such line begins, at `from` or later; npos if none does.
std::size_t find_json_start(std::string_view text, std::size_t from);

// `text` begins at a find_json_start(). LineResult's positions are not set.
LineResult parse_json_line(std::string_view text, Cycle& cycle);

}  // namespace memgc::trace
