// Job: see terminal.h.
#include "terminal.h"

#include <signal.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include <algorithm>
#include <cctype>
#include <cstdlib>
#include <string_view>
#include <utility>

namespace memgc::trace {
namespace {

constexpr std::string_view kEnter = "\x1b[?1049h\x1b[?25l\x1b[2J";  // alternate screen, no cursor, cleared
constexpr std::string_view kLeave = "\x1b[?25h\x1b[?1049l";

termios before, ours;  // set before the handlers are
volatile sig_atomic_t has_changed = 0;
struct sigaction old_size, old_stop;

// A signal handler's as well: nothing but system calls.
void write_all(std::string_view text) {
  while (!text.empty()) {
    const ssize_t written = ::write(STDOUT_FILENO, text.data(), text.size());
    if (written <= 0) return;
    text.remove_prefix(static_cast<std::size_t>(written));
  }
}

void enter() {
  ::tcsetattr(STDOUT_FILENO, TCSANOW, &ours);
  write_all(kEnter);
}

void leave() {
  write_all(kLeave);
  ::tcsetattr(STDOUT_FILENO, TCSANOW, &before);
}

void on_size(int) { has_changed = 1; }

// SIGSTOP cannot be caught: raise() comes back when somebody has sent SIGCONT.
void on_stop(int) {
  leave();
  ::raise(SIGSTOP);
  enter();
  has_changed = 1;
}

void set_handler(int signal, void (*handler)(int), struct sigaction& old) {
  struct sigaction action = {};
  action.sa_handler = handler;
  ::sigaction(signal, &action, &old);
}

}  // namespace

Terminal::Terminal() {
  ::tcgetattr(STDOUT_FILENO, &before);
  ours = before;
  ours.c_lflag &= ~static_cast<tcflag_t>(ECHO | ICANON);  // ISIG stays: Ctrl-C is a signal
  set_handler(SIGWINCH, on_size, old_size);
  set_handler(SIGTSTP, on_stop, old_stop);
  enter();
}

Terminal::~Terminal() {
  ::sigaction(SIGWINCH, &old_size, nullptr);
  ::sigaction(SIGTSTP, &old_stop, nullptr);
  leave();
  ::tcflush(STDOUT_FILENO, TCIFLUSH);  // what was typed meanwhile was not for the shell
}

bool Terminal::is_there() {
  const char* const kind = std::getenv("TERM");
  return ::isatty(STDOUT_FILENO) != 0 && kind != nullptr && std::string_view(kind) != "dumb";
}

TerminalSize Terminal::size() const {
  winsize size = {};
  if (::ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_row == 0 || size.ws_col == 0) return {};
  return {size.ws_row, size.ws_col};
}

bool Terminal::changed() {
  const bool was = has_changed != 0;
  has_changed = 0;
  return was;
}

void Terminal::show(const std::vector<std::string>& lines) const {
  std::string out = "\x1b[H";
  for (std::size_t i = 0; i < lines.size(); ++i) {
    if (i > 0) out += "\r\n";
    out += i == 0 ? "\x1b[7m" + lines[i] + "\x1b[0m" : lines[i];
    out += "\x1b[K";
  }
  out += "\x1b[J";
  write_all(out);
}

bool is_utf8(const char* lc_all, const char* lc_ctype, const char* lang) {
  for (const char* const name : {lc_all, lc_ctype, lang}) {
    if (name == nullptr || *name == 0) continue;
    std::string lower(name);
    std::transform(lower.begin(), lower.end(), lower.begin(),
                   [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    return lower.find("utf-8") != std::string::npos || lower.find("utf8") != std::string::npos;
  }
  return false;
}

}  // namespace memgc::trace
