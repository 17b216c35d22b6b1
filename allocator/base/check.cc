// Job: how an assertion dies; see check.h.
#include "allocator/base/check.h"

#include <unistd.h>

#include <cstdarg>
#include <cstdio>
#include <cstdlib>
#include <cstring>

namespace memgc::internal {

void fatal(const char* format, ...) {
  char text[1024];
  constexpr char kPrefix[] = "memgc: ";
  std::memcpy(text, kPrefix, sizeof(kPrefix));
  std::size_t used = sizeof(kPrefix) - 1;
  va_list arguments;
  va_start(arguments, format);
  const int written = std::vsnprintf(text + used, sizeof(text) - used - 1, format, arguments);
  va_end(arguments);
  if (written > 0)
    used += static_cast<std::size_t>(written) < sizeof(text) - used - 1 ? static_cast<std::size_t>(written)
                                                                        : sizeof(text) - used - 2;
  text[used++] = '\n';
  [[maybe_unused]] const ssize_t ignored = ::write(STDERR_FILENO, text, used);
  std::abort();
}

void check_failed(const char* condition, const char* file, int line, std::uint64_t a, std::uint64_t b) {
  const char* slash = std::strrchr(file, '/');
  fatal("check failed: %s (%s:%d; operands 0x%llx, 0x%llx)", condition, slash != nullptr ? slash + 1 : file, line,
        static_cast<unsigned long long>(a), static_cast<unsigned long long>(b));
}

}  // namespace memgc::internal
