#include "runner/plan.h"

#include <algorithm>

namespace memgc_bench {

std::vector<Configuration> all_configurations(const std::vector<std::string>& memgc_percents) {
  std::vector<Configuration> result = {
      {kBaseline, "memgc-bench-mimalloc-heap", {}},
      {"mimalloc", "memgc-bench-mimalloc", {}},
      {"mimalloc destroy", "memgc-bench-mimalloc-destroy", {}},
      {"jemalloc arena", "memgc-bench-jemalloc-arena", {}},
      {"jemalloc", "memgc-bench-jemalloc", {}},
      {"glibc malloc", "memgc-bench-glibc", {}},
      {"bdwgc", "memgc-bench-bdwgc", {}},
  };
  for (const std::string& percent : memgc_percents) {
    result.push_back({"memgc " + percent, "memgc-bench-memgc", {{"MEMGC", percent}}});
  }
  return result;
}

std::vector<std::size_t> order_of(std::size_t count, std::size_t repetition) {
  std::vector<std::size_t> order(count);
  for (std::size_t i = 0; i < count; ++i) order[i] = (i + repetition) % count;
  if (repetition % 2 == 1) std::reverse(order.begin(), order.end());
  return order;
}

}  // namespace memgc_bench
