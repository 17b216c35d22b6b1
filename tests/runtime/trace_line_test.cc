// Job: pins the trace line: byte-exact as Go prints it, one write(2) a line, and in agreement with the heap's figures.
//
// A child (this program once more, told by MEMGC_TEST_SCENARIO what to run) has one end of a SOCK_SEQPACKET pair as its
// stderr: each write(2) arrives as one message, so a line in two pieces is seen. Threads: the parent reads, one child.
#include "runtime/trace_line.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <memgc/memgc.h>
#include <sched.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <random>
#include <regex>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "tests/runtime/support.h"

namespace memgc::testing {
namespace {

// A duration as Go's fmtNSAsMS prints it. 0.000 and 0.00 never appear.
constexpr const char* kT = R"((0|0\.00[1-9]|0\.0[1-9]\d|0\.[1-9]\d|[1-9]\.\d|[1-9]\d+))";

const std::regex& line_pattern() {
  static const std::regex pattern = [] {
    const std::string t = kT;
    return std::regex("gc ([1-9]\\d*) @(\\d+)\\.(\\d{3})s (\\d+)%: " + t + "\\+" + t + "\\+" + t + " ms clock, " + t +
                      "\\+" + t + "/" + t + "/" + t + "\\+" + t +
                      " ms cpu, (\\d+)->(\\d+)->(\\d+) MB, (\\d+) MB goal, (\\d+) MB stacks, (\\d+) MB globals, "
                      "([1-9]\\d*) P( \\(forced\\)| \\(minor\\))?\n");
  }();
  return pattern;
}

struct Line {
  std::uint64_t number, at_ms, percent, h0, h1, h2, goal, stacks, globals, processors;
  bool forced;
};

// --- The child's scenarios. Each writes its figures to stdout, for the parent to compare.

void print_stats(const Stats& stats) {
  std::printf("cycles %llu live %llu goal %llu\n", static_cast<unsigned long long>(stats.cycles),
              static_cast<unsigned long long>(stats.live_bytes), static_cast<unsigned long long>(stats.goal_bytes));
}

void run_automatic() {
  Heap heap;
  Mutator me(heap);
  Root<Link> head;
  for (std::size_t i = 0; i < 3'000'000; ++i) {
    Link* link = make<Link>();
    if (i % 4 == 0) {
      link->next = head;
      head = link;
    }
  }
  heap.collect();
  print_stats(heap.stats());
}

void run_forced() {
  Heap heap;
  Root<Array<char>> keep;
  on_another_thread(heap, [&](Mutator& me) {
    keep = me.make_array<char>((10 << 20) + 1000);
    me.make_array<char>(20 << 20);
  });
  for (int i = 0; i < 5; ++i) heap.collect();
  print_stats(heap.stats());
}

void run_threads() {
  Heap heap;
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&heap] {
      Mutator me(heap);
      for (std::size_t i = 0; i < 1'000'000; ++i) me.make<Node>();
    });
  }
  for (std::thread& thread : threads) thread.join();
  print_stats(heap.stats());
}

void run_in_code() {
  Options options = manual_options();
  options.debug.gctrace = true;  // whatever the environment says
  Heap heap(options);
  heap.collect();
  print_stats(heap.stats());
}

void run_on_one_processor() {
  cpu_set_t one;
  CPU_ZERO(&one);
  cpu_set_t given;
  sched_getaffinity(0, sizeof given, &given);
  for (std::size_t cpu = 0; cpu < CPU_SETSIZE; ++cpu) {
    if (CPU_ISSET(cpu, &given)) {
      CPU_SET(cpu, &one);
      break;
    }
  }
  sched_setaffinity(0, sizeof one, &one);
  run_forced();
}

void run_two_heaps() {
  Heap a;
  Heap b;
  a.collect();
  b.collect();
  a.collect();
  print_stats(a.stats());
}

const std::map<std::string, void (*)()>& scenarios() {
  static const std::map<std::string, void (*)()> all{{"automatic", &run_automatic},  {"forced", &run_forced},
                                                     {"threads", &run_threads},      {"in_code", &run_in_code},
                                                     {"one", &run_on_one_processor}, {"two_heaps", &run_two_heaps}};
  return all;
}

// --- The parent.

