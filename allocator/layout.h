// Job: size classes, and the layouts that cells of a block have in common.
//
// A layout is a cell size and what the layer above wants to know of such cells (opaque here: a kind and three words).
// Equal layouts are one: they are interned in a table of the whole process and named by a small number, never freed.
// Number 0 is no layout. Threads: any; one lock.
#pragma once

#include <cstddef>
#include <cstdint>

#include "memgc/internal/size_classes.h"

namespace memgc::internal {

inline constexpr std::size_t kBlockBytes = std::size_t{64} << 10;
inline constexpr std::size_t kBlockShift = 16;
inline constexpr std::size_t kMinCellBytes = 16;
inline constexpr std::size_t kMaxCellBytes = kBlockBytes / 2;  // anything larger has blocks of its own
inline constexpr std::size_t kMaxLayouts = 8192;

/// The index of the smallest class that holds `bytes` at `align` (a power of two); kSizeClasses.size() if none does.
std::size_t size_class_of(std::size_t bytes, std::size_t align);

struct Layout {
  std::uint32_t cell_bytes = 0;
  std::uint8_t kind = 0;
  std::uint64_t data[2] = {0, 0};
  std::uint64_t owner = 0;  // with equal cells but another owner: another layout
  std::uint64_t end = 0;    // what to do with a cell's contents when it is dead; 0: nothing

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

/// A fork is not to find the table half changed.
void lock_layouts_for_fork();
void unlock_layouts_after_fork();

}  // namespace memgc::internal
