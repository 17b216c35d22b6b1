// Job: where trace lines come from: files, plain or gzip, and standard input.
//
// Memory is constant whatever the sizes. Several files are rotated parts of one log, or logs of several runs: they are
// put in order by the cycles in them (one that goes on where another ends comes after it), else as they are named.
// Pipes cannot be looked into beforehand: with one among them, all are read as they are named. A gzip file that breaks
// off is read as far as it goes.
//
// One thread.
#pragma once

#include <stdexcept>
#include <string>
#include <vector>

#include "reader.h"

namespace memgc::trace {

// A file cannot be opened, read or unpacked; what() is one line that names it.
class InputError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

// Reads all of them. "-" is standard input; no path at all is standard input too. Throws InputError.
ReadStatus read_traces(const std::vector<std::string>& paths, Handlers handlers);

}  // namespace memgc::trace