struct Outcome {
  std::vector<std::string> messages;  // one per write(2) to stderr
  std::string output;
  int status = -1;
};

using Variables = std::vector<std::pair<const char*, const char*>>;

Outcome run_child(const char* scenario, const Variables& variables) {
  Outcome outcome;
  int pair[2];
  int out[2];
  if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) != 0 || pipe2(out, O_CLOEXEC) != 0) return outcome;
  const pid_t child = fork();
  if (child == 0) {
    dup2(pair[1], STDERR_FILENO);
    dup2(out[1], STDOUT_FILENO);
    setenv("MEMGC_TEST_SCENARIO", scenario, 1);
    for (const char* name : {"MEMGC", "MEMLIMIT", "MEMDEBUG"}) unsetenv(name);
    for (const auto& [name, value] : variables) setenv(name, value, 1);
    execl("/proc/self/exe", "trace_line_child", nullptr);
    _exit(127);
  }
  close(pair[1]);
  close(out[1]);
  std::array<char, 65'536> buffer;
  for (ssize_t n; (n = recv(pair[0], buffer.data(), buffer.size(), 0)) > 0;) {
    outcome.messages.emplace_back(buffer.data(), static_cast<std::size_t>(n));
  }
  for (ssize_t n; (n = read(out[0], buffer.data(), buffer.size())) > 0;) {
    outcome.output.append(buffer.data(), static_cast<std::size_t>(n));
  }
  close(pair[0]);
  close(out[0]);
  waitpid(child, &outcome.status, 0);
  return outcome;
}

Stats told_stats(const std::string& output) {
  unsigned long long cycles = 0;
  unsigned long long live = 0;
  unsigned long long goal = 0;
  EXPECT_EQ(std::sscanf(output.c_str(), "cycles %llu live %llu goal %llu", &cycles, &live, &goal), 3) << output;
  Stats stats;
  stats.cycles = cycles;
  stats.live_bytes = live;
  stats.goal_bytes = goal;
  return stats;
}

// Each message must be one whole line of the strict form.
std::vector<Line> parse_lines(const Outcome& outcome) {
  EXPECT_EQ(outcome.status, 0);
  std::vector<Line> lines;
  for (const std::string& message : outcome.messages) {
    std::smatch m;
    if (!std::regex_match(message, m, line_pattern())) {
      ADD_FAILURE() << "not a trace line in one write: \"" << message << '"';
      continue;
    }
    const auto number = [&](std::size_t group) { return std::stoull(m[group].str()); };
    lines.push_back({number(1), number(2) * 1000 + number(3), number(4), number(13), number(14), number(15), number(16),
                     number(17), number(18), number(19), m[20] == " (forced)"});
  }
  return lines;
}

void expect_in_order(const std::vector<Line>& lines) {
  for (std::size_t i = 0; i < lines.size(); ++i) {
    EXPECT_EQ(lines[i].number, i + 1);
    if (i > 0) {
      EXPECT_GE(lines[i].at_ms, lines[i - 1].at_ms);
    }
    EXPECT_LE(lines[i].percent, 100u);
    EXPECT_LE(lines[i].h0, lines[i].h1) << "the heap grows while it is marked";
    EXPECT_LE(lines[i].h2, lines[i].h1);
    EXPECT_LE(lines[i].stacks, 64u);
    EXPECT_LE(lines[i].globals, 64u);
  }
}

TEST(TraceLine, IsGoByteForByteForAutomaticCycles) {
  const Outcome outcome = run_child("automatic", {{"MEMDEBUG", "gctrace=1,safepointms=0"}});
  const std::vector<Line> lines = parse_lines(outcome);
  ASSERT_GE(lines.size(), 4u);
  expect_in_order(lines);
  const Stats stats = told_stats(outcome.output);
  EXPECT_EQ(lines.size(), stats.cycles) << "one line per cycle";
  for (std::size_t i = 0; i + 1 < lines.size(); ++i) {
    EXPECT_FALSE(lines[i].forced);
    EXPECT_GE(lines[i].goal, 4u) << "4 MiB is the smallest";
    EXPECT_LE(lines[i + 1].goal, std::max<std::uint64_t>(4, 2 * lines[i].h2 + 2) + 2) << "twice what lived, about";
  }
  EXPECT_TRUE(lines.back().forced);
  EXPECT_EQ(lines.back().h2, stats.live_bytes >> 20) << "MiB, truncated";
}

