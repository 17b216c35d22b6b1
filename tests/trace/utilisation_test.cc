// Minimum mutator utilisation, as a stream of cycles gives it, against one that keeps everything and tries every window
// that could be the worst.
#include "utilisation.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <random>

namespace memgc::trace {
namespace {

struct Piece {
  double begin, end, lost;  // in seconds, the loss spread evenly
};

// What has been lost until a time, of pieces in their order.
class Lost {
 public:
  explicit Lost(std::vector<Piece> pieces) : pieces_(std::move(pieces)) {
    for (const Piece& piece : pieces_) before_.push_back(total_), total_ += piece.lost;
  }
  double until(double t) const {
    const auto next = std::upper_bound(pieces_.begin(), pieces_.end(), t,
                                       [](double time, const Piece& piece) { return time < piece.begin; });
    if (next == pieces_.begin()) return 0;
    const Piece& piece = *(next - 1);
    const double part = std::min(1.0, (t - piece.begin) / (piece.end - piece.begin));
    return before_[static_cast<std::size_t>(next - 1 - pieces_.begin())] + part * piece.lost;
  }
  double within(double begin, double end) const { return until(end) - until(begin); }
  // The loss of a window is a sum of straight lines, so it is greatest where one of its edges is on a piece's.
  double worst(double window) const {
    double worst = 0;
    for (const Piece& piece : pieces_) {
      for (const double edge : {piece.begin, piece.end}) {
        worst = std::max({worst, within(edge - window, edge), within(edge, edge + window)});
      }
    }
    return worst;
  }
  // The shortest way from one piece's beginning to the end of the next.
  double closest() const {
    double closest = INFINITY;
    for (std::size_t i = 1; i < pieces_.size(); ++i) {
      closest = std::min(closest, pieces_[i].end - pieces_[i - 1].begin);
    }
    return closest;
  }

 private:
  std::vector<Piece> pieces_;
  std::vector<double> before_;
  double total_ = 0;
};

class Sequence {
 public:
  void add(double begin, double opening_ms, double concurrent_ms, double closing_ms, double assist_cpu_ms) {
    Cycle cycle;
    cycle.number = ++cycles_;
    cycle.opening_stop_ms = opening_ms;
    cycle.concurrent_ms = concurrent_ms;
    cycle.closing_stop_ms = closing_ms;
    cycle.assist_cpu_ms = assist_cpu_ms;
    cycle.processors = 4;
    utilisation_.add(cycle, begin);
    end_ = std::max(begin, end_);
    piece(opening_ms, opening_ms, true);
    piece(concurrent_ms, std::min(concurrent_ms, assist_cpu_ms / 4), false);
    piece(closing_ms, closing_ms, true);
  }
  double end() const { return end_; }

  void check() const {
    const Lost stops(stops_), all(all_);
    double unit = 0;
    for (const WorstWindow& w : utilisation_.windows()) {
      if (std::fabs(std::log10(w.seconds) - std::round(std::log10(w.seconds))) < 1e-9) unit = w.seconds;
      SCOPED_TRACE("window of " + std::to_string(w.seconds) + " s");
      check(w, w.stops, stops, all.closest() > unit / 32);
      check(w, w.all, all, all.closest() > unit / 32);
    }
  }

 private:
  void piece(double ms, double lost_ms, bool stop) {
    const Piece piece{end_, end_ + ms / 1000, lost_ms / 1000};
    end_ = piece.end;
    if (lost_ms > 0) all_.push_back(piece);
    if (lost_ms > 0 && stop) stops_.push_back(piece);
  }
  void check(const WorstWindow& w, const WorstWindow::Case& by, const Lost& lost, bool exact) const {
    const double expected = std::max(0.0, 1 - lost.worst(w.seconds) / w.seconds);
    EXPECT_NEAR(w.utilisation(by), expected, exact ? 1e-6 : 1.0 / 64);
    // And where it is said to lie, there it lies.
    if (by.begin_seconds <= 0) return;  // cut: it would lie before the beginning
    const double there = lost.within(by.begin_seconds, by.begin_seconds + w.seconds);
    EXPECT_NEAR(there / w.seconds, by.lost_seconds / w.seconds, exact ? 1e-6 : 1.0 / 64);
  }

  Utilisation utilisation_;
  std::uint64_t cycles_ = 0;
  std::vector<Piece> stops_, all_;
  double end_ = 0;
};

class Random {
 public:
  explicit Random(unsigned seed) : engine_(seed) {}
  double between(double low, double high) { return std::uniform_real_distribution<>(low, high)(engine_); }
  double magnitude(double low, double high) { return std::exp(between(std::log(low), std::log(high))); }
  bool one_in(unsigned n) { return engine_() % n == 0; }

