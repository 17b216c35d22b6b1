// Job: the columns of `export --csv`: what each is called, what it holds, what it means. The names are those of memgc's
// JSON lines, where these have them; times are in seconds, sizes in bytes, shares from 0 to 1. A cell is empty where
// the line does not say. Constants.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "cycle.h"

namespace memgc::trace {

struct CsvColumn {
  std::string_view name;
  Part part;                                  // the line must have been read so far
  void (*print)(std::string&, const Cycle&);  // appends the cell
  std::string_view meaning;
};

std::span<const CsvColumn> csv_columns();
std::string csv_header();  // both with their newline
std::string csv_row(const Cycle& cycle);

}  // namespace memgc::trace
