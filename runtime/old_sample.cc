// Job: see old_sample.h.
#include "runtime/old_sample.h"

#include <algorithm>
#include <bit>

namespace memgc::internal {
namespace {

// The n-th set bit of a block's bitmap, counted from 0. There are as many.
std::uint32_t nth_cell(const BitmapWord* words, std::size_t n) {
  std::uint32_t word = 0;
  std::uint64_t bits = words[0].load(std::memory_order_relaxed);
  for (auto count = static_cast<std::size_t>(std::popcount(bits)); n >= count && word + 1 < kBitmapWords;
       count = static_cast<std::size_t>(std::popcount(bits))) {
    n -= count;
    bits = words[++word].load(std::memory_order_relaxed);
  }
  for (; n > 0; --n) bits &= bits - 1;
  return word * 64 + static_cast<std::uint32_t>(std::countr_zero(bits));
}

}  // namespace

void OldSample::take(const Cage& cage, unsigned kept, BlockIndex end, const BlockSets::Cells& old) {
  cells_.clear();
  stride_ = std::max<std::size_t>(old.bytes / kCells, 1);
  std::size_t before = 0, next = stride_ / 2;
  for (BlockIndex index = 1; index < end; ++index) {
    const BitmapWord* words = cage.bitmap(kept, index);
    const std::size_t count = count_bits(words, kMaxCells);
    if (count == 0) continue;
    const std::size_t cell_bytes = cage.cell_bytes({index, 0});
    for (; next < before + count * cell_bytes; next += stride_) {
      cells_.push_back({index, nth_cell(words, (next - before) / cell_bytes)});
    }
    before += count * cell_bytes;
  }
}

std::size_t OldSample::died_bytes(const Cage& cage, unsigned kept) const {
  return stride_ * static_cast<std::size_t>(std::count_if(cells_.begin(), cells_.end(),
                                                          [&](CellRef cell) { return !cage.is_kept(kept, cell); }));
}

}  // namespace memgc::internal
