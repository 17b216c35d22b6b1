// Job: what machine this is, for the record.
#pragma once

#include <nlohmann/json.hpp>

namespace memgc_bench {

/// Processor, how many this process may use, memory, kernel, huge pages, load. What cannot be read is "unknown".
nlohmann::ordered_json describe_machine();

/// The one-minute load average; 0 if unknown.
double load_average();

}  // namespace memgc_bench
