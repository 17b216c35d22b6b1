// Job: what a thread that reads the clock all the time learns of its own stops.
//
// A gap is the time between two readings of the wall clock by one thread, with one step of its loop in between. Gaps
// of kLongNs and more are looked at closely: the processor time that the thread used itself, and what the kernel
// counted for it (times it slept, times another thread got its processor, pages mapped), since a checkpoint of at most
// kCheckpointSteps short steps before. Invariant: a short gap costs one reading of the clock, so that what is measured
// is the program and not the measuring. Threads: a recorder belongs to one; histograms are added up when they are done.
#pragma once

#include <memgc/stats.h>
#include <sys/resource.h>
#include <time.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <numeric>

namespace memgc_bench {

inline std::uint64_t read_clock_ns(clockid_t clock) {
  timespec now;
  clock_gettime(clock, &now);
  return static_cast<std::uint64_t>(now.tv_sec) * 1'000'000'000 + static_cast<std::uint64_t>(now.tv_nsec);
}

/// Durations in the buckets of memgc::StopHistogram; these can be added up.
class Histogram {
 public:
  void add(std::uint64_t ns) {
    ++buckets_[memgc::StopHistogram::bucket_of(ns)];
    ++count_;
    max_ns_ = std::max(max_ns_, ns);
  }
  void add(const Histogram& other) {
    for (std::size_t i = 0; i < buckets_.size(); ++i) buckets_[i] += other.buckets_[i];
    count_ += other.count_;
    max_ns_ = std::max(max_ns_, other.max_ns_);
  }
  std::uint64_t count() const { return count_; }
  std::uint64_t max_ns() const { return max_ns_; }
  /// How many are of `ns` or more, give or take those within a sixteenth of it.
  std::uint64_t count_from(std::uint64_t ns) const {
    const auto first = buckets_.begin() + static_cast<std::ptrdiff_t>(memgc::StopHistogram::bucket_of(ns));
    return std::accumulate(first, buckets_.end(), std::uint64_t{0});
  }
  /// What a share `q` of all does not exceed, at most a sixteenth too high.
  std::uint64_t quantile_ns(double q) const {
    const auto wanted = static_cast<std::uint64_t>(q * static_cast<double>(count_));
    std::uint64_t seen = 0;
    for (std::size_t i = 0; i < buckets_.size(); ++i) {
      seen += buckets_[i];
      if (seen > wanted) return std::min(memgc::StopHistogram::upper_bound_ns(i), max_ns_);
    }
    return max_ns_;
  }

 private:
  std::array<std::uint64_t, memgc::StopHistogram::kBuckets> buckets_{};
  std::uint64_t count_ = 0;
  std::uint64_t max_ns_ = 0;
};

/// What a gap of kReportedNs or more was spent on, as far as the kernel's counts tell.
enum class Cause : std::uint8_t {
  kWaited,     // it slept: for a lock, or for the collector
  kPreempted,  // another thread had its processor most of the time
  kFaulted,    // it ran, and pages were mapped
  kRan,        // it ran: cleared memory, copied its stack, marked
};
inline constexpr std::array<const char*, 4> kCauseNames = {"waited", "preempted", "faulted", "ran"};

struct GapFigures {
  Histogram wall;
  Histogram cpu;  // of a short gap: its wall time, which is no less
  std::array<Histogram, kCauseNames.size()> wall_by_cause, cpu_by_cause;  // of reported gaps only

  void add(const GapFigures& other) {
    wall.add(other.wall);
    cpu.add(other.cpu);
    for (std::size_t i = 0; i < wall_by_cause.size(); ++i) {
      wall_by_cause[i].add(other.wall_by_cause[i]);
      cpu_by_cause[i].add(other.cpu_by_cause[i]);
    }
  }
};

class GapRecorder {
 public:
  static constexpr std::uint64_t kLongNs = 10'000;
  static constexpr std::uint64_t kReportedNs = 100'000;
  static constexpr unsigned kCheckpointSteps = 256;

  explicit GapRecorder(GapFigures& figures) : figures_(figures) { set_checkpoint(); }

  /// After each step of the loop.
  void step() {
    const std::uint64_t now = read_clock_ns(CLOCK_MONOTONIC);
    const std::uint64_t gap = now - previous_ns_;
    figures_.wall.add(gap);
    if (gap >= kLongNs) [[unlikely]] {
      add_long(gap);
    } else {
      figures_.cpu.add(gap);
      previous_ns_ = now;
      if (++steps_ == kCheckpointSteps) set_checkpoint();
    }
  }

 private:
  struct Checkpoint {
    std::uint64_t wall_ns, cpu_ns;
    rusage usage;
  };

  static Checkpoint read() {
    Checkpoint point;
    point.cpu_ns = read_clock_ns(CLOCK_THREAD_CPUTIME_ID);
    getrusage(RUSAGE_THREAD, &point.usage);
    point.wall_ns = read_clock_ns(CLOCK_MONOTONIC);
    return point;
  }

  void set_checkpoint() {
    checkpoint_ = read();
    previous_ns_ = checkpoint_.wall_ns;
    steps_ = 0;
  }

  void add_long(std::uint64_t gap) {
    const Checkpoint now = read();
    // The short steps before it ran all the time, or nearly.
    const std::uint64_t before = previous_ns_ - checkpoint_.wall_ns;
    const std::uint64_t used = now.cpu_ns - checkpoint_.cpu_ns;
    const std::uint64_t cpu = std::min(gap, used - std::min(used, before));
    figures_.cpu.add(cpu);
    if (gap >= kReportedNs) {
      const auto cause = static_cast<std::size_t>(cause_of(gap, cpu, now.usage));
      figures_.wall_by_cause[cause].add(gap);
      figures_.cpu_by_cause[cause].add(cpu);
    }
    checkpoint_ = now;
    previous_ns_ = now.wall_ns;
    steps_ = 0;
  }

  Cause cause_of(std::uint64_t gap, std::uint64_t cpu, const rusage& now) const {
    if (now.ru_nvcsw != checkpoint_.usage.ru_nvcsw) return Cause::kWaited;
    if (cpu < gap / 2) return Cause::kPreempted;
    if (now.ru_minflt + now.ru_majflt != checkpoint_.usage.ru_minflt + checkpoint_.usage.ru_majflt)
      return Cause::kFaulted;
    return Cause::kRan;
  }

  GapFigures& figures_;
  Checkpoint checkpoint_;
  std::uint64_t previous_ns_ = 0;
  unsigned steps_ = 0;
};

}  // namespace memgc_bench
