// Job: the dialogue with a user, on a terminal or through a pipe.
#pragma once

#include "vm.h"

namespace scheme {

/// Reads, evaluates and prints until the end of the input. On a terminal with line editing and history (libedit), else
/// without prompts. `banner`: say hello on a terminal. Returns the process's exit status: 1 if a form failed that did
/// not come from a terminal.
int repl(Vm& vm, bool banner);

/// Evaluates all forms of a text or of a file; reports what goes wrong. Returns the exit status.
int run_text(Vm& vm, const std::string& text);
int run_file(Vm& vm, const std::string& path);

}  // namespace scheme
