// Job: the C library's malloc and free, with their defaults.
#pragma once

#include <gnu/libc-version.h>

#include <cstdlib>
#include <string>

#include "policies/policy.h"

namespace memgc_bench {

struct GlibcPolicy : PlainPointers {
  static constexpr const char* kName = "glibc malloc";
  static constexpr bool kFreesByHand = true;
  static constexpr bool kUnlinksByHand = true;
  static constexpr bool kMallocIsGlibc = true;
  static std::string version() { return std::string("glibc ") + gnu_get_libc_version(); }

  using Process = PlainProcess;

  class Thread : public MallocLike<Thread> {
   public:
    explicit Thread(Process&) {}
    void* allocate(std::size_t bytes) { return std::malloc(bytes); }
    void* allocate_zeroed(std::size_t bytes) { return std::calloc(1, bytes); }
    void release(void* cell, std::size_t) { std::free(cell); }
  };

  using Region = PlainRegion<Thread>;
  using BlockingScope = NoBlockingScope<Thread>;
};

}  // namespace memgc_bench
