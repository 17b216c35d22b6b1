// Job: the command line of one allocator's program.
//
// Takes Google Benchmark's flags and the sizes below. Exit: 0, or 1 when a workload's answer was wrong, or 2 when it
// was asked for something that makes no sense.
#include <benchmark/benchmark.h>
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <stdexcept>
#include <string>
#include <vector>

#include "harness/benchmark_flags.h"
#include "harness/measure.h"
#include "harness/program.h"
#include "harness/usage.h"

namespace memgc_bench {
namespace {

void declare_sizes(CLI::App& app, Sizes& sizes) {
  app.add_flag_callback(
         "--smoke", [&] { sizes = smoke_sizes(); }, "Small sizes, to see that it works")
      ->trigger_on_parse();
  app.add_option("--trees-depth", sizes.trees.depth, "Binary trees: depth of the long-lived tree")
      ->check(CLI::Range(BinaryTreesOptions::kMinDepth + 2, BinaryTreesOptions::kMaxDepth));
  app.add_option("--lru-live", sizes.lru.live, "LRU cache: entries, over all threads")
      ->check(CLI::Range(LruCacheOptions::kMinLive, std::uint64_t{1} << 32));
  app.add_option("--lru-inserts", sizes.lru.inserts,
                 "LRU cache: inserts over all threads, those that fill it included; at least twice the entries")
      ->check(CLI::Range(std::uint64_t{1}, std::uint64_t{1} << 40));
  app.add_option("--gcbench-depth", sizes.gcbench.depth, "GCBench: depth of the long-lived tree")
      ->check(CLI::Range(GcBenchOptions::kMinDepth, GcBenchOptions::kMaxDepth));
  app.add_option("--queue-live", sizes.queue.live, "Message queue: messages waiting")
      ->check(CLI::Range(std::uint64_t{1}, std::uint64_t{1} << 32));
  app.add_option("--queue-messages", sizes.queue.messages, "Message queue: messages sent, at least as many as wait")
      ->check(CLI::Range(std::uint64_t{1}, std::uint64_t{1} << 40));
  app.add_option("--latency-requests", sizes.latency.requests, "Workloads named *_latency: requests")
      ->check(CLI::Range(std::uint64_t{1}, std::uint64_t{1} << 32));
  app.add_option("--latency-rate", sizes.latency.rate,
                 "Workloads named *_latency: requests that arrive a second; 0, the default: one after the other")
      ->check(CLI::Range(0.0, 1e9));
  app.add_option("--larson-live", sizes.larson.live, "Larson: objects in the tables of all threads together")
      ->check(CLI::Range(std::uint64_t{1}, LarsonOptions::kMaxLive));
  app.add_option("--larson-replacements", sizes.larson.replacements, "Larson: objects replaced, over all threads")
      ->check(CLI::Range(std::uint64_t{1}, std::uint64_t{1} << 40));
  app.add_option("--larson-handovers", sizes.larson.handovers, "Larson: how often each table changes its thread")
      ->check(CLI::Range(std::uint64_t{0}, std::uint64_t{1} << 20));
  app.add_option("--channel-slots", sizes.producer_consumer.slots,
                 "Producers and consumers: messages that fit into all queues together")
      ->check(CLI::Range(std::uint64_t{1}, std::uint64_t{1} << 32));
  app.add_option("--channel-messages", sizes.producer_consumer.messages,
                 "Producers and consumers: messages sent, over all producers")
      ->check(CLI::Range(std::uint64_t{1}, std::uint64_t{1} << 40));
  app.add_option("--scheme-percent", sizes.scheme.percent, "Scheme: how often each program runs, of its usual number")
      ->check(CLI::Range(1U, 100'000U));
  app.add_option("--symbols-names", sizes.symbols.names, "Symbols: different names; rounded up to a power of two")
      ->check(CLI::Range(SymbolsOptions::kMinNames, SymbolsOptions::kMaxNames));
  app.add_option("--symbols-lookups", sizes.symbols.lookups, "Symbols: names looked up")
      ->check(CLI::Range(std::uint64_t{1}, std::uint64_t{1} << 40));
  app.add_option("--graph-nodes", sizes.graph.nodes, "Random graph: nodes")
      ->check(CLI::Range(std::uint64_t{1}, std::uint64_t{1} << 32));
  app.add_option("--graph-steps", sizes.graph.steps, "Random graph: steps, each of which changes a node")
      ->check(CLI::Range(std::uint64_t{1}, std::uint64_t{1} << 40));
  app.add_option("--splay-live", sizes.splay.live, "Splay tree: nodes")
      ->check(CLI::Range(std::uint64_t{1}, std::uint64_t{1} << 32));
  app.add_option("--splay-steps", sizes.splay.steps, "Splay tree: nodes inserted and removed once it is full")
      ->check(CLI::Range(std::uint64_t{1}, std::uint64_t{1} << 40));
  app.add_option("--json-live", sizes.json.live, "JSON documents: how many are kept")
      ->check(CLI::Range(std::uint64_t{1}, std::uint64_t{1} << 32));
  app.add_option("--json-documents", sizes.json.documents,
                 "JSON documents: how many come, at least as many as are kept")
      ->check(CLI::Range(std::uint64_t{1}, std::uint64_t{1} << 40));
  app.add_option("--arrays-live", sizes.arrays.live, "Big arrays: arrays, of numbers and of pointers together")
      ->check(CLI::Range(std::uint64_t{2}, std::uint64_t{1} << 32));
  app.add_option("--arrays-steps", sizes.arrays.steps, "Big arrays: arrays replaced")
      ->check(CLI::Range(std::uint64_t{1}, std::uint64_t{1} << 40));
  app.add_option("--arrays-largest", sizes.arrays.largest, "Big arrays: bytes of the largest, at least 8192")
      ->check(CLI::Range(2 * BigArraysOptions::kSmallest, std::uint64_t{1} << 36));
}

/// A figure called glibc's or memgc's must not come from a program whose malloc is somebody else's.
std::string checked_malloc_owner(const PolicyInfo& policy) {
  const std::string owner = malloc_owner();
  if (policy.malloc_is_glibc && owner != "libc.so.6") {
    throw std::runtime_error(
        fmt::format("{}: malloc comes from {}, expected libc.so.6: is LD_PRELOAD set?", policy.name, owner));
  }
  return owner;
}

void add_context(const PolicyInfo& policy) {
  benchmark::AddCustomContext("policy", policy.name);
  benchmark::AddCustomContext("allocator_version", policy.version);
  benchmark::AddCustomContext("malloc_from", checked_malloc_owner(policy));
  benchmark::AddCustomContext("compiler", MEMGC_BENCH_COMPILER);
  benchmark::AddCustomContext("build_type", MEMGC_BENCH_BUILD_TYPE);
}

int run(int argc, char** argv) {
  const PolicyInfo policy = policy_info();
  CLI::App app{fmt::format("The benchmarks on {}", policy.name)};
  app.footer(
      "Further flags are Google Benchmark's: --benchmark_filter=RE, --benchmark_list_tests, --benchmark_out=FILE ...");
  Sizes sizes;
  declare_sizes(app, sizes);
  app.allow_extras();
  try {
    app.parse(argc, argv);
  } catch (const CLI::Error& error) {
    return app.exit(error) == 0 ? 0 : 2;
  }
  add_context(policy);

  if (!initialize_benchmarks(argv[0], app.remaining())) return 2;

  register_workloads(sizes);
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
