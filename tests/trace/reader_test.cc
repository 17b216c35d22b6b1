// memgc-trace's reader: what real traces hold, and that nothing which a log does to a line is guessed at.
#include "reader.h"

#include <gtest/gtest.h>

#include <fstream>
#include <iterator>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "gate.h"
#include "summarizer.h"

namespace memgc::trace {
namespace {

struct Result {
  std::vector<Cycle> cycles, partial;
  std::vector<std::string> malformed;
  ReadStatus status;
};

// Reads `text` in pieces of `piece` bytes.
Result read(std::string_view text, std::size_t piece = 1 << 16) {
  Result result;
  Reader reader({.cycle = [&](const Cycle& cycle) { result.cycles.push_back(cycle); },
                 .partial = [&](const Cycle& cycle) { result.partial.push_back(cycle); },
                 .malformed = [&](const BadLine& bad) { result.malformed.emplace_back(bad.text); }});
  reader.begin_source("test");
  for (; !text.empty(); text.remove_prefix(std::min(piece, text.size()))) reader.feed(text.substr(0, piece));
  reader.finish();
  result.status = reader.status();
  return result;
}

std::string data(const std::string& name) {
  std::ifstream file(std::string(MEMGC_TRACE_DATA) + '/' + name);
  return {std::istreambuf_iterator<char>(file), {}};
}

// A line of Go's, of cycle `number`.
std::string line(int number) {
  return "gc " + std::to_string(number) + " @" + std::to_string(number) +
         ".250s 6%: 0.016+8.3+0.005 ms clock, 0.032+0.5/0.076/8.3+0.010 ms cpu, 39->40->18 MB, 51 MB goal, 0 MB "
         "stacks, "
         "1 MB globals, 2 P\n";
}

TEST(Reader, GivesEachFieldOfALine) {
  const Result result = read(
      "gc 1204 @3600.001s 25%: 0.41+187+0.063 ms clock, 6.5+91/742/12+1.0 ms cpu, "
      "3871->4102->2048 MB, 4096 MB goal, 3 MB stacks, 1 MB globals, 16 P (forced)\n");
  ASSERT_EQ(result.cycles.size(), 1u);
  const Cycle& cycle = result.cycles[0];
  EXPECT_EQ(cycle.number, 1204u);
  EXPECT_DOUBLE_EQ(cycle.gc_percent, 25);
  EXPECT_DOUBLE_EQ(cycle.opening_stop_ms, 0.41);
  EXPECT_DOUBLE_EQ(cycle.concurrent_ms, 187);
  EXPECT_DOUBLE_EQ(cycle.closing_stop_ms, 0.063);
  EXPECT_DOUBLE_EQ(cycle.opening_cpu_ms, 6.5);
  EXPECT_DOUBLE_EQ(cycle.assist_cpu_ms, 91);
  EXPECT_DOUBLE_EQ(cycle.background_cpu_ms, 742);
  EXPECT_DOUBLE_EQ(cycle.idle_cpu_ms, 12);
  EXPECT_DOUBLE_EQ(cycle.closing_cpu_ms, 1.0);
  EXPECT_DOUBLE_EQ(cycle.start_mib, 3871);
  EXPECT_DOUBLE_EQ(cycle.end_mib, 4102);
  EXPECT_DOUBLE_EQ(cycle.live_mib, 2048);
  EXPECT_DOUBLE_EQ(cycle.goal_mib, 4096);
  EXPECT_EQ(cycle.stacks_mib, 3.0);
  EXPECT_EQ(cycle.globals_mib, 1.0);
  EXPECT_EQ(cycle.processors, 16u);
  EXPECT_TRUE(cycle.forced);
  EXPECT_FALSE(cycle.minor);
}

TEST(Reader, ReadsWholeTracesOfGoAndOfMemgc) {
  const struct {
    const char* name;
    std::size_t cycles;
    std::size_t minor;
  } traces[] = {{"go1.26_leak.txt", 40, 0}, {"memgc_scheme.txt", 40, 0}, {"memgc_scheme_minor.txt", 40, 23}};
  for (const auto& trace : traces) {
    const Result result = read(data(trace.name));
    EXPECT_EQ(result.cycles.size(), trace.cycles) << trace.name;
    EXPECT_FALSE(result.status.suffers()) << trace.name;
    std::size_t minor = 0;
    for (const Cycle& cycle : result.cycles) minor += cycle.minor ? 1 : 0;
    EXPECT_EQ(minor, trace.minor) << trace.name;
  }
}

TEST(Reader, IsNotChangedByWhereThePiecesAreCut) {
  const std::string text = data("go1.26_workers.txt") + "some output\r\n" + data("memgc_scheme_minor.txt");
  const Result whole = read(text);
  for (const std::size_t piece : {1u, 7u, 4093u}) {
    const Result cut = read(text, piece);
    EXPECT_EQ(cut.cycles.size(), whole.cycles.size());
    EXPECT_EQ(cut.status.lines, whole.status.lines);
    EXPECT_EQ(cut.status.other, whole.status.other);
    EXPECT_EQ(cut.status.restarts, whole.status.restarts);
  }
}

TEST(Reader, TakesOldLinesWithoutStacksAndGlobals) {
  const Result result = read(
      "gc 1 @0.005s 1%: 0.052+1.1+0.12 ms clock, 3.3+0.093/0.92/0+7.7 ms cpu, 3->4->1 MB, "
      "4 MB goal, 64 P\n");
  ASSERT_EQ(result.cycles.size(), 1u);
  EXPECT_FALSE(result.cycles[0].stacks_mib);
  EXPECT_FALSE(result.cycles[0].globals_mib);
  EXPECT_EQ(result.cycles[0].processors, 64u);
}

TEST(Reader, CountsCyclesWhoseLinesAreMissing) {
  const Result result = read(line(1) + line(2) + line(6));
  EXPECT_EQ(result.cycles.size(), 3u);
  EXPECT_EQ(result.status.lost, 3u);
  EXPECT_TRUE(result.status.suffers());
}

TEST(Reader, TellsARunFromTheOneBeforeIt) {
  const Result result = read(line(1) + line(2) + line(1) + line(2));
  EXPECT_EQ(result.cycles.size(), 4u);
  EXPECT_EQ(result.status.restarts, 1u);
  EXPECT_EQ(result.status.lost, 0u);
}

TEST(Reader, CountsALineThatWasCutShort) {
  const std::string cut = line(2).substr(0, 60);
  const Result result = read(line(1) + cut);
  EXPECT_EQ(result.cycles.size(), 1u);
  EXPECT_EQ(result.status.truncated + result.status.malformed, 1u);
}

TEST(Reader, LeavesOtherOutputAlone) {
  const Result result = read("hello\ngc is great\n" + line(1) + std::string(300'000, 'x') + "\n" + line(2));
  EXPECT_EQ(result.cycles.size(), 2u);
  EXPECT_EQ(result.status.lines, 5u);
  EXPECT_EQ(result.status.other, 3u);
}

// Bytes changed, dropped and doubled at random: whatever comes, lines are neither invented nor uncounted.
TEST(Reader, SurvivesDamage) {
  const unsigned seed = 20261129;
  std::mt19937 random(seed);
  std::string clean;
  for (int i = 1; i <= 20; ++i) clean += line(i);
  for (int round = 0; round < 2000; ++round) {
    std::string text = clean;
    for (int i = 0; i < 8; ++i) {
      const std::size_t at = random() % text.size();
      switch (random() % 3) {
        case 0:
          text[at] = static_cast<char>(random());
          break;
        case 1:
          text.erase(at, random() % 100);
          break;
        default:
          text.insert(at, text.substr(random() % text.size(), random() % 100));
          break;
      }
    }
    const Result result = read(text, 1 + random() % 500);
    Summarizer summarizer;
    for (const Cycle& cycle : result.cycles) summarizer.add(cycle);
    for (const Cycle& cycle : result.partial) summarizer.add_partial(cycle);
    const Figures figures = summarizer.figures(result.status);
    EXPECT_EQ(result.status.cycles, result.cycles.size()) << "seed " << seed << " round " << round;
    EXPECT_EQ(result.status.bytes, text.size());
    EXPECT_LE(result.cycles.size(), 60u);
    ASSERT_FALSE(figures.all().empty());
  }
}

TEST(Gate, HoldsWhenItsFigureDoes) {
  Summarizer summarizer;
  const Result result = read(line(1) + line(2) + line(3));
  for (const Cycle& cycle : result.cycles) summarizer.add(cycle);
  const Figures figures = summarizer.figures(result.status);
  EXPECT_TRUE(holds(parse_gate("max>10us"), figures));
  EXPECT_FALSE(holds(parse_gate("max>500us"), figures));
  EXPECT_TRUE(holds(parse_gate("cycles==3"), figures));
}

TEST(Gate, SaysWhatIsWrongWithIt) {
  EXPECT_THROW(parse_gate("p99"), GateError);
  EXPECT_THROW(parse_gate("nothing>1"), GateError);
  EXPECT_THROW(parse_gate("p99>5lightyears"), GateError);
}

}  // namespace
}  // namespace memgc::trace
