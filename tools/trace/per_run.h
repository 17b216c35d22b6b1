// Job: what an analyser remembers of each run of a stream.
//
// Invariant: at most kOpen runs are remembered, those last heard of; so memory is constant. One thread.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

namespace memgc::trace {

template <typename T>
class PerRun {
 public:
  static constexpr std::size_t kOpen = 16;

  // What is remembered of this run; a new T if nothing is. Good until the next call.
  T& of(std::uint32_t run, bool& fresh) {
    auto at = std::find_if(open_.begin(), open_.end(), [&](const auto& entry) { return entry.first == run; });
    fresh = at == open_.end();
    if (fresh) {
      if (open_.size() == kOpen) open_.pop_back();
      open_.emplace_back(run, T{});
      at = open_.end() - 1;
    }
    std::rotate(open_.begin(), at, at + 1);
    return open_.front().second;
  }
  // The run last heard of; null before the first.
  const T* latest() const { return open_.empty() ? nullptr : &open_.front().second; }

 private:
  std::vector<std::pair<std::uint32_t, T>> open_;  // the one last heard of first
};

}  // namespace memgc::trace
