// Job: see layout.h.
#include "allocator/layout.h"

#include <atomic>
#include <mutex>

#include "allocator/base/bits.h"
#include "allocator/base/check.h"
#include "allocator/base/lock.h"

namespace memgc::internal {
namespace {

constexpr bool classes_are_sound() {
  std::size_t previous = 0;
  for (std::size_t bytes : kSizeClasses) {
    if (bytes <= previous || bytes % 8 != 0) return false;
    previous = bytes;
  }
  return kSizeClasses.front() == kMinCellBytes && kSizeClasses.back() == kMaxCellBytes;
}
static_assert(classes_are_sound());

// The class of each multiple of 8, so that a look-up is one load.
constexpr auto make_class_by_words() {
  std::array<std::uint8_t, kMaxCellBytes / 8 + 1> table{};
  std::size_t index = 0;
  for (std::size_t words = 0; words < table.size(); ++words) {
    while (kSizeClasses[index] < words * 8) ++index;
    table[words] = static_cast<std::uint8_t>(index);
  }
  return table;
}
constexpr auto kClassByWords = make_class_by_words();

constinit Lock table_lock;
constinit std::atomic<LayoutId> next_id{1};
constinit Layout layouts[kMaxLayouts];

}  // namespace

std::size_t size_class_of(std::size_t bytes, std::size_t align) {
  if (bytes > kMaxCellBytes) return kSizeClasses.size();
  std::size_t index = kClassByWords[(bytes + 7) / 8];
  while (index < kSizeClasses.size() && kSizeClasses[index] % align != 0) ++index;
  return index;
}

LayoutId intern_layout(const Layout& layout) {
  table_lock.lock();
  const LayoutId count = next_id.load(std::memory_order_relaxed);
  LayoutId id = 1;
  while (id < count && !(layouts[id] == layout)) ++id;
  if (id == count) {
    if (count == kMaxLayouts) {
      id = 0;
    } else {
      layouts[id] = layout;
      // Release: pairs with the acquire in layout_count().
      next_id.store(count + 1, std::memory_order_release);
    }
  }
  table_lock.unlock();
  return id;
}

Layout layout_at(LayoutId id) {
  const std::lock_guard guard(table_lock);
  return layouts[id];
}

void lock_layouts_for_fork() { table_lock.lock(); }
void unlock_layouts_after_fork() { table_lock.unlock(); }

LayoutId layout_count() { return next_id.load(std::memory_order_acquire); }

}  // namespace memgc::internal
