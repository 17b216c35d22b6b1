// Job: hands Google Benchmark the part of a command line that is its own.
#pragma once

#include <benchmark/benchmark.h>

#include <string>
#include <vector>

namespace memgc_bench {

/// `flags`: what the program's own options have left over. False when one is not Google Benchmark's either: it has said
/// so.
inline bool initialize_benchmarks(char* program, std::vector<std::string> flags) {
  std::vector<char*> arguments{program};
  for (std::string& flag : flags) arguments.push_back(flag.data());
  int count = static_cast<int>(arguments.size());
  arguments.push_back(nullptr);
  benchmark::Initialize(&count, arguments.data());
  return !benchmark::ReportUnrecognizedArguments(count, arguments.data());
}

}  // namespace memgc_bench
