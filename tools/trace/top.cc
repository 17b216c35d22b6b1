// Job: memgc-trace top: a running program on a full screen, redrawn in place.
#include <fmt/format.h>

#include <cstdlib>
#include <deque>
#include <memory>

#include "follow.h"
#include "frame.h"
#include "stop_signals.h"
#include "terminal.h"

namespace memgc::trace {
namespace {

constexpr std::size_t kOutputLines = 8;    // of the program's own, that are kept
constexpr std::size_t kOutputBytes = 512;  // of each

int top(const LiveOptions& options, const WatchSource& source) {
  LiveTrace trace(options, source);
  Frame frame;
  frame.source = source.name();
  frame.limit = trace.limit();
  frame.column_seconds = options.interval;
  const bool utf8 = is_utf8(std::getenv("LC_ALL"), std::getenv("LC_CTYPE"), std::getenv("LANG"));
  const StopSignals signals;  // outlives the terminal
  auto terminal = std::make_unique<Terminal>();
  const auto redraw = [&] {
    const TerminalSize size = terminal->size();
    frame.figures = trace.figures();
    frame.status = trace.status();
    frame.history = trace.history(size.columns);
    terminal->show(draw(frame, size, utf8));
  };
  redraw();
  Pace pace(options.interval);
  WatchHandlers handlers;
  handlers.own_terminal = true;
  handlers.on_look = [&] {
    if (pace.due() || terminal->changed()) redraw();
    return true;
  };
  if (!source.command.empty()) {
    handlers.other = [&](std::string_view line) {
      frame.output.emplace_back(line.substr(0, kOutputBytes));
      if (frame.output.size() > kOutputLines) frame.output.pop_front();
    };
  }
  const int status = watch(source, trace.reader(), handlers);
  terminal.reset();
  fmt::print("{}\n{}\n", live_header(), live_line(trace.figures(), trace.status(), trace.limit()));
  return status;
}

}  // namespace

void add_top(CLI::App& app) {
  CLI::App& command = *app.add_subcommand("top", "a running program on a full screen, redrawn in place");
  const auto options = std::make_shared<LiveOptions>();
  add_live_options(command, *options);
  command.callback([&command, options] {
    const WatchSource source = source_of(command, *options);
    const bool terminal = Terminal::is_there();
    if (!terminal) fmt::print(stderr, "memgc-trace: top needs a terminal on standard output; here is follow instead\n");
    const int status = terminal ? top(*options, source) : follow(*options, source, 0);
    if (status != 0) throw CLI::RuntimeError(status);
  });
}

}  // namespace memgc::trace
