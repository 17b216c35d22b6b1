// Job: what memgc-trace heap prints: text for people, JSON and CSV for programs, these at full precision.
#pragma once

#include <cstdio>
#include <optional>
#include <string>

#include "heap/census.h"
#include "heap/difference.h"
#include "heap/dominators.h"
#include "heap/snapshot.h"

namespace memgc::trace {

struct HeapReportOptions {
  std::optional<std::size_t> top;  // rows of types; text: 20
  std::string type;                // a regular expression; empty: all types
  bool json = false;
  bool csv = false;
};

void print_census(std::FILE* out, const HeapReportOptions& options, Census census);
void print_difference(std::FILE* out, const HeapReportOptions& options, Difference difference);
void print_path(std::FILE* out, const HeapReportOptions& options, const Snapshot& snapshot, const Types& types,
                const Dominators& dominators, Snapshot::Node to);

}  // namespace memgc::trace
