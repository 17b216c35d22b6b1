// Job: see line.h.
#include "line.h"

#include <cstring>

namespace memgc::trace {
namespace {

constexpr double kPowersOfTen[] = {1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15};

bool is_digit(char c) { return c >= '0' && c <= '9'; }

// Goes over the text once. The first thing that does not fit ends it: failed() from then on.
class Scanner {
 public:
  explicit Scanner(std::string_view text) : text_(text) {}

  // A whole number of at most 18 digits.
  std::uint64_t whole() {
    std::uint64_t value = 0;
    digits(value, 18);
    number_ = at_;
    return value;
  }

  // Digits with a fraction or without. Exact as far as a double is: both parts of the division are whole numbers.
  double decimal() {
    std::uint64_t value = 0;
    const std::size_t integer = digits(value, 15);
    double result = static_cast<double>(value);
    if (!failed_ && next_is('.')) {
      ++at_;
      const std::size_t fraction = digits(value, 15 - integer);
      if (!failed_) result = static_cast<double>(value) / kPowersOfTen[fraction];
    }
    number_ = at_;
    return result;
  }

  // The separator that must come now.
  bool expect(std::string_view separator) {
    if (failed_) return false;
    const std::string_view rest = text_.substr(at_);
    if (rest.substr(0, separator.size()) == separator) {
      at_ += separator.size();
      settled_ = at_;
      return true;
    }
    fail(rest == separator.substr(0, rest.size()));
    return false;
  }

  // The separator that may come now.
  bool accept(std::string_view separator) {
    if (failed_ || text_.substr(at_, separator.size()) != separator) return false;
    at_ += separator.size();
    settled_ = at_;
    return true;
  }

  // What comes before the next comma.
  std::string_view word() {
    if (failed_) return {};
    const std::size_t begin = at_;
    while (at_ < text_.size() && text_[at_] != ',') ++at_;
    return text_.substr(begin, at_ - begin);
  }

  bool failed() const { return failed_; }
  void fail(bool at_end) {
    failed_ = true;
    at_end_ = at_end;
  }
  std::string_view rest() const { return text_.substr(at_); }

  LineResult result() const {
    const LineEnd failure = at_end_ ? LineEnd::kTruncated : LineEnd::kMalformed;
    return {failed_ ? failure : LineEnd::kWhole, settled_, number_ > settled_ ? number_ : settled_};
  }

 private:
  bool next_is(char c) const { return at_ < text_.size() && text_[at_] == c; }

  // Appends digits to `value`, at least one and at most `most`. Returns how many.
  std::size_t digits(std::uint64_t& value, std::size_t most) {
    if (failed_) return 0;
    const std::size_t begin = at_;
    while (at_ < text_.size() && is_digit(text_[at_])) {
      if (at_ - begin == most) {
        fail(false);
        return 0;
      }
      value = value * 10 + static_cast<std::uint64_t>(text_[at_++] - '0');
    }
    if (at_ == begin) fail(at_ == text_.size());
    return at_ - begin;
  }

  std::string_view text_;
  std::size_t at_ = 0;
  std::size_t settled_ = 0;
  std::size_t number_ = 0;
  bool failed_ = false;
  bool at_end_ = false;
};

// "0.031+4.2+0.018": the first, the last, and the sum of what is between.
void read_clock(Scanner& in, Cycle& cycle) {
  cycle.opening_stop_ms = in.decimal();
  in.expect("+");
  double last = in.decimal();
  double between = 0;
  while (in.accept("+")) {
    between += last;
    last = in.decimal();
  }
  cycle.concurrent_ms = between;
  cycle.closing_stop_ms = last;
  if (in.expect(" ms clock, ")) cycle.read_to = Part::kClock;
}

// "0.062+0.41/3.9/1.2+0.036". Go 1.5 has two more phases before the slashes: they ran beside the program.
void read_cpu(Scanner& in, Cycle& cycle) {
  cycle.opening_cpu_ms = in.decimal();
  in.expect("+");
  double phase = in.decimal();
  double earlier = 0;
  while (in.accept("+")) {
    earlier += phase;
    phase = in.decimal();
  }
  cycle.assist_cpu_ms = phase;
  in.expect("/");
  cycle.background_cpu_ms = earlier + in.decimal();
  in.expect("/");
  cycle.idle_cpu_ms = in.decimal();
  in.expect("+");
  cycle.closing_cpu_ms = in.decimal();
  if (in.expect(" ms cpu, ")) cycle.read_to = Part::kCpu;
}

void read_heap(Scanner& in, Cycle& cycle) {
  cycle.start_mib = in.decimal();
  in.expect("->");
  cycle.end_mib = in.decimal();
  in.expect("->");
  cycle.live_mib = in.decimal();
  if (in.expect(" MB, ")) cycle.read_to = Part::kHeap;
}

// "42 MB goal, 0 MB stacks, 0 MB globals, 2 P" in any order, with fields that we do not know.
void read_tail(Scanner& in, Cycle& cycle) {
  while (!in.failed()) {
    const double value = in.decimal();
    if (in.accept(" P")) {
      const std::string_view rest = in.rest();
      const bool ends = rest.empty() || rest[0] == ' ' || rest[0] == ',' || rest[0] == '\r';
      if (!ends || cycle.read_to < Part::kGoal) return in.fail(false);
      cycle.processors = static_cast<unsigned>(value);
      cycle.read_to = Part::kWhole;
      return;
    }
    if (!in.expect(" ")) return;
    const std::string_view name = in.word();
    if (!in.expect(", ")) return;
    if (name == "MB goal") {
      cycle.goal_mib = value;
      cycle.read_to = Part::kGoal;
    } else if (name == "MB stacks") {
      cycle.stacks_mib = value;
    } else if (name == "MB globals") {
      cycle.globals_mib = value;
    }
  }
}

}  // namespace

LineResult parse_line(std::string_view text, Cycle& cycle) {
  cycle = Cycle{};
  cycle.read_to = Part::kNothing;
  Scanner in(text);
  in.expect("gc ");
  cycle.number = in.whole();
  in.expect(" @");
  cycle.begin_seconds = in.decimal();
  in.expect("s ");
  cycle.gc_percent = in.decimal();
  if (in.expect("%: ")) cycle.read_to = Part::kHeader;
  read_clock(in, cycle);
  read_cpu(in, cycle);
  read_heap(in, cycle);
  read_tail(in, cycle);
  if (!in.failed() && !in.rest().empty()) {
    cycle.forced = in.rest().find(" (forced)") != std::string_view::npos;
    cycle.minor = in.rest().find(" (minor)") != std::string_view::npos;
  }
  return in.result();
}

// By its '@', which is rare in other output and which memchr finds faster than anything finds "gc ".
std::size_t find_line_start(std::string_view text, std::size_t from) {
  for (std::size_t at = from; at < text.size(); ++at) {
    const void* found = std::memchr(text.data() + at, '@', text.size() - at);
    if (found == nullptr) break;
    at = static_cast<std::size_t>(static_cast<const char*>(found) - text.data());
    if (at < 1 || text[at - 1] != ' ') continue;
    std::size_t number = at - 1;
    while (number > from && is_digit(text[number - 1])) --number;
    if (number < from + 3 || number == at - 1 || text.substr(number - 3, 3) != "gc ") continue;
    return number - 3;
  }
  return std::string_view::npos;
}

}  // namespace memgc::trace
