// Job: a copy of the words on a thread's stack, in its registers and its root ranges, taken when it answered the third
// handshake and scanned later, while the thread runs on.
//
// Threads: filled by the thread, or for it while it is blocked; then read by the collector only.
#pragma once

#include <cstddef>
#include <cstdint>

namespace memgc::internal {

struct ThreadRecord;

class Snapshot {
 public:
  Snapshot() = default;
  ~Snapshot();
  Snapshot(const Snapshot&) = delete;
  Snapshot& operator=(const Snapshot&) = delete;

  /// Copies everything of a thread whose position was noted. Cost: a copy of its stack.
  void take(ThreadRecord& thread, bool with_stack);
  void clear() { count_ = range_words_ = 0; }
  /// Whose: what the kernel calls the thread, and its number.
  const char* thread_name() const { return name_; }
  int thread_number() const { return tid_; }
  /// The words before this one are those of root ranges.
  const std::uintptr_t* stack_begin() const { return words_ + range_words_; }
  /// Exchanges contents: how a snapshot outlives its thread.
  void swap(Snapshot& other) noexcept;

  const std::uintptr_t* begin() const { return words_; }
  const std::uintptr_t* end() const { return words_ + count_; }
  std::size_t stack_bytes() const { return stack_bytes_; }
  std::size_t range_bytes() const { return range_bytes_; }
  std::size_t memory_bytes() const { return capacity_ * sizeof(std::uintptr_t); }

 private:
  void add(std::uintptr_t word);
  void add_words(const char* begin, const char* end);
  void make_room(std::size_t words);

  std::uintptr_t* words_ = nullptr;
  std::size_t count_ = 0;
  std::size_t capacity_ = 0;
  std::size_t range_words_ = 0;
  std::size_t stack_bytes_ = 0;
  std::size_t range_bytes_ = 0;
  char name_[16] = {};
  int tid_ = 0;
};

}  // namespace memgc::internal
