// Job: the terminal of a full-screen view, given back as it was however the program ends.
//
// The invariant: from the constructor to the destructor the terminal shows its alternate screen, without cursor and
// echo; while the program is stopped (Ctrl-Z) it does not. Standard output is the terminal.
//
// One thread, one object at a time: its signal handlers (SIGWINCH, SIGTSTP) know it.
#pragma once

#include <string>
#include <vector>

namespace memgc::trace {

struct TerminalSize {
  std::size_t rows = 24, columns = 80;
};

class Terminal {
 public:
  Terminal();
  ~Terminal();
  Terminal(const Terminal&) = delete;
  Terminal& operator=(const Terminal&) = delete;

  static bool is_there();  // standard output is one that can move its cursor
  TerminalSize size() const;
  // True once after its size has changed, or it has come back to us.
  bool changed();
  // Redraws all of it; the first line is shown in reverse. No line is longer than the terminal is wide.
  void show(const std::vector<std::string>& lines) const;
};

// Whether the locale that these three variables name, in this order, is one of UTF-8. Pure.
bool is_utf8(const char* lc_all, const char* lc_ctype, const char* lang);

}  // namespace memgc::trace
