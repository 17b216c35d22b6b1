// Job: what one allocator's program is made of: a main() that all share, and a translation unit per policy.
#pragma once

#include <string>

#include "workloads/sizes.h"

namespace memgc_bench {

struct PolicyInfo {
  const char* name;
  std::string version;
  bool malloc_is_glibc;  // the program's own malloc must be the C library's
};

// Defined by policy_program.cc, once per allocator.
PolicyInfo policy_info();
void register_workloads(const Sizes& sizes);

}  // namespace memgc_bench
