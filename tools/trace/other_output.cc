// Job: see other_output.h.
#include "other_output.h"

#include <algorithm>
#include <utility>

#include "json_line.h"
#include "line.h"

namespace memgc::trace {

OtherOutput::OtherOutput(std::function<void(std::string_view)> on_line) : on_line_(std::move(on_line)) {}

void OtherOutput::line(std::string_view text) {
  const bool trace =
      find_line_start(text, 0) != std::string_view::npos || find_json_start(text, 0) != std::string_view::npos;
  if (!trace && !text.empty()) on_line_(text);
}

void OtherOutput::feed(std::string_view bytes) {
  while (!bytes.empty()) {
    const std::size_t newline = bytes.find('\n');
    const std::size_t end = newline == std::string_view::npos ? bytes.size() : newline + 1;
    const std::size_t taken = std::min(end, kMost - begun_.size());
    begun_ += bytes.substr(0, taken);
    bytes.remove_prefix(taken);
    if (begun_.back() == '\n' || begun_.size() == kMost) finish();
  }
}

void OtherOutput::finish() {
  line(begun_);
  begun_.clear();
}

}  // namespace memgc::trace
