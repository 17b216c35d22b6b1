// Job: what a minor cycle does otherwise: whether it is one, what is old, what is remembered.
//
// Why nothing is lost: runtime/README.md, "Minor cycles". Threads: the collector's.
#include <algorithm>

#include "allocator/base/seeded_bug.h"
#include "memgc/internal/type_info.h"
#include "runtime/cycle.h"
#include "runtime/heap_impl.h"
#include "runtime/remembered.h"

namespace memgc::internal {

bool Cycle::knows_old() const { return heap_.pacing().generations().knows_old(); }

// A full cycle marks what is old as all else; a sample says how much of it died.
void Cycle::forget_old(unsigned kept) {
  const BlockIndex end = heap_.blocks().used_end();
  old_sample_.take(heap_.cage(), kept, end, old_);
  heap_.cage().clear_bitmap(kept, end);
  old_ = {};
}

// Near a limit all that is dead is wanted.
bool Cycle::is_to_be_minor() const {
  const Pacing& pacing = heap_.pacing();
  return pacing.generations().next_is_minor() && !pacing.by_limit() && !heap_.above_block_trigger();
}

// Clears the cards; in a minor cycle, marks what old objects refer to that were stored to since they are old. All have
// answered phase 3, so the stores that count are seen.
void Cycle::mark_remembered(const Roles& roles) {
  constexpr std::size_t kBetweenDrains = std::size_t{64} << 10;  // bytes scanned: 50 us or so
  const Cage& cage = heap_.cage();
  if (cage.cards(0) == nullptr) return;
  Marker& leader = team_.leader();
  const bool all_traced = heap_.remembered().take_elsewhere();
  const BlockIndex end = heap_.blocks().used_end();
  std::fill(traced_now_.begin(), traced_now_.end(), false);
  std::size_t credited = 0;
  for (BlockIndex index = 1; index < end; ++index) {
    const Block& block = cage.block(index);
    // Acquire: pairs with the release of whoever takes the block into use.
    const BlockState state = block.state.load(std::memory_order_acquire);
    const bool in_use = state == BlockState::kCells || state == BlockState::kLarge;
    const bool whole = minor_ && in_use && is_scanned_whole(block, all_traced);
    if (whole && leader.scan_marked(index)) traced_now_[block.layout] = true;
    // Most that was stored to is young, and often in blocks that hold nothing else.
    const bool any_old =
        minor_ && (state == BlockState::kLargeTail || !all_clear(cage.bitmap(roles.kept(), index), kMaxCells));
    Remembered::take_cards(cage.cards(index), [&](std::size_t card) {
      if (any_old && !whole && !seeded_bug("cards_not_scanned")) leader.scan_card(index, card);
    });
    if (leader.rescanned_bytes() - credited < kBetweenDrains) continue;
    heap_.pacing().add_to_pool(leader.rescanned_bytes() - credited);
    credited = leader.rescanned_bytes();
    drain();
  }
  for (std::size_t layout = 0; layout < kMaxLayouts; ++layout) {
    if (traced_now_[layout]) layouts_traced_[layout] = true;
  }
}

// Weak cells and ephemerons are, as what they name may be younger than they are. What has a trace function is when
// fields of it that do not lie in it may have been stored to; and, in the first minor cycle that meets its type, to see
// whether it shows words that are stored without a barrier.
bool Cycle::is_scanned_whole(const Block& block, bool all_traced) const {
  switch (static_cast<PointerMap>(block.kind)) {
    case PointerMap::kWeak:
    case PointerMap::kEphemeron:
      return !seeded_bug("old_weak_cells_unscanned");
    case PointerMap::kTrace:
    case PointerMap::kTracedArray:
      return all_traced || !layouts_traced_[block.layout];
    default:
      return false;
  }
}

}  // namespace memgc::internal
