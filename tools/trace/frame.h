// Job: what `top` shows, as lines of text. Pure.
//
// Invariant: never more lines than there are rows, nor a line wider than the columns; of what the program or a file's
// name says, only printable ASCII gets onto the terminal.
#pragma once

#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "reader.h"
#include "rolling.h"
#include "terminal.h"

namespace memgc::trace {

struct Frame {
  std::string source;
  RollingFigures figures;
  ReadStatus status;
  std::optional<double> limit;            // bytes
  std::vector<Timeline::Bucket> history;  // the newest last
  double column_seconds = 1;              // what each of them is of
  std::deque<std::string> output;         // the program's own last lines
};

std::vector<std::string> draw(const Frame& frame, TerminalSize size, bool utf8);

// `share` of `width` columns filled, 0 to 1.
std::string bar(double share, std::size_t width, bool utf8);
// A column for each value, 0 to `top`; a negative one is blank.
std::string sparkline(const std::vector<double>& values, double top, bool utf8);
std::string printable(std::string_view text);

}  // namespace memgc::trace
