// Job: run a program to its end: its own environment, a time limit, its output, and what it cost by the kernel's
// account.
#pragma once

#include <chrono>
#include <string>
#include <utility>
#include <vector>

namespace memgc_bench {

/// How often a running program's resident memory is looked at.
inline constexpr std::chrono::milliseconds kSampleInterval{20};

struct Command {
  std::string program;
  std::vector<std::string> arguments;
  std::vector<std::pair<std::string, std::string>> environment;  // set on top of the cleaned environment
  std::chrono::seconds limit{600};
};

struct Outcome {
  std::string failure;          // empty: it ended with exit status 0
  std::string output;           // standard output
  std::string errors;           // standard error
  double cpu_seconds = 0;       // from start to end, all threads
  double peak_resident_mb = 0;  // ru_maxrss
  double mean_resident_mb = 0;  // of a sample every kSampleInterval; kNoValue of a program that ended before the first
};

/// Variables that steer an allocator or the loader are not inherited, so that a figure does not depend on who asks.
Outcome run_program(const Command& command);

}  // namespace memgc_bench
