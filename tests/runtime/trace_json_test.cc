// Job: pins the lines of gctrace=json: JSON to a parser that others wrote, one write(2) a line, keys and units as the
// README lists them, and the figures of the line of gctrace=1, whole.
//
// What comes on stderr is received through a SOCK_SEQPACKET pair: each write(2) is one message. Threads: one that reads
// it, one that makes objects, and the collectors'.
#include <gtest/gtest.h>
#include <memgc/memgc.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <ctime>
#include <nlohmann/json.hpp>
#include <random>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "runtime/trace_line.h"
#include "tests/runtime/support.h"

namespace memgc::testing {
namespace {

using nlohmann::json;

std::string formatted(std::size_t (*format)(char*, const internal::CycleTrace&), const internal::CycleTrace& cycle) {
  std::array<char, internal::kTraceLineBytes> buffer;
  return {buffer.data(), format(buffer.data(), cycle)};
}

std::string json_line(const internal::CycleTrace& cycle) { return formatted(&internal::format_trace_json, cycle); }
std::string text_line(const internal::CycleTrace& cycle) { return formatted(&internal::format_trace_line, cycle); }

std::uint64_t ns_of(const json& line, const char* key) {
  return static_cast<std::uint64_t>(std::llround(line.at(key).get<double>() * 1e9));
}

// All that the text line needs, as the JSON line has it.
internal::CycleTrace read_back(const json& line) {
  internal::CycleTrace cycle;
  cycle.number = line.at("cycle");
  cycle.since_start_ns = ns_of(line, "begin_seconds");
  cycle.gc_cpu_ns = ns_of(line, "gc_cpu_total_seconds");
  cycle.all_cpu_ns = ns_of(line, "all_cpu_total_seconds");
  cycle.clock_ns[0] = ns_of(line, "opening_stop_seconds");
  cycle.clock_ns[1] = ns_of(line, "concurrent_seconds");
  cycle.clock_ns[2] = ns_of(line, "closing_stop_seconds");
  cycle.cpu_open_ns = ns_of(line, "opening_cpu_seconds");
  cycle.cpu_assist_ns = ns_of(line, "assist_cpu_seconds");
  cycle.cpu_mark_ns = ns_of(line, "background_cpu_seconds");
  cycle.cpu_idle_ns = ns_of(line, "idle_cpu_seconds");
  cycle.cpu_close_ns = ns_of(line, "closing_cpu_seconds");
  cycle.heap_before = line.at("heap_start_bytes");
  cycle.heap_after = line.at("heap_end_bytes");
  cycle.heap_live = line.at("heap_live_bytes");
  cycle.goal = line.at("heap_goal_bytes").is_null() ? UINT64_MAX : line.at("heap_goal_bytes").get<std::uint64_t>();
  cycle.stacks = line.at("stacks_bytes");
  cycle.globals = line.at("globals_bytes");
  cycle.processors = line.at("processors");
  cycle.minor = line.at("kind") == "minor";
  cycle.cause = line.at("cause") == "forced" ? CycleCause::kForced : CycleCause::kAuto;
  return cycle;
}

// --- From given figures.

// Of every size that a program may come to: some 50 days of time, an exabyte.
internal::CycleTrace random_cycle(std::mt19937_64& random) {
  const auto up_to = [&](unsigned bits) { return random() >> (64 - 1 - random() % bits); };
  internal::CycleTrace cycle;
  cycle.number = up_to(40);
  cycle.since_start_ns = up_to(52);
  cycle.all_cpu_ns = up_to(52);
  cycle.gc_cpu_ns = cycle.all_cpu_ns / (1 + random() % 100);
  for (std::uint64_t& ns : cycle.clock_ns) ns = up_to(44);
  for (std::uint64_t* ns :
       {&cycle.cpu_open_ns, &cycle.cpu_assist_ns, &cycle.cpu_mark_ns, &cycle.cpu_idle_ns, &cycle.cpu_close_ns}) {
    *ns = up_to(44);
  }
  for (std::uint64_t* bytes :
       {&cycle.heap_before, &cycle.heap_after, &cycle.heap_live, &cycle.goal, &cycle.stacks, &cycle.globals}) {
    *bytes = up_to(60);
  }
  if (random() % 8 == 0) cycle.goal = UINT64_MAX;
  cycle.processors = static_cast<unsigned>(1 + random() % 256);
  cycle.minor = random() % 2 == 0;
  cycle.cause = random() % 2 == 0 ? CycleCause::kForced : CycleCause::kAuto;
  cycle.sequence = up_to(40);
  cycle.heap = up_to(10);
  cycle.unix_ns = 1'700'000'000'000'000'000 + up_to(60);
  return cycle;
}

TEST(TraceJson, HasAllThatTheTextLineOfTheSameCycleSays) {
  const std::uint64_t seed = std::random_device{}();
  std::printf("seed %llu\n", static_cast<unsigned long long>(seed));
  std::mt19937_64 random(seed);
  for (int i = 0; i < 2000; ++i) {
    const internal::CycleTrace cycle = random_cycle(random);
    const std::string line = json_line(cycle);
    const json read = json::parse(line);
    ASSERT_EQ(text_line(read_back(read)), text_line(cycle)) << line;
    ASSERT_EQ(read.at("sequence"), cycle.sequence);
    ASSERT_EQ(read.at("heap"), cycle.heap);
    ASSERT_EQ(line.find('\n'), line.size() - 1) << "one line";
  }
}

TEST(TraceJson, IsThisLineForTheseFigures) {
  internal::CycleTrace cycle;
  cycle.sequence = 9;
  cycle.unix_ns = 1'764'387'635'000'000'001;
  cycle.heap = 2;
  cycle.number = 7;
  cycle.since_start_ns = 277'999'999;
  cycle.gc_cpu_ns = 31;
  cycle.all_cpu_ns = 500;
  cycle.clock_ns[0] = 16'999;
  cycle.clock_ns[1] = 8'399'999;
  cycle.clock_ns[2] = 5'000;
  cycle.cpu_open_ns = 32'000;
  cycle.cpu_assist_ns = 999;
  cycle.cpu_mark_ns = 76'543;
  cycle.cpu_idle_ns = 8'300'000;
  cycle.cpu_close_ns = 10'000;
  cycle.heap_before = 40'000'001;
  cycle.heap_after = 40'000'002;
  cycle.heap_live = 20'000'003;
  cycle.goal = 53'000'004;
  cycle.stacks = 5;
  cycle.globals = 6;
  cycle.processors = 2;
  cycle.minor = true;
  cycle.cause = CycleCause::kLimit;
  EXPECT_EQ(
      json_line(cycle),
      R"({"schema":1,"event":"gc_cycle","sequence":9,"unix_time_seconds":1764387635.000000001,"heap":2,"cycle":7,)"
      R"("kind":"minor","cause":"limit","begin_seconds":0.277999999,"gc_cpu_ratio":0.062000000,)"
      R"("gc_cpu_total_seconds":0.000000031,"all_cpu_total_seconds":0.000000500,)"
      R"("opening_stop_seconds":0.000016999,"concurrent_seconds":0.008399999,"closing_stop_seconds":0.000005000,)"
      R"("opening_cpu_seconds":0.000032000,"assist_cpu_seconds":0.000000999,"background_cpu_seconds":0.000076543,)"
      R"("idle_cpu_seconds":0.008300000,"closing_cpu_seconds":0.000010000,"heap_start_bytes":40000001,)"
      R"("heap_end_bytes":40000002,"heap_live_bytes":20000003,"heap_goal_bytes":53000004,"stacks_bytes":5,)"
      R"("globals_bytes":6,"processors":2})"
      "\n");
}

TEST(TraceJson, FitsItsBufferWhateverTheFigures) {
  constexpr std::uint64_t kMost = UINT64_MAX;
  internal::CycleTrace cycle;
  cycle.number = cycle.since_start_ns = cycle.cpu_open_ns = cycle.cpu_assist_ns = cycle.cpu_mark_ns =
      cycle.cpu_idle_ns = cycle.cpu_close_ns = cycle.heap_before = cycle.heap_after = cycle.heap_live = cycle.stacks =
          cycle.globals = cycle.gc_cpu_ns = cycle.all_cpu_ns = cycle.sequence = cycle.heap = cycle.unix_ns = kMost;
  cycle.goal = kMost - 1;
  cycle.clock_ns[0] = cycle.clock_ns[1] = cycle.clock_ns[2] = kMost;
  cycle.processors = 4096;
  cycle.cause = CycleCause::kPeriodic;
  const std::string line = json_line(cycle);
  EXPECT_LT(line.size(), internal::kTraceLineBytes);
  EXPECT_EQ(json::parse(line).at("globals_bytes"), kMost);
}

// --- From heaps.

// What work() writes to stderr: one string a write(2).
template <class Work>
std::vector<std::string> writes_of(Work work) {
  int pair[2];
  EXPECT_EQ(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair), 0);
  std::vector<std::string> messages;
  std::thread reader([&] {
    std::array<char, 65'536> buffer;
    for (ssize_t n; (n = recv(pair[0], buffer.data(), buffer.size(), 0)) > 0;) {
      messages.emplace_back(buffer.data(), static_cast<std::size_t>(n));
    }
  });
  const int real = dup(STDERR_FILENO);
  dup2(pair[1], STDERR_FILENO);
  close(pair[1]);
  work();
  dup2(real, STDERR_FILENO);  // the last end: the reader sees the end
  close(real);
  reader.join();
  close(pair[0]);
  return messages;
}

std::vector<json> parsed(const std::vector<std::string>& messages) {
  std::vector<json> lines;
  for (const std::string& message : messages) {
    EXPECT_EQ(message.find('\n'), message.size() - 1) << "not one line in one write: \"" << message << '"';
    lines.push_back(json::parse(message));
  }
  return lines;
}

Options with_json(Options options) { return Options::parse("", "", "gctrace=json", options); }

void make_garbage(Heap& heap, std::size_t cells) {
  on_another_thread(heap, [&](Mutator& me) {
    for (std::size_t i = 0; i < cells; ++i) me.make<Link>();
  });
}

TEST(TraceJson, HasALineForEachCycleThatAgreesWithTheHeapsFigures) {
  Options options = precise_options();
  options.growth_percent = 100;
  Stats stats;
  const auto unix_before = static_cast<double>(std::time(nullptr));
  const std::vector<json> lines = parsed(writes_of([&] {
    Heap heap(with_json(options));
    make_garbage(heap, 2'000'000);
    heap.collect();
    stats = heap.stats();
  }));
  ASSERT_EQ(lines.size(), stats.cycles);
  ASSERT_GE(lines.size(), 3u);
  std::uint64_t number = 0;
  for (const json& line : lines) {
    EXPECT_EQ(line.at("schema"), internal::kTraceSchema);
    EXPECT_EQ(line.at("sequence"), ++number) << "the only heap so far";
    EXPECT_EQ(line.at("heap"), 1);
    EXPECT_EQ(line.at("cycle"), number);
    EXPECT_EQ(line.at("kind"), "full");
    EXPECT_EQ(line.at("cause"), number == lines.size() ? "forced" : "auto");
    EXPECT_LE(line.at("heap_start_bytes"), line.at("heap_end_bytes"));
    EXPECT_GE(line.at("unix_time_seconds").get<double>(), unix_before);
    EXPECT_LE(line.at("unix_time_seconds").get<double>(), unix_before + 3600);
    const double ratio = line.at("gc_cpu_ratio");
    const double all = line.at("all_cpu_total_seconds");
    EXPECT_NEAR(ratio, line.at("gc_cpu_total_seconds").get<double>() / all, 1e-8);
    EXPECT_GE(all, line.at("begin_seconds").get<double>() * line.at("processors").get<double>());
  }
  EXPECT_EQ(lines.back().at("heap_live_bytes"), stats.live_bytes);
  EXPECT_LE(lines.back().at("gc_cpu_total_seconds").get<double>(), stats.gc_cpu_seconds + 1e-9);
}

TEST(TraceJson, TellsWhyACycleBegan) {
  std::set<std::string> causes;
  const auto note = [&](const std::vector<json>& lines) {
    for (const json& line : lines) causes.insert(line.at("cause").get<std::string>());
  };
  Options options = with_json(precise_options());
  note(parsed(writes_of([&] {
    options.memory_limit = 16 << 20;  // and no growth that could ask for a cycle
    Heap heap(options);
    make_garbage(heap, 2'000'000);
  })));
  EXPECT_EQ(causes, std::set<std::string>{"limit"});
  causes.clear();
  note(parsed(writes_of([&] {
    options.memory_limit = Options::kNoLimit;
    options.growth_percent = 100;
    options.debug.gcperiodms = 20;
    Heap heap(options);
    heap.collect();  // now there is a collector to wait
    while (heap.stats().cycles < 3) std::this_thread::sleep_for(std::chrono::milliseconds(5));
  })));
  EXPECT_EQ(causes, (std::set<std::string>{"forced", "periodic"})) << "and no line that is no JSON";
}

TEST(TraceJson, TellsMinorCyclesFromFullOnes) {
  Options options = with_json(generational_options());
  options.growth_percent = 100;
  Stats stats;
  const std::vector<json> lines = parsed(writes_of([&] {
    Heap heap(options);
    make_garbage(heap, scaled(2'000'000));
    heap.collect();
    stats = heap.stats();
  }));
  std::size_t minor = 0;
  for (const json& line : lines) minor += line.at("kind") == "minor";
  EXPECT_EQ(minor, stats.minor_cycles);
  EXPECT_EQ(lines.back().at("kind"), "full") << "who asks gets a full one";
}

TEST(TraceJson, NumbersTheLinesOfAllHeapsAsTheyWereWritten) {
  const std::vector<json> lines = parsed(writes_of([] {
    const Options options = with_json(precise_options());
    Heap a(options);
    Heap b(options);
    for (int i = 0; i < 3; ++i) {
      a.collect();
      b.collect();
    }
  }));
  ASSERT_EQ(lines.size(), 6u);
  for (std::size_t i = 0; i < lines.size(); ++i) {
    EXPECT_EQ(lines[i].at("sequence"), i + 1);
    EXPECT_EQ(lines[i].at("heap"), 1 + i % 2);
    EXPECT_EQ(lines[i].at("cycle"), 1 + i / 2);
    EXPECT_TRUE(lines[i].at("heap_goal_bytes").is_null()) << "growth is off, and there is no limit";
  }
}

}  // namespace
}  // namespace memgc::testing
