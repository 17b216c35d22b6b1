// Job: one trace line, from its "gc " on, into a Cycle. Pure; no allocation, no locale.
//
// The grammar is Go's since 1.5, of which memgc's line is one case:
//
//   gc N @Ts U%: T+T+T ms clock, T+T/T/T+T ms cpu, H->H->H MB, G MB goal, K MB stacks, B MB globals, P P (forced)
//   (minor)
//
// read loosely where versions differ: more phases between the first and the last (Go 1.5), no stacks and globals
// (before Go 1.18), fields of unknown name, anything after P. A number counts only once its separator has been read,
// because "4.2" may have been going to be "4.25".
#pragma once

#include <cstddef>
#include <string_view>

#include "cycle.h"

namespace memgc::trace {

inline constexpr std::size_t kLineBytes = 2048;  // a trace line is shorter than this, in JSON as well

enum class LineEnd {
  kWhole,
  kTruncated,  // the text ended where the line would have gone on
  kMalformed,  // something was met that does not belong there
};

struct LineResult {
  LineEnd end = LineEnd::kMalformed;
  std::size_t settled = 0;  // bytes up to the last separator that was read
  std::size_t number = 0;   // bytes up to the end of the number after it, if there was one
};

// `text` begins at a find_line_start(). Sets what the line says, and cycle.read_to.
LineResult parse_line(std::string_view text, Cycle& cycle);

// Where the next trace line begins ("gc N @"), at `from` or later; npos if none does. It may be in the middle of a line
// of other output.
std::size_t find_line_start(std::string_view text, std::size_t from);

}  // namespace memgc::trace
