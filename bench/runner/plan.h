// Job: what is compared, and in which order it runs.
#pragma once

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

/// Every allocator, in the order of the tables; memgc once per growth percent.
std::vector<Configuration> all_configurations(const std::vector<std::string>& memgc_percents);

/// The order in which `count` configurations run in a repetition: rotated, and every other time backwards, so that
/// none always runs first, last, or after the same neighbour.
std::vector<std::size_t> order_of(std::size_t count, std::size_t repetition);

}  // namespace memgc_bench
