// Job: tell AddressSanitizer which cells hold nothing. Compiles to nothing without it.
#pragma once

#include <cstddef>

#if defined(__SANITIZE_ADDRESS__)
#define MEMGC_ASAN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define MEMGC_ASAN 1
#endif
#endif
#ifndef MEMGC_ASAN
#define MEMGC_ASAN 0
#endif

#if MEMGC_ASAN
#include <sanitizer/asan_interface.h>
#endif

namespace memgc::internal {

inline void poison([[maybe_unused]] const void* address, [[maybe_unused]] std::size_t bytes) {
#if MEMGC_ASAN
  __asan_poison_memory_region(address, bytes);
#endif
}
inline void unpoison([[maybe_unused]] const void* address, [[maybe_unused]] std::size_t bytes) {
#if MEMGC_ASAN
  __asan_unpoison_memory_region(address, bytes);
#endif
}

}  // namespace memgc::internal
