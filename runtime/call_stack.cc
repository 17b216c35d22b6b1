// Job: see call_stack.h.
#include "runtime/call_stack.h"

#include <unwind.h>

#include <algorithm>
#include <cstdint>

#include "runtime/thread_record.h"

namespace memgc::internal {
namespace {

// The first of the frames from which outwards each return address is where it was. Only x86-64 keeps it right below the
// stack pointer of the frame that it returns to.
__attribute__((no_sanitize("address"), no_sanitize("thread"))) std::size_t first_unchanged(
    const CallStack::Last& last, [[maybe_unused]] const char* stack_pointer, [[maybe_unused]] const char* stack_base) {
  std::size_t first = last.count;
#if defined(__x86_64__)
  for (; first > 0; --first) {
    const char* pointer = last.pointers[first - 1];
    if (pointer <= stack_pointer + sizeof(void*) || pointer > stack_base) break;
    const auto* slot = reinterpret_cast<const void* const volatile*>(pointer) - 1;
    if (*slot != last.frames[first - 1]) break;
  }
#endif
  return first;
}

class Walk {
 public:
  Walk(ThreadRecord& thread, std::array<const void*, CallStack::kMostFrames>& frames)
      : last_(thread.last_stack),
        frames_(frames),
        unchanged_(first_unchanged(last_, static_cast<const char*>(__builtin_frame_address(0)), thread.stack_base)) {}

  /// The count of frames.
  std::size_t go() {
    _Unwind_Backtrace(&Walk::add, this);
    std::size_t kept = 0;
    if (joined_ < last_.count) {
      kept = std::min(last_.count - joined_, CallStack::kMostFrames - count_);
      std::copy_n(last_.frames.data() + joined_, kept, frames_.data() + count_);
      std::copy_n(last_.pointers.data() + joined_, kept, pointers_.data() + count_);
      whole_ = last_.whole && joined_ + kept == last_.count;
    }
    count_ += kept;
    std::copy_n(frames_.data(), count_, last_.frames.data());
    std::copy_n(pointers_.data(), count_, last_.pointers.data());
    last_.count = count_;
    last_.whole = whole_;
    return count_;
  }

 private:
  static _Unwind_Reason_Code add(_Unwind_Context* context, void* argument) {
    return static_cast<Walk*>(argument)->add(reinterpret_cast<const void*>(_Unwind_GetIP(context)),
                                             reinterpret_cast<const char*>(_Unwind_GetCFA(context)))
               ? _URC_NO_REASON
               : _URC_END_OF_STACK;
  }

  // Whether to go on outwards.
  bool add(const void* address, const char* pointer) {
    if (address == nullptr) return false;
    if (joins(address, pointer)) return false;
    if (count_ == CallStack::kMostFrames) {
      whole_ = false;
      return false;
    }
    frames_[count_] = address;
    pointers_[count_++] = pointer;
    return true;
  }

  // Whether the rest is as it was. (A stack that was cut off tells the rest only up to there.)
  bool joins(const void* address, const char* pointer) {
    while (next_ < last_.count && last_.pointers[next_] < pointer) ++next_;
    if (next_ == last_.count || last_.pointers[next_] != pointer || last_.frames[next_] != address) return false;
    if (next_ + 1 < unchanged_) return false;
    if (!last_.whole && last_.count - next_ + count_ < CallStack::kMostFrames) return false;
    joined_ = next_;
    return true;
  }

  CallStack::Last& last_;
  std::array<const void*, CallStack::kMostFrames>& frames_;
  const std::size_t unchanged_;
  std::size_t next_ = 0;
  std::size_t joined_ = SIZE_MAX;
  std::array<const char*, CallStack::kMostFrames> pointers_;
  std::size_t count_ = 0;
  bool whole_ = true;
};

}  // namespace

void CallStack::capture(ThreadRecord& thread) { count_ = Walk(thread, frames_).go(); }

}  // namespace memgc::internal
