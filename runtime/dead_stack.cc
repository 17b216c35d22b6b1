// Job: see dead_stack.h.
#include "runtime/dead_stack.h"

#include <cstddef>
#include <cstring>

#define MEMGC_NO_SANITIZE __attribute__((no_sanitize("address"), no_sanitize("thread"), noinline))

namespace memgc::internal {
namespace {

// What the frame of a function that calls this occupies is what earlier, deeper calls have left behind.
template <std::size_t kBytes>
__attribute__((always_inline, no_sanitize("address"), no_sanitize("thread"))) inline void clear() {
  volatile char dead[kBytes];
  std::memset(const_cast<char*>(dead), 0, sizeof(dead));
  __asm__ volatile("" : : "r"(dead) : "memory");
}

}  // namespace

MEMGC_NO_SANITIZE void clear_dead_stack() noexcept { clear<1024>(); }

MEMGC_NO_SANITIZE void* clear_dead_stack(void* result) noexcept {
  clear<1024>();
  return result;
}

MEMGC_NO_SANITIZE void clear_dead_stack_of_barrier() noexcept { clear<256>(); }

}  // namespace memgc::internal
