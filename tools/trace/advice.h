// Job: what to set, for what one wants: a search over settings, each gone through by replay.h. And what there is to say
// against it: before any advice the recording is replayed at its own setting, and what that misses, predictions miss.
//
// Pure. Memory is constant: at most kMostRuns recordings.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "reader.h"
#include "recording.h"
#include "replay.h"

namespace memgc::trace {

// All runs of a trace.
class Program {
 public:
  static constexpr std::size_t kMostRuns = 32;

  void add(const Cycle& cycle);
  const std::map<std::uint32_t, Recording>& runs() const { return runs_; }
  std::uint64_t left_out() const { return left_out_; }  // cycles of runs beyond those

  double sum(double (Recording::*figure)() const) const;
  double most(double (Recording::*figure)() const) const;
  std::uint64_t count(std::uint64_t (Recording::*figure)() const) const;
  double processor_ms() const;
  // The growth percent that the longest run's goals tell of.
  std::optional<double> growth_percent() const;
  bool looks_like_go() const;
  // All runs under another setting: sums, and the highest peak.
  Prediction under(const PacerSetting& setting) const;

 private:
  std::map<std::uint32_t, Recording> runs_;
  std::uint64_t left_out_ = 0;
};

struct Wishes {
  double max_cpu_percent = 10;      // for least memory: of the processors
  std::optional<double> max_mib;    // for least CPU: peak heap; none: twice the trace's
  std::optional<double> limit_mib;  // what there is
  double headroom_percent = 10;     // of that, for what is not the heap
  std::vector<PacerSetting> at;     // what would these do?
};

struct Advice {
  std::string goal;
  std::optional<PacerSetting> setting;  // none: no setting helps
  Prediction predicted;
  std::string reason;
  std::vector<std::string> doubts;
};

struct AdviceReport {
  std::optional<int> traced_percent;
  std::optional<Prediction> again;  // the trace replayed at that, and what that is of the trace's own
  double cpu_of_itself = 1, peak_of_itself = 1;
  std::vector<std::string> doubts;  // about all of it
  std::vector<Advice> advice;
};

// Why no advice can be made of this trace; empty if it can.
std::string refusal(const Program& program);
AdviceReport advise(const Program& program, const ReadStatus& status, const Wishes& wishes);

}  // namespace memgc::trace
