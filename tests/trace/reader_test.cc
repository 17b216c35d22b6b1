#include "reader.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "line.h"

namespace memgc::trace {
namespace {

using testing::ElementsAre;

std::string line(unsigned number, double seconds) {
  return fmt::format(
      "gc {} @{:.3f}s 2%: 0.031+4.2+0.018 ms clock, 0.062+0.41/3.9/1.2+0.036 ms cpu, 40->44->21 MB, 42 MB goal, 2 P\n",
      number, seconds);
}

struct Read {
  std::vector<Cycle> cycles, parts;
  std::vector<std::string> bad;
  ReadStatus status;
};

Read read(std::string_view text, std::size_t piece = 1 << 20) {
  Read out;
  Reader reader({[&](const Cycle& cycle) { out.cycles.push_back(cycle); },
                 [&](const Cycle& cycle) { out.parts.push_back(cycle); },
                 [&](const BadLine& bad) {
                   out.bad.push_back(std::string(bad.source) + ":" + std::to_string(bad.line) + ":" +
                                     std::string(bad.text));
                 }});
  reader.begin_source("log");
  for (; !text.empty(); text.remove_prefix(std::min(piece, text.size()))) reader.feed(text.substr(0, piece));
  reader.finish();
  out.status = reader.status();
  return out;
}

TEST(TraceReader, GapsInTheNumbersAreLostLines) {
  const Read got = read(line(3, 1) + line(4, 2) + line(9, 3));
  EXPECT_EQ(got.status.cycles, 3u);
  EXPECT_EQ(got.status.lost, 4u);
  EXPECT_EQ(got.cycles[2].lost_before, 4u);
  EXPECT_EQ(got.status.restarts, 0u);
}

TEST(TraceReader, ANumberThatGoesBackBeginsANewRun) {
  const Read got = read(line(8, 5) + line(9, 6) + line(1, 0.1) + line(2, 0.2));
  EXPECT_EQ(got.status.restarts, 1u);
  EXPECT_EQ(got.status.lost, 0u);
  EXPECT_EQ(got.cycles[3].run, 1u);
}

TEST(TraceReader, MixedProcessesAreToldApart) {
  const Read got = read(line(1, 5) + line(1, 0.1) + line(2, 0.2) + line(2, 6) + line(3, 0.3) + line(3, 7));
  std::vector<unsigned> runs;
  for (const Cycle& cycle : got.cycles) runs.push_back(cycle.run);
  EXPECT_THAT(runs, ElementsAre(0, 1, 1, 0, 1, 0));
  EXPECT_EQ(got.status.lost, 0u);
}

TEST(TraceReader, ALineMayBeginInsideAnother) {
  std::string cut = line(1, 1);
  cut.resize(cut.find("0.41/"));
  const Read got = read(fmt::format("working...{}{}rest of 1\n", cut, line(2, 2)));
  EXPECT_EQ(got.status.cycles, 1u);
  EXPECT_EQ(got.status.truncated, 1u);
  EXPECT_EQ(got.status.other, 1u);
  EXPECT_EQ(got.status.lost, 0u);
  ASSERT_EQ(got.parts.size(), 1u);
  EXPECT_EQ(got.parts[0].read_to, Part::kClock);
}

TEST(TraceReader, MalformedLinesAreShownWithTheirPlace) {
  const Read got = read(fmt::format("hello\ngc 1 @oops\n{}", line(2, 2)));
  EXPECT_THAT(got.bad, ElementsAre("log:2:gc 1 @oops"));
  EXPECT_EQ(got.status.malformed, 1u);
  EXPECT_EQ(got.status.other, 1u);
}

TEST(TraceReader, CarriageReturnsAndAMissingLastNewlineDoNotMatter) {
  std::string text = line(1, 1);
  text.insert(text.end() - 1, '\r');
  std::string last = line(2, 2);
  last.pop_back();
  const Read got = read(text + last);
  EXPECT_EQ(got.status.cycles, 2u);
  EXPECT_EQ(got.status.lines, 2u);
  EXPECT_EQ(got.status.malformed + got.status.truncated + got.status.other, 0u);
}

TEST(TraceReader, ALineOfAnyLengthIsReadWhereverItsTraceLinesAre) {
  constexpr std::size_t kRead = 64 * kLineBytes;  // so much of a long line is kept, then read but for its end
  for (std::size_t before = kRead - 2 * kLineBytes; before < kRead + 300; before += 7) {
    std::string first = line(1, 1);
    first.pop_back();
    const std::string text = std::string(before, 'x').append(first).append(200000, ' ').append(line(2, 2));
    const Read got = read(text, 4093);
    ASSERT_EQ(got.status.cycles, 2u) << before;
    ASSERT_EQ(got.status.lines, 1u) << before;
    ASSERT_EQ(got.status.malformed + got.status.truncated, 0u) << before;
  }
}

}  // namespace
}  // namespace memgc::trace
