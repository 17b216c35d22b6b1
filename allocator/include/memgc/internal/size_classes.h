// Job: the sizes that cells come in. Part of what inline code in users' programs knows, so that the size of a type's
// cells is a constant there: a library and the programs compiled against its headers must have the same table.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace memgc::internal {

// Steps of 8 bytes up to 64, of 16 up to 256, then eight to a doubling: at most an eighth of a cell is waste from 129
// bytes on, three sixteenths below (a third up to 32 bytes). From 3 KiB on, sizes that divide a block with little left
// over; above 9360 bytes there are few of them, and waste grows from a seventh to a third of a cell.
inline constexpr auto kSizeClasses = std::to_array<std::uint16_t>(
    {16,   24,   32,   40,   48,   56,   64,   80,   96,   112,  128,  144,   160,   176,   192,   208,
     224,  240,  256,  288,  320,  352,  384,  416,  448,  480,  512,  576,   640,   704,   768,   832,
     896,  960,  1024, 1152, 1280, 1408, 1536, 1664, 1792, 1920, 2048, 2304,  2560,  2816,  3072,  3440,
     3640, 4096, 4368, 4672, 5040, 5456, 5952, 6552, 7280, 8192, 9360, 10912, 13104, 16384, 21840, 32768});

/// The size of the smallest cells that hold `bytes` at `align` (a power of two); 0 if there are none.
constexpr std::size_t cell_bytes_for(std::size_t bytes, std::size_t align) {
  for (const std::size_t cell : kSizeClasses) {
    if (cell >= bytes && cell % align == 0) return cell;
  }
  return 0;
}

}  // namespace memgc::internal
