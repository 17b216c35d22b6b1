// Job: the load: many requests at once, and what became of them.
#pragma once

#include <cstddef>

namespace reports {

struct LoadOptions {
  int port = 0;
  unsigned clients = 64;
  std::size_t requests = 20;  // of each client, one after the other
  std::size_t rows = 15'000;  // some 4 MB
};

/// Prints how many requests were answered, shed and lost. Exit status: 0, or 1 when one was lost or answered wrong.
int load(const LoadOptions& options);

}  // namespace reports
