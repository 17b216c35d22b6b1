// Job: see repl.h.
//
// How. Ctrl-C sets a flag that the run loop sees at its next call or backward jump; it throws Interrupted to here.
// While libedit waits for a line, or read(2) for input, the thread is in a BlockingScope: the collector does not wait
// for it.
#include "repl.h"

#include <editline/readline.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <iostream>

#include "compiler.h"
#include "reader.h"

namespace scheme {
namespace {

Vm* interruptible = nullptr;  // the one program's; read by the signal handler

extern "C" void on_interrupt(int) {
  if (interruptible != nullptr) interruptible->interrupt();
}

void catch_interrupts(Vm& vm) {
  interruptible = &vm;
  struct sigaction action {};
  action.sa_handler = on_interrupt;  // without SA_RESTART: a read that waits is to return
  sigaction(SIGINT, &action, nullptr);
}

void report(Vm& vm) {
  const Value payload = vm.reg(Vm::kPending);
  const std::vector<std::string> frames = vm.backtrace();
  std::string text = vm.describe_error(payload);
  std::size_t first = 0;
  if (!is_type(payload, Type::kError) && !frames.empty()) {  // where it was raised
    text = frames[0].substr(0, frames[0].find(": in ")) + ": " + text;
    first = 1;
  }
  vm.flush_all();
  std::fprintf(stderr, "%s\n", text.c_str());
  for (std::size_t i = first; i < frames.size(); ++i) std::fprintf(stderr, "  called from %s\n", frames[i].c_str());
}

/// Runs `work`; reports errors. The exit status, or -1 to go on.
int guarded(Vm& vm, const std::function<void()>& work) {
  try {
    work();
    return -1;
  } catch (const Uncaught&) {
    report(vm);
    return 1;
  } catch (const SchemeThrow&) {  // while compiling: no run loop was there to raise it
    report(vm);
    return 1;
  } catch (const Interrupted&) {
    vm.flush_all();
    std::fprintf(stderr, "interrupted\n");
    return 130;
  } catch (const std::bad_alloc&) {
    vm.flush_all();
    std::fprintf(stderr, "out of memory\n");
    return 1;
  }
}

void evaluate_and_print(Vm& vm, Value form) {
  claim_definitions(vm, form, vm.program_environment());
  const Value result = vm.run(vm.compile(form, vm.program_environment(), "stdin"));
  if (result == kUnspecified || result == kUndefined) return;
  const std::string text = to_text(vm, result) + "\n";
  vm.flush_all();
  std::fwrite(text.data(), 1, text.size(), stdout);
  std::fflush(stdout);
}

/// Evaluates the complete forms of `text`, and drops them from it.
int evaluate_lines(Vm& vm, std::string& text, std::uint32_t first_line, bool at_end) {
  int status = -1;
  while (status != 130) {
    TextSource source(text);
    source.line = first_line;
    Reader reader(vm, source, "stdin", &vm.lines);
    Value form = kEof;
    bool complete = true;
    const int read_status = guarded(vm, [&] {
      try {
        form = reader.read();
      } catch (const IncompleteInput& early) {
        complete = false;
        if (at_end) vm.syntax_error(early.message, kUndefined, "stdin", source.line);
      }
    });
    if (read_status >= 0) {
      text.clear();
      return read_status;
    }
    if (!complete) return status;
    if (form == kEof) {
      text.clear();
      return status;
    }
    first_line = source.line;
    text.erase(0, source.position());
    vm.reg(Vm::kKeep) = vm.cons(form, kNil);
    status = std::max(status, guarded(vm, [&] { evaluate_and_print(vm, form); }));
    vm.reg(Vm::kKeep) = kNil;
    vm.lines.clear();
  }
  return status;
}

std::string history_path() {
  const char* home = std::getenv("HOME");
  return home == nullptr ? std::string() : std::string(home) + "/.memgc-scheme-history";
}

int terminal_repl(Vm& vm, bool banner) {
  if (banner) std::printf("memgc-scheme " MEMGC_VERSION_STRING "; Ctrl-C stops an evaluation, Ctrl-D leaves\n");
  const std::string history = history_path();
  rl_readline_name = const_cast<char*>("memgc-scheme");
  using_history();
  stifle_history(1000);
  if (!history.empty()) read_history(history.c_str());
  std::string text;
  for (std::uint32_t line = 1;; ++line) {
    char* typed;
    {
      memgc::BlockingScope blocking(vm.me);
      typed = readline(text.empty() ? "> " : "  ");
    }
    if (typed == nullptr) break;
    if (*typed != '\0') add_history(typed);
    text += typed;
    text += '\n';
    std::free(typed);
    evaluate_lines(vm, text, line, false);
    if (text.find_first_not_of(" \t\n") == std::string::npos) text.clear();
  }
  std::printf("\n");
  if (!history.empty()) write_history(history.c_str());
  return 0;
}

/// From a pipe or a file: forms are evaluated as their lines arrive.
int piped_repl(Vm& vm) {
  int status = 0;
  std::string text, line;
  std::uint32_t first_line = 1, next_line = 1;
  for (bool more = true; more;) {
    try {
      more = vm.next_input_line(line);
    } catch (const Interrupted&) {
      std::fprintf(stderr, "interrupted\n");
      continue;
    }
    if (text.empty()) first_line = next_line;
    ++next_line;
    text += line;
    status = std::max(status, evaluate_lines(vm, text, first_line, !more));
    if (text.find_first_not_of(" \t\r\n") == std::string::npos) text.clear();
  }
  return status == 0 ? 0 : 1;
}

}  // namespace

int repl(Vm& vm, bool banner) {
  catch_interrupts(vm);
  return isatty(STDIN_FILENO) != 0 ? terminal_repl(vm, banner) : piped_repl(vm);
}

int run_text(Vm& vm, const std::string& text) {
  catch_interrupts(vm);
  return std::max(0, guarded(vm, [&] { vm.load_text(text, "-e", vm.program_environment()); }));
}

int run_file(Vm& vm, const std::string& path) {
  catch_interrupts(vm);
  return std::max(0, guarded(vm, [&] { vm.load_file(path); }));
}

}  // namespace scheme
