// Job: from a C++ type's description to a layout of the allocator, once per type and size class.
//
// A layout's kind is a PointerMap; its data words are: kMask: the mask; kTrace: the function; kTracedArray: the
// function and the element's size (low half) and header size (high half). Layout::end is the destructor. Threads: any.
#pragma once

#include <cstddef>
#include <string_view>

#include "allocator/layout.h"
#include "memgc/internal/type_info.h"

namespace memgc::internal {

/// The layout of objects of a type; 0 for those above kMaxCellBytes (see large_layout) and when the table is full.
LayoutId layout_of(const TypeInfo& type);
/// The layout of arrays of `element` in a size class.
LayoutId array_layout_of(const TypeInfo& element, std::size_t size_class);
/// The layout of objects with blocks of their own: its cell_bytes is 0.
LayoutId large_layout_of(const TypeInfo& type, bool array);

/// What Layout::end holds: the function that destroys, and the bytes before an array's first element (0: no array).
inline DestroyFunction end_function(const Layout& layout) {
  return reinterpret_cast<DestroyFunction>(layout.end & ((std::uint64_t{1} << 48) - 1));
}
inline std::size_t end_array_header(const Layout& layout) { return layout.end >> 48; }

/// Bytes before an array's first element.
std::size_t array_header_bytes(const TypeInfo& element);

/// A type that has a layout, or whose arrays have. They are listed as they come, and never freed.
struct LayoutUser {
  const TypeInfo* type;
  bool array;
  const LayoutUser* next;  // came before
};
/// All that have a layout, the latest first. One only, from when on separate_types() was called.
const LayoutUser* layout_users(LayoutId layout);
void note_layout_user(LayoutId layout, const TypeInfo& type, bool array);
/// A name for a layout's cells in messages: that of the first type which got it.
std::string_view layout_name(LayoutId layout);
/// Each type whose first object is made from now on, in any heap of the process, gets a layout of its own: then a
/// cell's layout tells its type (MEMDEBUG's types=1). Costs nothing but the blocks that types no longer share.
void separate_types();

/// The run's place in a mutator's table, as TypeInfo::run_offset has it.
constexpr std::uint32_t run_offset_of(LayoutId layout) { return layout * 32; }
constexpr LayoutId layout_of_run_offset(std::uint32_t offset) { return offset / 32; }

}  // namespace memgc::internal
