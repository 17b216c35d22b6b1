// Job: pins the lines of pacertrace=1 and scavtrace=1, byte for byte as Go prints them.
//
// Threads: one.
#include "runtime/pacer_trace.h"

#include <gtest/gtest.h>

#include <array>
#include <cfloat>
#include <cmath>
#include <cstdint>
#include <limits>
#include <string>

namespace memgc::testing {
namespace {

using internal::format_float;
using internal::format_pacer_begin;
using internal::format_pacer_end;
using internal::format_scavenge;
using internal::kPacerLineBytes;
using internal::PacerBeginTrace;
using internal::PacerEndTrace;
using internal::ScavengeNote;
using internal::ScavengeTrace;
using internal::worker_share;

constexpr std::uint64_t kMiB = 1 << 20;

std::string text_of(double value) {
  std::array<char, 32> buffer;
  return {buffer.data(), format_float(buffer.data(), value)};
}

template <class Trace>
std::string line_of(std::size_t (*format)(char*, const Trace&), const Trace& trace) {
  std::array<char, kPacerLineBytes> buffer;
  return {buffer.data(), format(buffer.data(), trace)};
}

TEST(PacerTrace, PrintsNumbersAsGoDoes) {
  EXPECT_EQ(text_of(0.3134322), "+3.134322e-001");
  EXPECT_EQ(text_of(0.25), "+2.500000e-001");
  EXPECT_EQ(text_of(0), "+0.000000e+000");
  EXPECT_EQ(text_of(-0.0), "+0.000000e+000");
  EXPECT_EQ(text_of(-1), "-1.000000e+000");
  EXPECT_EQ(text_of(1), "+1.000000e+000");
  EXPECT_EQ(text_of(9.9999996), "+1.000000e+001");
  EXPECT_EQ(text_of(1234567890), "+1.234568e+009");
  EXPECT_EQ(text_of(1e100), "+1.000000e+100");
  EXPECT_EQ(text_of(1e-100), "+1.000000e-100");
  EXPECT_EQ(text_of(DBL_MAX), "+1.797693e+308");
  EXPECT_EQ(text_of(-DBL_MIN), "-2.225074e-308");
  EXPECT_EQ(text_of(std::numeric_limits<double>::infinity()), "+Inf");
  EXPECT_EQ(text_of(-std::numeric_limits<double>::infinity()), "-Inf");
  EXPECT_EQ(text_of(std::nan("")), "NaN");
}

TEST(PacerTrace, TellsTheBeginning) {
  PacerBeginTrace trace;
  trace.assist_ratio = 0.3134322;
  trace.to_scan = 3 * kMiB + 1;
  trace.heap = 4 * kMiB - 1;
  trace.goal = 4 * kMiB;
  trace.workers = worker_share(2);
  EXPECT_EQ(line_of(&format_pacer_begin, trace),
            "pacer: assist ratio=+3.134322e-001 (scan 3 MB in 3->4 MB) workers=0++2.500000e-001\n");
  trace.workers = worker_share(8);
  EXPECT_EQ(line_of(&format_pacer_begin, trace),
            "pacer: assist ratio=+3.134322e-001 (scan 3 MB in 3->4 MB) workers=2++0.000000e+000\n");
  trace.workers = worker_share(6);
  EXPECT_EQ(line_of(&format_pacer_begin, trace),
            "pacer: assist ratio=+3.134322e-001 (scan 3 MB in 3->4 MB) workers=1++8.333333e-002\n");
}

TEST(PacerTrace, TellsTheEnd) {
  PacerEndTrace trace;
  trace.utilization = 0.2579;
  trace.heap_work = 1'048'576;
  trace.stack_work = 8192;
  trace.root_work = 32'768;
  trace.expected_work = 1'000'000;
  trace.begun = 3'999'999;
  trace.ended = 4'194'000;
  trace.goal = 4'194'304;
  trace.cons_mark = 0.0625;
  EXPECT_EQ(line_of(&format_pacer_end, trace),
            "pacer: 25% CPU (25 exp.) for 1048576+8192+32768 B work (1000000 B exp.) in 3999999 B -> 4194000 B "
            "(\xe2\x88\x86goal -304, cons/mark +6.250000e-002)\n");
  trace.ended = 5'000'000;
  trace.utilization = 1;
  EXPECT_EQ(line_of(&format_pacer_end, trace),
            "pacer: 100% CPU (25 exp.) for 1048576+8192+32768 B work (1000000 B exp.) in 3999999 B -> 5000000 B "
            "(\xe2\x88\x86goal 805696, cons/mark +6.250000e-002)\n");
}

TEST(ScavengeTrace, TellsWhatWasGivenBack) {
  ScavengeTrace trace;
  trace.background = 48'776 * 1024 + 1023;
  trace.eager = 1023;
  trace.released = 64'904 * 1024;
  trace.in_use = 60;
  trace.free = 39;
  EXPECT_EQ(line_of(&format_scavenge, trace),
            "scav 48776 KiB work (bg), 0 KiB work (eager), 64904 KiB now, 60% util\n");
  trace.note = ScavengeNote::kForced;
  EXPECT_EQ(line_of(&format_scavenge, trace),
            "scav 48776 KiB work (bg), 0 KiB work (eager), 64904 KiB now, 60% util (forced)\n");
  trace.note = ScavengeNote::kControllerReset;
  trace.in_use = trace.free = 0;
  EXPECT_EQ(line_of(&format_scavenge, trace),
            "scav 48776 KiB work (bg), 0 KiB work (eager), 64904 KiB now, 0% util [controller reset]\n");
}

TEST(PacerTrace, FitsItsBuffer) {
  PacerBeginTrace begin;
  begin.assist_ratio = -DBL_MAX;
  begin.to_scan = begin.heap = begin.goal = UINT64_MAX;
  begin.workers.dedicated = UINT32_MAX;
  EXPECT_LT(line_of(&format_pacer_begin, begin).size(), kPacerLineBytes);
  PacerEndTrace end;
  end.utilization = 1e15;
  end.heap_work = end.stack_work = end.root_work = end.expected_work = end.begun = UINT64_MAX;
  end.ended = std::uint64_t{1} << 63;
  end.cons_mark = -DBL_MIN;
  EXPECT_LT(line_of(&format_pacer_end, end).size(), kPacerLineBytes);
  ScavengeTrace scavenge;
  scavenge.background = scavenge.eager = scavenge.released = UINT64_MAX;
  EXPECT_LT(line_of(&format_scavenge, scavenge).size(), kPacerLineBytes);
}

}  // namespace
}  // namespace memgc::testing
