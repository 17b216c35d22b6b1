// Job: read the trace of a program while it runs: a file that grows, a pipe, or a program that we start.
//
// The loop gives control back to the view (on_look) some twenty times a second, whatever comes or does not.
//
// One thread; one at a time. The caller holds StopSignals, which end it; a program that we started gets the signals
// instead, and its end is the end.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "reader.h"

namespace memgc::trace {

struct WatchSource {
  std::string file = "-";            // "-": standard input
  std::vector<std::string> command;  // if there is one, that instead
  std::string name() const { return !command.empty() ? command[0] : (file == "-" ? "standard input" : file); }
};

struct WatchHandlers {
  std::function<bool()> on_look;  // false: enough
  // Lines without a trace line; may be empty.
  std::function<void(std::string_view)> other;
  // The program's standard output is seen as its other output is, and it has no standard input: for a view that needs
  // the terminal for itself.
  bool own_terminal = false;
};

// Returns the program's exit status, or 0. Throws InputError.
int watch(const WatchSource& source, Reader& reader, const WatchHandlers& handlers);

}  // namespace memgc::trace
