// Job: a language's own heap: the Scheme interpreter of tools/scheme runs its measuring programs.
//
// Everything that the interpreter holds is on the heap under test: data, closures, frames that outlive the stack, code,
// the compiler's trees; a word may be a number as well as a reference (memgc::Slot), and the interpreter's stack is a
// RootRange. Each run reads and compiles the program anew. The answer: what the program prints, each time.
//
// Exists on memgc alone, since the interpreter does. Threads: one, that of the Mutator.
#pragma once

#include <fmt/format.h>

#include <cstdint>
#include <string>

#include "harness/check.h"
#include "policies/memgc.h"
#include "ports.h"
#include "vm.h"

namespace memgc_bench {

struct SchemeProgram {
  const char* name;  // of the file, without .scm
  unsigned runs;     // for two to four seconds
  const char* prints;
};

/// Those of the measuring programs that allocate: fib and tak do not.
inline constexpr SchemeProgram kSchemePrograms[] = {
    {"ctak", 50, "7\n"},
    {"deriv", 6,
     "(+ (* (* 3 x x) (+ (/ 0 3) (/ 1 x) (/ 1 x))) (* (* a x x) (+ (/ 0 a) (/ 1 x) (/ 1 x))) "
     "(* (* b x) (+ (/ 0 b) (/ 1 x))) 0)\n"},
    {"gcbench", 5, "1015808 1040384 1046528 1048064 1048448 1048544 1048568 262143 1000\n"},
    {"nqueens", 100, "724\n"},
    {"strings", 15, "26\n"},
};

template <class Policy>
class Scheme {
 public:
  struct Options {
    SchemeProgram program;
    std::string directory;
    unsigned runs;
  };
  static constexpr bool kUsesRegions = false;

  using Thread = typename Policy::Thread;

  Scheme(Thread& thread, const Options& options, unsigned, unsigned) : options_(options), vm_(thread.mutator()) {}

  void run() {
    for (unsigned i = 0; i < options_.runs; ++i) {
      const std::string printed = output_of(options_.directory + "/" + options_.program.name + ".scm");
      if (printed == options_.program.prints) continue;
      throw WrongAnswer(fmt::format("wrong answer: {} prints '{}', expected '{}'", options_.program.name, printed,
                                    options_.program.prints));
    }
  }

  void verify() {}  // every answer is part of a run

 private:
  std::string output_of(const std::string& path) {
    // Held by the parameter, so that the pointer here may be plain.
    auto* const port = vm_.me.make<scheme::Port>(scheme::kTextOut, vm_.bytevector(kFirstBuffer, 0));
    scheme::untag<scheme::Parameter>(vm_.reg(scheme::Vm::kOutput))->value = scheme::object(port);
    try {
      vm_.run_forms(vm_.read_file(path), path);
    } catch (const scheme::Uncaught&) {
      throw WrongAnswer(vm_.describe_error(vm_.reg(scheme::Vm::kPending)));
    } catch (const scheme::SchemeThrow&) {  // while reading or compiling
      throw WrongAnswer(vm_.describe_error(vm_.reg(scheme::Vm::kPending)));
    }
    const std::uint8_t* const bytes = scheme::bytes(port->buffer);
    return std::string(bytes, bytes + port->used);
  }

  static constexpr std::size_t kFirstBuffer = 64;

  const Options options_;
  scheme::Vm vm_;
};

}  // namespace memgc_bench
