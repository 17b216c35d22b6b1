// Job: see marker.h.
#include "runtime/marker.h"

#include <algorithm>
#include <bit>

#include "allocator/base/check.h"
#include "allocator/base/seeded_bug.h"
#include "memgc/internal/schedule_point.h"
#include "memgc/internal/type_info.h"

namespace memgc::internal {
namespace {

using PointerWord = std::atomic<const void*>;

// A mutator may store at the same time: whatever is read was put there by a store that shaded it, or stood there when
// marking began. Acquire: pairs with the release of Member, Slot and Root stores: what was written to the object before
// its address got here is seen when it is scanned.
const void* load_word(const char* address) {
  return reinterpret_cast<const PointerWord*>(address)->load(std::memory_order_acquire);
}

}  // namespace

void Marker::begin(unsigned occupied, unsigned kept, bool shared_marks) {
  occupied_ = occupied;
  kept_ = kept;
  shared_ = shared_marks;
  frontier_bytes_ = static_cast<std::size_t>(cage_.frontier()) << kBlockShift;
  marked_bytes_ = marked_cells_ = 0;
}

void Marker::make_room(std::size_t entries) {
  if (!stack_.grow(cursor_, limit_, entries)) mark_unscanned();
}

// What is left out here is found again by rescan_marked(): the pointers of a cell that is marked, the rest of an array.
void Marker::mark_unscanned() {
  overflowed_ = true;
  for (const void** entry = stack_.bottom(); entry != cursor_; ++entry) {
    Entry cell;
    if (!MarkStack::is_rest(*entry) && resolve(*entry, cell)) set_mark(cell);
  }
  cursor_ = stack_.bottom();
}

void Marker::push(const void* target) {
  if (target == nullptr) return;
  if (cursor_ == limit_) [[unlikely]]
    flush();
  *cursor_++ = target;
}

void Marker::push_if_object(std::uintptr_t word) {
  const void* target = reinterpret_cast<const void*>(word);
  if (!cage_.contains(target)) return;
  const CellRef cell = cage_.cell_of(target);
  if (cell && cage_.test(occupied_, cell)) push(target);
}

inline bool Marker::pop(const void*& target) {
  for (;;) {
    while (stack_.at_bottom(cursor_)) {
      if (!stack_.shrink(cursor_, limit_)) return false;
    }
    target = *--cursor_;
    if (!MarkStack::is_rest(target)) [[likely]]
      return true;
    auto* cell = static_cast<char*>(const_cast<void*>(*--cursor_));
    scan_array(cage_.block(cage_.block_of(cell)), cell, MarkStack::next_of(target));
  }
}

void Marker::bad_pointer(const void* target) const {
  const BlockIndex index = cage_.block_of(target);
  const Block& block = cage_.block(index);
  fatal(
      "a field holds %p, which is no object of this heap (block %u, state %u, cell size %u, offset %zu): the object it "
      "named was freed because nothing that is traced referred to it, or the field was never a managed pointer",
      target, index, static_cast<unsigned>(block.state.load(std::memory_order_relaxed)), block.cell_bytes,
      cage_.offset_of(target) & (kBlockBytes - 1));
}

inline bool Marker::resolve(const void* target, Entry& entry) const {
  const std::size_t offset = cage_.offset_of(target);
  if (offset >= frontier_bytes_) [[unlikely]] {
    if (offset >= cage_.frontier() * kBlockBytes) return false;  // not this heap's: another's, or no pointer at all
  }
  auto index = static_cast<BlockIndex>(offset >> kBlockShift);
  const Block* block = &cage_.block(index);
  std::uint32_t cell = 0;
  const BlockState state = block->state.load(std::memory_order_relaxed);
  if (state == BlockState::kCells) [[likely]] {
    cell = static_cast<std::uint32_t>((offset & (kBlockBytes - 1)) * block->reciprocal >> 32);
    if (cell >= block->cells) [[unlikely]]
      bad_pointer(target);
    if (seeded_bug("neighbour_mark") && cell + 1 < block->cells && cell % 7 == 0) ++cell;
  } else if (state == BlockState::kLargeTail) {
    index = block->head;
    block = &cage_.block(index);
  } else if (state != BlockState::kLarge) {
    bad_pointer(target);
  }
  entry.block = block;
  entry.cell = cage_.address_of(index) + static_cast<std::size_t>(cell) * block->cell_bytes;
  entry.word = cage_.bitmap(kept_, index) + cell / 64;
  entry.bit = std::uint64_t{1} << (cell % 64);
  return true;
}

bool Marker::drain_some(std::size_t cells) {
  const std::size_t enough = marked_cells_ + cells < cells ? SIZE_MAX : marked_cells_ + cells;
  for (;;) {
    if (marked_cells_ >= enough) [[unlikely]]
      return false;
    const void* target = nullptr;
    if (pop(target)) {
      Entry entry;
      if (!resolve(target, entry)) continue;
      __builtin_prefetch(entry.word, 1);
      if (entry.block->kind != static_cast<std::uint8_t>(PointerMap::kNone)) __builtin_prefetch(entry.cell);
      if (queued_ == kQueue) {
        const Entry oldest = queue_[oldest_];
        queue_[oldest_] = entry;
        oldest_ = (oldest_ + 1) % kQueue;
        process(oldest);
      } else {
        queue_[(oldest_ + queued_) % kQueue] = entry;
        ++queued_;
      }
    } else if (queued_ > 0) {
      const Entry oldest = queue_[oldest_];
      oldest_ = (oldest_ + 1) % kQueue;
      --queued_;
      process(oldest);
    } else {
      return true;
    }
  }
}

void Marker::push_queue() {
  for (; queued_ > 0; --queued_, oldest_ = (oldest_ + 1) % kQueue) push(queue_[oldest_].cell);
}

void Marker::share_all() {
  push_queue();
  stack_.share_all(cursor_, limit_);
}

void Marker::hand_over() {
  push_queue();
  stack_.hand_over(cursor_);
}

// True if the mark was not set.
inline bool Marker::set_mark(const Entry& entry) {
  schedule_point("mark");
  const std::uint64_t word = entry.word->load(std::memory_order_relaxed);
  if ((word & entry.bit) != 0) return false;
  if (shared_) {
    if ((entry.word->fetch_or(entry.bit, std::memory_order_relaxed) & entry.bit) != 0) return false;
  } else {
    entry.word->store(word | entry.bit, std::memory_order_relaxed);
  }
  ++marked_cells_;
  const Block& block = *entry.block;
  marked_bytes_ += block.cell_bytes != 0 ? block.cell_bytes : static_cast<std::size_t>(block.length) << kBlockShift;
  return true;
}

inline void Marker::process(const Entry& entry) {
  if (!set_mark(entry)) return;
  if (weak_refs_.watching()) [[unlikely]]
    weak_refs_.take_waiting(cage_.cell_of(entry.cell), [this](const void* value) { push(value); });
  const Block& block = *entry.block;
  if (block.kind != static_cast<std::uint8_t>(PointerMap::kNone)) scan(block, entry.cell);
}

inline void Marker::scan(const Block& block, char* cell) {
  switch (static_cast<PointerMap>(block.kind)) {
    case PointerMap::kNone:
      return;
    case PointerMap::kMask: {
      if (static_cast<std::size_t>(limit_ - cursor_) < kMaskWords) [[unlikely]]
        make_room(kMaskWords);
      for (std::uint64_t mask = block.data[0]; mask != 0; mask &= mask - 1) {
        const void* target = load_word(cell + static_cast<std::size_t>(std::countr_zero(mask)) * sizeof(void*));
        *cursor_ = target;
        cursor_ += target != nullptr;
      }
      return;
    }
    case PointerMap::kTrace:
      reinterpret_cast<TraceFunction>(block.data[0])(cell, *this);
      return;
    case PointerMap::kPointerArray:
    case PointerMap::kTracedArray:
      scan_array(block, cell, 0);
      return;
    case PointerMap::kWeak:
      weak_refs_.add(reinterpret_cast<WeakCell*>(cell));
      return;
    case PointerMap::kEphemeron: {
      auto* ephemeron = reinterpret_cast<EphemeronCell*>(cell);
      if (weak_refs_.add(ephemeron)) push(ephemeron->value.load(std::memory_order_acquire));
      return;
    }
    case PointerMap::kConservative:
      visit_words(cell, cell + cage_.cell_bytes(cage_.cell_of(cell)));
      return;
  }
}

void Marker::visit_words(const void* begin, const void* end) {
  const char* word = static_cast<const char*>(begin);
  for (; word + sizeof(void*) <= end; word += sizeof(void*)) {
    push_if_object(reinterpret_cast<std::uintptr_t>(load_word(word)));
  }
}

void Marker::push_rest(char* cell, std::size_t next) {
  if (limit_ - cursor_ < 2) make_room(2);
  *cursor_++ = cell;
  *cursor_++ = MarkStack::rest(next);
}

void Marker::scan_array(const Block& block, char* cell, std::size_t from) {
  const std::size_t count = reinterpret_cast<const std::atomic<std::size_t>*>(cell)->load(std::memory_order_relaxed);
  const std::size_t to = count - from > kArrayChunk ? from + kArrayChunk : count;
  if (to < count && !seeded_bug("array_rest_dropped")) push_rest(cell, to);
  if (static_cast<PointerMap>(block.kind) == PointerMap::kPointerArray) {
    const char* words = cell + sizeof(std::size_t);
    if (static_cast<std::size_t>(limit_ - cursor_) < to - from) make_room(to - from);
    for (std::size_t i = from; i < to; ++i) {
      const void* target = load_word(words + i * sizeof(void*));
      *cursor_ = target;
      cursor_ += target != nullptr;
    }
  } else {
    const std::size_t header = block.data[1] >> 32;
    reinterpret_cast<TraceRangeFunction>(block.data[0])(cell + header, from, to, *this);
  }
}

// A pass that overflows again has marked something new before, and there is a last thing to mark, so passes end.
void Marker::rescan_marked() {
  const BlockIndex frontier = cage_.frontier();
  for (BlockIndex index = 1; index < frontier; ++index) {
    const Block& block = cage_.block(index);
    const BlockState state = block.state.load(std::memory_order_acquire);
    if (state != BlockState::kCells && state != BlockState::kLarge) continue;
    const BitmapWord* words = cage_.bitmap(kept_, index);
    for (std::uint32_t cell = 0; cell < block.cells; ++cell) {
      if ((words[cell / 64].load(std::memory_order_relaxed) >> (cell % 64) & 1) == 0) continue;
      if (weak_refs_.watching()) weak_refs_.take_waiting({index, cell}, [this](const void* value) { push(value); });
      if (block.kind == static_cast<std::uint8_t>(PointerMap::kNone)) continue;
      scan(block, cage_.address_of(index) + static_cast<std::size_t>(cell) * block.cell_bytes);
      drain_some(SIZE_MAX);
    }
  }
}

void Marker::watch_ephemerons() {
  weak_refs_.watch_keys([this](const void* value) { push(value); });
}

}  // namespace memgc::internal
