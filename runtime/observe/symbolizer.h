// Names for return addresses of this process: functions, with those that were inlined, and lines where the program has
// debug information. One thread at a time.
#pragma once

#include <elfutils/libdwfl.h>

#include <cstdint>
#include <string>
#include <vector>

namespace memgc::observe {

struct SourceLine {
  std::string function;  // as people write it; "0x..." when nothing is known
  std::string symbol;    // as the linker has it
  std::string file;      // may be empty
  int line = 0;          // 0: not known
};

class Symbolizer {
 public:
  Symbolizer();
  ~Symbolizer();
  Symbolizer(const Symbolizer&) = delete;
  Symbolizer& operator=(const Symbolizer&) = delete;

  // What the call before `return_address` belongs to, innermost first: at least one line.
  std::vector<SourceLine> lines_of(const void* return_address) const;

 private:
  Dwfl* dwfl_ = nullptr;  // null: the system tells nothing of this process
};

// Without the parameter list, which says little and is long: `f(int)` is `f`.
std::string without_parameters(const std::string& name);
// Whether it is a function of this library's: the frames between a program's call and a sample.
bool is_memgc_frame(const std::string& function);

}  // namespace memgc::observe
