// Job: size classes, and the layouts that cells of a block have in common.
//
// A layout is a cell size and what the layer above wants to know of such cells (opaque here: a kind and three words).
// Equal layouts are one: they are interned in a table of the whole process and named by a small number, never freed.
// Number 0 is no layout. Threads: any; one lock.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace memgc::internal {

inline constexpr std::size_t kBlockBytes = std::size_t{64} << 10;
inline constexpr std::size_t kBlockShift = 16;
inline constexpr std::size_t kMinCellBytes = 16;
inline constexpr std::size_t kMaxCellBytes = kBlockBytes / 2;  // anything larger has blocks of its own
inline constexpr std::size_t kMaxLayouts = 8192;

// Steps of 8 bytes up to 64, of 16 up to 256, then eight to a doubling: at most an eighth of a cell is waste from 129
// bytes on, three sixteenths below (a third up to 32 bytes). From 3 KiB on, sizes that divide a block with little left
// over; above 9360 bytes there are few of them, and waste grows from a seventh to a third of a cell.
inline constexpr auto kSizeClasses = std::to_array<std::uint16_t>(
    {16,   24,   32,   40,   48,   56,   64,   80,   96,   112,  128,  144,   160,   176,   192,   208,
     224,  240,  256,  288,  320,  352,  384,  416,  448,  480,  512,  576,   640,   704,   768,   832,
     896,  960,  1024, 1152, 1280, 1408, 1536, 1664, 1792, 1920, 2048, 2304,  2560,  2816,  3072,  3440,
     3640, 4096, 4368, 4672, 5040, 5456, 5952, 6552, 7280, 8192, 9360, 10912, 13104, 16384, 21840, 32768});

/// The index of the smallest class that holds `bytes` at `align` (a power of two); kSizeClasses.size() if none does.
std::size_t size_class_of(std::size_t bytes, std::size_t align);

struct Layout {
  std::uint32_t cell_bytes = 0;
  std::uint8_t kind = 0;
  std::uint64_t data[2] = {0, 0};
  std::uint64_t end = 0;  // what to do with a cell's contents when it is dead; 0: nothing

  friend bool operator==(const Layout&, const Layout&) = default;
};

using LayoutId = std::uint32_t;

/// The number of a layout, a new one if it has none yet. 0 when the table is full.
LayoutId intern_layout(const Layout& layout);
/// What a number stands for, however its holder came by it: a thread may have read it without any order to the one that
/// interned the layout, so this takes the table's lock.
Layout layout_at(LayoutId id);
/// One more than the largest number in use.
LayoutId layout_count();

}  // namespace memgc::internal
