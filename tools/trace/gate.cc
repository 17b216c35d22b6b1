// Job: see gate.h.
#include "gate.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <span>

namespace memgc::trace {
namespace {

struct NamedUnit {
  std::string_view name;
  double factor;
};

constexpr double kKi = 1024;
constexpr NamedUnit kTimes[] = {{"ns", 1e-9}, {"us", 1e-6}, {"ms", 1e-3}, {"s", 1}, {"min", 60}, {"h", 3600}};
constexpr NamedUnit kSizes[] = {
    {"B", 1}, {"KiB", kKi}, {"MiB", kKi* kKi}, {"GiB", kKi* kKi* kKi}, {"TiB", kKi* kKi* kKi* kKi}};
constexpr NamedUnit kRates[] = {
    {"B/s", 1}, {"KiB/s", kKi}, {"MiB/s", kKi* kKi}, {"GiB/s", kKi* kKi* kKi}, {"TiB/s", kKi* kKi* kKi* kKi}};
constexpr NamedUnit kShares[] = {{"%", 0.01}};
constexpr NamedUnit kPlain[] = {{"", 1}};

std::span<const NamedUnit> units_of(Unit unit) {
  switch (unit) {
    case Unit::kSeconds:
      return kTimes;
    case Unit::kBytes:
      return kSizes;
    case Unit::kBytesPerSecond:
      return kRates;
    case Unit::kShare:
      return kShares;
    case Unit::kCount:
    case Unit::kFlag:
      break;
  }
  return kPlain;
}

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
  while (!text.empty() && text.back() == ' ') text.remove_suffix(1);
  return text;
}

std::string accepted_figures() {
  std::string out;
  for (const FigureInfo& info : figure_infos()) out += (out.empty() ? "" : ", ") + info.key;
  return out;
}

}  // namespace

double parse_value(std::string_view text, Unit unit) {
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, std::chars_format::fixed);
  const std::string_view name = trimmed(text.substr(static_cast<std::size_t>(end - text.data())));
  std::string accepted;
  // Only a rate can be below zero: the slope of a heap that shrinks. from_chars takes "nan" for a number.
  const bool sensible = error == std::errc() && std::isfinite(value) && (value >= 0 || unit == Unit::kBytesPerSecond);
  for (const NamedUnit& known : units_of(unit)) {
    if (sensible && name == known.name) return value * known.factor;
    accepted += fmt::format("{}{}", accepted.empty() ? "" : ", ", known.name);
  }
  throw GateError(accepted.empty() ? fmt::format("'{}' is no plain number", text)
                                   : fmt::format("'{}' is no number with one of the units {}", text, accepted));
}

Gate parse_gate(std::string_view text) {
  const std::size_t op_at = text.find_first_of("<>=!");
  const std::size_t op_end = std::min(text.find_first_not_of("<>=!", op_at), text.size());
  Gate gate;
  gate.text = text;
  if (op_at != std::string_view::npos) gate.op = text.substr(op_at, op_end - op_at);
  const std::string_view ops[] = {">", ">=", "<", "<=", "==", "!="};
  if (std::find(std::begin(ops), std::end(ops), gate.op) == std::end(ops)) {
    throw GateError(
        fmt::format("--fail-if '{}': accepted is FIGURE, one of > >= < <= == !=, VALUE; as in p99>500us", text));
  }
  const std::string_view name = trimmed(text.substr(0, op_at));
  gate.figure = find_figure(name);
  if (gate.figure == nullptr) {
    throw GateError(fmt::format("--fail-if '{}': unknown figure '{}'; there are p50, p90, p99, p99.9, max, {}", text,
                                name, accepted_figures()));
  }
  try {
    // A JSON key has its unit in its name, and needs none in the value.
    const bool json_key = name == gate.figure->key + std::string(unit_suffix(gate.figure->unit)) &&
                          !unit_suffix(gate.figure->unit).empty();
    const std::string_view value = trimmed(text.substr(op_end));
    const bool plain = value.find_first_not_of("0123456789.") == std::string_view::npos;
    gate.value = parse_value(value, json_key && plain ? Unit::kCount : gate.figure->unit);
  } catch (const GateError& error) {
    throw GateError(fmt::format("--fail-if '{}': {}", text, error.what()));
  }
  return gate;
}

bool holds(const Gate& gate, const Figures& figures) {
  const Figure& figure = figures.at(gate.figure->key);
  if (!figure.value)
    throw GateError(fmt::format("--fail-if '{}': the trace does not say {}", gate.text, gate.figure->key));
  const double value = *figure.value;
  if (gate.op == ">") return value > gate.value;
  if (gate.op == ">=") return value >= gate.value;
  if (gate.op == "<") return value < gate.value;
  if (gate.op == "<=") return value <= gate.value;
  return (value == gate.value) == (gate.op == "==");
}

}  // namespace memgc::trace
