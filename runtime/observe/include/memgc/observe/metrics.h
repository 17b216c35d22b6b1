// Metrics of heaps as text: in Prometheus' format, in OpenMetrics, and as JSON. ObserveServer (server.h) serves them; a
// program that has a server of its own calls these.
//
// Threads: any, attached or not. Nothing here touches a heap: they format what they are given.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "memgc/internal/export.h"
#include "memgc/metrics.h"

namespace memgc {

/// One of several heaps. Its name is the label `heap`: 1 to 64 letters, digits and `_ . : / -`. Names are the program's
/// and few: each is a time series of every metric for whoever collects them.
struct NamedMetrics {
  std::string name;
  Metrics metrics;
};

enum class MetricsFormat {
  kPrometheus,   ///< Text format 0.0.4, which everybody reads.
  kOpenMetrics,  ///< OpenMetrics 1.0: with units, and an end.
};

/// Metrics of one heap, without a label for it.
MEMGC_EXPORT std::string prometheus_text(const Metrics& metrics, MetricsFormat format = MetricsFormat::kPrometheus);
/// Of several. Throws std::invalid_argument if a name is not as above or is there twice.
MEMGC_EXPORT std::string prometheus_text(std::span<const NamedMetrics> heaps,
                                         MetricsFormat format = MetricsFormat::kPrometheus);
/// Throws std::invalid_argument, one line, if `name` may not be the name of a heap.
MEMGC_EXPORT void check_heap_name(std::string_view name);

/// What to answer who asks with this HTTP header `Accept`, and the answer's content type.
MEMGC_EXPORT MetricsFormat accepted_format(std::string_view accept);
MEMGC_EXPORT const char* content_type(MetricsFormat format);

/// All figures as one JSON object, {"schema":1,"heaps":[{"name":..., ...}]}. A key's end is its unit; what there is not
/// is null.
MEMGC_EXPORT std::string metrics_json(std::span<const NamedMetrics> heaps);

}  // namespace memgc
