// The rooms of the live views: what comes in (tail.h, other_output.h), the figures (rolling.h), what is shown
// (frame.h).
#include "live.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "frame.h"
#include "input.h"
#include "other_output.h"
#include "rolling.h"
#include "tail.h"

namespace memgc::trace {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

Cycle cycle(std::uint64_t number, double seconds, double stop_ms = 0.1, double end_mib = 44) {
  Cycle out;
  out.number = number;
  out.begin_seconds = seconds;
  out.opening_stop_ms = stop_ms;
  out.opening_cpu_ms = 100;
  out.start_mib = 40;
  out.end_mib = end_mib;
  out.live_mib = 20;
  out.goal_mib = 50;
  out.processors = 2;
  return out;
}

TEST(TraceRolling, FiguresAreOfTheWindowAlone) {
  Rolling rolling(10, 1);
  for (unsigned i = 1; i <= 100; ++i) rolling.add(cycle(i, i, i <= 50 ? 9 : 0.1));
  const RollingFigures got = rolling.figures(0);
  EXPECT_NEAR(got.window, 10, 1e-9);
  EXPECT_NEAR(*got.cycles_per_second, 1, 0.11);
  EXPECT_DOUBLE_EQ(*got.stop_max, 0.0001);  // the long ones are fifty seconds back
  EXPECT_NEAR(*got.gc_cpu_share, 0.1 / 2, 0.01);
  EXPECT_NEAR(*got.allocation_rate, 24 * 1048576.0, 3e6);
  EXPECT_DOUBLE_EQ(*got.goal, 50 * 1048576.0);
}

TEST(TraceRolling, RatesFallWhileNothingIsHeard) {
  Rolling rolling(10, 1);
  for (unsigned i = 1; i <= 20; ++i) rolling.add(cycle(i, i));
  EXPECT_NEAR(*rolling.figures(5).cycles_per_second, 0.6, 0.11);
  const RollingFigures silent = rolling.figures(100);
  EXPECT_EQ(silent.cycles, 0u);
  EXPECT_DOUBLE_EQ(*silent.cycles_per_second, 0);
  EXPECT_FALSE(silent.stop_p50);
  EXPECT_TRUE(silent.live);  // the heap is still there
}

TEST(TraceRolling, TheWindowOfAYoungProgramBeginsWithIt) {
  Rolling rolling(10, 1);
  rolling.add(cycle(1, 1.9));
  rolling.add(cycle(2, 1.9999));
  EXPECT_NEAR(rolling.figures(0).window, 2, 1e-3);
  EXPECT_NEAR(*rolling.figures(0).cycles_per_second, 1, 1e-3);
}

TEST(TraceRolling, WhatIsMissingIsNotAllocated) {
  Rolling rolling(10, 1);
  rolling.add(cycle(5, 1));
  Cycle after = cycle(8, 2);
  after.lost_before = 2;
  rolling.add(after);
  EXPECT_DOUBLE_EQ(*rolling.figures(0).allocation_rate, 0);
}

TEST(TraceRolling, ARunThatBeginsAgainGoesOnWhereTheAxisIs) {
  Rolling rolling(10, 1);
  rolling.add(cycle(1, 100));
  Cycle second = cycle(1, 0.5);
  second.run = 1;
  rolling.add(second);
  EXPECT_NEAR(rolling.figures(0).seconds, 100.5, 0.01);
  EXPECT_EQ(rolling.figures(0).cycles, 2u);
}

TEST(TraceRolling, NoMoreCyclesAreKeptThanFitAndTheWindowSaysSo) {
  Rolling rolling(10, 1);
  constexpr unsigned kAll = Rolling::kMostCycles * 3;
  for (unsigned i = 1; i <= kAll; ++i) rolling.add(cycle(i, i * 1e-5, 0));
  const RollingFigures got = rolling.figures(0);
  EXPECT_NEAR(static_cast<double>(got.cycles), Rolling::kMostCycles, 1);
  EXPECT_NEAR(*got.cycles_per_second, 1e5, 10);
}

TEST(TraceRolling, HistoryHasAColumnForEachStretchWithGapsEmpty) {
  Rolling rolling(10, 1);
  rolling.add(cycle(1, 0.5));
  rolling.add(cycle(2, 0.6, 3));
  rolling.add(cycle(3, 3.5));
  std::vector<std::uint64_t> cycles;
  for (const auto& column : rolling.history(1, 6)) cycles.push_back(column.cycles);
  EXPECT_THAT(cycles, ElementsAre(0, 2, 0, 0, 1, 0));
  EXPECT_DOUBLE_EQ(rolling.history(1, 6)[1].longest_stop_ms, 3);
  rolling.add(cycle(4, 100000));  // all that was is far back
  cycles.clear();
  for (const auto& column : rolling.history(0, 3)) cycles.push_back(column.cycles);
  EXPECT_THAT(cycles, ElementsAre(0, 0, 1));
}

class TraceTail : public testing::Test {
 protected:
  TraceTail() {
    std::string name = (std::filesystem::temp_directory_path() / "memgc_tail_XXXXXX").string();
    folder_ = ::mkdtemp(name.data());
    path_ = folder_ / "log";
  }
  ~TraceTail() override { std::filesystem::remove_all(folder_); }

