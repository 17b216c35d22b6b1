// Job: runs seeds of the scheduled world, one after the other; or one seed again, step by step.
//
// Exit status 0: all agree with the model. A seed that fails is named on the last line of stderr, and ends the program
// by abort.
#include <fmt/core.h>
#include <sys/prctl.h>
#include <sys/time.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <cstring>

#include "tests/schedule/world.h"

namespace {

using memgc::testing::Scheduler;
using memgc::testing::Tally;
using memgc::testing::World;

volatile std::uint64_t seed_under_way = 0;

// A seed takes milliseconds of processor time. One that waits without a step for what others must do first takes all
// that it gets, and is ended as one that fails.
void begin_seed(std::uint64_t seed) {
  seed_under_way = seed;
  const itimerval limit{{}, {60, 0}};
  setitimer(ITIMER_PROF, &limit, nullptr);
}

// In the signal handler of a program that is lost anyway.
void name_the_seed(int signal) {
  char line[128];
  const int length =
      std::snprintf(line, sizeof(line), "schedule: seed %llu fails; again with --seed %llu\n",
                    static_cast<unsigned long long>(seed_under_way), static_cast<unsigned long long>(seed_under_way));
  if (length > 0) static_cast<void>(!write(STDERR_FILENO, line, static_cast<std::size_t>(length)));
  std::signal(signal, SIG_DFL);
  std::raise(signal);
}

void name_failing_seeds() {
  static char stack[64 * 1024];  // a coroutine that has overflowed its own has none for the handler
  stack_t alternative{};
  alternative.ss_sp = stack;
  alternative.ss_size = sizeof(stack);
  sigaltstack(&alternative, nullptr);
  struct sigaction action {};
  action.sa_handler = name_the_seed;
  action.sa_flags = SA_ONSTACK;
  for (const int signal : {SIGABRT, SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGPROF}) sigaction(signal, &action, nullptr);
}

}  // namespace

int main(int argc, char** argv) {
  std::uint64_t first = 1, count = 1000, seed = 0;
  bool steps = false, each = false;
  CLI::App app("Runs the scheduled world: every interleaving is a seed's");
  app.add_option("--first", first, "the first seed")->capture_default_str();
  app.add_option("--seeds", count, "how many, one after the other")->check(CLI::PositiveNumber)->capture_default_str();
  CLI::Option* one = app.add_option("--seed", seed, "this one alone, and print the hash of its steps");
  app.add_flag("--steps", steps, "print every step")->needs(one);
  app.add_flag("--hashes", each, "print each seed's hash of its steps");
  CLI11_PARSE(app, argc, argv);
  name_failing_seeds();
  prctl(PR_SET_PDEATHSIG, SIGKILL);  // a test that is given up takes its program with it
  Tally tally;
  World::warm_up();
  if (*one) {
    if (steps) Scheduler::the().print_steps();
    begin_seed(seed);
    fmt::print("{:016x}\n", World::run(seed, tally));
    return 0;
  }
  std::uint64_t hashes = 0;
  for (std::uint64_t i = 0; i < count; ++i) {
    begin_seed(first + i);
    const std::uint64_t hash = World::run(first + i, tally);
    if (each) fmt::print("{:016x}\n", hash);
    hashes = hashes * 31 + hash;
  }
  fmt::print(
      "{} seeds, {} steps, {} cycles ({} minor), {} edits, {} objects, {} destroyed, {} weak references found null; "
      "{:016x}\n",
      count, tally.steps, tally.cycles, tally.minor_cycles, tally.edits, tally.objects, tally.destroyed,
      tally.weak_nulls, hashes);
  return 0;
}
