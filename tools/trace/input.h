// Job: where trace lines come from: files, plain or gzip, and standard input.
//
// Memory is constant whatever the sizes. Several files are rotated parts of one log, or logs of several runs: they are
// put in order by the cycles in them (one that goes on where another ends comes after it), else as they are named.
// Pipes cannot be looked into beforehand: with one among them, all are read as they are named. A gzip file that breaks
// off is read as far as it goes.
//
// One thread.
#pragma once

#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include "reader.h"

struct gzFile_s;  // zlib's

namespace memgc::trace {

// A file cannot be opened, read or unpacked; what() is one line that names it.
class InputError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

struct CloseInput {
  void operator()(gzFile_s* file) const;
};
using InputFile = std::unique_ptr<gzFile_s, CloseInput>;
// A file, plain or gzip; "-" is standard input. Throws InputError.
InputFile open_input(const std::string& path);
// The next bytes of it, unpacked: how many, 0 at the end. Throws InputError; so does a gzip file that breaks off.
std::size_t read_input(const InputFile& file, const std::string& path, char* to, std::size_t most);

// Reads all of them. "-" is standard input; no path at all is standard input too. Throws InputError.
ReadStatus read_traces(const std::vector<std::string>& paths, Handlers handlers);

}  // namespace memgc::trace
