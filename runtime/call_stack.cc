// Job: see call_stack.h.
#include "runtime/call_stack.h"

#include <unwind.h>

namespace memgc::internal {

struct CallStackWalk {
  static _Unwind_Reason_Code add(_Unwind_Context* context, void* argument) {
    auto& stack = *static_cast<CallStack*>(argument);
    const _Unwind_Ptr address = _Unwind_GetIP(context);
    if (address == 0 || stack.count_ == CallStack::kMostFrames) return _URC_END_OF_STACK;
    stack.frames_[stack.count_++] = reinterpret_cast<const void*>(address);
    return _URC_NO_REASON;
  }
};

void CallStack::capture() {
  count_ = 0;
  _Unwind_Backtrace(&CallStackWalk::add, this);
}

}  // namespace memgc::internal
