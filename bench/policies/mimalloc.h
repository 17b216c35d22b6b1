// Job: plain mimalloc: mi_malloc and mi_free, called by name.
#pragma once

#include "policies/mimalloc_version.h"
#include "policies/policy.h"

namespace memgc_bench {

struct MimallocPolicy : PlainPointers {
  static constexpr const char* kName = "mimalloc";
  static constexpr bool kFreesByHand = true;
  static constexpr bool kUnlinksByHand = true;
  static constexpr bool kMallocIsGlibc = false;  // a distribution's library may replace malloc as well
  static std::string version() { return mimalloc_version(); }

  using Process = PlainProcess;

  class Thread : public MallocLike<Thread> {
   public:
    explicit Thread(Process&) {}
    void* allocate(std::size_t bytes) { return mi_malloc(bytes); }
    void* allocate_zeroed(std::size_t bytes) { return mi_zalloc(bytes); }
    void release(void* cell, std::size_t) { mi_free(cell); }
  };

  using Region = PlainRegion<Thread>;
  using BlockingScope = NoBlockingScope<Thread>;
};

}  // namespace memgc_bench
