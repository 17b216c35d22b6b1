// Job: Array<T>, a managed array whose length is chosen when it is made.
//
// A count, then the elements, in one cell. Of leaf T it is never scanned; of Members it is marked word by word; large
// ones are marked in chunks. Stretches of Members and Slots are moved and filled by memgc::copy, fill and clear
// (ranges.h). Threads: as for its elements.
#pragma once

#include <cstddef>
#include <span>

#include "memgc/internal/export.h"

namespace memgc {

/// Made by make_array<T>(n) only; its size never changes.
template <class T>
class Array {
 public:
  using value_type = T;
  using iterator = T*;
  using const_iterator = const T*;

  static constexpr std::size_t kHeaderBytes = alignof(T) > sizeof(std::size_t) ? alignof(T) : sizeof(std::size_t);

  Array(const Array&) = delete;
  Array& operator=(const Array&) = delete;

  std::size_t size() const noexcept { return size_; }
  bool empty() const noexcept { return size_ == 0; }
  T* data() noexcept { return reinterpret_cast<T*>(reinterpret_cast<char*>(this) + kHeaderBytes); }
  const T* data() const noexcept {
    return reinterpret_cast<const T*>(reinterpret_cast<const char*>(this) + kHeaderBytes);
  }
  T& operator[](std::size_t index) noexcept { return data()[index]; }
  const T& operator[](std::size_t index) const noexcept { return data()[index]; }
  T* begin() noexcept { return data(); }
  T* end() noexcept { return data() + size_; }
  const T* begin() const noexcept { return data(); }
  const T* end() const noexcept { return data() + size_; }
  std::span<T> span() noexcept { return {data(), size_}; }
  std::span<const T> span() const noexcept { return {data(), size_}; }

 private:
  Array() = default;

  std::size_t size_;
};

}  // namespace memgc
