// Job: the figures of a summary: what each is called, its unit, what it is of, what it means.
//
// Text, JSON, CSV, --fail-if and explain all go by the one table in figures.cc; a figure is in all of them or in none.
//
// Values: seconds, bytes, shares from 0 to 1. One thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace memgc::trace {

enum class Unit { kCount, kSeconds, kBytes, kShare, kBytesPerSecond, kFlag };

struct FigureInfo {
  std::string key;    // "stop_wall_p99"
  std::string group;  // "Stops, wall"
  std::string label;  // "p99", within its group
  Unit unit = Unit::kCount;
  bool suffers = true;  // when lines are missing
  std::string meaning;  // one sentence or two
};

// All that there are, in the order of printing.
const std::vector<FigureInfo>& figure_infos();
// By its key, its JSON key, or a short name ("p99" for "stop_wall_p99", dots for underscores); null if there is none.
const FigureInfo* find_figure(std::string_view name);

// "_seconds", as the JSON key ends; empty for counts.
std::string_view unit_suffix(Unit unit);
// For people: "31 us", "1.5 GiB", "12 %", "3.2 MiB/s".
std::string to_text(double value, Unit unit);
// For columns: "1.0 KiB", always with one decimal but for bytes; more than nothing begins with `sign`.
std::string of_bytes(double bytes, const char* sign = "");

struct Figure {
  const FigureInfo* info = nullptr;
  std::optional<double> value;  // empty: the trace does not say
  std::string of;               // the denominator: "of 2400 stops"
  bool suffers = false;         // lines are missing that it should have been made of
};

class Figures {
 public:
  Figures();
  void set(std::string_view key, std::optional<double> value, std::string of = {});
  const std::vector<Figure>& all() const { return all_; }
  const Figure& at(std::string_view key) const;
  // Marks those that missing lines make doubtful, each with `remark`.
  void suffer(std::string remark);
  const std::string& remark() const { return remark_; }

 private:
  std::vector<Figure> all_;
  std::string remark_;
};

}  // namespace memgc::trace
