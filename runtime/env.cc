// Job: parse MEMGC, MEMLIMIT and MEMDEBUG. Pure but for from_env(), which reads the environment.
//
// Nothing is guessed: a text is accepted whole or refused with a line that names the variable, the text and what is
// accepted.
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <optional>
#include <span>
#include <vector>

#include "allocator/base/bits.h"
#include "memgc/options.h"
#include "runtime/processors.h"

namespace memgc {
namespace {

constexpr std::string_view kGrowthAccepted = "a non-negative whole number (percent), or off";
constexpr std::string_view kLimitAccepted =
    "bytes with an optional B, KiB, MiB, GiB or TiB, or off, or 1% to 100% of the memory of the container or the "
    "machine";

// The text as one printable line: control characters escaped, at most 64 characters of it.
std::string quoted(std::string_view text) {
  std::string out = "\"";
  for (const char c : text.substr(0, 64)) {
    if (c == '\n') {
      out += "\\n";
    } else if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) {
      out += '?';
    } else {
      out += c;
    }
  }
  if (text.size() > 64) out += "...";
  return out + '"';
}

[[noreturn]] void refuse(std::string_view variable, std::string_view text, std::string_view accepted) {
  throw ConfigError("memgc: " + std::string(variable) + "=" + quoted(text) + " is malformed: accepted is " +
                    std::string(accepted));
}

// Digits only: no sign, no space, no empty text.
template <class Integer>
std::optional<Integer> parse_digits(std::string_view text) {
  if (text.empty() || !std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; })) return {};
  Integer value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return {};
  return value;
}

int parse_growth(std::string_view text) {
  if (text == "off") return Options::kOff;
  const auto value = parse_digits<std::int32_t>(text);
  if (!value) refuse("MEMGC", text, kGrowthAccepted);
  return *value;
}

std::size_t parse_limit(std::string_view text) {
  if (text == "off") return Options::kNoLimit;
  const std::size_t unit_at = std::min(text.find_first_not_of("0123456789"), text.size());
  const std::string_view unit = text.substr(unit_at);
  const auto value = parse_digits<std::uint64_t>(text.substr(0, unit_at));
  if (!value) refuse("MEMLIMIT", text, kLimitAccepted);
  if (unit == "%") {
    if (*value < 1 || *value > 100) refuse("MEMLIMIT", text, kLimitAccepted);
    return internal::percent_of(internal::memory_for_this_process(), *value);
  }
  constexpr std::pair<std::string_view, unsigned> kUnits[] = {{"", 0},     {"B", 0},    {"KiB", 10},
                                                              {"MiB", 20}, {"GiB", 30}, {"TiB", 40}};
  for (const auto& [name, shift] : kUnits) {
    if (unit != name) continue;
    if (*value > (std::uint64_t{INT64_MAX} >> shift)) refuse("MEMLIMIT", text, kLimitAccepted);
    return static_cast<std::size_t>(*value << shift);
  }
  refuse("MEMLIMIT", text, kLimitAccepted);
}

struct Flag {
  std::string_view name;
  bool DebugOptions::*field;
};
constexpr Flag kFlags[] = {
    {"scavtrace", &DebugOptions::scavtrace},           {"pacertrace", &DebugOptions::pacertrace},
    {"gccheckmark", &DebugOptions::gccheckmark},       {"clobberfree", &DebugOptions::clobberfree},
    {"gcstoptheworld", &DebugOptions::gcstoptheworld}, {"precisecheck", &DebugOptions::precisecheck},
    {"hugepages", &DebugOptions::hugepages},           {"types", &DebugOptions::types},
};
struct Number {
  std::string_view name;
  std::uint32_t DebugOptions::*field;
};
constexpr Number kNumbers[] = {{"gcstress", &DebugOptions::gcstress},     {"safepointms", &DebugOptions::safepointms},
                               {"gcperiodms", &DebugOptions::gcperiodms}, {"profilerate", &DebugOptions::profilerate},
                               {"waitrate", &DebugOptions::waitrate},     {"profileseed", &DebugOptions::profileseed}};

