// Job: pieces of a line into a buffer of the caller's, which is large enough: no allocation, no locale, may run
// anywhere.
#pragma once

#include <charconv>
#include <cstdint>
#include <cstring>

namespace memgc::internal {

/// Each returns the new end.
inline char* put(char* out, const char* text) {
  const std::size_t length = std::strlen(text);
  std::memcpy(out, text, length);
  return out + length;
}
inline char* put(char* out, std::uint64_t value) { return std::to_chars(out, out + 24, value).ptr; }
inline char* put(char* out, std::int64_t value) { return std::to_chars(out, out + 24, value).ptr; }
inline char* put_mb(char* out, std::uint64_t bytes) { return put(out, bytes >> 20); }
inline char* put_kib(char* out, std::uint64_t bytes) { return put(out, bytes >> 10); }

}  // namespace memgc::internal
