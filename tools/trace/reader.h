// Job: find the trace lines in a stream of output, and say how much of the stream could be understood.
//
// Bytes come in by feed(), in pieces of any size; each cycle goes out by a callback, in the order of the stream. The
// invariant: memory does not grow with the stream, nor with the length of a line.
//
// A stream may hold several runs: a program started again and again into one log, or several processes that share a
// terminal. A line belongs to the run that it continues (cycle number one higher, time not earlier). If it continues
// none, it is a gap in the run last heard of when number and time have both gone up, and begins a run of its own when
// either went back. Runs are numbered from 0 in the order of their first lines.
//
// One thread.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "cycle.h"

namespace memgc::trace {

struct ReadStatus {
  std::uint64_t bytes = 0;      // after decompression
  std::uint64_t lines = 0;      // of any kind
  std::uint64_t cycles = 0;     // whole trace lines
  std::uint64_t truncated = 0;  // trace lines whose end is missing: what they hold is used
  std::uint64_t malformed = 0;  // trace lines with something in them that does not belong there
  std::uint64_t lost = 0;       // cycles whose lines are missing, by the gaps in the numbers
  std::uint64_t other = 0;      // lines of other output
  std::uint64_t restarts = 0;   // runs after the first

  // True when figures are of fewer cycles than the programs had.
  bool suffers() const { return truncated + malformed + lost > 0; }
};

struct BadLine {
  std::string_view source;  // the file, or "-"
  std::uint64_t line = 0;   // from 1, in that file
  std::string_view text;    // at most 512 bytes of it
};

struct Handlers {
  std::function<void(const Cycle&)> cycle;        // a whole line
  std::function<void(const Cycle&)> partial;      // a line that ended or broke off at read_to; may be empty
  std::function<void(const BadLine&)> malformed;  // may be empty
};

class Reader {
 public:
  explicit Reader(Handlers handlers);
  ~Reader();
  Reader(const Reader&) = delete;
  Reader& operator=(const Reader&) = delete;

  void begin_source(std::string name);  // what follows is of another file: lines count from 1 again
  void feed(std::string_view bytes);
  void finish();  // the stream has ended: its last line may have no newline
  const ReadStatus& status() const;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace memgc::trace
