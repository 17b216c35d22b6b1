// Job: the two ways in which a run fails on purpose: bad input, and a check that did not hold.
#pragma once

#include <stdexcept>

namespace pkggraph {

/// The index, the arguments or the system are not as needed. what() is one line: where, what was found, what is
/// accepted.
class InputError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// --check found the graph or an answer wrong. what() names the first difference.
class CheckFailed : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

}  // namespace pkggraph
