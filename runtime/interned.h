// Job: a bounded table of things that are equal to nothing else in it, which stay where they are.
//
// A fixed number of chains, so that adding never takes longer than allocating one entry: no thread waits for a table to
// be moved. REQUIRES of Entry: `Entry* next`. Threads: one at a time; entries are read by anybody who has one.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <utility>
#include <vector>

namespace memgc::internal {

template <class Entry>
class Interned {
 public:
  explicit Interned(std::size_t most) : most_(most) {}

  /// The entry with this hash for which same(entry) holds, or a new one, made of `args...`; null if there are too many.
  /// May throw std::bad_alloc; then nothing has changed.
  template <class Same, class... Args>
  Entry* find_or_add(std::uint64_t hash, Same&& same, Args&&... args) {
    if (heads_.empty()) heads_.resize(kHeads);
    Entry*& head = heads_[hash % kHeads];
    for (Entry* entry = head; entry != nullptr; entry = entry->next) {
      if (same(*entry)) return entry;
    }
    if (entries_.size() == most_) return nullptr;
    Entry& added = entries_.emplace_back(std::forward<Args>(args)...);
    added.next = head;
    return head = &added;
  }

  const std::deque<Entry>& entries() const { return entries_; }
  std::size_t memory_bytes() const { return heads_.size() * sizeof(Entry*) + entries_.size() * sizeof(Entry); }

 private:
  static constexpr std::size_t kHeads = 4096;

  const std::size_t most_;
  std::vector<Entry*> heads_;  // of chains; none until there is an entry
  std::deque<Entry> entries_;
};

/// For hashes of several words.
constexpr std::uint64_t hash_with(std::uint64_t hash, std::uint64_t word) {
  hash = (hash ^ word) * 0x9e3779b97f4a7c15;
  return hash ^ (hash >> 29);
}

}  // namespace memgc::internal
