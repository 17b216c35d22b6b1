// Job: arithmetic on sizes and words that every room needs.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>

namespace memgc::internal {

constexpr std::size_t round_up(std::size_t value, std::size_t multiple) {
  return (value + multiple - 1) / multiple * multiple;
}
constexpr std::size_t round_down(std::size_t value, std::size_t multiple) { return value / multiple * multiple; }

/// Bits [from, to) of a word; 0 <= from <= to <= 64.
constexpr std::uint64_t bit_range(unsigned from, unsigned to) {
  const std::uint64_t below_to = to >= 64 ? ~std::uint64_t{0} : (std::uint64_t{1} << to) - 1;
  return from >= 64 ? 0 : below_to & (~std::uint64_t{0} << from);
}

/// value * percent / 100; SIZE_MAX when it does not fit.
constexpr std::size_t percent_of(std::size_t value, std::size_t percent) {
  __extension__ using Wide = unsigned __int128;
  const Wide wide = static_cast<Wide>(value) * percent / 100;
  return wide > SIZE_MAX ? SIZE_MAX : static_cast<std::size_t>(wide);
}

}  // namespace memgc::internal
