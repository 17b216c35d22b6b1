// Job: see frame.h.
#include "frame.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <iterator>

#include "figures.h"
#include "live.h"

namespace memgc::trace {
namespace {

constexpr double kMiB = 1024.0 * 1024.0;
constexpr std::size_t kLabel = 13;  // columns before a bar or a sparkline
constexpr std::size_t kValue = 20;  // columns behind it
constexpr std::size_t kOutputRows = 6;

constexpr std::array<std::string_view, 9> kUtf8Steps = {" ", "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};
constexpr std::array<std::string_view, 9> kAsciiSteps = {" ", "_", ".", ":", "-", "=", "+", "*", "#"};

// The first `columns` characters of UTF-8 text, each of them a column wide.
std::string cut(std::string_view text, std::size_t columns) {
  std::size_t end = 0;
  for (std::size_t seen = 0; end < text.size(); ++end) {
    if ((static_cast<unsigned char>(text[end]) & 0xC0) == 0x80) continue;
    if (seen++ == columns) break;
  }
  return std::string(text.substr(0, end));
}

class Page {
 public:
  Page(const Frame& frame, TerminalSize size, bool utf8)
      : frame_(frame), figures_(frame.figures), size_(size), utf8_(utf8) {
    const std::size_t around = kLabel + kValue;
    width_ = size.columns > around + 10 ? size.columns - around : 10;
  }

  void title();
  void numbers();
  void heap_bars();
  void stop_bars();
  void charts();
  void output();
  std::vector<std::string> lines() && { return std::move(lines_); }

 private:
  void add(std::string_view text) {
    if (lines_.size() < size_.rows) lines_.push_back(cut(text, size_.columns));
  }
  void heap_bar(const char* label, std::optional<double> bytes, double top);
  template <typename Of>
  void chart(const char* label, Unit unit, Of of);

  const Frame& frame_;
  const RollingFigures& figures_;
  TerminalSize size_;
  bool utf8_;
  std::size_t width_ = 10;  // of bars and charts
  std::vector<std::string> lines_;
};

void Page::title() {
  const std::string text = fmt::format(" memgc-trace top  {}   {:.1f} s   {} cycles   Ctrl-C ends",
                                       printable(frame_.source), figures_.seconds, frame_.status.cycles);
  add(fmt::format("{:<{}}", text, size_.columns));
}

void Page::numbers() {
  const std::string rate = figures_.cycles_per_second ? fmt::format("{:.3g}", *figures_.cycles_per_second) : "-";
  add(fmt::format("{} cycles/s   GC CPU {}   allocated {}   live trend {}   (last {:.3g} s)", rate,
                  or_dash(figures_.gc_cpu_share, Unit::kShare),
                  or_dash(figures_.allocation_rate, Unit::kBytesPerSecond), trend_text(figures_), figures_.window));
  add(fmt::format("stops: p50 {}   p99 {}   max {}", or_dash(figures_.stop_p50, Unit::kSeconds),
                  or_dash(figures_.stop_p99, Unit::kSeconds), or_dash(figures_.stop_max, Unit::kSeconds)));
  if (frame_.status.suffers()) add(fmt::format("the trace is not whole: {}", missing_text(frame_.status)));
  if (frame_.status.cycles == 0) add("no trace line yet; is MEMDEBUG=gctrace=1 or GODEBUG=gctrace=1 set?");
}

void Page::heap_bar(const char* label, std::optional<double> bytes, double top) {
  if (!bytes) return;
  add(fmt::format("{:<{}}{} {}", label, kLabel, bar(top > 0 ? *bytes / top : 0, width_, utf8_),
                  to_text(*bytes, Unit::kBytes)));
}

void Page::heap_bars() {
  double top = 0;
  for (const auto& bytes : {figures_.start, figures_.end, figures_.goal, frame_.limit}) {
    top = std::max(top, bytes.value_or(0));
  }
  add("");
  heap_bar("heap before", figures_.start, top);
  heap_bar("heap after", figures_.end, top);
  heap_bar("live", figures_.live, top);
  heap_bar("goal", figures_.goal, top);
  heap_bar("limit", frame_.limit, top);
}

void Page::stop_bars() {
  static constexpr std::array kNames = {"<= 1 us",  "<= 10 us",  "<= 100 us", "<= 1 ms",
                                        "<= 10 ms", "<= 100 ms", "longer"};
  static_assert(kNames.size() == RollingFigures::kDecades);
  const auto& stops = figures_.stops;
  const std::uint64_t most = *std::max_element(stops.begin(), stops.end());
  add("");
  for (std::size_t i = 0; i < stops.size(); ++i) {
    const double share = most > 0 ? static_cast<double>(stops[i]) / static_cast<double>(most) : 0;
    add(fmt::format("{:<{}}{} {} stops", kNames[i], kLabel, bar(share, width_, utf8_), stops[i]));
  }
}

// `of` gives a bucket's value, which is negative where there is none.
template <typename Of>
void Page::chart(const char* label, Unit unit, Of of) {
  std::vector<double> values;
  const std::size_t shown = std::min(width_, frame_.history.size());
  for (auto at = frame_.history.end() - static_cast<std::ptrdiff_t>(shown); at != frame_.history.end(); ++at) {
    values.push_back(at->cycles > 0 ? of(*at) : -1);
  }
  const double top = values.empty() ? 0 : std::max(0.0, *std::max_element(values.begin(), values.end()));
  const std::string pad(width_ - shown, ' ');
  add(fmt::format("{:<{}}{}{} to {}", label, kLabel, pad, sparkline(values, top, utf8_), to_text(top, unit)));
}

void Page::charts() {
  add("");
  add(fmt::format("the last {:.3g} s, {:.3g} s a column:", frame_.column_seconds * static_cast<double>(width_),
                  frame_.column_seconds));
  using Bucket = Timeline::Bucket;
  chart("heap before", Unit::kBytes, [](const Bucket& bucket) { return bucket.start.max * kMiB; });
  chart("heap after", Unit::kBytes, [](const Bucket& bucket) { return bucket.end.max * kMiB; });
  chart("live", Unit::kBytes, [](const Bucket& bucket) { return bucket.live.max * kMiB; });
  chart("goal", Unit::kBytes,
        [](const Bucket& bucket) { return bucket.goal.max < kNoGoalMib ? bucket.goal.max * kMiB : -1; });
  chart("longest stop", Unit::kSeconds, [](const Bucket& bucket) { return bucket.longest_stop_ms / 1e3; });
  chart("GC CPU", Unit::kShare, [&](const Bucket& bucket) {
    return bucket.cpu_ms / 1e3 / (frame_.column_seconds * std::max(1u, bucket.processors));
  });
}

void Page::output() {
  if (frame_.output.empty()) return;
  const std::size_t rows = size_.rows - std::min(size_.rows, lines_.size());
  if (rows < 3) return;
  const std::size_t shown = std::min({rows - 2, kOutputRows, frame_.output.size()});
  add("");
  add("the program says:");
  for (std::size_t i = frame_.output.size() - shown; i < frame_.output.size(); ++i) add(printable(frame_.output[i]));
}

}  // namespace

std::string bar(double share, std::size_t width, bool utf8) {
  const auto filled = static_cast<std::size_t>(std::lround(std::clamp(share, 0.0, 1.0) * static_cast<double>(width)));
  std::string out;
  for (std::size_t i = 0; i < width; ++i) out += i < filled ? (utf8 ? "█" : "#") : (utf8 ? "░" : ".");
  return out;
}

std::string sparkline(const std::vector<double>& values, double top, bool utf8) {
  const auto& steps = utf8 ? kUtf8Steps : kAsciiSteps;
  std::string out;
  for (const double value : values) {
    std::size_t step = 0;
    // Anything that is there is seen: the lowest step is not blank.
    if (value >= 0) {
      step = top > 0 ? static_cast<std::size_t>(std::ceil(std::min(value / top, 1.0) * 8)) : 1;
      step = std::max<std::size_t>(step, 1);
    }
    out += steps[step];
  }
  return out;
}

std::string printable(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '\n' || c == '\r') continue;
    out += c >= ' ' && c <= '~' ? c : (c == '\t' ? ' ' : '?');
  }
  return out;
}

std::vector<std::string> draw(const Frame& frame, TerminalSize size, bool utf8) {
  Page page(frame, size, utf8);
  page.title();
  page.numbers();
  page.heap_bars();
  page.charts();
  page.stop_bars();
  page.output();
  return std::move(page).lines();
}

}  // namespace memgc::trace
