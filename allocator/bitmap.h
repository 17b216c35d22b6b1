// Job: runs of clear bits and ranges of set ones in a block's bitmap; what a bit in one bitmap and its like in another
// mean together.
//
// Words are atomics because neighbours in one word may belong to different threads. What a bit stands for is handed
// from thread to thread by locks and handshakes, and every access is relaxed, with one exception: a thread that drops
// cells clears their bits with release, and one that looks for clear bits reads with acquire, for it may find them at
// once. Where two bitmaps are read together, the order of both sides is written here. Templates, so that tests/relacy
// checks this code with words whose memory is as weak as the standard allows.
#pragma once

#include <atomic>
#include <bit>
#include <cstdint>

#include "allocator/base/bits.h"
#include "memgc/internal/schedule_point.h"

namespace memgc::internal {

using BitmapWord = std::atomic<std::uint64_t>;

/// Cells [begin, end) of a block.
struct CellRange {
  std::uint32_t begin = 0;
  std::uint32_t end = 0;

  bool empty() const { return begin >= end; }
  std::uint32_t size() const { return end - begin; }
};

/// The first bit at or after `from` that is `value`; `end` if there is none before it.
template <class Word>
std::uint32_t find_bit(const Word* words, std::uint32_t from, std::uint32_t end, bool value) {
  if (from >= end) return end;
  const std::uint64_t flip = value ? 0 : ~std::uint64_t{0};
  std::uint32_t word = from / 64;
  // Acquire, here and below: pairs with the release in clear_range_unless().
  std::uint64_t bits = (words[word].load(std::memory_order_acquire) ^ flip) & (~std::uint64_t{0} << (from % 64));
  while (bits == 0) {
    if (++word * 64 >= end) return end;
    bits = words[word].load(std::memory_order_acquire) ^ flip;
  }
  const std::uint32_t found = word * 64 + static_cast<std::uint32_t>(std::countr_zero(bits));
  return found < end ? found : end;
}

/// The first run of clear bits within [from, end); empty if all are set.
template <class Word>
CellRange find_clear_run(const Word* words, std::uint32_t from, std::uint32_t end) {
  const std::uint32_t begin = find_bit(words, from, end, false);
  return {begin, find_bit(words, begin, end, true)};
}

/// Calls f(word index, mask of the range within that word) for each word that the range touches.
template <class F>
void for_each_word(CellRange range, F&& f) {
  for (std::uint32_t at = range.begin; at < range.end;) {
    const std::uint32_t word = at / 64;
    const std::uint32_t stop = range.end < (word + 1) * 64 ? range.end : (word + 1) * 64;
    f(word, bit_range(at % 64, stop - word * 64));
    at = stop;
  }
}

inline void set_range(BitmapWord* words, CellRange range) {
  for_each_word(range,
                [&](std::uint32_t word, std::uint64_t mask) { words[word].fetch_or(mask, std::memory_order_relaxed); });
}

/// Sets in `words` what is clear in `unless`, within the range.
template <class Word>
void set_range_unless(Word* words, const Word* unless, CellRange range) {
  for_each_word(range, [&](std::uint32_t word, std::uint64_t mask) {
    words[word].fetch_or(mask & ~unless[word].load(std::memory_order_relaxed), std::memory_order_relaxed);
  });
}

/// Clears in `words` what is clear in `unless`, within the range. Release: who finds the bits clear may have the cells.
template <class Word>
void clear_range_unless(Word* words, const Word* unless, CellRange range) {
  for_each_word(range, [&](std::uint32_t word, std::uint64_t mask) {
    words[word].fetch_and(~(mask & ~unless[word].load(std::memory_order_relaxed)), std::memory_order_release);
  });
}

/// Marks cells as occupied; the word as it was. Release: cells that are to be kept have been since they were handed
/// out, and who finds them occupied finds them kept.
template <class Word>
std::uint64_t occupy(Word& occupied, std::uint64_t mask) {
  return occupied.fetch_or(mask, std::memory_order_release);
}

/// Whether the cell of `mask` is set. Acquire: pairs with the release in occupy(): a word on a stack that was copied
/// may name a cell that was handed out only since, and who finds it occupied sees it as it was made.
template <class Word>
bool is_set(const Word& word, std::uint64_t mask) {
  return (word.load(std::memory_order_acquire) & mask) != 0;
}

/// Of the cells in `mask`, those that are occupied and not kept.
template <class Word>
std::uint64_t dead_cells(const Word& occupied, const Word& kept, std::uint64_t mask) {
  // Acquire: pairs with the release in occupy().
  const std::uint64_t found = occupied.load(std::memory_order_acquire) & mask;
  return found & ~kept.load(std::memory_order_relaxed);
}

/// Adds one word of the new bitmap to the kept one and clears it. Returns the bits that were in both.
template <class Word>
std::uint64_t merge_word(Word& kept, Word& fresh) {
  const std::uint64_t bits = fresh.load(std::memory_order_relaxed);
  if (bits == 0) return 0;
  schedule_point("merge word");
  const std::uint64_t both = bits & kept.fetch_or(bits, std::memory_order_relaxed);
  schedule_point("merged word");
  // Release: pairs with the acquire in kept_cells(): who finds the cell no longer new finds it kept.
  fresh.store(0, std::memory_order_release);
  return both;
}

/// Of the cells in `mask`, those that are kept, or new and to be kept. The new bitmap first: a cell that is just being
/// merged is then found in one of the two.
template <class Word>
std::uint64_t kept_cells(const Word& fresh, const Word& kept, std::uint64_t mask) {
  // Acquire: pairs with the release in merge_word().
  const std::uint64_t found = fresh.load(std::memory_order_acquire) & mask;
  schedule_point("is kept");
  return found == mask ? found : found | (kept.load(std::memory_order_relaxed) & mask);
}

inline std::uint32_t count_bits(const BitmapWord* words, std::uint32_t cells) {
  std::uint32_t count = 0;
  for (std::uint32_t word = 0; word * 64 < cells; ++word) {
    count += count_ones(words[word].load(std::memory_order_relaxed));
  }
  return count;
}

inline bool all_clear(const BitmapWord* words, std::uint32_t cells) {
  for (std::uint32_t word = 0; word * 64 < cells; ++word) {
    if (words[word].load(std::memory_order_relaxed) != 0) return false;
  }
  return true;
}

inline void clear_all(BitmapWord* words, std::uint32_t cells) {
  for (std::uint32_t word = 0; word * 64 < cells; ++word) {
    // Blocks are sparse or dense; a word that is clear already is not dirtied.
    if (words[word].load(std::memory_order_relaxed) != 0) words[word].store(0, std::memory_order_relaxed);
  }
}

}  // namespace memgc::internal
