// Job: run a program with gctrace=1, passing its standard error on and handing it to a reader.
//
// Its other files are ours. SIGINT and SIGQUIT of the terminal reach both; we outlive them to tell what was seen.
// SIGTERM and SIGHUP are passed on. One thread; one child at a time.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace memgc::trace {

// "gctrace=1" in the value of MEMDEBUG or GODEBUG, where no gctrace is on; anything else stays.
std::string with_gctrace(std::string_view debug);

struct ChildOptions {
  bool pass_on = true;        // what it writes to its standard error goes to ours as well
  bool own_terminal = false;  // we need the terminal: its standard output is handed over as well, its input is empty
  std::function<void()> on_look;  // some twenty times a second; may be empty
};

// Returns the exit status as a shell has it: 128 + N for signal N. Throws InputError if the program cannot be started.
int run_child(const std::vector<std::string>& command, const std::function<void(std::string_view)>& on_output,
              const ChildOptions& options = {});

}  // namespace memgc::trace
