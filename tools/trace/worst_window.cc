// Job: see worst_window.h.
#include "worst_window.h"

#include <algorithm>
#include <limits>

namespace memgc::trace {
namespace {

constexpr double kNever = std::numeric_limits<double>::infinity();
constexpr double kBetter = 1 + 1e-9;  // by less than this a window is not worse than another: it is rounding

bool either_is_more(const Loss& a, const Loss& b) { return a.stops > b.stops || a.all > b.all; }
Loss operator+(const Loss& a, const Loss& b) { return {a.stops + b.stops, a.all + b.all}; }
Loss operator-(const Loss& a, const Loss& b) { return {a.stops - b.stops, a.all - b.all}; }
Loss operator*(const Loss& a, double by) { return {a.stops * by, a.all * by}; }
Loss least(const Loss& a, const Loss& b) { return {std::min(a.stops, b.stops), std::min(a.all, b.all)}; }

void note(WorstWindow::Case& worst, double& to_beat, double size, double lost, double end, std::uint64_t number) {
  if (lost <= to_beat) return;
  worst = {std::min(lost, size), std::max(0.0, end - size), number};
  to_beat = lost * kBetter < size ? lost * kBetter : kNever;
}

}  // namespace

WorstWindows::WorstWindows(double unit_seconds) : grain_(unit_seconds * kGrain), stretches_(kStretches) {
  for (std::size_t i = 0; i < kSizes; ++i) searches_[i].worst.seconds = unit_seconds * kSteps[i];
}

void WorstWindows::add(double begin, double end, const Loss& lost, std::uint64_t number) {
  if (enough_.stops == kNever && enough_.all == kNever) return;
  if (count_ > 0 && end - at(count_ - 1).begin <= grain_) {
    stretches_[(count_ - 1) % kStretches].end = end;
  } else {
    stretches_[count_++ % kStretches] = {begin, end, total_};
  }
  total_ = total_ + lost;
  if (!either_is_more(total_, enough_)) return;
  enough_ = {kNever, kNever};
  for (Search& search : searches_) {
    advance(search);
    const Loss& before = at(search.from).before;
    if (either_is_more(total_ - before, search.to_beat)) look(search, number);
    enough_ = least(enough_, before + search.to_beat);
  }
}

// The window that ends with the beginning of the last stretch is the earliest that still matters.
void WorstWindows::advance(Search& search) const {
  if (count_ > kStretches) search.from = std::max(search.from, count_ - kStretches);
  const double earliest = at(count_ - 1).begin - search.worst.seconds;
  while (at(search.from).end <= earliest) ++search.from;
}

// Looks at all windows that end in the last stretch.
void WorstWindows::look(Search& search, std::uint64_t number) const {
  const double size = search.worst.seconds;
  const Stretch& last = at(count_ - 1);
  const auto consider = [&](double end, const Loss& lost) {
    note(search.worst.stops, search.to_beat.stops, size, lost.stops, end, number);
    note(search.worst.all, search.to_beat.all, size, lost.all, end, number);
  };
  std::size_t n = search.from;
  for (; n < count_ && at(n).begin + size < last.end; ++n) {
    const double end = at(n).begin + size;
    if (end > last.begin) consider(end, lost_until(count_ - 1, end) - at(n).before);
  }
  const Loss before = n == search.from ? at(n).before : lost_until(n - 1, last.end - size);
  consider(last.end, total_ - before);
}

// What had been lost at a time in the n-th stretch, or between it and the next.
Loss WorstWindows::lost_until(std::size_t n, double seconds) const {
  const Stretch& s = at(n);
  const Loss& after = n + 1 < count_ ? at(n + 1).before : total_;
  if (seconds >= s.end) return after;
  return s.before + (after - s.before) * ((seconds - s.begin) / (s.end - s.begin));
}

std::array<WorstWindow, WorstWindows::kSizes> WorstWindows::windows() const {
  std::array<WorstWindow, kSizes> out;
  for (std::size_t i = 0; i < kSizes; ++i) out[i] = searches_[i].worst;
  return out;
}

}  // namespace memgc::trace
