// Job: from a C++ type's description to a layout of the allocator, once per type and size class.
//
// A layout's kind is a PointerMap; its data words are: kMask: the mask; kTrace: the function; kTracedArray: the
// function and the element's size (low half) and header size (high half). Threads: any.
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
/// The shape of objects with blocks of their own: cell_bytes is 0.
Layout large_shape(const TypeInfo& type, bool array);

/// Bytes before an array's first element.
std::size_t array_header_bytes(const TypeInfo& element);

/// A name for a layout's cells in messages: that of the first type which got it.
std::string_view layout_name(LayoutId layout);
void note_layout_name(LayoutId layout, const TypeInfo& type);

/// The run's place in a mutator's table, as TypeInfo::run_offset has it.
constexpr std::uint32_t run_offset_of(LayoutId layout) { return layout * 32; }
constexpr LayoutId layout_of_run_offset(std::uint32_t offset) { return offset / 32; }

}  // namespace memgc::internal
