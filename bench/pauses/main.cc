// Job: memgc-bench-pauses: threads that allocate, store and poll in a tight loop over a live heap of a chosen size, and
// record every gap between two readings of the clock (gaps.h). Prints one row of the table that bench/pauses/run makes.
//
// Each thread keeps a table of nodes; a step makes a node and puts it in place of a random one, so that the live heap
// stays as large as it is and dies at random. With --no-heap the same loop runs over as many nodes that are made once
// and written again in turn: what it shows is the machine's, not the collector's. pauses.go is the same program.
#include <fmt/format.h>
#include <memgc/memgc.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "harness/random.h"
#include "pauses/gaps.h"

namespace memgc_bench {
namespace {

struct Options {
  std::size_t live_mib = 64;
  unsigned threads = 1;
  double seconds = 3;
  unsigned cycles = 3;
};

struct Node {
  memgc::Member<Node> next;
  std::uint64_t payload[7];
  static constexpr auto fields = memgc::fields(&Node::next);
};
constexpr std::size_t kBytesPerNode = sizeof(Node) + sizeof(void*);
constexpr std::uint64_t kGoalNs = 500'000;  // of processor time: what no gap is to take
constexpr std::size_t kTableSlots = 4096;   // of a part of a thread's table: an array of 32 KiB

/// When the threads measure, and when they stop.
struct Phase {
  std::atomic<unsigned> ready{0};
  std::atomic<bool> measuring{false};
  std::atomic<bool> over{false};
};

/// Nodes on the heap.
class Managed {
 public:
  Managed(memgc::Heap& heap, std::size_t parts) : me_(heap), table_(me_.make_array<memgc::Member<Part>>(parts)) {
    for (auto& part : *table_) {
      part = me_.make_array<memgc::Member<Node>>(kTableSlots);
      for (auto& slot : *part) slot = me_.make<Node>();
    }
  }
  void step(std::size_t part, std::size_t slot, std::uint64_t value) {
    Node* node = me_.make<Node>();
    node->payload[0] = value;
    (*(*table_)[part])[slot] = node;
    me_.safepoint();
  }

 private:
  using Part = memgc::Array<memgc::Member<Node>>;

  memgc::Mutator me_;
  memgc::Root<memgc::Array<memgc::Member<Part>>> table_;
};

/// The same work without a heap.
class Plain {
 public:
  struct Node {
    Node* next = nullptr;
    std::uint64_t payload[7] = {};
  };
  explicit Plain(std::size_t parts) : table_(parts * kTableSlots), nodes_(parts * kTableSlots) {
    for (std::size_t i = 0; i < table_.size(); ++i) table_[i] = &nodes_[i];
  }
  void step(std::size_t part, std::size_t slot, std::uint64_t value) {
    Node* node = &nodes_[next_];
    next_ = next_ + 1 == nodes_.size() ? 0 : next_ + 1;
    *node = Node{};
    node->payload[0] = value;
    table_[part * kTableSlots + slot] = node;
  }

