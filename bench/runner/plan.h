// Job: what is compared, and in which order it runs.
#pragma once

#include <chrono>
#include <cstddef>
#include <string>
#include <utility>
#include <vector>

namespace memgc_bench {

/// One line of a table: a program and the environment that tunes it.
struct Configuration {
  std::string name;
  std::string program;  // a file name in the directory of programs
  std::vector<std::pair<std::string, std::string>> environment;
};

/// What everything is compared with.
inline constexpr const char* kBaseline = "mimalloc heap";

/// Every allocator, in the order of the tables; memgc and Go once per growth percent. With `generational` memgc twice
/// more: with minor cycles where they pay, and wherever memory allows.
std::vector<Configuration> all_configurations(const std::vector<std::string>& percents, bool generational = false);

/// The order in which `count` configurations run in a repetition: rotated, and every other time backwards, so that
/// none always runs first, last, or after the same neighbour.
std::vector<std::size_t> order_of(std::size_t count, std::size_t repetition);

/// How often everything is repeated: up to `most` times, as long as another repetition fits into the time that is meant
/// for all, but at least `least` times.
struct Effort {
  std::size_t least = 5, most = 5;
  std::chrono::seconds meant = std::chrono::seconds::max();
};

/// How many repetitions there will be in all, after `done` of them have taken `elapsed`, if the others take as long.
std::size_t repetitions_of(const Effort& effort, std::size_t done, std::chrono::duration<double> elapsed);

/// Workloads whose requests arrive at a rate, rather than one after the other: their result is latency.
bool is_latency_workload(const std::string& workload);

/// The share of what the baseline manages, one request after the other, at which requests arrive.
inline constexpr double kLatencyShare = 0.5;

}  // namespace memgc_bench
