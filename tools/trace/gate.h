// Job: --fail-if 'FIGURE OP VALUE': a condition on a summary, for continuous integration. Pure.
#pragma once

#include <stdexcept>
#include <string>
#include <string_view>

#include "figures.h"

namespace memgc::trace {

// The text is no condition: what() says what is wrong and what is accepted.
class GateError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

struct Gate {
  std::string text;  // as it was given
  const FigureInfo* figure = nullptr;
  std::string op;    // > >= < <= == !=
  double value = 0;  // in the figure's own unit
};

Gate parse_gate(std::string_view text);
// Throws GateError if the figures have no such value: a condition that cannot be judged must not pass for kept.
bool holds(const Gate& gate, const Figures& figures);

// "500us" in seconds, "350MiB" in bytes, "5%" as a share; throws GateError.
double parse_value(std::string_view text, Unit unit);

}  // namespace memgc::trace
