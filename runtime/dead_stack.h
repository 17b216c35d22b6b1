// Job: leave no references behind on a program's stack.
//
// Slow paths save the program's registers below its frames, and are entered seldom: what they leave there can stand for
// a whole cycle in a slot that no later frame happens to fill, and keeps a dead object with all that it leads to. So
// they end with a call of these, which overwrite the stack below their own caller. (What the program's own calls leave
// behind is overwritten by its next ones.) Threads: any.
#pragma once

#include "allocator/base/poison.h"

namespace memgc::internal {

/// Overwrites the 1 KiB of stack below the caller's frame: what the calls that it has made have left there. As the last
/// thing that a function does it also overwrites that function's own frame. About 20 ns.
void clear_dead_stack() noexcept;
/// The same, and gives back what it gets, so that it can be the last thing.
void* clear_dead_stack(void* result) noexcept;
/// The same for 256 bytes, as much as the barrier uses, and a step along a run. About 5 ns.
void clear_shallow_stack() noexcept;
void* clear_shallow_stack(void* result) noexcept;

/// The same for 4 KiB: more than the unwinder uses, which restores the registers of each frame there. About 50 ns.
void clear_deep_stack() noexcept;
void* clear_deep_stack(void* result) noexcept;

}  // namespace memgc::internal
