// Job: pins that the trace line's figures are true: each is compared with one that was taken independently: the wall
// clock, the threads' CPU clocks, what the test itself has made and keeps.
//
// Where a figure cannot be known exactly it is held between two that can. Threads: one that makes objects, and the
// collector's.
#include <gtest/gtest.h>
#include <memgc/memgc.h>
#include <pthread.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <random>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

#include "tests/runtime/support.h"

namespace memgc::testing {
namespace {

constexpr std::size_t kMiB = std::size_t{1} << 20;

struct Cell {
  Member<Cell> next;
  std::uint64_t payload[7] = {};
  static constexpr auto fields = memgc::fields(&Cell::next);
};
static_assert(sizeof(Cell) == 64, "a size class of its own: what is live is known to the byte");

struct Line {
  unsigned long long number = 0, before = 0, after = 0, live = 0, goal = 0, stacks = 0, globals = 0;
  double at_s = 0, clock_ms[3] = {}, open_ms = 0, assist_ms = 0, mark_ms = 0, idle_ms = 0, close_ms = 0;
  int percent = 0;
  unsigned processors = 0;
  bool forced = false, minor = false;

  double cpu_ms() const { return open_ms + assist_ms + mark_ms + idle_ms + close_ms; }
};

bool parse(const std::string& text, Line& line) {
  int end = 0;
  const int fields = std::sscanf(
      text.c_str(),
      "gc %llu @%lfs %d%%: %lf+%lf+%lf ms clock, %lf+%lf/%lf/%lf+%lf ms cpu, %llu->%llu->%llu MB, %llu MB goal, "
      "%llu MB stacks, %llu MB globals, %u P%n",
      &line.number, &line.at_s, &line.percent, &line.clock_ms[0], &line.clock_ms[1], &line.clock_ms[2], &line.open_ms,
      &line.assist_ms, &line.mark_ms, &line.idle_ms, &line.close_ms, &line.before, &line.after, &line.live, &line.goal,
      &line.stacks, &line.globals, &line.processors, &end);
  if (fields != 18) return false;
  const std::string rest = text.substr(static_cast<std::size_t>(end));
  line.forced = rest == " (forced)";
  line.minor = rest == " (minor)";
  return line.forced || line.minor || rest.empty();
}

// What is written to stderr during work(), by lines.
template <class Work>
std::vector<std::string> lines_of(Work work) {
  ::testing::internal::CaptureStderr();
  work();
  std::istringstream text(::testing::internal::GetCapturedStderr());
  std::vector<std::string> lines;
  for (std::string line; std::getline(text, line);) lines.push_back(line);
  return lines;
}

template <class Work>
std::vector<Line> trace_of(Work work) {
  std::vector<Line> lines;
  for (const std::string& text : lines_of(work)) {
    Line line;
    EXPECT_TRUE(parse(text, line)) << text;
    lines.push_back(line);
  }
  return lines;
}

double read_ms(clockid_t clock) {
  timespec now{};
  clock_gettime(clock, &now);
  return static_cast<double>(now.tv_sec) * 1e3 + static_cast<double>(now.tv_nsec) / 1e6;
}

// CPU time of all threads of this process whose name begins so.
double cpu_ms_of_threads(const std::string& name) {
  double sum = 0;
  for (const auto& entry : std::filesystem::directory_iterator("/proc/self/task")) {
    std::string found;
    std::ifstream(entry.path() / "comm") >> found;
    if (found.rfind(name, 0) != 0) continue;
    // As pthread_getcpuclockid() makes it of a thread's number.
    const int tid = std::stoi(entry.path().filename());
    sum += read_ms(static_cast<clockid_t>((~static_cast<unsigned>(tid) << 3) | 6U));
  }
  return sum;
}

Options traced(Options options) {
  options.debug.gctrace = true;
  return options;
}

// A list of `cells`, with as many dead ones between.
void make_list(Root<Cell>& head, std::size_t cells) {
  for (std::size_t i = 0; i < cells; ++i) {
    Cell* cell = make<Cell>();
    cell->next = head;
    head = cell;
    make<Cell>();
  }
}

// Durations are printed to two or three figures, rounded down.
constexpr double kPrinted = 1.1;

TEST(TraceFigures, OfForcedCyclesAgreeWithTheClocksAndWithWhatWasMade) {
  const double made_after = read_ms(CLOCK_MONOTONIC);
  Heap heap(traced(precise_options()));
  const double made_before = read_ms(CLOCK_MONOTONIC);
  const std::uint64_t seed = 20261125;
  std::printf("seed %llu\n", static_cast<unsigned long long>(seed));
  std::mt19937_64 random(seed);
  unsigned long long number = 0;
  for (int round = 0; round < 12; ++round) {
    Root<Cell> head;
    const std::size_t cells = scaled(100'000 + random() % 900'000);
    on_another_thread(heap, [&](Mutator&) { make_list(head, cells); });
    const Stats stats = heap.stats();
    const double marker_before = cpu_ms_of_threads("memgc-mark");
    const double before = read_ms(CLOCK_MONOTONIC);
    const std::vector<Line> lines = trace_of([&] { heap.collect(); });
    const double after = read_ms(CLOCK_MONOTONIC);
    const double marker = cpu_ms_of_threads("memgc-mark") - marker_before;
    ASSERT_EQ(lines.size(), 1u);
    const Line& line = lines[0];
    EXPECT_EQ(line.number, ++number);
    EXPECT_TRUE(line.forced);
    EXPECT_GE(line.at_s * 1e3, before - made_before - 1) << "printed to the ms, rounded down";
    EXPECT_LE(line.at_s * 1e3, after - made_after);
    EXPECT_LE(line.clock_ms[0] + line.clock_ms[1] + line.clock_ms[2], after - before);
    EXPECT_EQ(line.assist_ms, 0) << "nobody allocated";
    EXPECT_LE(line.mark_ms + line.idle_ms, marker);
    if (!kUnderAsan && !kUnderTsan) {  // whose builds check what was marked as well
      EXPECT_GE((line.mark_ms + line.idle_ms) * kPrinted, marker / 4) << "most of what a marker does is marking";
    }
    EXPECT_LE(line.mark_ms, line.clock_ms[1] * kPrinted * line.processors / 4) << "a quarter of the processors";
    EXPECT_EQ(line.before, stats.heap_bytes / kMiB);
    EXPECT_EQ(line.after, line.before) << "nobody allocated";
    EXPECT_EQ(line.goal, stats.goal_bytes / kMiB);
    EXPECT_EQ(line.live, cells * sizeof(Cell) / kMiB);
    EXPECT_EQ(line.stacks, 0u);
  }
}

TEST(TraceFigures, OfALongRunAddUp) {
  Options options = traced(precise_options());
  options.growth_percent = 100;
  const double process_before = read_ms(CLOCK_PROCESS_CPUTIME_ID);
  const double began = read_ms(CLOCK_MONOTONIC);
  Heap heap(options);
  Root<Cell> head;
  double allocated_ms = 0;
  const std::size_t live = scaled(400'000);
  const std::vector<Line> lines = trace_of([&] {
    on_another_thread(heap, [&](Mutator&) {
      make_list(head, live);
      for (std::size_t i = 0; i < scaled(20'000'000); ++i) make<Cell>();
      allocated_ms = read_ms(CLOCK_THREAD_CPUTIME_ID);
    });
    heap.collect();
  });
  const double wall = read_ms(CLOCK_MONOTONIC) - began;
  const double process = read_ms(CLOCK_PROCESS_CPUTIME_ID) - process_before;
  const double marker = cpu_ms_of_threads("memgc-mark");
  ASSERT_GE(lines.size(), 5u);
  double cpu = 0, background = 0, assists = 0, clock = 0, billed = 0;
  auto full_live = lines[0].live;
  for (std::size_t i = 0; i < lines.size(); ++i) {
    const Line& line = lines[i];
    cpu += line.cpu_ms();
    background += line.mark_ms + line.idle_ms;
    assists += line.assist_ms;
    billed += line.mark_ms + line.assist_ms;
    clock += line.clock_ms[1];
    EXPECT_EQ(line.number, i + 1);
    EXPECT_LE(line.live, line.after);
    if (i == 0) continue;
    EXPECT_GE(line.at_s, lines[i - 1].at_s + lines[i - 1].clock_ms[1] / 1e3 - 0.001) << "cycles do not overlap";
    // Twice what the last full cycle found (and roots, which are few); at least 4 MiB.
    if (!lines[i - 1].minor) full_live = lines[i - 1].live;
    const auto goal = static_cast<double>(std::max(2 * full_live, 4ULL));
    EXPECT_NEAR(static_cast<double>(line.goal), goal, 1.5) << "cycle " << line.number;
  }
  EXPECT_TRUE(lines.back().forced);
  EXPECT_EQ(lines.back().live, live * sizeof(Cell) / kMiB);
  EXPECT_LE(clock, wall);
  EXPECT_LE(cpu, process);
  EXPECT_LE(background, marker);
  EXPECT_LE(assists, allocated_ms);
  // Sweeping and clearing are the collector's too, and in the percentage, but in no field of their own.
  const double all = wall * lines.back().processors;
  EXPECT_GE(lines.back().percent, billed * 50 / all - 1) << "the quarter is taken moment by moment there";
  EXPECT_LE(lines.back().percent, (marker + assists) * 100 / all + 1);
}

// Recurses until so much of the stack is in use, and collects there.
[[gnu::noinline]] void collect_below(Heap& heap, std::size_t bytes, const char* top) {
  char frame[4096];
  std::memset(launder_memory(frame), 0, sizeof(frame));
  if (static_cast<std::size_t>(top - launder_memory(frame)) < bytes) {
    collect_below(heap, bytes, top);
  } else {
    heap.collect();
  }
  launder_memory(frame);
}

TEST(TraceFigures, TellStacksAndRangesOfRoots) {
  static constexpr std::size_t kStack = 24 * kMiB, kRange = 16 * kMiB;
  Heap heap(traced(manual_options()));
  const std::vector<std::uintptr_t> range(kRange / sizeof(std::uintptr_t));
  struct Context {
    Heap& heap;
    const std::vector<std::uintptr_t>& range;
  } context{heap, range};
  const std::vector<Line> lines = trace_of([&] {
    pthread_attr_t attributes;
    pthread_attr_init(&attributes);
    pthread_attr_setstacksize(&attributes, 2 * kStack);
    pthread_t thread{};
    const auto body = [](void* argument) -> void* {
      const Context& given = *static_cast<Context*>(argument);
      const char top = 0;
      const Mutator me(given.heap);
      const RootRange roots(given.range.data(), given.range.data() + given.range.size());
      collect_below(given.heap, kStack, &top);
      return nullptr;
    };
    ASSERT_EQ(pthread_create(&thread, &attributes, body, &context), 0);
    pthread_attr_destroy(&attributes);
    pthread_join(thread, nullptr);
    heap.collect();
  });
  ASSERT_EQ(lines.size(), 2u);
  EXPECT_GE(lines[0].stacks, kStack / kMiB);
  EXPECT_LE(lines[0].stacks, kStack / kMiB + 1);
  EXPECT_EQ(lines[0].globals, kRange / kMiB);
  EXPECT_EQ(lines[1].stacks, 0u) << "the thread is gone";
  EXPECT_EQ(lines[1].globals, 0u);
}

TEST(TraceFigures, ACycleThatNobodyAskedForIsAnnouncedAndNotCalledForced) {
  Options options = traced(precise_options());
  options.growth_percent = 100;
  options.debug.gcperiodms = 20;
  const std::vector<std::string> lines = lines_of([&] {
    Heap heap(options);
    heap.collect();  // now there is a collector to wait
    while (heap.stats().cycles < 3) std::this_thread::sleep_for(std::chrono::milliseconds(5));
  });
  ASSERT_GE(lines.size(), 5u);
  for (std::size_t i = 0; i < 5; ++i) {
    Line line;
    if (i % 2 == 1) {
      EXPECT_EQ(lines[i], "GC forced");
    } else {
      ASSERT_TRUE(parse(lines[i], line)) << lines[i];
      EXPECT_EQ(line.forced, i == 0);
    }
  }
}

TEST(TraceFigures, LinesNeverMixWithTheProgramsOwn) {
  constexpr int kThreads = 3;
  Heap heap(traced(manual_options()));
  std::atomic<bool> over{false};
  std::atomic<std::size_t> written{0};
  std::size_t traces = 0, others = 0;
  const std::vector<std::string> lines = lines_of([&] {
    std::vector<std::thread> threads;
    for (int t = 0; t < kThreads; ++t) {
      threads.emplace_back([&, t] {
        const std::string line = "thread " + std::to_string(t) + std::string(200, 'x') + "\n";
        while (!over) written += ::write(STDERR_FILENO, line.data(), line.size()) > 0;
      });
    }
    for (int i = 0; i < 100; ++i) heap.collect();
    while (written < 100) std::this_thread::yield();
    over = true;
    for (std::thread& thread : threads) thread.join();
  });
  for (const std::string& text : lines) {
    Line line;
    if (parse(text, line)) {
      ++traces;
    } else {
      EXPECT_EQ(text.size(), 208u) << text;
      ++others;
    }
  }
  EXPECT_EQ(traces, 100u);
  EXPECT_EQ(others, written);
}

}  // namespace
}  // namespace memgc::testing
