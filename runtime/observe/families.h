// The metric families: name, kind, unit and help of each, and which figures of a heap are its samples. The only list of
// them.
//
// Constant data and pure functions.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "memgc/metrics.h"

namespace memgc::observe {

enum class Kind { kGauge, kCounter, kHistogram, kInfo };

/// Takes the samples of a family, one by one.
class SampleSink {
 public:
  /// `suffix` follows the family's name; `labels` are as in the format, `a="b",c="d"`, without the heap's.
  virtual void sample(std::string_view suffix, std::string_view labels, double value) = 0;
  virtual void sample(std::string_view suffix, std::string_view labels, std::uint64_t value) = 0;

 protected:
  ~SampleSink() = default;
};

struct Family {
  std::string_view name;  // without what its kind adds to it: _total, _info
  Kind kind;
  std::string_view unit;  // the name's end, or nothing
  std::string_view help;
  void (*samples)(const Metrics&, SampleSink&);
};

std::span<const Family> families();

}  // namespace memgc::observe
