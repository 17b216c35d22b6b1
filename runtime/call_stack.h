// Job: the calling thread's stack as return addresses, for the profiles.
//
// How: the unwinder of the C++ runtime, by the tables that exceptions need and every compiler writes for x86-64 even
// without them. Frame pointers would be quicker, but programs and the C++ library are compiled without, so that a walk
// along them ends in the first frame or strays; what the tables cost is in observe/README.md. No locks, no memory (the
// unwinder finds tables without a lock since glibc 2.35). A frame without tables, of a JIT say, ends the walk.
//
// A walk ends early in a frame in which the thread's last one was too, at the same instruction and the same place: what
// called that is as it was then, if each return address further out is still where it was. (How large a frame is
// follows from where it stands in its code, but for alloca: there a return address that has not moved says the same.)
//
// The unwinder leaves registers of the program's frames on the stack below: whoever captures clears that
// (clear_deep_stack) once it is back in the frame that it leaves by. Threads: any.
#pragma once

#include <array>
#include <cstddef>
#include <span>

namespace memgc::internal {

struct ThreadRecord;

/// Return addresses, innermost first; what is further out is cut off.
class CallStack {
 public:
  static constexpr std::size_t kMostFrames = 48;

  /// What one thread's last walk came by. Its owner's.
  struct Last {
    std::array<const void*, kMostFrames> frames{};
    std::array<const char*, kMostFrames> pointers{};  // each frame's stack pointer: below it, the return address to it
    std::size_t count = 0;
    bool whole = false;  // not cut off
  };

  /// The caller's. About 0.1 us for each frame that was not there before. `thread` is the calling one.
  [[gnu::noinline]] void capture(ThreadRecord& thread);
  std::span<const void* const> frames() const { return {frames_.data(), count_}; }

 private:
  std::array<const void*, kMostFrames> frames_;
  std::size_t count_ = 0;
};

}  // namespace memgc::internal
