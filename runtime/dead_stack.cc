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

// Vector stores, as few as can be: what compilers make of a memset() here is a string instruction, which waits for the
// stores before it; and where those miss the caches the processor has room for a few dozen more.
__attribute__((always_inline, no_sanitize("address"), no_sanitize("thread"))) inline void clear_shallow() {
  using Words [[gnu::vector_size(16)]] = long long;
  volatile Words dead[256 / sizeof(Words)];
  for (volatile Words& words : dead) words = Words{};
}

}  // namespace

MEMGC_NO_SANITIZE void clear_dead_stack() noexcept { clear<1024>(); }

MEMGC_NO_SANITIZE void* clear_dead_stack(void* result) noexcept {
  clear<1024>();
  return result;
}

MEMGC_NO_SANITIZE void clear_shallow_stack() noexcept { clear_shallow(); }

MEMGC_NO_SANITIZE void* clear_shallow_stack(void* result) noexcept {
  clear_shallow();
  return result;
}

MEMGC_NO_SANITIZE void clear_deep_stack() noexcept { clear<4096>(); }

MEMGC_NO_SANITIZE void* clear_deep_stack(void* result) noexcept {
  clear<4096>();
  return result;
}

}  // namespace memgc::internal
