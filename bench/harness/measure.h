// Job: run one workload once, on one or several threads, and put its cost into the benchmark's counters.
//
// A workload is a class template over a policy, with:
//
//   struct Options;                                           its sizes
//   kUsesRegions                                              whether it makes objects in Regions
//   Workload(Policy::Thread&, const Options&, unsigned index, unsigned threads);
//   void run();                                               what is timed; throws WrongAnswer
//   void verify();                                            untimed checks of the end state; throws WrongAnswer
//   void report(Counters&);                                   its own figures, if it has any and one thread
//   ~Workload();                                              frees what is left, untimed: a program would just end
//
// and, when its threads share anything, what shared.h says. One thread: on the calling one. Several: each has a Thread
// and a Workload of its own, made before the clock starts; the caller, attached to nothing, waits.
#pragma once

#include <benchmark/benchmark.h>
#include <fmt/format.h>

#include <cstdio>
#include <exception>
#include <latch>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "harness/shared.h"
#include "harness/usage.h"
#include "policies/policy.h"

namespace memgc_bench {

/// Whether any run of this process has failed: Google Benchmark itself would exit with 0.
inline bool any_failure = false;

template <class Policy, template <class> class Workload>
class Measurement {
 public:
  using Options = typename Workload<Policy>::Options;

  Measurement(const Options& options, unsigned threads)
      : options_(options), threads_(threads), shared_(options_, threads) {}

  void operator()(benchmark::State& state) {
    try {
      if (threads_ == 1) {
        run_here(state);
      } else {
        run_on_team(state);
      }
      report(state);
    } catch (const std::exception& error) {
      any_failure = true;
      fmt::print(stderr, "{}: {}\n", Policy::kName, error.what());
      state.SkipWithError(error.what());
    }
  }

 private:
  void run_here(benchmark::State& state) {
    typename Policy::Thread thread(process_);
    auto workload = make_workload<Workload<Policy>>(thread, options_, 0, 1, shared_);
    before_ = usage_now();
    for (auto _ : state) workload.run();
    note_end();
    workload.verify();
    if constexpr (requires { workload.report(own_); }) workload.report(own_);
  }

  void run_on_team(benchmark::State& state) {
    std::vector<std::thread> team;
    std::latch ready(threads_), start(1), done(threads_), leave(1);
    team.reserve(threads_);
    for (unsigned index = 0; index < threads_; ++index) {
      team.emplace_back([&, index] { member(index, ready, start, done, leave); });
    }
    ready.wait();
    before_ = usage_now();
    for (auto _ : state) {
      start.count_down();
      done.wait();
    }
    note_end();
    leave.count_down();
    for (std::thread& thread : team) thread.join();
    if (error_) std::rethrow_exception(error_);
  }

  // A latch is always counted down, whatever throws: nobody waits for a thread that has failed.
  void member(unsigned index, std::latch& ready, std::latch& start, std::latch& done, std::latch& leave) {
    typename Policy::Thread thread(process_);
    try {
      auto workload = make_workload<Workload<Policy>>(thread, options_, index, threads_, shared_);
      ready.count_down();
      wait(thread, start);
      const bool ran = attempt([&] { workload.run(); });
      done.count_down();
      wait(thread, leave);
      if (ran) attempt([&] { workload.verify(); });
    } catch (...) {  // from the constructor
      note_error();
      ready.count_down();
      done.count_down();
    }
  }

  template <class Function>
  bool attempt(Function function) {
    try {
      function();
      return true;
    } catch (...) {
      note_error();
      return false;
    }
  }

  static void wait(typename Policy::Thread& thread, std::latch& latch) {
    [[maybe_unused]] typename Policy::BlockingScope waiting(thread);
    latch.wait();
  }

  void note_error() {
    {
      std::lock_guard lock(error_mutex_);
      if (!error_) error_ = std::current_exception();
    }
    shared_.abandon();
  }

  void note_end() {
    after_ = usage_now();
    peak_bytes_ = peak_resident_bytes();
    process_.report(own_);
  }

  void report(benchmark::State& state) const {
    state.counters["user_s"] = after_.user_seconds - before_.user_seconds;
    state.counters["sys_s"] = after_.system_seconds - before_.system_seconds;
    state.counters["cpu_s"] = state.counters["user_s"].value + state.counters["sys_s"].value;
    state.counters["minor_faults"] = after_.minor_faults - before_.minor_faults;
    state.counters["major_faults"] = after_.major_faults - before_.major_faults;
    state.counters["preemptions"] = after_.preemptions - before_.preemptions;
    state.counters["workload_threads"] = threads_;
    state.counters["peak_mb"] = static_cast<double>(peak_bytes_) / 1e6;
    for (const auto& [name, value] : own_) state.counters[name] = value;
  }

  const Options options_;
  const unsigned threads_;
  typename Policy::Process process_;
  typename SharedOf<Workload<Policy>>::type shared_;
  Usage before_, after_;
  std::size_t peak_bytes_ = 0;
  Counters own_;
  std::mutex error_mutex_;
  std::exception_ptr error_;
};

/// Registers one run of a workload under a name: a single iteration, since the process and its memory are part of it.
template <class Policy, template <class> class Workload>
void register_workload(const std::string& name, const typename Workload<Policy>::Options& options, unsigned threads) {
  const std::string full_name = threads == 1 ? name : name + "/threads:" + std::to_string(threads);
  benchmark::RegisterBenchmark(full_name.c_str(),
                               [options, threads](benchmark::State& state) {
                                 Measurement<Policy, Workload> measurement(options, threads);
                                 measurement(state);
                               })
      ->Iterations(1)
      ->UseRealTime()
      ->MeasureProcessCPUTime()
      ->Unit(benchmark::kSecond);
}

}  // namespace memgc_bench
