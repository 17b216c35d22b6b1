// Job: MEMGC_EXPECT_NO_ALLOCS, for tests of paths that must not allocate. Not part of memgc/memgc.h.
//
// With GoogleTest, included before this header, a block that allocates is a non-fatal failure at the block's line.
// Without, it is one line on stderr and an abort. Threads: any; each block counts its own thread alone.
#pragma once

#include <cinttypes>
#include <cstdio>
#include <cstdlib>

#include "memgc/allocation_counter.h"

namespace memgc::internal {

using ReportAllocations = void (*)(const char* file, int line, const Allocations& allocated);

/// What a block allocates; tells `report` when the block is left, if it is not nothing.
class ExpectNoAllocations {
 public:
  ExpectNoAllocations(const char* file, int line, ReportAllocations report)
      : file_(file), line_(line), report_(report) {}
  ExpectNoAllocations(const ExpectNoAllocations&) = delete;
  ExpectNoAllocations& operator=(const ExpectNoAllocations&) = delete;
  // GoogleTest's failures throw if it was told so.
  ~ExpectNoAllocations() noexcept(false) {
    const Allocations allocated = counter_.allocated();
    if (allocated.objects != 0) report_(file_, line_, allocated);
  }

 private:
  const char* file_;
  int line_;
  ReportAllocations report_;
  AllocationCounter counter_;
};

[[noreturn]] inline void abort_on_allocations(const char* file, int line, const Allocations& allocated) {
  std::fprintf(stderr,
               "memgc: %s:%d: the block of MEMGC_EXPECT_NO_ALLOCS allocated: %" PRIu64 " objects, %" PRIu64 " bytes\n",
               file, line, allocated.objects, allocated.bytes);
  std::abort();
}

#if defined(ADD_FAILURE_AT)
inline void fail_on_allocations(const char* file, int line, const Allocations& allocated) {
  ADD_FAILURE_AT(file, line) << "the block of MEMGC_EXPECT_NO_ALLOCS allocated: " << allocated.objects << " objects, "
                             << allocated.bytes << " bytes";
}
#endif

}  // namespace memgc::internal

#if defined(ADD_FAILURE_AT)
#define MEMGC_REPORT_ALLOCS ::memgc::internal::fail_on_allocations
#else
#define MEMGC_REPORT_ALLOCS ::memgc::internal::abort_on_allocations
#endif

#define MEMGC_JOIN_EXPANDED(a, b) a##b
#define MEMGC_JOIN(a, b) MEMGC_JOIN_EXPANDED(a, b)

/// MEMGC_EXPECT_NO_ALLOCS { statements }: that the statements make no managed object on the calling thread, whichever
/// heap it is attached to. A statement; no semicolon follows the block.
///
/// However the block is left, by its end, return, break, continue, goto or an exception, it is checked then; return,
/// break and continue mean what they would without the macro, so an ASSERT_ within may leave the test. (Not when it is
/// left by longjmp, which runs no destructors.) Blocks may nest: what an inner one allocates, the outer ones report
/// too. After `if` without braces it takes no `else` for itself, but compilers then ask for braces. What the block
/// takes from malloc is not counted. Cost: two readings of an AllocationCounter.
#define MEMGC_EXPECT_NO_ALLOCS                                                                                         \
  if (const ::memgc::internal::ExpectNoAllocations MEMGC_JOIN(memgc_expect_no_allocs_, __LINE__){__FILE__, __LINE__,   \
                                                                                                 MEMGC_REPORT_ALLOCS}; \
      false) {                                                                                                         \
  } else
