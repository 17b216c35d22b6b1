// Job: see reader.h.
#include "reader.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "json_line.h"
#include "line.h"
#include "runs.h"

namespace memgc::trace {
namespace {

// The next trace line of either kind.
std::size_t find_start(std::string_view text, std::size_t from) {
  return std::min(find_line_start(text, from), find_json_start(text, from));
}

}  // namespace

class Reader::Impl {
 public:
  explicit Impl(Handlers handlers) : handlers_(std::move(handlers)) {}

  void begin_source(std::string name) {
    end_line();
    source_ = std::move(name);
    line_ = 0;
  }
  void feed(std::string_view bytes);
  void end_line();  // of a last line without newline
  const ReadStatus& status() const { return status_; }

 private:
  static constexpr std::size_t kLongLine = 64 * kLineBytes;  // from here on a line is read in parts

  void carry(std::string_view part);
  void line(std::string_view text);
  std::size_t scan(std::string_view text);
  void trace_line(std::string_view text);
  void report(std::string_view text);

  Handlers handlers_;
  ReadStatus status_;
  Runs runs_;
  std::string source_ = "-";
  std::uint64_t line_ = 0;  // of source_, the one being read
  std::string carried_;     // a line's beginning, whose end has not come yet
  bool in_line_ = false;    // there is such a beginning, possibly read already
  bool found_ = false;      // it had a trace line
};

void Reader::Impl::feed(std::string_view bytes) {
  status_.bytes += bytes.size();
  while (!bytes.empty()) {
    const void* newline = std::memchr(bytes.data(), '\n', bytes.size());
    if (newline == nullptr) return carry(bytes);
    const auto length = static_cast<std::size_t>(static_cast<const char*>(newline) - bytes.data());
    if (in_line_) {
      carry(bytes.substr(0, length));
      end_line();
    } else {
      line(bytes.substr(0, length));
    }
    bytes.remove_prefix(length + 1);
  }
}

// Keeps what may yet become a trace line, and reads the rest of a line that is too long to keep.
void Reader::Impl::carry(std::string_view part) {
  if (!in_line_) {
    in_line_ = true;
    found_ = false;
    ++line_;
  }
  while (!part.empty()) {
    const std::size_t taken = std::min(part.size(), kLongLine - carried_.size());
    carried_.append(part.substr(0, taken));
    part.remove_prefix(taken);
    if (carried_.size() < kLongLine) return;
    // A trace line that begins near the end stays whole: it is shorter than kLineBytes.
    std::size_t cut = kLongLine - kLineBytes;
    for (std::size_t start = find_start(carried_, cut - kLineBytes); start < cut;) {
      const std::size_t next = find_start(carried_, start + 1);
      if (next >= cut) cut = start;
      start = next;
    }
    if (scan(std::string_view(carried_).substr(0, cut)) > 0) found_ = true;
    carried_.erase(0, cut);
  }
}

void Reader::Impl::end_line() {
  if (!in_line_) return;
  if (scan(carried_) > 0) found_ = true;
  ++status_.lines;
  if (!found_) ++status_.other;
  carried_.clear();
  in_line_ = false;
}

void Reader::Impl::line(std::string_view text) {
  ++line_;
  ++status_.lines;
  if (scan(text) == 0) ++status_.other;
}

// Reads the trace lines in one line of output: more than one if writers got in each other's way. Returns how many.
std::size_t Reader::Impl::scan(std::string_view text) {
  std::size_t found = 0;
  for (std::size_t start = find_start(text, 0); start != std::string_view::npos; ++found) {
    const std::size_t next = find_start(text, start + 1);
    trace_line(text.substr(start, std::min(next - start, kLineBytes)));
    start = next;
  }
  return found;
}

void Reader::Impl::trace_line(std::string_view text) {
  if (!text.empty() && text.back() == '\r') text.remove_suffix(1);
  Cycle cycle;
  const LineResult result = text.starts_with('{') ? parse_json_line(text, cycle) : parse_line(text, cycle);
  if (result.end == LineEnd::kTruncated) ++status_.truncated;
  if (result.end == LineEnd::kMalformed) report(text);
  if (!cycle.has(Part::kHeader)) return;
  runs_.place(cycle);
  status_.lost += cycle.lost_before;
  status_.restarts = runs_.count() - 1;
  if (result.end == LineEnd::kWhole) {
    ++status_.cycles;
    handlers_.cycle(cycle);
  } else if (handlers_.partial) {
    handlers_.partial(cycle);
  }
}

void Reader::Impl::report(std::string_view text) {
  ++status_.malformed;
  if (handlers_.malformed) handlers_.malformed({source_, line_, text.substr(0, 512)});
}

Reader::Reader(Handlers handlers) : impl_(std::make_unique<Impl>(std::move(handlers))) {}
Reader::~Reader() = default;
void Reader::begin_source(std::string name) { impl_->begin_source(std::move(name)); }
void Reader::feed(std::string_view bytes) { impl_->feed(bytes); }
void Reader::finish() { impl_->end_line(); }
const ReadStatus& Reader::status() const { return impl_->status(); }

}  // namespace memgc::trace
