// Job: what the tests ask of the process they run in: which sanitizer, how much memory is resident, what a child does.
#pragma once

#include <sys/wait.h>
#include <unistd.h>

#include <cstddef>
#include <cstdio>
#include <string>

#if defined(__has_feature)
#define MEMGC_TEST_HAS_FEATURE(x) __has_feature(x)
#else
#define MEMGC_TEST_HAS_FEATURE(x) 0
#endif

namespace memgc::internal {

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__) || MEMGC_TEST_HAS_FEATURE(address_sanitizer) || \
    MEMGC_TEST_HAS_FEATURE(thread_sanitizer)
inline constexpr bool kSanitized = true;
#else
inline constexpr bool kSanitized = false;
#endif

/// `count` as it is in an ordinary build, a tenth under a sanitizer.
constexpr std::size_t scaled(std::size_t count) { return kSanitized ? (count + 9) / 10 : count; }

/// Resident memory of this process, from the kernel; 0 if it does not say.
inline std::size_t resident_bytes() {
  std::size_t kib = 0;
  if (std::FILE* file = std::fopen("/proc/self/smaps_rollup", "re")) {
    char line[256];
    while (std::fgets(line, sizeof(line), file) != nullptr && std::sscanf(line, "Rss: %zu kB", &kib) != 1) {
    }
    std::fclose(file);
  }
  return kib << 10;
}

/// How a child ended, and what it said on stderr.
struct ChildEnd {
  int exit_code = -1;  // -1: it did not exit by itself
  int signal = 0;
  std::string errors;
};

/// Runs `work()`, which returns an exit code, in a child. The caller must be single-threaded.
template <class Work>
ChildEnd in_child(Work work) {
  ChildEnd end;
  int pipe_ends[2];
  std::fflush(nullptr);
  if (::pipe(pipe_ends) != 0) return end;
  const pid_t child = ::fork();
  if (child == 0) {
    ::dup2(pipe_ends[1], STDERR_FILENO);
    ::close(pipe_ends[0]);
    ::close(pipe_ends[1]);
    ::_exit(work());
  }
  ::close(pipe_ends[1]);
  char buffer[4096];
  for (ssize_t got; (got = ::read(pipe_ends[0], buffer, sizeof(buffer))) > 0;)
    end.errors.append(buffer, static_cast<std::size_t>(got));
  ::close(pipe_ends[0]);
  int status = 0;
  if (child > 0 && ::waitpid(child, &status, 0) == child) {
    if (WIFEXITED(status)) end.exit_code = WEXITSTATUS(status);
    if (WIFSIGNALED(status)) end.signal = WTERMSIG(status);
  }
  return end;
}

}  // namespace memgc::internal
