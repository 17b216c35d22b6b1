// What must hold for any input: the counts agree, no figure is negative or beyond sense, and pieces do not matter.
#pragma once

#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <string_view>

#include "reader.h"
#include "summarizer.h"

namespace memgc::trace {

inline void require(bool holds, const char* what) {
  if (holds) return;
  std::fprintf(stderr, "does not hold: %s\n", what);
  std::abort();
}

inline ReadStatus read_in_pieces(std::string_view input, std::size_t piece) {
  std::uint64_t cycles = 0, malformed = 0;
  Summarizer summarizer;
  Reader reader({[&](const Cycle& cycle) {
                   ++cycles;
                   require(cycle.read_to == Part::kWhole, "a cycle is whole");
                   require(std::isfinite(cycle.end_mib) && cycle.end_mib >= 0, "sizes are sizes");
                   require(std::isfinite(cycle.opening_stop_ms) && cycle.opening_stop_ms >= 0, "times are times");
                   summarizer.add(cycle);
                 },
                 [&](const Cycle& cycle) {
                   require(cycle.read_to < Part::kWhole && cycle.has(Part::kHeader), "a part is a part");
                   summarizer.add_partial(cycle);
                 },
                 [&](const BadLine& bad) {
                   ++malformed;
                   require(bad.text.size() <= 512, "a bad line is shown in short");
                 }});
  for (std::size_t at = 0; at < input.size(); at += piece) reader.feed(input.substr(at, piece));
  reader.finish();
  const ReadStatus& status = reader.status();
  require(status.bytes == input.size(), "all bytes are read");
  require(status.cycles == cycles && status.malformed == malformed, "what is counted is handed out");
  require(status.other <= status.lines, "other lines are lines");
  summarizer.figures(status);
  return status;
}

inline void check_any_input(std::string_view input) {
  const ReadStatus whole = read_in_pieces(input, input.size() + 1);
  const ReadStatus pieces = read_in_pieces(input, 7);
  require(whole.cycles == pieces.cycles && whole.lost == pieces.lost && whole.truncated == pieces.truncated &&
              whole.malformed == pieces.malformed && whole.other == pieces.other && whole.lines == pieces.lines,
          "pieces do not matter");
}

}  // namespace memgc::trace
