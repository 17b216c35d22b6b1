// Job: how a workload says that its own answers are wrong: the run is then an error, never a figure.
#pragma once

#include <fmt/format.h>

#include <cstdint>
#include <stdexcept>
#include <string_view>

namespace memgc_bench {

class WrongAnswer : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

[[noreturn]] inline void wrong_answer(std::string_view what, std::uint64_t found, std::uint64_t expected) {
  throw WrongAnswer(fmt::format("wrong answer: {} is {}, expected {}", what, found, expected));
}

inline void expect_equal(std::string_view what, std::uint64_t found, std::uint64_t expected) {
  if (found != expected) [[unlikely]]
    wrong_answer(what, found, expected);
}

}  // namespace memgc_bench
