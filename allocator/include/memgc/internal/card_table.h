// Job: noting a store for minor cycles: the inline part of what is remembered (runtime/remembered.h).
//
// A card is a byte for 512 bytes of a heap. Written by whoever stores there, by all threads at once, relaxed: what
// orders it is runtime/README.md's argument. Not for users.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>

namespace memgc::internal {

/// Of a card: 0, or that something was stored in its bytes.
using Card = std::atomic<std::uint8_t>;
inline constexpr unsigned kCardShift = 9;

struct CardTable {
  std::uintptr_t base = 0;  // of the heap's addresses
  std::size_t bytes = 0;    // 0: of no heap
  Card* cards = nullptr;

  /// A reference was stored in `field`, or is about to be: no safepoint between the two. False if the field does not
  /// lie in the heap.
  bool note(const void* field) const noexcept {
    const std::size_t offset = reinterpret_cast<std::uintptr_t>(field) - base;
    if (offset >= bytes) [[unlikely]]
      return false;
    Card& card = cards[offset >> kCardShift];
    // Tested first, so that threads that store to one object do not take its cards from each other.
    if (card.load(std::memory_order_relaxed) == 0) card.store(1, std::memory_order_relaxed);
    return true;
  }
};

}  // namespace memgc::internal