  void write(std::string_view text) { std::ofstream(path_, std::ios::app) << text; }
  TailHandlers handlers() {
    return {[this](std::string_view bytes) { seen_ += bytes; }, [this] { seen_ += '|'; }};
  }
  static void drain(Tail& tail) {
    while (tail.read_some()) {
    }
  }

  std::filesystem::path folder_, path_;
  std::string seen_;
};

TEST_F(TraceTail, WaitsForItsFileAndReadsWhatIsAdded) {
  Tail tail(path_, handlers());
  EXPECT_FALSE(tail.read_some());
  write("a");
  drain(tail);
  write("b");
  drain(tail);
  EXPECT_EQ(seen_, "|ab");
}

TEST_F(TraceTail, ARotatedFileIsReadToItsEndThenTheNewOne) {
  write("1");
  Tail tail(path_, handlers());
  drain(tail);
  std::ofstream late(path_, std::ios::app);  // as a writer that has it open
  std::filesystem::rename(path_, folder_ / "log.1");
  drain(tail);
  late << "2" << std::flush;
  write("3");
  drain(tail);
  EXPECT_EQ(seen_, "|12|3");
}

TEST_F(TraceTail, AFileCutShortIsReadFromItsBeginning) {
  write("long line");
  Tail tail(path_, handlers());
  drain(tail);
  std::filesystem::resize_file(path_, 0);
  write("new");
  drain(tail);
  EXPECT_EQ(seen_, "|long line|new");
}

TEST_F(TraceTail, GzipAndFoldersAreRefused) {
  write("\x1f\x8b\x08");
  Tail tail(path_, handlers());
  EXPECT_THROW(tail.read_some(), InputError);
  EXPECT_THROW(Tail(folder_, handlers()), InputError);
}

TEST(TraceOtherOutput, TraceLinesAreLeftOutHoweverTheyComeInPieces) {
  const std::string text = "hello\nnoise gc 1 @0.1s 2%: ...\n\n{\"schema\":1,\"event\":\"gc_cycle\"}\nlast";
  for (std::size_t piece = 1; piece < text.size(); ++piece) {
    std::string seen;
    OtherOutput other([&](std::string_view line) { seen += line; });
    for (std::size_t at = 0; at < text.size(); at += piece) other.feed(std::string_view(text).substr(at, piece));
    other.finish();
    ASSERT_EQ(seen, "hello\n\nlast") << piece;
  }
}

TEST(TraceLiveLine, AFigureThatThereIsNotIsADash) {
  const std::string line = live_line({}, {}, {});
  EXPECT_EQ(line.find_first_of("0123456789"), line.find("0.0 s"));
  Rolling rolling(10, 1);
  rolling.add(cycle(1, 1.9));
  ReadStatus status;
  status.lost = 3;
  const std::string full = live_line(rolling.figures(0), status, 88 * 1048576.0);
  EXPECT_THAT(full, HasSubstr("100 us"));
  EXPECT_THAT(full, HasSubstr(" 88 %"));  // of the goal
  EXPECT_THAT(full, HasSubstr(" 50 %"));  // of the limit
  EXPECT_THAT(full, HasSubstr("[3 lost, 0 cut, 0 malformed]"));
}

std::size_t columns_of(std::string_view line) {
  std::size_t out = 0;
  for (const char c : line) out += (static_cast<unsigned char>(c) & 0xC0) != 0x80;
  return out;
}

TEST(TraceFrame, FitsAnyTerminal) {
  Rolling rolling(10, 1);
  for (unsigned i = 1; i <= 300; ++i) rolling.add(cycle(i, i * 0.1, i % 7));
  Frame frame;
  frame.source = "a name\x1b[2J";
  frame.figures = rolling.figures(0);
  frame.limit = 1 << 30;
  frame.output = {"\x1b[31mred", "tab\there\n"};
  for (std::size_t rows = 1; rows < 60; rows += 3) {
    for (const std::size_t columns : {1u, 20u, 43u, 44u, 80u, 300u}) {
      frame.history = rolling.history(0, columns);
      for (const bool utf8 : {false, true}) {
        const auto lines = draw(frame, {rows, columns}, utf8);
        ASSERT_LE(lines.size(), rows);
        for (const std::string& line : lines) {
          ASSERT_LE(columns_of(line), columns) << line;
          ASSERT_EQ(line.find('\x1b'), std::string::npos);
        }
      }
    }
  }
}

TEST(TraceFrame, BarsAndSparklinesAreInProportion) {
  EXPECT_EQ(bar(0.5, 4, false), "##..");
  EXPECT_EQ(bar(7, 2, true), "██");
  EXPECT_EQ(sparkline({-1, 0, 4, 8}, 8, true), " ▁▄█");
  EXPECT_EQ(sparkline({8, -1}, 8, false), "# ");
  EXPECT_EQ(printable("a\x1b[1m\tb\xc3\n"), "a?[1m b?");
}

TEST(TraceTerminal, TheLocaleSaysWhetherItIsUtf8) {
  EXPECT_TRUE(is_utf8(nullptr, "", "de_DE.UTF-8"));
  EXPECT_TRUE(is_utf8("C.utf8", nullptr, nullptr));
  EXPECT_FALSE(is_utf8("C", "en_US.UTF-8", "en_US.UTF-8"));
  EXPECT_FALSE(is_utf8(nullptr, nullptr, nullptr));
}

}  // namespace
}  // namespace memgc::trace
