// Metrics as text. A small formatter of our own, with fmt: the libraries for this keep counters and hand them out, and
// what a heap has is already counted; filling their structures would take as many lines as printing.
#include "memgc/observe/metrics.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <iterator>
#include <stdexcept>
#include <system_error>
#include <utility>
#include <vector>

#include "runtime/observe/families.h"

namespace memgc {
namespace {

using observe::Family;
using observe::Kind;

constexpr std::string_view kNameOfKind[] = {"gauge", "counter", "histogram", "info"};

class Text final : public observe::SampleSink {
 public:
  explicit Text(MetricsFormat format) : open_(format == MetricsFormat::kOpenMetrics) {}

  // Prometheus' format knows no info, and calls a counter by what its samples are called.
  void begin(const Family& family) {
    family_ = family.name;
    const bool suffixed = !open_ && (family.kind == Kind::kCounter || family.kind == Kind::kInfo);
    const std::string_view suffix = !suffixed ? "" : family.kind == Kind::kInfo ? "_info" : "_total";
    const Kind kind = !open_ && family.kind == Kind::kInfo ? Kind::kGauge : family.kind;
    put("# HELP {}{} {}\n", family_, suffix, family.help);
    put("# TYPE {}{} {}\n", family_, suffix, kNameOfKind[static_cast<std::size_t>(kind)]);
    if (open_ && !family.unit.empty() && family_.ends_with(family.unit)) put("# UNIT {} {}\n", family_, family.unit);
  }
  void begin_heap(std::string_view label) { heap_ = label; }

  void sample(std::string_view suffix, std::string_view labels, double value) override {
    begin_sample(suffix, labels);
    if (std::isinf(value)) {
      put("+Inf\n");
    } else {
      put("{}\n", value);
    }
  }
  void sample(std::string_view suffix, std::string_view labels, std::uint64_t value) override {
    begin_sample(suffix, labels);
    put("{}\n", value);
  }

  std::string end() {
    if (open_) put("# EOF\n");
    return std::move(out_);
  }

 private:
  void begin_sample(std::string_view suffix, std::string_view labels) {
    put("{}{}", family_, suffix);
    const std::string_view comma = heap_.empty() || labels.empty() ? "" : ",";
    if (!heap_.empty() || !labels.empty()) put("{{{}{}{}}}", heap_, comma, labels);
    out_ += ' ';
  }
  template <class... Arguments>
  void put(fmt::format_string<Arguments...> format, Arguments&&... arguments) {
    fmt::format_to(std::back_inserter(out_), format, std::forward<Arguments>(arguments)...);
  }

  const bool open_;
  std::string out_;
  std::string_view family_;
  std::string_view heap_;  // its label, or nothing
};

// All samples of a family stand together, whichever heap they are of.
std::string text_of(std::span<const Metrics* const> heaps, std::span<const std::string> labels, MetricsFormat format) {
  Text text(format);
  for (const Family& family : observe::families()) {
    text.begin(family);
    for (std::size_t i = 0; i < heaps.size(); ++i) {
      text.begin_heap(labels[i]);
      family.samples(*heaps[i], text);
    }
  }
  return text.end();
}

std::string_view trimmed(std::string_view text) {
  const std::size_t begin = std::min(text.find_first_not_of(" \t"), text.size());
  const std::size_t end = text.find_last_not_of(" \t");
  return end == std::string_view::npos ? "" : text.substr(begin, end + 1 - begin);
}

// What stands before the next `separator`, which is taken off `rest` with it.
std::string_view next_part(std::string_view& rest, char separator) {
  const std::size_t at = std::min(rest.find(separator), rest.size());
  const std::string_view part = trimmed(rest.substr(0, at));
  rest.remove_prefix(std::min(at + 1, rest.size()));
  return part;
}

// Of a media range's parameters: how much it is wanted, 1 if it does not say.
double quality(std::string_view parameters) {
  double value = 1;
  while (!parameters.empty()) {
    const std::string_view part = next_part(parameters, ';');
    if (!part.starts_with("q=")) continue;
    if (std::from_chars(part.data() + 2, part.data() + part.size(), value).ec != std::errc()) value = 0;
  }
  return value;
}

}  // namespace

std::string prometheus_text(const Metrics& metrics, MetricsFormat format) {
  const Metrics* const heap = &metrics;
  const std::string label;
  return text_of({&heap, 1}, {&label, 1}, format);
}

std::string prometheus_text(std::span<const NamedMetrics> heaps, MetricsFormat format) {
  std::vector<const Metrics*> metrics;
  std::vector<std::string> labels;
  for (const NamedMetrics& heap : heaps) {
    check_heap_name(heap.name);
    metrics.push_back(&heap.metrics);
    labels.push_back(fmt::format("heap=\"{}\"", heap.name));
    if (std::find(labels.begin(), labels.end() - 1, labels.back()) != labels.end() - 1) {
      throw std::invalid_argument(fmt::format("two heaps have the name \"{}\"", heap.name));
    }
  }
  return text_of(metrics, labels, format);
}

void check_heap_name(std::string_view name) {
  constexpr std::size_t kMost = 64;
  const auto accepted = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           std::string_view("_.:/-").find(c) != std::string_view::npos;
  };
  if (!name.empty() && name.size() <= kMost && std::all_of(name.begin(), name.end(), accepted)) return;
  throw std::invalid_argument(
      fmt::format("a heap's name of {} characters: accepted are 1 to 64 letters, digits and _ . : / -", name.size()));
}

MetricsFormat accepted_format(std::string_view accept) {
  double open = 0, text = 0;
  while (!accept.empty()) {
    std::string_view rest = next_part(accept, ',');
    const std::string_view type = next_part(rest, ';');
    if (type == "application/openmetrics-text") open = std::max(open, quality(rest));
    if (type == "text/plain") text = std::max(text, quality(rest));
  }
  return open > 0 && open >= text ? MetricsFormat::kOpenMetrics : MetricsFormat::kPrometheus;
}

const char* content_type(MetricsFormat format) {
  return format == MetricsFormat::kOpenMetrics ? "application/openmetrics-text; version=1.0.0; charset=utf-8"
                                               : "text/plain; version=0.0.4; charset=utf-8";
}

}  // namespace memgc
