// Job: see cage.h. Reserving, and moving the frontier.
#include "allocator/cage.h"

#include <algorithm>
#include <bit>
#include <mutex>

#include "allocator/base/bits.h"
#include "allocator/base/poison.h"

namespace memgc::internal {
namespace {

constexpr std::size_t kHugePageBytes = Cage::kHugePageBlocks * kBlockBytes;
constexpr std::size_t kLeastForOthers = std::size_t{12} << 20;
constexpr std::size_t kSmallestCage = std::size_t{4} << 20;
constexpr std::size_t kBitmapBytes = kBitmapWords * sizeof(BitmapWord);

// mprotect calls are few: 1 MiB at first, then an eighth of what there is, 64 MiB at most.
std::size_t growth_blocks(std::size_t present, std::size_t wanted) {
  const std::size_t step =
      std::clamp<std::size_t>(present / 8, (std::size_t{1} << 20) / kBlockBytes, (std::size_t{64} << 20) / kBlockBytes);
  return std::max(step, wanted);
}

}  // namespace

bool Cage::reserve(std::size_t bytes, bool huge_pages, bool cards) {
  huge_pages_ = huge_pages;
  has_cards_ = cards;
  constexpr std::size_t kLargestCage = std::size_t{UINT32_MAX} * kBlockBytes;
  bytes = round_up(std::clamp(bytes, kSmallestCage, kLargestCage), kBlockBytes);
  // Under `ulimit -v` the heap takes at most half of what is left, so that threads and the program's own memory fit;
  // and leaves room for a thread's stack and the tables beside the cells.
  const std::size_t left = os::address_space_left();
  if (left != SIZE_MAX) {
    const std::size_t most = std::min(left / 2, left - std::min(left, kLeastForOthers));
    bytes = std::min(bytes, std::max(round_down(most, kHugePageBytes), kSmallestCage));
  }
  while (!reserve_exactly(bytes)) {
    if (bytes <= kSmallestCage) return false;
    bytes = std::max(std::bit_floor(bytes - 1), kSmallestCage);
  }
  return grow(1);  // block 0 is never used, so that 0 can mean none
}

bool Cage::reserve_exactly(std::size_t bytes) {
  const std::size_t blocks = bytes / kBlockBytes;
  const std::size_t page = os::page_bytes();
  const std::size_t descriptor_bytes = round_up(blocks * sizeof(Block), page);
  const std::size_t bitmap_bytes = round_up(blocks * kBitmapBytes, page);
  const std::size_t card_bytes = has_cards_ ? round_up(blocks * kCardsPerBlock, page) : 0;
  const std::size_t total = bytes + descriptor_bytes + kBitmaps * bitmap_bytes + card_bytes;
  char* base = static_cast<char*>(os::reserve_apart(total, kHugePageBytes));
  if (base == nullptr) return false;
  reservation_ = base;
  reservation_bytes_ = total;
  base_ = base;
  if (huge_pages_) os::advise_huge_pages(base, bytes, false);
  reserved_bytes_ = bytes;
  cells_ = Region(base, bytes);
  descriptors_ = Region(base + bytes, descriptor_bytes);
  for (unsigned i = 0; i < kBitmaps; ++i) {
    bits_[i] = Region(base + bytes + descriptor_bytes + i * bitmap_bytes, bitmap_bytes);
    bitmaps_[i] = reinterpret_cast<BitmapWord*>(bits_[i].base());
  }
  blocks_ = reinterpret_cast<Block*>(descriptors_.base());
  if (has_cards_) {
    card_bytes_ = Region(base + total - card_bytes, card_bytes);
    cards_ = reinterpret_cast<Card*>(card_bytes_.base());
  }
  return true;
}

Cage::~Cage() {
  if (reservation_ == nullptr) return;
  unpoison(base_, static_cast<std::size_t>(frontier()) << kBlockShift);  // the addresses may be anybody's next
  os::unreserve(reservation_, reservation_bytes_);
}

bool Cage::grow(std::size_t wanted) {
  const std::size_t present = frontier_.load(std::memory_order_relaxed);
  if (wanted > capacity() - present) return false;
  const std::size_t step = std::min<std::size_t>(growth_blocks(present, wanted), capacity() - present);
  for (const std::size_t blocks : {step, wanted}) {  // if the generous step is refused, the bare need may not be
    const std::size_t total = present + blocks;
    if (!descriptors_.grow_to(total * sizeof(Block))) continue;
    // The owed bitmap follows when it is wanted.
    if (!std::all_of(bits_, bits_ + kOwedBitmap, [&](Region& r) { return r.grow_to(total * kBitmapBytes); })) continue;
    if (has_cards_ && !card_bytes_.grow_to(total * kCardsPerBlock)) continue;
    if (!cells_.grow_to(total * kBlockBytes)) continue;
    // Release: pairs with the acquire in frontier(): who sees the new frontier may read descriptors and bitmaps.
    frontier_.store(static_cast<BlockIndex>(total), std::memory_order_release);
    metadata_bytes_.store(
        descriptors_.committed_bytes() + kOwedBitmap * bits_[0].committed_bytes() + card_bytes_.committed_bytes(),
        std::memory_order_relaxed);
    return true;
  }
  return false;
}

// The advice holds for the moment of mapping: so the ready cells stay one mapping, and khugepaged does not fill again
// what is given back later.
bool Cage::map_huge_pages(BlockIndex begin, BlockIndex end) const {
  const std::size_t bytes = static_cast<std::size_t>(end - begin) << kBlockShift;
  os::advise_huge_pages(address_of(begin), bytes, true);
  const bool mapped = os::map_pages(address_of(begin), bytes);
  os::advise_huge_pages(address_of(begin), bytes, false);
  return mapped;
}

std::size_t Cage::metadata_bytes(BlockIndex end) const {
  const std::size_t page = os::page_bytes();
  const std::size_t bitmap = round_up(end * kBitmapBytes, page);
  const std::size_t cards = has_cards_ ? round_up(end * kCardsPerBlock, page) : 0;
  return round_up(end * sizeof(Block), page) + kOwedBitmap * bitmap + cards +
         std::min(bitmap, owed_bytes_.load(std::memory_order_relaxed));
}

bool Cage::owe(CellRef cell) {
  if (!owes(cell.block)) {
    const std::lock_guard guard(owed_lock_);
    if (!bits_[kOwedBitmap].grow_to(static_cast<std::size_t>(frontier()) * kBitmapBytes)) return false;
    owed_bytes_.store(bits_[kOwedBitmap].committed_bytes(), std::memory_order_release);  // pairs with owes()
  }
  // Release: pairs with the acquire of who goes through the owed cells.
  bitmap(kOwedBitmap, cell.block)[cell.index / 64].fetch_or(std::uint64_t{1} << (cell.index % 64),
                                                            std::memory_order_release);
  return true;
}

void Cage::clear_bitmap(unsigned which, BlockIndex end_block) const {
  BitmapWord* word = bitmaps_[which];
  BitmapWord* const end = word + static_cast<std::size_t>(end_block) * kBitmapWords;
  for (; word != end; ++word) {
    if (word->load(std::memory_order_relaxed) == 0) continue;
    schedule_point("clear word");
    word->store(0, std::memory_order_relaxed);
  }
}

}  // namespace memgc::internal
