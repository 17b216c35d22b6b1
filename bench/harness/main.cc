// Job: the program of one allocator: the policy is chosen by the build (MEMGC_BENCH_POLICY of
// MEMGC_BENCH_POLICY_HEADER).
//
// Takes Google Benchmark's flags and the sizes below. Exit: 0, or 1 when a workload's answer was wrong, or 2 when it
// was asked for something that makes no sense.
#include <benchmark/benchmark.h>
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <initializer_list>
#include <string>
#include <type_traits>
#include <vector>

#include MEMGC_BENCH_POLICY_HEADER
#include "harness/measure.h"
#include "workloads/binary_trees.h"
#include "workloads/gcbench.h"
#include "workloads/lru_cache.h"
#include "workloads/message_queue.h"

namespace memgc_bench {
namespace {

using Policy = MEMGC_BENCH_POLICY;

struct Sizes {
  typename BinaryTrees<Policy>::Options trees;
  typename LruCache<Policy>::Options lru;
  typename GcBench<Policy>::Options gcbench;
  typename MessageQueue<Policy>::Options queue;
};

Sizes smoke_sizes() {
  return {.trees = {.depth = 12},
          .lru = {.live = 10'000, .inserts = 100'000},
          .gcbench = {.depth = 10},
          .queue = {.live = 2'000, .messages = 100'000}};
}

/// A policy that differs from another in its regions alone has nothing to say about a workload without any.
template <template <class> class Workload>
constexpr bool says_something() {
  return Workload<Policy>::kUsesRegions ||
         std::is_same_v<typename Policy::Region, PlainRegion<typename Policy::Thread>>;
}

template <template <class> class Workload>
void add(const std::string& name, const typename Workload<Policy>::Options& options,
         std::initializer_list<unsigned> threads) {
  if constexpr (says_something<Workload>()) {
    for (unsigned count : threads) register_workload<Policy, Workload>(name, options, count);
  }
}

void register_all(const Sizes& sizes) {
  add<BinaryTrees>(fmt::format("binary_trees/depth:{}", sizes.trees.depth), sizes.trees, {1});
  add<LruCache>(fmt::format("lru_cache/live:{}/inserts:{}", sizes.lru.live, sizes.lru.inserts), sizes.lru, {1, 2});
  add<GcBench>(fmt::format("gcbench/depth:{}", sizes.gcbench.depth), sizes.gcbench, {1});
  add<MessageQueue>(fmt::format("message_queue/live:{}/messages:{}", sizes.queue.live, sizes.queue.messages),
                    sizes.queue, {1});
}

/// A figure called glibc's or memgc's must not come from a program whose malloc is somebody else's.
void check_malloc_owner(const std::string& owner) {
  if (Policy::kMallocIsGlibc && owner != "libc.so.6") {
    throw CLI::RuntimeError(
        fmt::format("{}: malloc comes from {}, expected libc.so.6: is LD_PRELOAD set?", Policy::kName, owner), 2);
  }
}

void declare_sizes(CLI::App& app, Sizes& sizes) {
  app.add_flag_callback(
         "--smoke", [&] { sizes = smoke_sizes(); }, "Small sizes, to see that it works")
      ->trigger_on_parse();
  app.add_option("--trees-depth", sizes.trees.depth, "Binary trees: depth of the long-lived tree")
      ->check(CLI::Range(BinaryTrees<Policy>::kMinDepth + 2, BinaryTrees<Policy>::kMaxDepth));
  app.add_option("--lru-live", sizes.lru.live, "LRU cache: entries, over all threads")
      ->check(CLI::Range(LruCache<Policy>::kMinLive, std::uint64_t{1} << 32));
  app.add_option("--lru-inserts", sizes.lru.inserts,
                 "LRU cache: inserts over all threads, those that fill it included; at least twice the entries")
      ->check(CLI::Range(std::uint64_t{1}, std::uint64_t{1} << 40));
  app.add_option("--gcbench-depth", sizes.gcbench.depth, "GCBench: depth of the long-lived tree")
      ->check(CLI::Range(GcBench<Policy>::kMinDepth, GcBench<Policy>::kMaxDepth));
  app.add_option("--queue-live", sizes.queue.live, "Message queue: messages waiting")
      ->check(CLI::Range(std::uint64_t{1}, std::uint64_t{1} << 32));
  app.add_option("--queue-messages", sizes.queue.messages, "Message queue: messages sent, at least as many as wait")
      ->check(CLI::Range(std::uint64_t{1}, std::uint64_t{1} << 40));
}

void add_context() {
  const std::string owner = malloc_owner();
  check_malloc_owner(owner);
  benchmark::AddCustomContext("policy", Policy::kName);
  benchmark::AddCustomContext("allocator_version", Policy::version());
  benchmark::AddCustomContext("malloc_from", owner);
  benchmark::AddCustomContext("compiler", MEMGC_BENCH_COMPILER);
  benchmark::AddCustomContext("build_type", MEMGC_BENCH_BUILD_TYPE);
}

int run(int argc, char** argv) {
  CLI::App app{fmt::format("The benchmarks on {}", Policy::kName)};
  app.footer(
      "Further flags are Google Benchmark's: --benchmark_filter=RE, --benchmark_list_tests, --benchmark_out=FILE ...");
  Sizes sizes;
  declare_sizes(app, sizes);
  app.allow_extras();
  try {
    app.parse(argc, argv);
    add_context();
  } catch (const CLI::Error& error) {
    return app.exit(error) == 0 ? 0 : 2;
  }

  std::vector<std::string> rest = app.remaining();
  std::vector<char*> arguments{argv[0]};
  for (std::string& argument : rest) arguments.push_back(argument.data());
  int count = static_cast<int>(arguments.size());
  arguments.push_back(nullptr);
  benchmark::Initialize(&count, arguments.data());
  if (benchmark::ReportUnrecognizedArguments(count, arguments.data())) return 2;

  register_all(sizes);
  const std::size_t runs = benchmark::RunSpecifiedBenchmarks();
  benchmark::Shutdown();
  if (runs == 0) return 2;  // Google Benchmark has said that nothing matches
  return any_failure ? 1 : 0;
}

}  // namespace
}  // namespace memgc_bench

int main(int argc, char** argv) {
  try {
    return memgc_bench::run(argc, argv);
  } catch (const std::exception& error) {
    fmt::print(stderr, "{}\n", error.what());
    return 2;
  }
}
