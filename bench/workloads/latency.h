// Job: another workload as a server of requests that arrive at a fixed rate, whether or not it is ready for them.
//
// A request is kSteps steps of the workload. Its latency counts from when it was due, not from when it was begun: what
// holds the server up is paid for by all requests that queue up behind (an open loop). Between requests the thread
// waits as one that waits for input does, in a BlockingScope, but with its eyes on the clock: to be woken by the kernel
// would take longer than a request. With a rate of 0 requests come one after the other, which shows what rate could be.
#pragma once

#include <cstdint>

#include "harness/clock.h"
#include "harness/histogram.h"
#include "policies/policy.h"
#include "workloads/sizes.h"

namespace memgc_bench {

/// Served<Policy> is a workload that has, besides, prepare(), step() and steps_until_steady().
template <template <class> class Served>
struct Latency {
  template <class Policy>
  class On {
   public:
    struct Options {
      typename Served<Policy>::Options served;
      LatencyOptions latency;
    };
    static constexpr bool kUsesRegions = false;

    using Thread = typename Policy::Thread;

    // Everything is in place, and has been replaced once, before the first request is due.
    On(Thread& thread, const Options& options, unsigned index, unsigned threads)
        : thread_(thread), options_(options.latency), served_(thread, options.served, index, threads) {
      served_.prepare();
      for (std::uint64_t steps = served_.steps_until_steady(); steps > 0; --steps) served_.step();
    }

    void run() {
      const double interval_ns = options_.rate > 0 ? 1e9 / options_.rate : 0;
      const std::uint64_t start = now_ns();
      std::uint64_t end = start;
      for (std::uint64_t i = 0; i < options_.requests; ++i) {
        const std::uint64_t due =
            interval_ns > 0 ? start + static_cast<std::uint64_t>(static_cast<double>(i) * interval_ns) : end;
        if (end < due) wait_until(due);
        for (unsigned step = 0; step < LatencyOptions::kSteps; ++step) served_.step();
        end = now_ns();
        latencies_.add(end - due);
      }
      seconds_ = static_cast<double>(end - start) / 1e9;
    }

    void verify() { served_.verify(); }

    void report(Counters& counters) const {
      const auto us = [](std::uint64_t ns) { return static_cast<double>(ns) / 1e3; };
      counters["latency_p50_us"] = us(latencies_.quantile(0.5));
      counters["latency_p90_us"] = us(latencies_.quantile(0.9));
      counters["latency_p99_us"] = us(latencies_.quantile(0.99));
      counters["latency_p999_us"] = us(latencies_.quantile(0.999));
      counters["latency_p9999_us"] = us(latencies_.quantile(0.9999));
      counters["latency_max_us"] = us(latencies_.max());
      counters["requests_due_per_s"] = options_.rate;
      counters["requests_per_s"] = static_cast<double>(latencies_.count()) / seconds_;
    }

   private:
    void wait_until(std::uint64_t due) {
      [[maybe_unused]] typename Policy::BlockingScope waiting(thread_);
      while (now_ns() < due) {
      }
    }

    Thread& thread_;
    const LatencyOptions options_;
    Served<Policy> served_;
    LatencyHistogram latencies_;
    double seconds_ = 0;
  };
};

}  // namespace memgc_bench
