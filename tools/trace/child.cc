// Job: see child.h.
#include "child.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>

#include "input.h"

extern char** environ;

namespace memgc::trace {
namespace {

constexpr int kLookMs = 50;  // how often we look whether the program has ended, while nobody writes

volatile sig_atomic_t child_pid = 0;

void pass_on(int signal) {
  if (child_pid > 0) ::kill(static_cast<pid_t>(child_pid), signal);
}

void set_signal(int signal, void (*handler)(int)) {
  struct sigaction action = {};
  action.sa_handler = handler;
  ::sigaction(signal, &action, nullptr);
}

std::vector<std::string> child_environment() {
  std::vector<std::string> out;
  for (char** at = environ; *at != nullptr; ++at) out.emplace_back(*at);
  for (const char* const name : {"MEMDEBUG", "GODEBUG"}) {
    const std::string prefix = std::string(name) + "=";
    const char* const old = std::getenv(name);
    std::erase_if(out, [&](const std::string& entry) { return entry.starts_with(prefix); });
    out.push_back(prefix + with_gctrace(old != nullptr ? old : ""));
  }
  return out;
}

std::vector<char*> pointers(std::vector<std::string>& texts) {
  std::vector<char*> out;
  out.reserve(texts.size() + 1);
  for (std::string& text : texts) out.push_back(text.data());
  out.push_back(nullptr);
  return out;
}

pid_t start(std::vector<std::string> command, int error_fd, bool own_terminal) {
  posix_spawn_file_actions_t files;
  posix_spawn_file_actions_init(&files);
  posix_spawn_file_actions_adddup2(&files, error_fd, STDERR_FILENO);
  if (own_terminal) {
    posix_spawn_file_actions_adddup2(&files, error_fd, STDOUT_FILENO);
    posix_spawn_file_actions_addopen(&files, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  }
  posix_spawnattr_t attributes;
  posix_spawnattr_init(&attributes);
  sigset_t defaults;
  sigemptyset(&defaults);
  for (const int signal : {SIGINT, SIGQUIT}) sigaddset(&defaults, signal);
  posix_spawnattr_setsigdefault(&attributes, &defaults);
  posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGDEF);
  std::vector<std::string> environment = child_environment();
  pid_t pid = 0;
  const int error = ::posix_spawnp(&pid, command[0].c_str(), &files, &attributes, pointers(command).data(),
                                   pointers(environment).data());
  posix_spawnattr_destroy(&attributes);
  posix_spawn_file_actions_destroy(&files);
  if (error != 0) throw InputError(fmt::format("cannot run {}: {}", command[0], std::strerror(error)));
  return pid;
}

// False when there is nothing more: the pipe is closed.
bool pass_output(int from, bool pass_on, const std::function<void(std::string_view)>& on_output) {
  char buffer[64 << 10];
  const ssize_t got = ::read(from, buffer, sizeof buffer);
  if (got < 0) return errno == EINTR;
  for (ssize_t written = pass_on ? 0 : got; written < got;) {
    const ssize_t now = ::write(STDERR_FILENO, buffer + written, static_cast<std::size_t>(got - written));
    if (now < 0 && errno != EINTR) break;
    if (now > 0) written += now;
  }
  on_output({buffer, static_cast<std::size_t>(got)});
  return got > 0;
}

}  // namespace

std::string with_gctrace(std::string_view debug) {
  std::string out;
  bool on = false;
  while (!debug.empty()) {
    const std::size_t comma = debug.find(',');
    const std::string_view item = debug.substr(0, comma);
    debug.remove_prefix(comma == std::string_view::npos ? debug.size() : comma + 1);
    if (item.empty() || item == "gctrace=0") continue;
    on = on || item.starts_with("gctrace=");
    if (!out.empty()) out += ',';
    out += item;
  }
  if (!on) out += out.empty() ? "gctrace=1" : ",gctrace=1";
  return out;
}

int run_child(const std::vector<std::string>& command, const std::function<void(std::string_view)>& on_output,
              const ChildOptions& options) {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) throw InputError(fmt::format("pipe: {}", std::strerror(errno)));
  for (const int signal : {SIGINT, SIGQUIT}) set_signal(signal, SIG_IGN);
  const pid_t pid = start(command, ends[1], options.own_terminal);
  ::close(ends[1]);
  child_pid = pid;
  for (const int signal : {SIGTERM, SIGHUP}) set_signal(signal, pass_on);

  // The pipe may outlive the program, in the hands of what it has left running: its own end counts.
  int status = 0;
  bool ended = false;
  for (bool open = true; open;) {
    pollfd wait = {ends[0], POLLIN, 0};
    const int ready = ::poll(&wait, 1, ended ? 0 : kLookMs);
    if (ready > 0) {
      open = pass_output(ends[0], options.pass_on, on_output);
    } else if (ended) {
      break;
    }
    if (options.on_look) options.on_look();
    if (!ended) ended = ::waitpid(pid, &status, WNOHANG) == pid;
  }
  while (!ended) ended = ::waitpid(pid, &status, 0) == pid || errno != EINTR;
  child_pid = 0;
  ::close(ends[0]);
  return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

}  // namespace memgc::trace
