// Job: what a cycle costs: for each live object, beside what this machine takes to touch as many cache lines; for live
// heaps of 1 MiB to `--largest-mib`; and with garbage beside them, which it should not notice.
//
// The live heap is a binary tree whose nodes lie in memory in random order, a cache line each. *touch_ns* is measured
// in the same process over the same number of lines, in random order known beforehand, with the prefetch distance that
// is best: no marker can do better with lines that nobody told it of. Growth is off: each cycle is asked for, and all
// other threads wait. Threads: the main one; the collector's are the heap's own.
#include <benchmark/benchmark.h>
#include <fmt/format.h>
#include <memgc/memgc.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <map>
#include <string>
#include <vector>

#include "harness/benchmark_flags.h"
#include "harness/clock.h"
#include "harness/random.h"

namespace memgc_bench {
namespace {

struct Node {
  memgc::Member<Node> left, right;
  std::uint64_t rest[6] = {};
  static constexpr auto fields = memgc::fields(&Node::left, &Node::right);
};
constexpr std::size_t kLine = 64;
static_assert(sizeof(Node) == kLine);

memgc::Options manual() {
  memgc::Options options;
  options.growth_percent = memgc::Options::kOff;
  return options;
}

std::vector<std::uint32_t> shuffled(std::size_t count) {
  std::vector<std::uint32_t> order(count);
  Random random(count);
  for (std::size_t i = 0; i < count; ++i) {
    const std::size_t other = random.below(i + 1);
    order[i] = order[other];
    order[other] = static_cast<std::uint32_t>(i);
  }
  return order;
}

/// Nanoseconds a line, the best of several prefetch distances.
double touch_ns(std::size_t lines) {
  struct alignas(kLine) Line {
    std::uint64_t words[kLine / sizeof(std::uint64_t)];
  };
  static std::map<std::size_t, double> known;
  if (const auto found = known.find(lines); found != known.end()) return found->second;
  std::vector<Line> memory(lines);
  const std::vector<std::uint32_t> order = shuffled(lines);
  const std::size_t rounds = std::max<std::size_t>(1, 1'000'000 / lines);
  double best = std::numeric_limits<double>::max();
  for (const std::size_t distance : {4, 8, 16, 32, 64}) {
    for (int attempt = 0; attempt < 3; ++attempt) {
      const std::uint64_t began = now_ns();
      std::uint64_t sum = 0;
      for (std::size_t round = 0; round < rounds; ++round) {
        for (std::size_t i = 0; i < lines; ++i) {
          __builtin_prefetch(&memory[order[std::min(i + distance, lines - 1)]]);
          sum += memory[order[i]].words[0];
        }
      }
      benchmark::DoNotOptimize(sum);
      best = std::min(best, static_cast<double>(now_ns() - began) / static_cast<double>(rounds * lines));
    }
  }
  return known[lines] = best;
}

Node* make_tree(memgc::Mutator& me, std::size_t count) {
  const std::vector<std::uint32_t> order = shuffled(count);
  auto* nodes = me.make_array<memgc::Member<Node>>(count);
  for (auto& node : *nodes) node = me.make<Node>();
  auto at = [&](std::size_t i) -> Node* { return i < count ? (*nodes)[order[i]].get() : nullptr; };
  for (std::size_t i = 0; i < count; ++i) {
    at(i)->left = at(2 * i + 1);
    at(i)->right = at(2 * i + 2);
  }
  return at(0);
}

[[gnu::noinline]] void make_garbage(memgc::Mutator& me, std::size_t count) {
  for (std::size_t i = 0; i < count; ++i) benchmark::DoNotOptimize(me.make<Node>());
}

void cycle(benchmark::State& state, std::size_t live_mib, std::size_t dead_times) {
  const std::size_t count = (live_mib << 20) / kLine;
  const double touch = touch_ns(count);
  memgc::Heap heap(manual());
  memgc::Mutator me(heap);
  memgc::Root<Node> root(make_tree(me, count));
  heap.collect();
  const double cpu_began = heap.stats().gc_cpu_seconds;
  for (auto _ : state) {
    if (dead_times != 0) {
      state.PauseTiming();
      make_garbage(me, count * dead_times);
      state.ResumeTiming();
    }
    const std::uint64_t began = now_ns();
    heap.collect();
    state.SetIterationTime(static_cast<double>(now_ns() - began) / 1e9);
  }
  const double objects = static_cast<double>(state.iterations()) * static_cast<double>(count);
  const double cpu_ns = (heap.stats().gc_cpu_seconds - cpu_began) * 1e9 / objects;
  state.counters["cpu_ns_an_object"] = cpu_ns;
  state.counters["touch_ns"] = touch;
  state.counters["x_touch"] = cpu_ns / touch;
  state.counters["ns_an_object"] =
      benchmark::Counter(objects / 1e9, benchmark::Counter::kIsRate | benchmark::Counter::kInvert);
}

void add(std::size_t live_mib, std::size_t dead_times) {
  const std::string name = dead_times == 0
                               ? fmt::format("cycle/live_mib:{}", live_mib)
                               : fmt::format("cycle/live_mib:{}/dead_mib:{}", live_mib, live_mib * dead_times);
  benchmark::RegisterBenchmark(name.c_str(), [=](benchmark::State& state) { cycle(state, live_mib, dead_times); })
      ->UseManualTime()
      ->Unit(benchmark::kMillisecond);
}

int run(int argc, char** argv) {
  CLI::App app{"What a cycle costs"};
  app.footer("Further flags are Google Benchmark's: --benchmark_filter=RE, --benchmark_out=FILE ...");
  std::size_t largest = 1024;
  app.add_option("--largest-mib", largest, "The largest live heap, MiB; the program takes twice that")
      ->check(CLI::Range(std::size_t{1}, std::size_t{1} << 16));
  app.allow_extras();
  try {
    app.parse(argc, argv);
  } catch (const CLI::Error& error) {
    return app.exit(error) == 0 ? 0 : 2;
  }
  if (!initialize_benchmarks(argv[0], app.remaining())) return 2;
  for (const std::size_t live : {1, 4, 16, 64, 256, 1024, 8192})
    if (live <= largest) add(live, 0);
  for (const std::size_t times : {1, 4, 16})
    if (64 * (times + 1) <= largest) add(64, times);
  return benchmark::RunSpecifiedBenchmarks() == 0 ? 2 : 0;
}

}  // namespace
}  // namespace memgc_bench

int main(int argc, char** argv) { return memgc_bench::run(argc, argv); }
