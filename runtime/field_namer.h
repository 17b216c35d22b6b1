// Job: what people call an object's type and its fields, from what is known of its layout.
//
// Types with equal layouts share blocks, so a cell may be of any of them: it is then called by all, and so are its
// fields. Threads: one.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "allocator/layout.h"

namespace memgc::internal {

/// "Node", "Array<Node>"; where several types have the layout, "Node | Pair", the first four by name.
std::string all_layout_names(LayoutId layout);

class FieldNamer {
 public:
  /// Names are added to `names` as they are met.
  explicit FieldNamer(std::vector<std::string>& names) : names_(names) {}

  /// The index in `names` of what the field at `offset` of a cell is called: "left", "pair.key", "child[3]"; "+16"
  /// where nobody knows.
  std::uint32_t name_of(LayoutId layout, const void* cell, std::size_t offset);
  std::uint32_t intern(std::string_view name);

 private:
  void learn(LayoutId layout, const void* cell);

  std::vector<std::string>& names_;
  std::unordered_map<std::string, std::uint32_t> numbers_;
  std::unordered_map<std::uint64_t, std::uint32_t> fields_;  // by layout and offset
  std::vector<bool> known_ = std::vector<bool>(kMaxLayouts);
};

}  // namespace memgc::internal
