#include "runner/process.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <memory>
#include <stdexcept>
#include <string_view>
#include <system_error>

#include "runner/statistics.h"

extern char** environ;  // NOLINT

namespace memgc_bench {

namespace {

constexpr std::array<std::string_view, 18> kNotInherited = {
    "MEMGC=",          "MEMLIMIT=", "MEMDEBUG=", "MIMALLOC_",         "MALLOC_",     "_RJEM_MALLOC",
    "GLIBC_TUNABLES=", "GC_",       "GOGC=",     "GOMEMLIMIT=",       "GOMAXPROCS=", "GODEBUG=",
    "JAVA_TOOL_",      "_JAVA_",    "JDK_JAVA_", "MEMGC_BENCH_JAVA_", "LD_",         "BENCHMARK_"};

[[noreturn]] void fail(const char* what) { throw std::system_error(errno, std::generic_category(), what); }

std::vector<std::string> environment_for(const Command& command) {
  std::vector<std::string> result;
  for (char** entry = environ; *entry != nullptr; ++entry) {
    const std::string_view text = *entry;
    bool inherited = true;
    for (std::string_view prefix : kNotInherited) inherited = inherited && !text.starts_with(prefix);
    if (inherited) result.emplace_back(text);
  }
  for (const auto& [name, value] : command.environment) result.push_back(fmt::format("{}={}", name, value));
  return result;
}

std::vector<char*> pointers_to(std::vector<std::string>& strings) {
  std::vector<char*> result;
  result.reserve(strings.size() + 1);
  for (std::string& text : strings) result.push_back(text.data());
  result.push_back(nullptr);
  return result;
}

/// A file without a name, for what a child prints: it can print any amount while nobody reads.
class Capture {
 public:
  Capture() : file_(std::tmpfile(), &std::fclose) {
    if (!file_) fail("a temporary file");
  }
  int descriptor() const { return fileno(file_.get()); }
  std::string text() {
    std::string result;
    std::array<char, 4096> buffer;
    std::rewind(file_.get());
    for (std::size_t n; (n = std::fread(buffer.data(), 1, buffer.size(), file_.get())) > 0;)
      result.append(buffer.data(), n);
    return result;
  }

 private:
  std::unique_ptr<std::FILE, int (*)(std::FILE*)> file_;
};

/// The mean of what a process has resident, from /proc/PID/statm: looked at from outside, so that it needs no thread.
class ResidentMean {
 public:
  explicit ResidentMean(pid_t process) : path_(fmt::format("/proc/{}/statm", process)) {}

  void sample() {
    std::ifstream file(path_);
    double pages = 0, resident_pages = 0;
    if (!(file >> pages >> resident_pages) || resident_pages == 0) return;  // it has just ended
    sum_pages_ += resident_pages;
    ++samples_;
  }
  double mb() const {
    if (samples_ == 0) return kNoValue;
    return sum_pages_ / samples_ * static_cast<double>(sysconf(_SC_PAGESIZE)) / 1e6;
  }

 private:
  const std::string path_;
  double sum_pages_ = 0, samples_ = 0;
};

/// Waits for the child's end; false when the time was up, and it was killed.
bool wait_within(pid_t child, std::chrono::seconds limit, ResidentMean& resident) {
  using Clock = std::chrono::steady_clock;
  const int descriptor =
      static_cast<int>(syscall(SYS_pidfd_open, child, 0));  // glibc 2.36 declares no pidfd_open for C++
  if (descriptor < 0) fail("pidfd_open");
  pollfd waiting{descriptor, POLLIN, 0};
  const auto deadline = Clock::now() + limit;
  int ready = 0;
  while (ready == 0 && Clock::now() < deadline) {
    ready = poll(&waiting, 1, static_cast<int>(kSampleInterval.count()));
    if (ready == 0) resident.sample();
    if (ready < 0 && errno == EINTR) ready = 0;
  }
  close(descriptor);
  if (ready == 0) kill(child, SIGKILL);
  return ready != 0;
}

std::string describe(int status) {
  if (WIFEXITED(status)) {
    return WEXITSTATUS(status) == 0 ? "" : fmt::format("exit status {}", WEXITSTATUS(status));
  }
  return fmt::format("killed by signal {} ({})", WTERMSIG(status), strsignal(WTERMSIG(status)));
}

double seconds(const timeval& time) {
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) * 1e-6;
}

}  // namespace

Outcome run_program(const Command& command) {
  std::vector<std::string> arguments{command.program};
  arguments.insert(arguments.end(), command.arguments.begin(), command.arguments.end());
  std::vector<std::string> environment = environment_for(command);
  const std::vector<char*> argv = pointers_to(arguments), envp = pointers_to(environment);
  Capture output, errors;

  const pid_t child = fork();
  if (child < 0) fail("fork");
  if (child == 0) {
    if (dup2(output.descriptor(), STDOUT_FILENO) < 0 || dup2(errors.descriptor(), STDERR_FILENO) < 0) _exit(127);
    execvpe(command.program.c_str(), argv.data(), envp.data());
    dprintf(STDERR_FILENO, "cannot run %s: %s\n", command.program.c_str(), strerror(errno));
    _exit(127);
  }

  ResidentMean resident(child);
  const bool in_time = wait_within(child, command.limit, resident);
  int status = 0;
  rusage usage{};
  while (wait4(child, &status, 0, &usage) < 0) {
    if (errno != EINTR) fail("wait4");
  }
  Outcome outcome;
  outcome.failure = in_time ? describe(status) : fmt::format("not done after {} s: killed", command.limit.count());
  outcome.output = output.text();
  outcome.errors = errors.text();
  outcome.cpu_seconds = seconds(usage.ru_utime) + seconds(usage.ru_stime);
  outcome.peak_resident_mb = static_cast<double>(usage.ru_maxrss) * 1024 / 1e6;
  outcome.mean_resident_mb = resident.mb();
  return outcome;
}

}  // namespace memgc_bench
