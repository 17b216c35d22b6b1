// Job: whether two sides differ by more than noise.
//
// The interval of a difference is a bootstrap's: parts of each side are drawn anew, with replacement, and the figure is
// made of what was drawn. With kLeastRuns runs or more on both sides the parts are runs, which tells the noise between
// runs as well; else they are blocks of cycles (blocks.h), which tells only that within a run. Blocks are made longer
// until neighbours no longer resemble each other, figure by figure. The percentile interval is widened by Student's t,
// as few parts make it too narrow (Hesterberg, "What teachers should know about the bootstrap", 2015).
//
// Deterministic for a seed. Pure.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "blocks.h"

namespace memgc::trace {

inline constexpr std::size_t kLeastRuns = 4;
inline constexpr std::size_t kLeastBlocks = 10;

struct CompareFigure {
  const char* key;
  const char* label;
  const char* unit;
  double (*value)(const Block&);   // of all that was drawn
  double (*signal)(const Block&);  // by which neighbouring blocks may resemble each other
  double tail = 0;                 // a quantile: the share beyond it, which must hold ten stops
  bool per_run = false;            // the mean over runs: blocks say nothing of its noise
};
const std::vector<CompareFigure>& compare_figures();

enum class Verdict { kLess, kMore, kNoise, kUnknown };

struct Difference {
  double a = 0, b = 0;
  double low = 0, high = 0;  // interval of b - a, unless the verdict is kUnknown
  Verdict verdict = Verdict::kUnknown;
  std::string why;  // kUnknown: what is missing. Else what was drawn.
};

double figure_of(const CompareFigure& figure, const Side& side);
Difference compare(const CompareFigure& figure, const Side& a, const Side& b, double confidence, std::uint64_t seed);

}  // namespace memgc::trace
