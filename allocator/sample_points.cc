// Job: see sample_points.h.
#include "allocator/sample_points.h"

#include <cmath>
#include <utility>

namespace memgc::internal {
namespace {

// SplitMix64 (Steele, Lea and Flood, "Fast splittable pseudorandom number generators", OOPSLA 2014): any seed will do,
// neighbouring ones too.
std::uint64_t next_random(std::uint64_t& state) {
  state += 0x9e3779b97f4a7c15;
  std::uint64_t z = state;
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
  z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
  return z ^ (z >> 31);
}

}  // namespace

void SamplePoints::begin(std::uint64_t mean, std::uint64_t seed) {
  mean_ = mean;
  state_ = seed;
  left_ = draw_gap();
}

std::uint64_t SamplePoints::take_point() { return std::exchange(left_, draw_gap()); }

// In whole units, rounded down: a piece of n units is hit if the gap is shorter than n, and it is if its whole part is.
std::uint64_t SamplePoints::draw_gap() {
  if (mean_ == 0) return UINT64_MAX;
  if (mean_ == 1) return 0;
  const double uniform = (static_cast<double>(next_random(state_) >> 11) + 0.5) * 0x1p-53;  // never 0 nor 1
  return static_cast<std::uint64_t>(-std::log(uniform) * static_cast<double>(mean_));
}

double SamplePoints::probability(std::uint64_t mean, std::uint64_t units) {
  if (mean == 0) return 0;
  if (mean == 1) return units == 0 ? 0 : 1;
  return -std::expm1(-static_cast<double>(units) / static_cast<double>(mean));
}

}  // namespace memgc::internal
