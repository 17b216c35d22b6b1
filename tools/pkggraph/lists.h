// Job: arrays that grow, as managed objects: of pointers (List) and of numbers (Numbers).
//
// std::vector will not do for managed pointers: the collector does not look into malloc'd memory.
// Threads: as for any object; one thread at a time may push.
#pragma once

#include <cstdint>

#include "memgc/memgc.h"

namespace pkggraph {

/// `T` is a Member, which is marked, or a number, which is never looked at.
template <class T>
struct Growing {
  memgc::Member<memgc::Array<T>> items;
  std::uint64_t count = 0;
  static constexpr auto fields = memgc::fields(&Growing::items);

  template <class Value>
  void push(Value value) {
    if (items == nullptr || count == items->size()) grow();
    (*items)[count++] = value;
  }
  T pop() { return (*items)[--count]; }
  std::uint64_t size() const { return count; }
  bool empty() const { return count == 0; }
  void clear() { count = 0; }
  T& operator[](std::uint64_t index) { return (*items)[index]; }
  const T& operator[](std::uint64_t index) const { return (*items)[index]; }
  T* begin() const { return items == nullptr ? nullptr : items->begin(); }
  T* end() const { return items == nullptr ? nullptr : items->begin() + count; }

 private:
  void grow() {
    memgc::Array<T>* bigger = memgc::make_array<T>(items == nullptr ? 16 : items->size() * 2);
    for (std::uint64_t i = 0; i < count; ++i) (*bigger)[i] = (*items)[i];
    items = bigger;
  }
};

template <class T>
using List = Growing<memgc::Member<T>>;
using Numbers = Growing<std::uint32_t>;

using NumberArray = memgc::Array<std::uint32_t>;

}  // namespace pkggraph