 private:
  std::mt19937 engine_;
};

const WorstWindow& of(const std::vector<WorstWindow>& windows, double seconds) {
  return *std::find_if(windows.begin(), windows.end(),
                       [&](const WorstWindow& w) { return std::fabs(w.seconds / seconds - 1) < 1e-9; });
}

TEST(TraceUtilisation, WindowsThatCanBeCountedByHand) {
  Utilisation utilisation;
  Cycle cycle;
  cycle.number = 7;
  cycle.opening_stop_ms = 1;
  cycle.concurrent_ms = 4;
  cycle.closing_stop_ms = 3;
  cycle.assist_cpu_ms = 2;  // of two processors for 4 ms: a fourth
  cycle.processors = 2;
  utilisation.add(cycle, 10);
  const auto windows = utilisation.windows();
  ASSERT_EQ(windows.size(), 18u);
  const auto expect = [&](double seconds, double stops, double all) {
    const WorstWindow& w = of(windows, seconds);
    EXPECT_NEAR(w.utilisation(w.stops), stops, 1e-9) << seconds;
    EXPECT_NEAR(w.utilisation(w.all), all, 1e-9) << seconds;
  };
  expect(0.001, 0, 0);
  expect(0.002, 0, 0);
  expect(0.005, 1 - 3 / 5.0, 1 - 3.5 / 5);
  expect(0.01, 1 - 4 / 10.0, 1 - 5 / 10.0);
  EXPECT_NEAR(of(windows, 0.005).all.begin_seconds, 10.003, 1e-9);
  EXPECT_EQ(of(windows, 0.005).all.number, 7u);
}

TEST(TraceUtilisation, WhereCyclesAreFewItIsExact) {
  for (unsigned seed = 1; seed <= 20; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Random random(seed);
    Sequence sequence;
    for (int i = 0; i < 100; ++i) {
      sequence.add(sequence.end() + random.magnitude(1, 30), random.magnitude(0.01, 10), random.magnitude(300, 3000),
                   random.magnitude(0.01, 10), random.one_in(3) ? 0 : random.magnitude(1, 5000));
    }
    sequence.check();
  }
}

TEST(TraceUtilisation, StopsMayBeLongerThanAWindowAndTouch) {
  for (unsigned seed = 1; seed <= 20; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Random random(seed);
    Sequence sequence;
    for (int i = 0; i < 300; ++i) {
      const double pause = random.one_in(3) ? 0 : random.magnitude(1e-5, 20);
      sequence.add(sequence.end() + pause, random.magnitude(0.001, random.one_in(20) ? 9000 : 1),
                   random.one_in(4) ? 0 : random.magnitude(0.01, 100),
                   random.one_in(3) ? 0 : random.magnitude(0.001, 30),
                   random.one_in(2) ? 0 : random.magnitude(0.01, 1000));
    }
    sequence.check();
  }
}

TEST(TraceUtilisation, WithManyCyclesToAWindowItIsWithinTheStatedError) {
  for (unsigned seed = 1; seed <= 10; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Random random(seed);
    Sequence sequence;
    double pause = 0;
    for (int i = 0; i < 4000; ++i) {
      if (random.one_in(200)) pause = random.magnitude(1e-5, 0.02);  // bursts
      sequence.add(sequence.end() + pause * random.between(0, 2), random.magnitude(0.001, 2),
                   random.magnitude(0.001, 4), random.magnitude(0.001, 2),
                   random.one_in(2) ? 0 : random.magnitude(0.01, 16));
    }
    sequence.check();
  }
}

// Stops of half a grain at the far ends of what becomes one stretch: spreading them evenly is as wrong as it can be.
TEST(TraceUtilisation, NoArrangementOfStopsPassesTheStatedError) {
  for (unsigned seed = 1; seed <= 20; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Random random(seed);
    Sequence sequence;
    const double grain_ms = 1000 * random.magnitude(1e-4, 1) / 32;
    for (int i = 0; i < 2000; ++i) {
      const double fill = random.between(0, 1);
      sequence.add(sequence.end() + grain_ms / 1000 * random.between(0, 1), grain_ms * fill / 2, grain_ms * (1 - fill),
                   grain_ms * fill / 2, 0);
    }
    sequence.check();
  }
}

TEST(TraceUtilisation, CyclesThatOverlapByTheirRoundedTimesFollowEachOther) {
  Sequence sequence;
  for (int i = 0; i < 50; ++i) sequence.add(0.001 * (i / 5), 0.1, 0.3, 0.2, 0.4);
  EXPECT_NEAR(sequence.end(), 0.03, 1e-9);
  sequence.check();
}

}  // namespace
}  // namespace memgc::trace
