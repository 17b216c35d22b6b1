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

/// How many bits of a word are set. Without a processor's instruction for it, which not all x86-64 have, std::popcount
/// is a call that looks eight bytes up; and words of bitmaps are mostly empty or full.
constexpr unsigned count_ones(std::uint64_t word) {
  if (word + 1 <= 1) return word == 0 ? 0 : 64;
#if defined(__POPCNT__) || defined(__aarch64__)
  return static_cast<unsigned>(std::popcount(word));
#else
  word -= word >> 1 & 0x5555555555555555;  // pairs, then fours, then bytes, and these added up in the highest one
  word = (word & 0x3333333333333333) + (word >> 2 & 0x3333333333333333);
  word = (word + (word >> 4)) & 0x0f0f0f0f0f0f0f0f;
  return static_cast<unsigned>(word * 0x0101010101010101 >> 56);
#endif
}

/// value * percent / 100; SIZE_MAX when it does not fit.
constexpr std::size_t percent_of(std::size_t value, std::size_t percent) {
  __extension__ using Wide = unsigned __int128;
  const Wide wide = static_cast<Wide>(value) * percent / 100;
  return wide > SIZE_MAX ? SIZE_MAX : static_cast<std::size_t>(wide);
}

}  // namespace memgc::internal
