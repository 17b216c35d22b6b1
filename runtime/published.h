// Job: a value that one thread writes now and then and any thread reads whole, without a lock: the writer never waits,
// and a reader tries again if it was written meanwhile.
//
// How: a sequence lock (Boehm, "Can seqlocks get along with programming language memory models?", MSPC 2012), with
// orders in place of fences. The sequence is odd while the value is written. A reader that meets a word of a later
// writing (acquire, with the word's release) sees the odd number that came before it, and one that began after a
// writing was over (acquire, with the release of the even number) meets no earlier word: so an even number that has not
// changed means words of one writing.
//
// Threads: publish(), one; read(), any.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <type_traits>

namespace memgc::internal {

template <class T>
class Published {
 public:
  void publish(const T& value) {
    std::array<std::uint64_t, kWords> words;
    std::memcpy(words.data(), &value, sizeof(T));
    const std::uint64_t number = sequence_.load(std::memory_order_relaxed);  // nobody else writes it
    sequence_.store(number + 1, std::memory_order_relaxed);
    // Release: each pairs with the acquire load of the same word in read().
    for (std::size_t i = 0; i < kWords; ++i) words_[i].store(words[i], std::memory_order_release);
    sequence_.store(number + 2, std::memory_order_release);  // pairs with the first load in read()
  }

  T read() const {
    std::array<std::uint64_t, kWords> words;
    for (;;) {
      const std::uint64_t before = sequence_.load(std::memory_order_acquire);
      for (std::size_t i = 0; i < kWords; ++i) words[i] = words_[i].load(std::memory_order_acquire);
      if (before % 2 == 0 && sequence_.load(std::memory_order_relaxed) == before) break;
    }
    T value;
    std::memcpy(static_cast<void*>(&value), words.data(), sizeof(T));
    return value;
  }

 private:
  static_assert(std::is_trivially_copyable_v<T> && sizeof(T) % sizeof(std::uint64_t) == 0);
  static constexpr std::size_t kWords = sizeof(T) / sizeof(std::uint64_t);

  std::atomic<std::uint64_t> sequence_{0};
  std::array<std::atomic<std::uint64_t>, kWords> words_{};
};

}  // namespace memgc::internal
