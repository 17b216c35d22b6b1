// Job: what a report's charts show of a stream of cycles, in constant memory.
//
// Time is cut into at most kBuckets buckets of equal width; when the trace outgrows them, neighbours are joined and the
// width doubles. A bucket keeps least and greatest, so that no peak is lost however long the trace. Runs follow each
// other on the axis: each begins where everything before it had ended.
//
// Invariant: no allocation after the first cycle. One thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "cycle.h"

namespace memgc::trace {

class Timeline {
 public:
  static constexpr std::size_t kBuckets = 2048;

  struct Range {
    double min = 0, max = 0;
  };
  struct Bucket {
    std::uint64_t cycles = 0;
    double seconds = 0;            // where its first cycle began
    double end_seconds = 0;        // where its last one ended
    Range start, end, live, goal;  // MiB
    double longest_stop_ms = 0;
    double gc_percent = 0;  // as its last line says
    double cpu_ms = 0;      // collecting, without idle processors
    unsigned processors = 0;
  };

  // Where on the axis the cycle begins. Cycles of one run come in their order.
  double add(const Cycle& cycle);

  const std::vector<Bucket>& buckets() const { return buckets_; }  // those with cycles == 0 hold nothing
  double width_seconds() const { return width_; }
  bool joined() const { return joined_; }  // some bucket holds more than one cycle

 private:
  double place(const Cycle& cycle);
  void make_room(double seconds);

  std::vector<Bucket> buckets_;
  double width_ = 0.001;  // a trace line's times are whole milliseconds
  double end_ = 0;
  std::uint32_t run_ = 0;
  double offset_ = 0;
  bool joined_ = false;
};

// The two together, whichever comes first.
Timeline::Bucket join(const Timeline::Bucket& a, const Timeline::Bucket& b);
// One cycle, which begins at `begin` on the axis.
Timeline::Bucket bucket_of(const Cycle& cycle, double begin);

}  // namespace memgc::trace