TEST(TraceLine, MarksForcedCycles) {
  const Outcome outcome = run_child("forced", {{"MEMDEBUG", "gctrace=1,safepointms=0"}, {"MEMGC", "off"}});
  const std::vector<Line> lines = parse_lines(outcome);
  ASSERT_EQ(lines.size(), 5u);
  expect_in_order(lines);
  for (const Line& line : lines) EXPECT_TRUE(line.forced);
  EXPECT_EQ(lines[0].h0, 30u);
  EXPECT_EQ(lines[0].h1, 30u);
  EXPECT_EQ(lines[0].h2, 10u);
  EXPECT_EQ(lines[1].h0, 10u);
  EXPECT_EQ(lines[4].h2, 10u);
  EXPECT_EQ(told_stats(outcome.output).live_bytes >> 20, 10u);
}

TEST(TraceLine, IsOneWriteWithManyThreadsAtWork) {
  const Outcome outcome = run_child("threads", {{"MEMDEBUG", "gctrace=1,safepointms=0"}});
  const std::vector<Line> lines = parse_lines(outcome);
  ASSERT_GE(lines.size(), 3u);
  expect_in_order(lines);
  // A cycle that was under way when the child told its figures ends, and prints, before the heap is gone.
  const std::size_t cycles = told_stats(outcome.output).cycles;
  EXPECT_TRUE(lines.size() == cycles || lines.size() == cycles + 1)
      << lines.size() << " lines, " << cycles << " cycles";
}

TEST(TraceLine, ComesOnRequestOnly) {
  for (const Variables& variables :
       {Variables{{"MEMDEBUG", "safepointms=0"}}, Variables{{"MEMDEBUG", "gctrace=0,safepointms=0"}},
        Variables{{"MEMDEBUG", "clobberfree=1,safepointms=0"}}}) {
    const Outcome outcome = run_child("forced", variables);
    EXPECT_EQ(outcome.status, 0);
    EXPECT_TRUE(outcome.messages.empty()) << outcome.messages.front();
  }
}

TEST(TraceLine, MayBeAskedForInCode) {
  const std::vector<Line> lines = parse_lines(run_child("in_code", {}));
  ASSERT_EQ(lines.size(), 1u);
  EXPECT_TRUE(lines[0].forced);
}

TEST(TraceLine, TellsTheProcessorsThatTheProcessMayUse) {
  const std::vector<Line> lines =
      parse_lines(run_child("one", {{"MEMDEBUG", "gctrace=1,safepointms=0"}, {"MEMGC", "off"}}));
  ASSERT_EQ(lines.size(), 5u);
  for (const Line& line : lines) EXPECT_EQ(line.processors, 1u);

  cpu_set_t given;
  ASSERT_EQ(sched_getaffinity(0, sizeof given, &given), 0);
  for (const Line& line : parse_lines(run_child("forced", {{"MEMDEBUG", "gctrace=1,safepointms=0"}}))) {
    EXPECT_LE(line.processors, static_cast<std::uint64_t>(CPU_COUNT(&given)));
  }
}

TEST(TraceLine, CountsEachHeapForItself) {
  const std::vector<Line> lines = parse_lines(run_child("two_heaps", {{"MEMDEBUG", "gctrace=1,safepointms=0"}}));
  ASSERT_EQ(lines.size(), 3u);
  EXPECT_EQ(lines[0].number, 1u);
  EXPECT_EQ(lines[1].number, 1u);
  EXPECT_EQ(lines[2].number, 2u);
}

TEST(TraceLine, GoesNowhereQuietlyWhenStderrIsClosed) {
  const pid_t child = fork();
  if (child == 0) {
    close(STDERR_FILENO);
    setenv("MEMGC_TEST_SCENARIO", "forced", 1);
    setenv("MEMDEBUG", "gctrace=1", 1);
    execl("/proc/self/exe", "trace_line_child", nullptr);
    _exit(127);
  }
  int status = -1;
  waitpid(child, &status, 0);
  EXPECT_EQ(status, 0);
}

