// Job: a stream of cycles in a format of others. What comes out goes to a sink at once, in pieces: memory is constant.
//
// Calls come in this order: begin, add..., end. One thread.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string_view>

#include "cycle.h"
#include "reader.h"

namespace memgc::trace {

using Sink = std::function<void(std::string_view)>;

class Exporter {
 public:
  virtual ~Exporter() = default;
  virtual void begin() {}
  virtual void add(const Cycle& cycle) = 0;  // whole, or as far as its line could be read
  virtual void end(const ReadStatus&) {}
};

// Comma-separated values, a row for each cycle: csv.h.
std::unique_ptr<Exporter> make_csv(Sink sink);
// Chrome's trace-event format in JSON, which ui.perfetto.dev opens.
std::unique_ptr<Exporter> make_perfetto(Sink sink);
// Prometheus' text format: totals of the whole stream.
std::unique_ptr<Exporter> make_prometheus(Sink sink);

}  // namespace memgc::trace
