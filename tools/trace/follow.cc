// Job: memgc-trace follow: a running program, a line of figures each interval.
//
// A program that it starts keeps its standard output; the figures go to standard error then, beside what the program
// itself writes there, but for its trace.
#include "follow.h"

#include <fmt/format.h>
#include <unistd.h>

#include <cstdio>
#include <memory>

#include "stop_signals.h"

namespace memgc::trace {
namespace {

constexpr std::uint64_t kHeaderEach = 20;  // lines, on a terminal: so that it stays in sight

class Lines {
 public:
  Lines(const LiveTrace& trace, const WatchSource& source)
      : trace_(trace), source_(source), out_(source.command.empty() ? stdout : stderr) {
    terminal_ = ::isatty(::fileno(out_)) != 0;
  }
  void print() {
    if (trace_.status().cycles == 0 && !warned_) {
      fmt::print(stderr, "memgc-trace: {}: no trace line yet; is MEMDEBUG=gctrace=1 or GODEBUG=gctrace=1 set?\n",
                 source_.name());
      warned_ = true;
    }
    if (printed_ == 0 || (terminal_ && printed_ % kHeaderEach == 0)) fmt::print(out_, "{}\n", live_header());
    ++printed_;
    fmt::print(out_, "{}\n", live_line(trace_.figures(), trace_.status(), trace_.limit()));
    if (std::fflush(out_) != 0) throw InputError("the figures cannot be written");
  }
  std::uint64_t printed() const { return printed_; }

 private:
  const LiveTrace& trace_;
  const WatchSource& source_;
  std::FILE* out_;
  bool terminal_ = false;
  bool warned_ = false;
  std::uint64_t printed_ = 0;
};

struct Options {
  LiveOptions live;
  std::uint64_t count = 0;
};

}  // namespace

int follow(const LiveOptions& options, const WatchSource& source, std::uint64_t count) {
  const StopSignals signals;
  LiveTrace trace(options, source);
  Lines lines(trace, source);
  Pace pace(options.interval);
  WatchHandlers handlers;
  handlers.on_look = [&] {
    if (pace.due()) lines.print();
    return count == 0 || lines.printed() < count;
  };
  if (!source.command.empty()) {
    handlers.other = [](std::string_view line) { std::fwrite(line.data(), 1, line.size(), stderr); };
  }
  const int status = watch(source, trace.reader(), handlers);
  if (count == 0 || lines.printed() < count) lines.print();
  return status;
}

void add_follow(CLI::App& app) {
  CLI::App& command = *app.add_subcommand("follow", "a running program, a line of figures each interval");
  const auto options = std::make_shared<Options>();
  add_live_options(command, options->live);
  command.add_option("--count", options->count, "end after so many lines; not with a program")->type_name("N");
  command.callback([&command, options] {
    const WatchSource source = source_of(command, options->live);
    if (options->count > 0 && !source.command.empty()) {
      throw CLI::ParseError("--count: a program is followed to its end", kExitUsage);
    }
    const int status = follow(options->live, source, options->count);
    if (status != 0) throw CLI::RuntimeError(status);
  });
}

}  // namespace memgc::trace
