// Job: the same program under another setting: a recording gone through again, with the pacer's own functions saying
// when cycles begin (memgc/pacing.h).
//
// A cycle at a point of the allocation clock finds alive and costs what the cycles recorded around that point did. What
// this leaves out: that marking a heap with more dead between is a little dearer; cycles that no allocation asked for,
// but for forced ones; holes in blocks under a memory limit.
//
// Pure.
#pragma once

#include "memgc/pacing.h"
#include "recording.h"

namespace memgc::trace {

struct Prediction {
  double cycles = 0;
  double mark_ms = 0;     // CPU time, as Recording::mark()
  double marked_mib = 0;  // as Recording::marked()
  double stops_ms = 0;    // as Recording::stops()
  double peak_mib = 0;    // as Recording::peak()
  double by_limit = 0;    // of the cycles, those that the memory limit asked for
  bool gave_up = false;   // there would be no end of cycles: no room to allocate in
};

Prediction replay(const Recording& run, const PacerSetting& setting);

// What a heap of so many MiB holds beside objects: design figure, metadata is at most 3 % of the heap.
double beside_mib(double heap_mib);

}  // namespace memgc::trace
