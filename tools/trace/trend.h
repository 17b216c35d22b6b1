// Job: does the live heap rise for good, and how fast?
//
// Keeps the least live heap of each of at most kPoints equal stretches of cycles: the lows of a program that works in
// waves say more than its mean. The first quarter is left out, for programs that warm up. What is left is judged
// without assuming any shape: Mann and Kendall's test says how sure it is that there is a rise, Theil and Sen's median
// of the slopes between all pairs says how steep, with an interval. Lows that lean on the ones before make the test
// surer than it should be, which is why a suspicion needs a rise of some size as well.
//
// Invariant: constant memory. One thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

namespace memgc::trace {

struct Rise {
  std::uint64_t points = 0;  // lows that were compared
  double slope = 0;          // MiB a second; the two below bound it with 95 % confidence
  double slope_low = 0;
  double slope_high = 0;
  double confidence = 0;        // 0 to 1: that there is a rise at all
  bool suspected_leak = false;  // sure (99 %), and of 10 % of the live heap and 2 MiB or more over the time watched
};

class Trend {
 public:
  void add(double seconds, double live_mib);
  std::uint64_t count() const { return count_; }  // of cycles
  std::optional<Rise> rise() const;               // empty with fewer than kFewest lows after the first quarter

 private:
  static constexpr std::size_t kPoints = 512;
  static constexpr std::size_t kFewest = 8;
  struct Low {
    double seconds = 0;
    double mib = 0;
  };

  std::vector<Low> lows_;
  std::uint64_t stretch_ = 1;  // cycles to a low; doubles when lows_ is full
  std::uint64_t in_last_ = 0;  // cycles in the last low so far
  std::uint64_t count_ = 0;
};

}  // namespace memgc::trace