 private:
  std::vector<Node*> table_;
  std::vector<Node> nodes_;
  std::size_t next_ = 0;
};

template <class Nodes>
void run_steps(Nodes& nodes, std::size_t parts, std::uint64_t seed, Phase& phase, GapFigures& figures) {
  Random random(seed);
  const auto step = [&] {
    const std::uint64_t value = random.next();
    nodes.step((value >> 32) * parts >> 32, value % kTableSlots, value);
  };
  ++phase.ready;
  while (!phase.measuring.load(std::memory_order_relaxed)) step();
  GapRecorder recorder(figures);
  while (!phase.over.load(std::memory_order_relaxed)) {
    step();
    recorder.step();
  }
}

void sleep_ms(int ms) { std::this_thread::sleep_for(std::chrono::milliseconds(ms)); }

struct Measured {
  GapFigures gaps;
  double seconds = 0;
  std::uint64_t cycles = 0;
};

/// Lets the threads measure for as long as was asked for; the cycles that did not come by themselves are asked for
/// then.
template <class CountCycles, class Collect>
void wait_out(const Options& options, Phase& phase, CountCycles count_cycles, Collect collect, Measured& measured) {
  while (phase.ready.load() < options.threads) sleep_ms(1);
  const std::uint64_t first = count_cycles();
  const std::uint64_t began = read_clock_ns(CLOCK_MONOTONIC);
  const auto elapsed = [&] { return static_cast<double>(read_clock_ns(CLOCK_MONOTONIC) - began) / 1e9; };
  phase.measuring = true;
  while (elapsed() < options.seconds) sleep_ms(5);
  while (count_cycles() - first < options.cycles) collect();
  phase.over = true;
  measured.seconds = elapsed();
  measured.cycles = count_cycles() - first;
}

double us(std::uint64_t ns) { return static_cast<double>(ns) / 1e3; }

std::string quantiles(const Histogram& h) {
  return fmt::format("{:8.2f} {:8.2f} {:9.2f} {:10.1f}", us(h.quantile_ns(0.5)), us(h.quantile_ns(0.99)),
                     us(h.quantile_ns(0.999)), us(h.max_ns()));
}

void print_row(const char* name, const Options& options, const Measured& measured) {
  const GapFigures& figures = measured.gaps;
  std::string causes;
  for (std::size_t i = 0; i < kCauseNames.size(); ++i) {
    const Histogram& wall = figures.wall_by_cause[i];
    if (wall.count() == 0) continue;
    causes += fmt::format(" {} {} (max {:.0f}, CPU {:.0f})", kCauseNames[i], wall.count(), us(wall.max_ns()),
                          us(figures.cpu_by_cause[i].max_ns()));
  }
  const double over_goal = static_cast<double>(figures.cpu.count_from(kGoalNs)) / measured.seconds;
  fmt::print("{:8} {:5} {:3} {:6.1f} {:5} {:7.1f}  {}  {} {:6.2f} {}\n", name, options.live_mib, options.threads,
             measured.seconds, measured.cycles, static_cast<double>(figures.wall.count()) / measured.seconds / 1e6,
             quantiles(figures.wall), quantiles(figures.cpu), over_goal, causes.empty() ? " none" : causes);
}

void print_header() {
  fmt::print("{:8} {:>5} {:>3} {:>6} {:>5} {:>7}  {:>38}  {:>38} {:>6}  {}\n", "", "live", "", "", "", "steps",
             "gap, wall, us", "gap, CPU, us", ">500", "gaps of 100 us and more, by cause (longest, us)");
  fmt::print("{:8} {:>5} {:>3} {:>6} {:>5} {:>7}  {:>8} {:>8} {:>9} {:>10}  {:>8} {:>8} {:>9} {:>10} {:>6}\n",
             "program", "MiB", "thr", "s", "cycl", "M/s", "p50", "p99", "p99.9", "max", "p50", "p99", "p99.9", "max",
             "per s");
}

template <class MakeNodes, class CountCycles, class Collect>
Measured measure(const Options& options, MakeNodes make_nodes, CountCycles count_cycles, Collect collect) {
  const std::size_t parts =
      std::max<std::size_t>(1, (options.live_mib << 20) / kBytesPerNode / kTableSlots / options.threads);
  Phase phase;
  std::vector<GapFigures> figures(options.threads);
  std::vector<std::thread> threads;
  for (unsigned i = 0; i < options.threads; ++i) {
    threads.emplace_back([&, i] {
      const auto nodes = make_nodes(parts);
      run_steps(*nodes, parts, i + 1, phase, figures[i]);
    });
  }
  Measured measured;
  wait_out(options, phase, count_cycles, collect, measured);
  for (std::thread& thread : threads) thread.join();
  for (const GapFigures& one : figures) measured.gaps.add(one);
  return measured;
}

/// A thread that reads memory here and there, as a marker does, for as long as this lives.
class Reader {
 public:
  Reader() : words_(std::size_t{64} << 17), thread_([this] { read(); }) {}
  ~Reader() {
    over_ = true;
    thread_.join();
  }
  Reader(const Reader&) = delete;
  Reader& operator=(const Reader&) = delete;

 private:
  void read() {
    Random random(0);
    while (!over_.load(std::memory_order_relaxed)) {
      std::uint64_t& word = words_[random.next() % words_.size()];
      word += random.next();
    }
  }

  std::atomic<bool> over_{false};
  std::vector<std::uint64_t> words_;
  std::thread thread_;
};

void run_without_heap(Options options, bool with_reader) {
  options.cycles = 0;
  std::optional<Reader> reader;
  if (with_reader) reader.emplace();
  const auto make_nodes = [](std::size_t parts) { return std::make_unique<Plain>(parts); };
  print_row(with_reader ? "busy" : "no heap", options,
            measure(
                options, make_nodes, [] { return std::uint64_t{0}; }, [] {}));
}

void run_with_heap(const Options& options) {
  memgc::Options settings;
  settings.debug.safepointms = 0;  // a thread that is late here does not run: no news
  memgc::Heap heap(memgc::Options::from_env(settings));
  const auto make_nodes = [&](std::size_t parts) { return std::make_unique<Managed>(heap, parts); };
  print_row("memgc", options,
            measure(
                options, make_nodes, [&] { return heap.stats().cycles; }, [&] { heap.collect(); }));
  const memgc::Stats stats = heap.stats();
  fmt::print("{:8} by its own account, since it began: {} stops, p99.9 {:.1f} us, longest {:.1f} us\n", "",
             stats.stops.count(), us(stats.stops.quantile(0.999)), us(stats.stops.max()));
}

}  // namespace
}  // namespace memgc_bench

int main(int argc, char** argv) {
  memgc_bench::Options options;
  CLI::App app("How long a thread that allocates is held up; bench/README.md says how to read it.");
  bool header = false;
  bool no_heap = false, busy = false;
  app.add_option("--live", options.live_mib, "Live heap in MiB")->check(CLI::Range(1, 1 << 20));
  app.add_option("--threads", options.threads, "Threads that allocate")->check(CLI::Range(1, 4096));
  app.add_option("--seconds", options.seconds, "How long to measure, at least")->check(CLI::Range(0.01, 3600.0));
  app.add_option("--cycles", options.cycles, "So many cycles at least: those that are missing then are asked for");
  app.add_flag("--no-heap", no_heap, "The same loop without a heap");
  app.add_flag("--busy", busy, "The same, beside a thread that reads memory as a marker would")->needs("--no-heap");
  app.add_flag("--header", header, "Print the table's head and nothing else");
  CLI11_PARSE(app, argc, argv);
  if (header) {
    memgc_bench::print_header();
    return 0;
  }
  try {
    if (no_heap) {
      memgc_bench::run_without_heap(options, busy);
    } else {
      memgc_bench::run_with_heap(options);
    }
  } catch (const std::exception& error) {
    fmt::print(stderr, "memgc-bench-pauses: {}\n", error.what());
    return 1;
  }
  return 0;
}
