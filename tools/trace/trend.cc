// Job: see trend.h.
#include "trend.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <span>

namespace memgc::trace {
namespace {

constexpr double kNormal95 = 1.96;

// How much sums of signs of n points scatter when there is no trend; equal values scatter less.
double variance(std::span<const double> values) {
  const auto term = [](double n) { return n * (n - 1) * (2 * n + 5); };
  std::map<double, std::uint64_t> ties;
  for (const double value : values) ++ties[value];
  double sum = term(static_cast<double>(values.size()));
  for (const auto& [value, count] : ties) sum -= term(static_cast<double>(count));
  return sum / 18;
}

}  // namespace

void Trend::add(double seconds, double live_mib) {
  ++count_;
  if (in_last_ == stretch_ || lows_.empty()) {
    if (lows_.size() == kPoints) {
      for (std::size_t i = 0; i < kPoints / 2; ++i) {
        const Low& a = lows_[2 * i];
        const Low& b = lows_[2 * i + 1];
        lows_[i] = b.mib < a.mib ? b : a;
      }
      lows_.resize(kPoints / 2);
      stretch_ *= 2;
    }
    lows_.push_back({seconds, live_mib});
    in_last_ = 1;
    return;
  }
  ++in_last_;
  if (live_mib < lows_.back().mib) lows_.back() = {seconds, live_mib};
}

std::optional<Rise> Trend::rise() const {
  const std::span<const Low> lows = std::span(lows_).subspan(lows_.size() / 4);
  if (lows.size() < kFewest) return {};
  std::vector<double> slopes;
  double signs = 0;
  for (std::size_t i = 0; i < lows.size(); ++i) {
    for (std::size_t j = i + 1; j < lows.size(); ++j) {
      const double rise = lows[j].mib - lows[i].mib;
      signs += rise > 0 ? 1 : rise < 0 ? -1 : 0;
      if (lows[j].seconds > lows[i].seconds) slopes.push_back(rise / (lows[j].seconds - lows[i].seconds));
    }
  }
  if (slopes.empty()) return {};
  std::sort(slopes.begin(), slopes.end());
  std::vector<double> values;
  for (const Low& low : lows) values.push_back(low.mib);
  const double deviation = std::sqrt(variance(values));

  Rise out;
  out.points = lows.size();
  const auto count = static_cast<double>(slopes.size());
  const auto ranked = [&](double rank) { return slopes[static_cast<std::size_t>(std::clamp(rank, 0.0, count - 1))]; };
  out.slope = (ranked((count - 1) / 2) + ranked(count / 2)) / 2;
  out.slope_low = ranked((count - kNormal95 * deviation) / 2 - 1);
  out.slope_high = ranked((count + kNormal95 * deviation) / 2);
  const double z = deviation > 0 ? (signs - (signs > 0 ? 1 : signs < 0 ? -1 : 0)) / deviation : 0;
  out.confidence = std::erfc(-z / std::sqrt(2.0)) / 2;
  std::sort(values.begin(), values.end());
  const double risen = out.slope * (lows.back().seconds - lows.front().seconds);
  out.suspected_leak = out.confidence >= 0.99 && risen >= std::max(2.0, 0.1 * values[values.size() / 2]);
  return out;
}

}  // namespace memgc::trace
