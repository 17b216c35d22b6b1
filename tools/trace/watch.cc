// Job: see watch.h.
#include "watch.h"

#include <poll.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "child.h"
#include "input.h"
#include "other_output.h"
#include "stop_signals.h"
#include "tail.h"

namespace memgc::trace {
namespace {

constexpr int kLookMs = 50;

using Feed = std::function<void(std::string_view)>;

void watch_file(const std::string& path, Reader& reader, const Feed& feed, const WatchHandlers& handlers) {
  Tail tail(path, {feed, [&] { reader.begin_source(path); }});
  while (!StopSignals::raised()) {
    const bool more = tail.read_some();
    if (!handlers.on_look()) return;
    if (!more) ::poll(nullptr, 0, kLookMs);
  }
}

void watch_input(const Feed& feed, const WatchHandlers& handlers) {
  std::vector<char> buffer(256 << 10);
  while (!StopSignals::raised()) {
    pollfd wait = {STDIN_FILENO, POLLIN, 0};
    const int ready = ::poll(&wait, 1, kLookMs);
    if (ready > 0) {
      const ssize_t got = ::read(STDIN_FILENO, buffer.data(), buffer.size());
      if (got < 0 && errno != EINTR && errno != EAGAIN) {
        throw InputError(std::string("standard input: ") + std::strerror(errno));
      }
      if (got == 0) return;
      if (got > 0) feed({buffer.data(), static_cast<std::size_t>(got)});
    }
    if (!handlers.on_look()) return;
  }
}

}  // namespace

int watch(const WatchSource& source, Reader& reader, const WatchHandlers& handlers) {
  OtherOutput other([&](std::string_view line) {
    if (handlers.other) handlers.other(line);
  });
  const Feed feed = [&](std::string_view bytes) {
    reader.feed(bytes);
    if (handlers.other) other.feed(bytes);
  };
  int status = 0;
  if (!source.command.empty()) {
    ChildOptions options;
    options.pass_on = false;
    options.own_terminal = handlers.own_terminal;
    options.on_look = [&] { handlers.on_look(); };
    status = run_child(source.command, feed, options);
  } else if (source.file == "-") {
    watch_input(feed, handlers);
  } else {
    watch_file(source.file, reader, feed, handlers);
  }
  reader.finish();
  other.finish();
  return status;
}

}  // namespace memgc::trace
