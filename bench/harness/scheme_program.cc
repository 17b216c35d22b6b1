// Job: the Scheme interpreter's measuring programs as a program of their own, which takes the same flags as the others.
#include <fmt/format.h>

#include <algorithm>
#include <string>

#include "harness/measure.h"
#include "harness/program.h"
#include "workloads/scheme.h"

namespace memgc_bench {

PolicyInfo policy_info() { return {"memgc-scheme", MemgcPolicy::version(), MemgcPolicy::kMallocIsGlibc}; }

void register_workloads(const Sizes& sizes) {
  for (const SchemeProgram& program : kSchemePrograms) {
    const unsigned runs = std::max(program.runs * sizes.scheme.percent / 100, 1U);
    register_workload<MemgcPolicy, Scheme>(fmt::format("scheme_{}/runs:{}", program.name, runs),
                                           {program, MEMGC_BENCH_SCHEME_PROGRAMS, runs}, 1);
  }
}

}  // namespace memgc_bench
