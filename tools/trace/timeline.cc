// Job: see timeline.h.
#include "timeline.h"

#include <algorithm>

namespace memgc::trace {
namespace {

using Bucket = Timeline::Bucket;
using Range = Timeline::Range;

Range join(const Range& a, const Range& b) { return {std::min(a.min, b.min), std::max(a.max, b.max)}; }

}  // namespace

Timeline::Bucket join(const Bucket& a, const Bucket& b) {
  if (a.cycles == 0) return b;
  if (b.cycles == 0) return a;
  const Bucket& last = a.seconds <= b.seconds ? b : a;
  Bucket both = last;
  both.cycles = a.cycles + b.cycles;
  both.seconds = std::min(a.seconds, b.seconds);
  both.end_seconds = std::max(a.end_seconds, b.end_seconds);
  both.start = join(a.start, b.start);
  both.end = join(a.end, b.end);
  both.live = join(a.live, b.live);
  both.goal = join(a.goal, b.goal);
  both.longest_stop_ms = std::max(a.longest_stop_ms, b.longest_stop_ms);
  both.cpu_ms = a.cpu_ms + b.cpu_ms;
  return both;
}

Timeline::Bucket bucket_of(const Cycle& cycle, double begin) {
  Bucket one;
  one.cycles = 1;
  one.seconds = begin;
  one.end_seconds = begin + cycle.wall_ms() / 1000;
  one.start = {cycle.start_mib, cycle.start_mib};
  one.end = {cycle.end_mib, cycle.end_mib};
  one.live = {cycle.live_mib, cycle.live_mib};
  one.goal = {cycle.goal_mib, cycle.goal_mib};
  one.longest_stop_ms = cycle.longest_stop_ms();
  one.gc_percent = cycle.gc_percent;
  one.cpu_ms = cycle.paid_cpu_ms();
  one.processors = cycle.processors;
  return one;
}

double Timeline::place(const Cycle& cycle) {
  if (cycle.run > run_) {
    run_ = cycle.run;
    offset_ = end_;
  }
  const double begin = offset_ + cycle.begin_seconds;
  end_ = std::max(end_, begin + cycle.wall_ms() / 1000);
  return begin;
}

void Timeline::make_room(double seconds) {
  while (seconds >= width_ * static_cast<double>(kBuckets)) {
    for (std::size_t i = 0; i < kBuckets / 2; ++i) buckets_[i] = join(buckets_[2 * i], buckets_[2 * i + 1]);
    std::fill(buckets_.begin() + kBuckets / 2, buckets_.end(), Bucket{});
    width_ *= 2;
  }
}

double Timeline::add(const Cycle& cycle) {
  buckets_.resize(kBuckets);
  const double begin = place(cycle);
  make_room(begin);
  Bucket& bucket = buckets_[std::min(kBuckets - 1, static_cast<std::size_t>(std::max(begin, 0.0) / width_))];
  if (bucket.cycles > 0) joined_ = true;
  bucket = join(bucket, bucket_of(cycle, begin));
  return begin;
}

}  // namespace memgc::trace
