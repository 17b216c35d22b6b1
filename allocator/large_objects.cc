// Job: see large_objects.h.
#include "allocator/large_objects.h"

#include <cstring>
#include <mutex>
#include <utility>

#include "allocator/base/bits.h"
#include "allocator/base/check.h"
#include "allocator/base/poison.h"
#include "allocator/base/seeded_bug.h"

namespace memgc::internal {

void* LargeObjects::take(std::size_t bytes, const Layout& shape, LayoutId layout, const Roles& roles) {
  if (bytes > cage_.reserved_bytes()) return nullptr;  // also keeps the rounding below from overflowing
  const std::size_t count = round_up(bytes, kBlockBytes) >> kBlockShift;
  const BlockIndex first = heap_.take(count);
  if (first == kNoBlock) return nullptr;
  char* address = cage_.address_of(first);
  for (std::size_t i = 0; i < count; ++i) {
    const auto index = first + static_cast<BlockIndex>(i);
    unpoison(cage_.address_of(index), kBlockBytes);
    if (!cage_.block(index).zeroed) std::memset(cage_.address_of(index), 0, kBlockBytes);
  }
  // Pages behind the object are not resident yet, if its last block is fresh and was not mapped; they stay so while it
  // lives.
  Block& last = cage_.block(first + static_cast<BlockIndex>(count) - 1);
  const std::size_t used = round_up(bytes, os::page_bytes());
  if (last.zeroed && !last.resident && used < count << kBlockShift) {
    last.untouched = static_cast<std::uint32_t>((count << kBlockShift) - used);
    untouched_bytes_.fetch_add(last.untouched, std::memory_order_relaxed);
  }
  Block& head = cage_.block(first);
  head.kind = shape.kind;
  head.cell_bytes = 0;
  head.cells = 1;
  head.data[0] = shape.data[0];
  head.data[1] = shape.data[1];
  head.has_end = shape.end != 0;
  head.layout = layout;
  head.length = static_cast<std::uint32_t>(count);
  cage_.touch_bitmaps(first);
  // Release, here and below: pairs with the acquire in Cage::cell_of().
  head.state.store(BlockState::kLarge, std::memory_order_release);
  for (std::size_t i = 1; i < count; ++i) {
    Block& tail = cage_.block(first + static_cast<BlockIndex>(i));
    tail.head = first;
    tail.state.store(BlockState::kLargeTail, std::memory_order_release);
  }
  // Kept before occupied: what is occupied and not kept at the end of a cycle is dead.
  if (roles.keep != Keep::kNothing && !seeded_bug("new_large_object_white")) cage_.set(roles.keep_bitmap(), {first, 0});
  occupy(cage_.bitmap(roles.occupied, first)[0], 1);
  const std::lock_guard guard(lock_);
  head.next = first_;
  first_ = first;
  return address;
}

std::size_t LargeObjects::settle(unsigned occupied) {
  // The list is taken away whole, so that take() never waits for bitmaps to be read.
  lock_.lock();
  BlockIndex at = std::exchange(first_, kNoBlock);
  lock_.unlock();
  BlockIndex kept_first = kNoBlock, kept_last = kNoBlock;
  std::size_t given_back = 0;
  while (at != kNoBlock) {
    Block& block = cage_.block(at);
    const BlockIndex next = block.next;
    if (cage_.test(occupied, {at, 0}) && !seeded_bug("kept_large_object_given_back")) {
      block.next = kept_first;
      if (kept_first == kNoBlock) kept_last = at;
      kept_first = at;
    } else {
      const std::size_t count = block.length;
      poison(cage_.address_of(at), count << kBlockShift);
      untouched_bytes_.fetch_sub(cage_.block(at + static_cast<BlockIndex>(count) - 1).untouched,
                                 std::memory_order_relaxed);
      heap_.give_back(at, count);
      given_back += count << kBlockShift;
    }
    at = next;
  }
  if (kept_first != kNoBlock) {
    const std::lock_guard guard(lock_);
    cage_.block(kept_last).next = first_;
    first_ = kept_first;
  }
  return given_back;
}

}  // namespace memgc::internal
