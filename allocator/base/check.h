// Job: assertions. MEMGC_CHECK is always on and cheap; MEMGC_DCHECK is on in checked builds (MEMGC_CHECKS=1).
//
// A failure prints one line with the condition, the place and the operands, then aborts. No allocation on the way.
#pragma once

#include <cstdint>

#ifndef MEMGC_CHECKS
#define MEMGC_CHECKS 0
#endif

namespace memgc::internal {

/// Prints "memgc: <message>" to stderr with one write(2) and aborts. printf-style.
[[noreturn]] __attribute__((format(printf, 1, 2))) void fatal(const char* format, ...);

[[noreturn]] void check_failed(const char* condition, const char* file, int line, std::uint64_t a, std::uint64_t b);

}  // namespace memgc::internal

#define MEMGC_CHECK_2(condition, a, b) \
  (__builtin_expect(!!(condition), 1)  \
       ? static_cast<void>(0)          \
       : ::memgc::internal::check_failed(#condition, __FILE__, __LINE__, (std::uint64_t)(a), (std::uint64_t)(b)))
#define MEMGC_CHECK(condition) MEMGC_CHECK_2(condition, 0, 0)

#if MEMGC_CHECKS
#define MEMGC_DCHECK(condition) MEMGC_CHECK(condition)
#else
#define MEMGC_DCHECK(condition) static_cast<void>(0)
#endif
