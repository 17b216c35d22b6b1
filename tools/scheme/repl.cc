// Job: see repl.h.
//
// How. Forms are read from standard input as from any port. On a terminal, libedit is asked for each further line;
// while it waits, the thread is in a BlockingScope: the collector does not wait for it. Ctrl-C sets a flag that the run
// loop sees at its next call or backward jump; it throws Interrupted to here.
#include "repl.h"

#include <editline/readline.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>

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
  std::fprintf(stderr, "%s\n", text.c_str());
  for (std::size_t i = first; i < frames.size(); ++i) std::fprintf(stderr, "  called from %s\n", frames[i].c_str());
}

/// Runs `work`; reports what goes wrong. Returns the exit status.
int guarded(Vm& vm, const std::function<void()>& work) {
  int status = 0;
  try {
    work();
  } catch (const Uncaught&) {
    status = 1;
  } catch (const SchemeThrow&) {  // while reading or compiling: no run loop was there to raise it
    status = 1;
  } catch (const Interrupted&) {
    status = 130;
  } catch (const std::bad_alloc&) {
    vm.reg(Vm::kPending) = vm.reg(Vm::kOutOfMemory);
    status = 1;
  }
  vm.flush_all();
  if (status == 1) report(vm);
  if (status == 130) std::fprintf(stderr, "interrupted\n");
  return status;
}

void evaluate_and_print(Vm& vm, Value form) {
  claim_definitions(vm, form, vm.program_environment());
  const Value result = vm.run(vm.compile(form, vm.program_environment(), "stdin"));
  vm.lines.clear();
  if (result == kUnspecified || result == kUndefined) return;
  vm.flush_all();
  std::printf("%s\n", to_text(vm, result).c_str());
  std::fflush(stdout);
}

std::string history_path() {
  const char* home = std::getenv("HOME");
  return home == nullptr ? std::string() : std::string(home) + "/.memgc-scheme-history";
}

void start_line_editing(Vm& vm, const bool& begun) {
  rl_readline_name = const_cast<char*>("memgc-scheme");
  using_history();
  stifle_history(1000);
  read_history(history_path().c_str());
  vm.terminal_line = [&vm, &begun]() -> std::string {
    char* typed;
    {
      memgc::BlockingScope blocking(vm.me);
      typed = readline(begun ? "  " : "> ");
    }
    if (typed == nullptr) return {};
    if (*typed != '\0') add_history(typed);
    std::string line = std::string(typed) + "\n";
    std::free(typed);
    return line;
  };
}

}  // namespace

int repl(Vm& vm, bool banner) {
  catch_interrupts(vm);
  const bool terminal = isatty(STDIN_FILENO) != 0;
  bool begun = false;  // within a form
  if (terminal) {
    if (banner) std::printf("memgc-scheme " MEMGC_VERSION_STRING "; Ctrl-C stops an evaluation, Ctrl-D leaves\n");
    start_line_editing(vm, begun);
  }
  Port* input = untag<Port>(untag<Parameter>(vm.reg(Vm::kInput))->value);
  int status = 0;
  for (bool more = true; more;) {
    const int failed = guarded(vm, [&] {
      Value form = kUndefined;
      begun = false;
      while (peek_byte(vm, input) == ' ' || peek_byte(vm, input) == '\n') next_byte(vm, input);
      begun = true;
      form = Reader(vm, input, &vm.lines).read();
      more = form != kEof;
      vm.reg(Vm::kKeep) = vm.cons(form, kNil);
      if (more) evaluate_and_print(vm, form);
    });
    if (failed != 0) {  // what is left of the line goes too
      while (input->position < input->used && next_byte(vm, input) != '\n') continue;
      more = more && (input->position < input->used || peek_byte(vm, input) >= 0);
    }
    if (!terminal && failed != 0) status = 1;
  }
  if (terminal) {
    std::printf("\n");
    write_history(history_path().c_str());
  }
  return status;
}

int run_text(Vm& vm, const std::string& text) {
  catch_interrupts(vm);
  return guarded(vm, [&] { vm.run_forms(vm.read_all(text_port(vm, text, "-e")), "-e"); });
}

int run_file(Vm& vm, const std::string& path) {
  catch_interrupts(vm);
  return guarded(vm, [&] { vm.run_forms(vm.read_file(path), path); });
}

}  // namespace scheme