// --- The figures: Go's rounding.

std::string format(std::uint64_t ns) {
  std::array<char, 32> buffer;
  char* const end = internal::format_ms(buffer.data(), ns);
  return {buffer.data(), end};
}

TEST(TraceDuration, IsTruncatedAsTheReferenceSays) {
  const std::vector<std::pair<std::uint64_t, const char*>> vectors{
      {0, "0"},           {999, "0"},         {1000, "0.001"},    {9999, "0.009"},
      {10'000, "0.010"},  {99'999, "0.099"},  {100'000, "0.10"},  {999'999, "0.99"},
      {1'000'000, "1.0"}, {9'999'999, "9.9"}, {10'000'000, "10"}, {1'234'567'890, "1234"},
  };
  for (const auto& [ns, text] : vectors) EXPECT_EQ(format(ns), text) << ns;
}

// The rule in words: whole milliseconds from 10 ms on, else two significant digits but never more than three decimals.
std::string reference(std::uint64_t ns) {
  if (ns >= 10'000'000) return std::to_string(ns / 1'000'000);
  const std::uint64_t us = ns / 1000;
  if (us == 0) return "0";
  std::string digits = std::to_string(us);
  digits.insert(0, 4 > digits.size() ? 4 - digits.size() : 0, '0');  // at least 0.001
  std::string text = digits.substr(0, digits.size() - 3) + '.' + digits.substr(digits.size() - 3);
  if (us >= 1000) return text.substr(0, 3);
  return us >= 100 ? text.substr(0, 4) : text;
}

TEST(TraceDuration, AgreesWithTheRuleEverywhere) {
  const std::regex pattern(kT);
  std::mt19937_64 random(1);
  std::vector<std::uint64_t> samples{UINT64_MAX, INT64_MAX, 9'999'999, 10'000'000, 10'000'001};
  for (std::uint64_t ns = 0; ns < 12'000'000; ns += 997) samples.push_back(ns);
  for (int i = 0; i < 20'000; ++i) samples.push_back(random() >> (random() % 64));
  for (std::uint64_t ns : samples) {
    const std::string text = format(ns);
    ASSERT_EQ(text, reference(ns)) << ns;
    ASSERT_TRUE(std::regex_match(text, pattern)) << text;
  }
}

// --- The whole line, from given figures: lines that Go printed come out byte for byte.

std::string format(const internal::CycleTrace& cycle) {
  std::array<char, internal::kTraceLineBytes> buffer;
  return {buffer.data(), internal::format_trace_line(buffer.data(), cycle)};
}

TEST(TraceFormat, MakesGosLines) {
  internal::CycleTrace cycle;
  cycle.number = 7;
  cycle.since_start_ns = 277'999'999;
  cycle.gc_cpu_ns = 69'999;
  cycle.all_cpu_ns = 1'000'000;
  cycle.clock_ns[0] = 16'999;
  cycle.clock_ns[1] = 8'399'999;
  cycle.clock_ns[2] = 5'000;
  cycle.cpu_open_ns = 32'000;
  cycle.cpu_assist_ns = 999;
  cycle.cpu_mark_ns = 76'543;
  cycle.cpu_idle_ns = 8'300'000;
  cycle.cpu_close_ns = 10'000;
  cycle.heap_before = (std::uint64_t{39} << 20) + 1'048'575;
  cycle.heap_after = std::uint64_t{39} << 20;
  cycle.heap_live = std::uint64_t{18} << 20;
  cycle.goal = std::uint64_t{51} << 20;
  cycle.processors = 2;
  cycle.cause = CycleCause::kForced;
  EXPECT_EQ(format(cycle),
            "gc 7 @0.277s 6%: 0.016+8.3+0.005 ms clock, 0.032+0/0.076/8.3+0.010 ms cpu, 39->39->18 MB, 51 MB goal, "
            "0 MB stacks, 0 MB globals, 2 P (forced)\n");
  cycle.number = 1204;
  cycle.since_start_ns = 3'600'001'000'000;
  cycle.stacks = std::uint64_t{3} << 20;
  cycle.globals = std::uint64_t{1} << 20;
  cycle.processors = 16;
  cycle.cause = CycleCause::kLimit;
  EXPECT_EQ(
      format(cycle),
      "gc 1204 @3600.001s 6%: 0.016+8.3+0.005 ms clock, 0.032+0/0.076/8.3+0.010 ms cpu, 39->39->18 MB, 51 MB goal, "
      "3 MB stacks, 1 MB globals, 16 P\n");
}

TEST(TraceFormat, FitsItsBufferWhateverTheFigures) {
  internal::CycleTrace cycle;
  EXPECT_TRUE(std::regex_match(format([] {
                                 internal::CycleTrace first;
                                 first.number = 1;
                                 return first;
                               }()),
                               line_pattern()));
  constexpr std::uint64_t kMost = UINT64_MAX;
  cycle.number = cycle.since_start_ns = cycle.cpu_open_ns = cycle.cpu_assist_ns = cycle.cpu_mark_ns =
      cycle.cpu_idle_ns = cycle.cpu_close_ns = cycle.heap_before = cycle.heap_after = cycle.heap_live = cycle.goal =
          cycle.stacks = cycle.globals = kMost;
  cycle.clock_ns[0] = cycle.clock_ns[1] = cycle.clock_ns[2] = kMost;
  cycle.gc_cpu_ns = cycle.all_cpu_ns = kMost / 100;
  cycle.processors = 4096;
  cycle.cause = CycleCause::kForced;
  const std::string line = format(cycle);
  EXPECT_LT(line.size(), internal::kTraceLineBytes);
  EXPECT_TRUE(std::regex_match(line, line_pattern())) << line;
}

// The pattern itself, against lines that Go printed, and against near misses.
TEST(TracePattern, AcceptsGosLinesAndNothingLikeThem) {
  const std::vector<std::string> good{
      "gc 1 @0.005s 1%: 0.052+1.1+0.12 ms clock, 3.3+0.093/0.92/0+7.7 ms cpu, 3->4->1 MB, 4 MB goal, 0 MB stacks, 0 MB "
      "globals, 64 P\n",
      "gc 7 @0.277s 6%: 0.016+8.3+0.005 ms clock, 0.032+0/0.076/8.3+0.010 ms cpu, 39->39->18 MB, 51 MB goal, 0 MB "
      "stacks, 0 "
      "MB globals, 2 P (forced)\n",
      "gc 1204 @3600.001s 25%: 0.41+187+0.063 ms clock, 6.5+91/742/12+1.0 ms cpu, 3871->4102->2048 MB, 4096 MB goal, 3 "
      "MB "
      "stacks, 1 MB globals, 16 P\n"};
  for (const std::string& line : good) EXPECT_TRUE(std::regex_match(line, line_pattern())) << line;
  const std::vector<std::pair<const char*, const char*>> edits{{"gc 7", "gc 0"},        {"gc 7", " gc 7"},
                                                               {"@0.277s", "@0.27s"},   {"6%", "6.0%"},
                                                               {"0.016", "0.16.0"},     {"0.016", "0.0160"},
                                                               {"8.3+", "8.31+"},       {"0.005 ms", "0.000 ms"},
                                                               {" clock,", " clock ,"}, {"39->39", "39-> 39"},
                                                               {"51 MB", "51 MiB"},     {"2 P (", "2 P  ("},
                                                               {"0 MB stacks, ", ""},   {"forced)", "forced) "},
                                                               {"0.076", "0.76"},       {"/8.3", "/+8.3"},
                                                               {"0.032+", "0.0320+"},   {"\n", ""},
                                                               {"\n", "\r\n"},          {"\n", "\n\n"}};
  for (const auto& [from, to] : edits) {
    std::string line = good[1];
    line.replace(line.find(from), std::string_view(from).size(), to);
    const bool still_good = std::string_view(from) == "0.076";  // 0.76 is another duration, and a fine one
    EXPECT_EQ(std::regex_match(line, line_pattern()), still_good) << line;
  }
}

}  // namespace
}  // namespace memgc::testing

int main(int argc, char** argv) {
  if (const char* scenario = std::getenv("MEMGC_TEST_SCENARIO")) {
    memgc::testing::scenarios().at(scenario)();
    return 0;
  }
  ::testing::InitGoogleTest(&argc, argv);
  return RUN_ALL_TESTS();
}