constexpr std::string_view kGenerational = "generational";

Generational parse_generational(std::string_view value, std::string_view whole) {
  constexpr std::pair<std::string_view, Generational> kValues[] = {
      {"0", Generational::off}, {"1", Generational::on}, {"auto", Generational::automatic}};
  for (const auto& [text, meaning] : kValues) {
    if (value == text) return meaning;
  }
  refuse("MEMDEBUG", whole, "generational=0, generational=1 or generational=auto");
}

constexpr std::string_view kGctrace = "gctrace";

void parse_gctrace(std::string_view value, std::string_view whole, DebugOptions& debug) {
  if (value != "0" && value != "1" && value != "json")
    refuse("MEMDEBUG", whole, "gctrace=0, gctrace=1 or gctrace=json");
  debug.gctrace = value != "0";
  debug.gctrace_json = value == "json";
}

std::string accepted_debug() {
  std::string out = "name=value separated by commas, with gctrace=0|1|json, generational=0|1|auto, ";
  for (const Flag& flag : kFlags) out += std::string(flag.name) + "=0|1, ";
  for (const Number& number : kNumbers) out += std::string(number.name) + "=N, ";
  out.resize(out.size() - 2);
  return out;
}

void parse_one_debug(std::string_view item, std::string_view whole, Options& options) {
  DebugOptions& debug = options.debug;
  const std::size_t equals = item.find('=');
  const std::string_view name = item.substr(0, equals);
  const std::string_view value = equals == std::string_view::npos ? std::string_view() : item.substr(equals + 1);
  if (name == kGenerational) {
    options.generational = parse_generational(value, whole);
    return;
  }
  if (name == kGctrace) {
    parse_gctrace(value, whole, debug);
    return;
  }
  for (const Flag& flag : kFlags) {
    if (name != flag.name) continue;
    if (value != "0" && value != "1")
      refuse("MEMDEBUG", whole, std::string(name) + "=0 or " + std::string(name) + "=1");
    debug.*flag.field = value == "1";
    return;
  }
  for (const Number& number : kNumbers) {
    if (name != number.name) continue;
    const auto parsed = parse_digits<std::uint32_t>(value);
    if (!parsed) refuse("MEMDEBUG", whole, std::string(name) + "= a non-negative whole number");
    debug.*number.field = *parsed;
    return;
  }
  refuse("MEMDEBUG", whole, accepted_debug());
}

void parse_debug(std::string_view text, Options& options) {
  std::vector<std::string_view> names;
  for (std::size_t at = 0; at <= text.size();) {
    const std::size_t comma = std::min(text.find(',', at), text.size());
    const std::string_view item = text.substr(at, comma - at);
    const std::string_view name = item.substr(0, item.find('='));
    if (std::find(names.begin(), names.end(), name) != names.end()) {
      refuse("MEMDEBUG", text, "each name once, but " + quoted(name) + " is there twice");
    }
    names.push_back(name);
    parse_one_debug(item, text, options);
    at = comma + 1;
  }
}

std::string_view variable(const char* name) {
  const char* text = ::secure_getenv(name);
  return text != nullptr ? text : "";
}

}  // namespace

Options Options::parse(std::string_view memgc, std::string_view memlimit, std::string_view memdebug,
                       const Options& defaults) {
  Options options = defaults;
  if (!memgc.empty()) options.growth_percent = parse_growth(memgc);
  if (!memlimit.empty()) options.memory_limit = parse_limit(memlimit);
  if (!memdebug.empty()) parse_debug(memdebug, options);
  return options;
}

Options Options::from_env(const Options& defaults) {
  return parse(variable("MEMGC"), variable("MEMLIMIT"), variable("MEMDEBUG"), defaults);
}

Options Options::from_env() { return from_env(Options{}); }

}  // namespace memgc
