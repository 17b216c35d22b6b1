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
  marked_bytes_ = marked_cells_ = rescanned_bytes_ = 0;
  last_part_of_ = nullptr;
}

void Marker::make_room(std::size_t entries) {
  if (!stack_.grow(cursor_, limit_, entries)) mark_unscanned();
}

// What is left out here is found again by rescan_marked(): the pointers of a cell that is marked, the rest of an array.
void Marker::mark_unscanned() {
  overflowed_ = true;
  for (const void** entry = stack_.bottom(); entry != cursor_; ++entry) {
    if (MarkStack::is_rest(*entry)) continue;
    if (const CellRef cell = resolve(*entry)) mark(cell);
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

void Marker::bad_pointer(const void* target) const {
  const BlockIndex index = cage_.block_of(target);
  const Block& block = cage_.block(index);
  fatal(
      "a field holds %p, which is no object of this heap (block %u, state %u, cell size %u, offset %zu): the object it "
      "named was freed because nothing that is traced referred to it, or the field was never a managed pointer",
      target, index, static_cast<unsigned>(block.state.load(std::memory_order_relaxed)), block.cell_bytes,
      cage_.offset_of(target) & (kBlockBytes - 1));
}

// The cell that a pointer names; none if it is not this heap's: another's, or no pointer at all.
inline CellRef Marker::resolve(const void* target) const {
  const std::size_t offset = cage_.offset_of(target);
  if (offset >= static_cast<std::size_t>(cage_.frontier()) << kBlockShift) return {};
  const auto index = static_cast<BlockIndex>(offset >> kBlockShift);
  const Block& block = cage_.block(index);
  switch (block.state.load(std::memory_order_relaxed)) {
    case BlockState::kCells: {
      const auto cell = static_cast<std::uint32_t>((offset & (kBlockBytes - 1)) * block.reciprocal >> 32);
      if (cell >= block.cells) [[unlikely]]
        bad_pointer(target);
      return {index, cell};
    }
    case BlockState::kLarge:
      return {index, 0};
    case BlockState::kLargeTail:
      return {block.head, 0};
    default:
      bad_pointer(target);
  }
}

// What the stack has on top when it is no address below the frontier as of the cycle's beginning. Whether there is
// something to follow.
[[gnu::noinline]] bool Marker::take_rare(const void* target) {
  if (!MarkStack::is_rest(target)) return static_cast<bool>(resolve(target));
  auto* cell = static_cast<char*>(const_cast<void*>(*--cursor_));
  scan_array(cage_.block(cage_.block_of(cell)), cell, MarkStack::next_of(target));
  return false;
}

// The hot loop. What it needs it has in variables of its own, and puts back before it calls anything: pushing writes
// pointers, and for all that the compiler knows those may be fields of this marker. The processor is to run ahead, from
// one miss to the next, so nothing here that comes late is computed with: where it matters, it is branched on instead.
bool Marker::drain_some(std::size_t cells) {
  const std::size_t enough = marked_cells_ + cells < cells ? SIZE_MAX : marked_cells_ + cells;
  const Block* const blocks = &cage_.block(0);
  BitmapWord* const marks = cage_.bitmap(kept_, 0);
  const std::size_t frontier_bytes = frontier_bytes_;
  char* const base = cage_.base();
  const auto offset_of = [base](const void* target) {
    return reinterpret_cast<std::uintptr_t>(target) - reinterpret_cast<std::uintptr_t>(base);
  };
  const void **cursor = nullptr, **limit = nullptr, **bottom = nullptr;
  std::size_t marked_cells = marked_cells_, marked_bytes = marked_bytes_, head = head_, tail = tail_;
  const auto get = [&] {
    cursor = cursor_, limit = limit_, bottom = stack_.bottom();
    marked_cells = marked_cells_, marked_bytes = marked_bytes_;
  };
  const auto put = [&] { cursor_ = cursor, marked_cells_ = marked_cells, marked_bytes_ = marked_bytes; };
  const auto finish = [&](bool done) {
    put();
    head_ = head, tail_ = tail;
    return done;
  };
  for (get(); marked_cells < enough;) {
    const void* target = nullptr;
    if (cursor != bottom) [[likely]] {
      target = *--cursor;
      if (offset_of(target) >= frontier_bytes) [[unlikely]] {
        put();
        const bool follow = take_rare(target);
        get();
        if (!follow) continue;
      }
      const std::size_t offset = offset_of(target);
      const Block& block = blocks[offset >> kBlockShift];
      if (block.state.load(std::memory_order_relaxed) != BlockState::kCells || weak_refs_.watching()) [[unlikely]] {
        finish(false);
        mark_rare(target);
        get();
        continue;
      }
      std::size_t cell = (offset & (kBlockBytes - 1)) * block.reciprocal >> 32;
      if (cell >= block.cells) [[unlikely]]
        bad_pointer(target);
      if (seeded_bug("neighbour_mark") && cell + 1 < block.cells && cell % 7 == 0) ++cell;
      const std::size_t number = (offset >> kBlockShift) * kMaxCells + cell;
      if (!set_mark(marks[number / 64], std::uint64_t{1} << number % 64)) continue;
      ++marked_cells;
      marked_bytes += block.cell_bytes;
      if (block.kind == static_cast<std::uint8_t>(PointerMap::kNone)) continue;
      if (cell * block.cell_bytes != (offset & (kBlockBytes - 1))) [[unlikely]]
        target = base + (offset & ~(kBlockBytes - 1)) + cell * block.cell_bytes;
      __builtin_prefetch(target);
      if (tail - head < kQueue) {
        queue_[tail++ % kQueue] = target;
        continue;
      }
      std::swap(target, queue_[tail++ % kQueue]);
      ++head;
    } else if (put(); stack_.shrink(cursor_, limit_)) {
      get();
      continue;
    } else if (head != tail) {
      target = queue_[head++ % kQueue];
    } else {
      return finish(true);
    }
    const Block& block = blocks[offset_of(target) >> kBlockShift];
    if (block.kind == static_cast<std::uint8_t>(PointerMap::kMask) &&
        static_cast<std::size_t>(limit - cursor) >= kMaskWords) [[likely]] {
      cursor = push_masked(block.data[0], static_cast<const char*>(target), cursor);
    } else {
      put();
      scan(block, const_cast<char*>(static_cast<const char*>(target)));
      get();
    }
  }
  return finish(false);
}

void Marker::scan_queue() {
  while (head_ != tail_) {
    char* cell = const_cast<char*>(static_cast<const char*>(queue_[head_++ % kQueue]));
    scan(cage_.block(cage_.block_of(cell)), cell);
  }
}

void Marker::share_all() {
  scan_queue();
  stack_.share_all(cursor_, limit_);
}

void Marker::hand_over() {
  scan_queue();
  stack_.hand_over(cursor_);
}

// True if the mark was not set.
inline bool Marker::set_mark(BitmapWord& marks, std::uint64_t bit) const {
  schedule_point("mark");
  const std::uint64_t word = marks.load(std::memory_order_relaxed);
  if ((word & bit) != 0) return false;
  if (shared_) return (marks.fetch_or(bit, std::memory_order_relaxed) & bit) == 0;
  marks.store(word | bit, std::memory_order_relaxed);
  return true;
}

// True if the cell was not marked. The hot loop does the same on variables of its own.
bool Marker::mark(CellRef cell) {
  if (!set_mark(cage_.bitmap(kept_, cell.block)[cell.index / 64], std::uint64_t{1} << cell.index % 64)) return false;
  ++marked_cells_;
  marked_bytes_ += cage_.cell_bytes(cell);
  return true;
}

// Pushes what the words of a mask hold. `cursor` has room for it. Returns where it is then: a branch, not a sum, so
// that what is pushed next need not wait for the word.
inline const void** Marker::push_masked(std::uint64_t mask, const char* cell, const void** cursor) {
  for (; mask != 0; mask &= mask - 1) {
    const void* target = load_word(cell + static_cast<std::size_t>(std::countr_zero(mask)) * sizeof(void*));
    if (target != nullptr) *cursor++ = target;
  }
  return cursor;
}

// Marks and scans what a pointer names: a large object, or any cell while cells may be waited for.
[[gnu::noinline]] void Marker::mark_rare(const void* target) {
  const CellRef cell = resolve(target);
  if (!cell || !mark(cell)) return;
  if (weak_refs_.watching()) weak_refs_.take_waiting(cell, [this](const void* value) { push(value); });
  scan(cage_.block(cell.block), cage_.address_of(cell));
}

inline void Marker::scan(const Block& block, char* cell) {
  switch (static_cast<PointerMap>(block.kind)) {
    case PointerMap::kNone:
      return;
    case PointerMap::kMask:
      if (static_cast<std::size_t>(limit_ - cursor_) < kMaskWords) [[unlikely]]
        make_room(kMaskWords);
      cursor_ = push_masked(block.data[0], cell, cursor_);
      return;
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
  remembered_.note_raw_words();
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
  scan_elements(block, cell, from, to);
}

void Marker::scan_elements(const Block& block, char* cell, std::size_t from, std::size_t to) {
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

bool Marker::is_marked(CellRef cell) const { return cage_.test(kept_, cell); }

// Calls f for each marked one of a block's cells.
template <class F>
void Marker::for_each_marked(BlockIndex index, CellRange cells, F&& f) {
  const BitmapWord* words = cage_.bitmap(kept_, index);
  for_each_word(cells, [&](std::uint32_t word, std::uint64_t mask) {
    for (std::uint64_t bits = words[word].load(std::memory_order_relaxed) & mask; bits != 0; bits &= bits - 1) {
      f(CellRef{index, word * 64 + static_cast<std::uint32_t>(std::countr_zero(bits))});
    }
  });
}

// Whether the cell is to be looked at again, of those that are marked: in a minor cycle not if its destructor has run.
bool Marker::may_rescan(const Block& block, const char* cell) const {
  return block.kind != static_cast<std::uint8_t>(PointerMap::kNone) && !(block.has_end && remembered_.is_ended(cell));
}

bool Marker::scan_marked(BlockIndex index) {
  const std::size_t before = rescanned_bytes_;
  const Block& block = cage_.block(index);
  for_each_marked(index, {0, block.cells}, [&](CellRef cell) {
    if (!may_rescan(block, cage_.address_of(cell))) return;
    rescanned_bytes_ += cage_.cell_bytes(cell);
    scan(block, cage_.address_of(cell));
  });
  return rescanned_bytes_ != before;
}

void Marker::scan_card(BlockIndex index, std::size_t card) {
  const std::size_t begin = card * kCardBytes, end = begin + kCardBytes;
  const Block& block = cage_.block(index);
  // Acquire: pairs with the release of whoever takes the block into use.
  switch (block.state.load(std::memory_order_acquire)) {
    case BlockState::kCells: {
      const auto first = static_cast<std::uint32_t>(begin * block.reciprocal >> 32);
      const auto last = static_cast<std::uint32_t>((end - 1) * block.reciprocal >> 32);
      for_each_marked(index, {first, std::min(last + 1, block.cells)}, [&](CellRef cell) {
        const std::size_t at = cell.index * std::size_t{block.cell_bytes};
        scan_part(block, cage_.address_of(cell), begin > at ? begin - at : 0,
                  std::min<std::size_t>(end - at, block.cell_bytes));
      });
      return;
    }
    case BlockState::kLarge:
      if (is_marked({index, 0})) scan_part(block, cage_.address_of(index), begin, end);
      return;
    case BlockState::kLargeTail: {
      const BlockIndex head = block.head;
      const std::size_t before = static_cast<std::size_t>(index - head) << kBlockShift;
      if (is_marked({head, 0})) scan_part(cage_.block(head), cage_.address_of(head), before + begin, before + end);
      return;
    }
    default:
      return;
  }
}

// Scans what lies in bytes [from, to) of a cell, where its kind tells; else all of it, once for all its cards.
void Marker::scan_part(const Block& block, char* cell, std::size_t from, std::size_t to) {
  const auto kind = static_cast<PointerMap>(block.kind);
  const auto elements_before = [&](std::size_t bytes, std::size_t header, std::size_t size) {
    const std::size_t count = reinterpret_cast<const std::atomic<std::size_t>*>(cell)->load(std::memory_order_relaxed);
    return bytes <= header ? 0 : std::min(count, (bytes - header + size - 1) / size);
  };
  const auto scan_between = [&](std::size_t header, std::size_t size) {
    // The element that begins before `from` may reach into the card.
    const std::size_t first = elements_before(from, header, size), end = elements_before(to, header, size);
    if (end != 0) scan_elements(block, cell, first == 0 ? 0 : first - 1, end);
  };
  if (!may_rescan(block, cell)) return;
  rescanned_bytes_ += to - from;
  switch (kind) {
    case PointerMap::kNone:
    case PointerMap::kWeak:
    case PointerMap::kEphemeron:  // these two are always scanned
      return;
    case PointerMap::kMask: {
      const std::size_t first = from / sizeof(void*), end = (to + sizeof(void*) - 1) / sizeof(void*);
      if (first >= kMaskWords) return;
      std::uint64_t mask = block.data[0] & ~std::uint64_t{0} << first;
      if (end < kMaskWords) mask &= (std::uint64_t{1} << end) - 1;
      if (static_cast<std::size_t>(limit_ - cursor_) < kMaskWords) [[unlikely]]
        make_room(kMaskWords);
      cursor_ = push_masked(mask, cell, cursor_);
      return;
    }
    case PointerMap::kPointerArray:
      return scan_between(sizeof(std::size_t), sizeof(void*));
    case PointerMap::kTracedArray:
      return scan_between(block.data[1] >> 32, block.data[1] & UINT32_MAX);
    case PointerMap::kTrace:
    case PointerMap::kConservative:
      if (std::exchange(last_part_of_, cell) != cell) scan(block, cell);
      return;
  }
}

// A pass that overflows again has marked something new before, and there is a last thing to mark, so passes end.
void Marker::rescan_marked() {
  const BlockIndex frontier = cage_.frontier();
  for (BlockIndex index = 1; index < frontier; ++index) {
    const Block& block = cage_.block(index);
    const BlockState state = block.state.load(std::memory_order_acquire);
    if (state != BlockState::kCells && state != BlockState::kLarge) continue;
    for_each_marked(index, {0, block.cells}, [&](CellRef cell) {
      if (weak_refs_.watching()) weak_refs_.take_waiting(cell, [this](const void* value) { push(value); });
      if (!may_rescan(block, cage_.address_of(cell))) return;
      scan(block, cage_.address_of(cell));
      drain_some(SIZE_MAX);
    });
  }
}

void Marker::watch_ephemerons() {
  weak_refs_.watch_keys([this](const void* value) { push(value); });
}

}  // namespace memgc::internal
