// Job: of the windows of one size that slide over a stream of losses, the one that lost most; for three sizes at once.
//
// What has been lost up to a time t, L(t), is kept as straight pieces: a stretch of time over which a loss was spread
// evenly, and nothing between stretches. The loss of a window, L(t) - L(t - size), is then greatest where a stretch
// ends at the window's end or begins at its beginning; nowhere else need be looked. And most stretches need not be
// looked at so closely: a window loses no more than is lost from before its beginning until after its end, so once it
// is known what was lost before some window's beginning, no later one is the worst until that much and the worst have
// been lost.
//
// Constant memory: stretches that lie within kGrain of the smallest size together become one, whose loss is taken to be
// spread evenly. L(t) is exact at both ends of it, and with slopes between 0 and 1 off by no more than a fourth of its
// length between them. So a utilisation is within 1/64 of the exact one; and exact where no stretches were joined.
//
// One thread.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace memgc::trace {

struct Loss {
  double stops = 0;  // seconds
  double all = 0;    // to stops and assists
};

// The windows of one size that lost most.
struct WorstWindow {
  struct Case {
    double lost_seconds = 0;
    double begin_seconds = 0;  // where it lies
    std::uint64_t number = 0;  // the cycle that it ends in
  };
  double seconds = 0;
  Case stops;
  Case all;

  double utilisation(const Case& by) const { return by.lost_seconds < seconds ? 1 - by.lost_seconds / seconds : 0; }
};

class WorstWindows {
 public:
  static constexpr std::size_t kSizes = 3;
  static constexpr std::array<double, kSizes> kSteps{1, 2, 5};
  static constexpr double kGrain = 1.0 / 32;

  // For windows of 1, 2 and 5 units.
  explicit WorstWindows(double unit_seconds);
  // What was lost in [begin, end), not before the end of what was added before; at most all of it.
  void add(double begin, double end, const Loss& lost, std::uint64_t number);
  std::array<WorstWindow, kSizes> windows() const;

 private:
  struct Stretch {
    double begin = 0, end = 0;
    Loss before;  // lost before it
  };
  // Two stretches in a row are longer than a grain, so that a window of the greatest size meets fewer than these.
  static constexpr std::size_t kStretches = 512;
  static_assert(kStretches > 2 * (kSteps.back() / kGrain + 2));

  struct Search {
    WorstWindow worst;
    Loss to_beat;          // by the next one; infinite once all of a window is lost
    std::size_t from = 0;  // a stretch: all before it had ended when the window began
  };

  const Stretch& at(std::size_t n) const { return stretches_[n % kStretches]; }
  void advance(Search& search) const;
  void look(Search& search, std::uint64_t number) const;
  Loss lost_until(std::size_t n, double seconds) const;

  double grain_;
  std::vector<Stretch> stretches_;  // a ring: the n-th ever is at n % kStretches
  std::size_t count_ = 0;           // ever
  Loss total_;                      // ever
  Loss enough_;                     // no window is the worst before so much has been lost in all
  std::array<Search, kSizes> searches_;
};

}  // namespace memgc::trace
