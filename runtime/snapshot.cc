// Job: see snapshot.h.
#include "runtime/snapshot.h"

#include <algorithm>
#include <cstdlib>
#include <utility>

#include "allocator/base/check.h"
#include "allocator/base/seeded_bug.h"
#include "runtime/thread_record.h"

namespace memgc::internal {

Snapshot::~Snapshot() { std::free(words_); }

void Snapshot::swap(Snapshot& other) noexcept {
  std::swap(words_, other.words_);
  std::swap(count_, other.count_);
  std::swap(capacity_, other.capacity_);
  std::swap(stack_bytes_, other.stack_bytes_);
  std::swap(range_bytes_, other.range_bytes_);
  std::swap(range_words_, other.range_words_);
  std::swap(name_, other.name_);
  std::swap(tid_, other.tid_);
}

void Snapshot::make_room(std::size_t words) {
  if (capacity_ - count_ >= words) return;
  const std::size_t wanted = std::max(capacity_ * 2, count_ + words + 64);
  void* grown = std::realloc(words_, wanted * sizeof(std::uintptr_t));
  if (grown == nullptr) fatal("no memory for the copy of a stack (%zu bytes)", wanted * sizeof(std::uintptr_t));
  words_ = static_cast<std::uintptr_t*>(grown);
  capacity_ = wanted;
}

void Snapshot::add(std::uintptr_t word) {
  make_room(1);
  words_[count_++] = word;
}

// Reads what the sanitizers would not let us read: other frames, poisoned red zones. Volatile, or it becomes a call of
// memcpy, which they watch.
__attribute__((no_sanitize("address"), no_sanitize("thread"), noinline)) void Snapshot::add_words(const char* begin,
                                                                                                  const char* end) {
  begin += -reinterpret_cast<std::uintptr_t>(begin) % sizeof(std::uintptr_t);
  if (begin >= end) return;
  const std::size_t words = static_cast<std::size_t>(end - begin) / sizeof(std::uintptr_t);
  make_room(words);
  const auto* from = reinterpret_cast<const volatile std::uintptr_t*>(begin);
  std::uintptr_t* to = words_ + count_;
  for (std::size_t i = 0; i < words; ++i) to[i] = from[i];
  count_ += words;
}

void Snapshot::take(ThreadRecord& thread, bool with_stack) {
  clear();
  std::copy(std::begin(thread.name), std::end(thread.name), std::begin(name_));
  tid_ = thread.tid;
  range_bytes_ = for_each_range(thread, [&](const RangeEntry& range, const char* begin, const char* end) {
    if (seeded_bug("skipped_root_range")) return;
    if (range.decode == nullptr) {
      add_words(begin, end);
    } else {
      for (; begin + sizeof(std::uintptr_t) <= end; begin += sizeof(std::uintptr_t)) {
        add(reinterpret_cast<std::uintptr_t>(range.decode(*reinterpret_cast<const volatile std::uintptr_t*>(begin))));
      }
    }
  });
  range_words_ = count_;
  stack_bytes_ = 0;
  if (!with_stack) return;
  if (!seeded_bug("registers_unscanned")) {
    for (const std::uintptr_t word : thread.registers.words) add(word);
  }
  for (std::size_t i = 0; i < thread.nearest_words; ++i) add(thread.nearest_frames[i]);
  add_words(thread.stack_top, thread.stack_base);
  stack_bytes_ = static_cast<std::size_t>(thread.stack_base - thread.stack_top);
#if MEMGC_ASAN
  // Locals of sanitized functions may live in fake frames outside the stack, which the stack has pointers to.
  for (std::size_t i = 0, n = count_; thread.fake_stack != nullptr && i < n; ++i) {
    void* frame = nullptr;
    void* frame_end = nullptr;
    if (__asan_addr_is_in_fake_stack(thread.fake_stack, reinterpret_cast<void*>(words_[i]), &frame, &frame_end) !=
        nullptr) {
      add_words(static_cast<const char*>(frame), static_cast<const char*>(frame_end));
    }
  }
#endif
}

}  // namespace memgc::internal
