// Job: see json_line.h.
#include "json_line.h"

#include <charconv>
#include <iterator>

namespace memgc::trace {
namespace {

constexpr std::string_view kStart = "{\"schema\":1,\"event\":\"gc_cycle\"";
constexpr double kMilli = 1e3;
constexpr double kMiB = 1024.0 * 1024.0;

struct Key {
  std::string_view name;
  Part part;
  void (*set)(Cycle&, double);
};

// In the order in which memgc writes them: looking for the next one first finds it at once.
constexpr Key kKeys[] = {
    {"heap", Part::kHeader, [](Cycle& c, double v) { c.heap = static_cast<std::uint32_t>(v); }},
    {"cycle", Part::kHeader, [](Cycle& c, double v) { c.number = static_cast<std::uint64_t>(v); }},
    {"begin_seconds", Part::kHeader, [](Cycle& c, double v) { c.begin_seconds = v; }},
    {"gc_cpu_ratio", Part::kHeader, [](Cycle& c, double v) { c.gc_percent = v * 100; }},
    {"opening_stop_seconds", Part::kClock, [](Cycle& c, double v) { c.opening_stop_ms = v * kMilli; }},
    {"concurrent_seconds", Part::kClock, [](Cycle& c, double v) { c.concurrent_ms = v * kMilli; }},
    {"closing_stop_seconds", Part::kClock, [](Cycle& c, double v) { c.closing_stop_ms = v * kMilli; }},
    {"opening_cpu_seconds", Part::kCpu, [](Cycle& c, double v) { c.opening_cpu_ms = v * kMilli; }},
    {"assist_cpu_seconds", Part::kCpu, [](Cycle& c, double v) { c.assist_cpu_ms = v * kMilli; }},
    {"background_cpu_seconds", Part::kCpu, [](Cycle& c, double v) { c.background_cpu_ms = v * kMilli; }},
    {"idle_cpu_seconds", Part::kCpu, [](Cycle& c, double v) { c.idle_cpu_ms = v * kMilli; }},
    {"closing_cpu_seconds", Part::kCpu, [](Cycle& c, double v) { c.closing_cpu_ms = v * kMilli; }},
    {"heap_start_bytes", Part::kHeap, [](Cycle& c, double v) { c.start_mib = v / kMiB; }},
    {"heap_end_bytes", Part::kHeap, [](Cycle& c, double v) { c.end_mib = v / kMiB; }},
    {"heap_live_bytes", Part::kHeap, [](Cycle& c, double v) { c.live_mib = v / kMiB; }},
    {"heap_goal_bytes", Part::kGoal, [](Cycle& c, double v) { c.goal_mib = v / kMiB; }},
    {"stacks_bytes", Part::kWhole, [](Cycle& c, double v) { c.stacks_mib = v / kMiB; }},
    {"globals_bytes", Part::kWhole, [](Cycle& c, double v) { c.globals_mib = v / kMiB; }},
    {"processors", Part::kWhole, [](Cycle& c, double v) { c.processors = static_cast<unsigned>(v); }},
};
constexpr std::size_t kKeyCount = std::size(kKeys);

class Fields {
 public:
  explicit Fields(Cycle& cycle) : cycle_(cycle) {}

  // False if the value cannot be that key's.
  bool set(std::string_view name, std::string_view value) {
    if (name == "kind") cycle_.minor = value == "\"minor\"";
    if (name == "cause") cycle_.forced = value == "\"forced\"";
    for (std::size_t tried = 0; tried < kKeyCount; ++tried, next_ = (next_ + 1) % kKeyCount) {
      const Key& key = kKeys[next_];
      if (key.name != name) continue;
      double number = 0;
      if (value == "null" && key.part == Part::kGoal) {
        number = kNoGoalMib * kMiB;
      } else if (!read_number(value, number)) {
        return false;
      }
      key.set(cycle_, number);
      seen_ |= 1u << next_;
      next_ = (next_ + 1) % kKeyCount;
      return true;
    }
    return true;
  }

  // The last part of which, and of all parts before it, every key has been seen.
  Part read_to() const {
    Part first_missing = Part::kWhole;
    bool missing = false;
    for (std::size_t i = 0; i < kKeyCount; ++i) {
      if ((seen_ >> i & 1) != 0) continue;
      if (!missing || kKeys[i].part < first_missing) first_missing = kKeys[i].part;
      missing = true;
    }
    return missing ? static_cast<Part>(static_cast<int>(first_missing) - 1) : Part::kWhole;
  }

 private:
  static bool read_number(std::string_view value, double& number) {
    const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), number);
    return error == std::errc() && end == value.data() + value.size() && number >= 0 && number < 1e19;
  }

  Cycle& cycle_;
  std::size_t next_ = 0;
  std::uint32_t seen_ = 0;
};
static_assert(kKeyCount <= 32);

}  // namespace

std::size_t find_json_start(std::string_view text, std::size_t from) { return text.find(kStart, from); }

LineResult parse_json_line(std::string_view text, Cycle& cycle) {
  cycle = Cycle{};
  Fields fields(cycle);
  LineResult result{LineEnd::kTruncated, 0, 0};
  std::size_t at = 1;  // behind the brace
  while (at < text.size()) {
    const std::size_t colon = text.find("\":", at);
    if (text[at] != '"') result.end = LineEnd::kMalformed;
    if (text[at] != '"' || colon == std::string_view::npos) break;
    const std::size_t end = text.find_first_of(",}", colon);
    if (end == std::string_view::npos) break;
    if (!fields.set(text.substr(at + 1, colon - at - 1), text.substr(colon + 2, end - colon - 2))) {
      result.end = LineEnd::kMalformed;
      break;
    }
    at = end + 1;
    if (text[end] != '}') continue;
    result.end = fields.read_to() == Part::kWhole ? LineEnd::kWhole : LineEnd::kMalformed;
    break;
  }
  cycle.read_to = fields.read_to();
  if (cycle.read_to == Part::kWhole && result.end != LineEnd::kWhole) cycle.read_to = Part::kGoal;
  return result;
}

}  // namespace memgc::trace
