// Job: the calling thread's stack as return addresses, for the profiles.
//
// How: the unwinder of the C++ runtime, by the tables that exceptions need and every compiler writes for x86-64 even
// without them. Frame pointers would be quicker, but programs and the C++ library are compiled without, so that a walk
// along them ends in the first frame or strays; what the tables cost is in observe/README.md. No locks, no memory (the
// unwinder finds tables without a lock since glibc 2.35). A frame without tables, of a JIT say, ends the walk.
//
// The unwinder leaves registers of the program's frames on the stack below: whoever captures clears that
// (clear_deep_stack) once it is back in the frame that it leaves by. Threads: any.
#pragma once

#include <array>
#include <cstddef>
#include <span>

namespace memgc::internal {

/// Return addresses, innermost first; what is further out is cut off.
class CallStack {
 public:
  static constexpr std::size_t kMostFrames = 48;

  /// The caller's. About 0.1 us for each frame.
  [[gnu::noinline]] void capture();
  std::span<const void* const> frames() const { return {frames_.data(), count_}; }

 private:
  friend struct CallStackWalk;
  std::array<const void*, kMostFrames> frames_;
  std::size_t count_ = 0;
};

}  // namespace memgc::internal
