// Job: the few statistics of the report. Pure functions.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>
#include <vector>

namespace memgc_bench {

inline constexpr double kNoValue = std::numeric_limits<double>::quiet_NaN();

/// The middle value, or the mean of the two in the middle; kNoValue of nothing.
inline double median(std::vector<double> values) {
  if (values.empty()) return kNoValue;
  std::sort(values.begin(), values.end());
  const std::size_t middle = values.size() / 2;
  return values.size() % 2 == 1 ? values[middle] : (values[middle - 1] + values[middle]) / 2;
}

/// How far the values lie apart, as a share of their median; kNoValue of fewer than two.
inline double spread(const std::vector<double>& values) {
  if (values.size() < 2) return kNoValue;
  const auto [low, high] = std::minmax_element(values.begin(), values.end());
  return (*high - *low) / median(values);
}

/// kNoValue of nothing; every value must be positive.
inline double geometric_mean(const std::vector<double>& values) {
  if (values.empty()) return kNoValue;
  double sum = 0;
  for (double value : values) sum += std::log(value);
  return std::exp(sum / static_cast<double>(values.size()));
}

}  // namespace memgc_bench
