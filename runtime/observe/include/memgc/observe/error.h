// What memgc::observe throws when it cannot write what it was asked for.
#pragma once

#include <stdexcept>

namespace memgc {

// Its what() is one line that names the file, what could not be done and why. Nothing was left at the path: what stood
// there before still does.
class ObserveError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

}  // namespace memgc
