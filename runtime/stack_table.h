// Job: the call stacks that a profile's samples came by, each once. Threads: as Interned.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "runtime/interned.h"

namespace memgc::internal {

struct StackEntry {
  explicit StackEntry(std::span<const void* const> stack) : frames(stack.begin(), stack.end()) {}

  std::vector<const void*> frames;  // return addresses, innermost first
  StackEntry* next = nullptr;
};

class StackTable {
 public:
  /// Null when there are more stacks than are kept: 10 MB of them at the most.
  const StackEntry* intern(std::span<const void* const> frames) {
    std::uint64_t hash = frames.size();
    for (const void* frame : frames) hash = hash_with(hash, reinterpret_cast<std::uintptr_t>(frame));
    const std::size_t before = table_.entries().size();
    const StackEntry* entry = table_.find_or_add(
        hash, [&](const StackEntry& other) { return std::ranges::equal(other.frames, frames); }, frames);
    if (table_.entries().size() != before) frame_bytes_ += frames.size_bytes();
    return entry;
  }
  std::size_t memory_bytes() const { return table_.memory_bytes() + frame_bytes_; }

 private:
  static constexpr std::size_t kMostStacks = std::size_t{16} << 10;

  Interned<StackEntry> table_{kMostStacks};
  std::size_t frame_bytes_ = 0;
};

}  // namespace memgc::internal
