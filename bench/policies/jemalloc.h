// Job: jemalloc: malloc and free; and an arena per thread with a thread cache of its own, by mallocx and sdallocx.
#pragma once

#include <jemalloc/jemalloc.h>

#include <stdexcept>
#include <string>

#include "policies/policy.h"

namespace memgc_bench {

inline std::string jemalloc_version() {
  const char* text = nullptr;
  std::size_t size = sizeof(text);
  if (mallctl("version", &text, &size, nullptr, 0) != 0) throw std::runtime_error("jemalloc does not tell its version");
  const std::string version(text);
  return "jemalloc " + version.substr(0, version.find('-'));
}

struct JemallocPolicy : PlainPointers {
  static constexpr const char* kName = "jemalloc";
  static constexpr bool kFreesByHand = true;
  static constexpr bool kUnlinksByHand = true;
  static constexpr bool kMallocIsGlibc = false;
  static std::string version() { return jemalloc_version(); }

  using Process = PlainProcess;

  class Thread : public MallocLike<Thread> {
   public:
    explicit Thread(Process&) {}
    void* allocate(std::size_t bytes) { return malloc(bytes); }
    void* allocate_zeroed(std::size_t bytes) { return calloc(1, bytes); }
    void release(void* cell, std::size_t) { ::free(cell); }
  };

  using Region = PlainRegion<Thread>;
  using BlockingScope = NoBlockingScope<Thread>;
};

struct JemallocArenaPolicy : PlainPointers {
  static constexpr const char* kName = "jemalloc arena";
  static constexpr bool kFreesByHand = true;
  static constexpr bool kUnlinksByHand = true;
  static constexpr bool kMallocIsGlibc = false;
  static std::string version() { return jemalloc_version(); }

  using Process = PlainProcess;

  class Thread : public MallocLike<Thread> {
   public:
    explicit Thread(Process&) : arena_(number("arenas.create")), cache_(number("tcache.create")) {
      flags_ = static_cast<int>(MALLOCX_ARENA(arena_) | MALLOCX_TCACHE(cache_));
    }
    // The arena stays: another thread may still hold objects of it.
    ~Thread() {
      std::size_t size = 0;
      (void)mallctl("tcache.destroy", nullptr, &size, &cache_, sizeof(cache_));
    }
    Thread(const Thread&) = delete;
    Thread& operator=(const Thread&) = delete;

    void* allocate(std::size_t bytes) { return mallocx(bytes, flags_); }
    void* allocate_zeroed(std::size_t bytes) { return mallocx(bytes, flags_ | MALLOCX_ZERO); }
    void release(void* cell, std::size_t bytes) { sdallocx(cell, bytes, flags_); }

   private:
    static unsigned number(const char* control) {
      unsigned value = 0;
      std::size_t size = sizeof(value);
      if (mallctl(control, &value, &size, nullptr, 0) != 0) {
        throw std::runtime_error(std::string("jemalloc refuses ") + control);
      }
      return value;
    }

    unsigned arena_;
    unsigned cache_;
    int flags_;
  };

  using Region = PlainRegion<Thread>;
  using BlockingScope = NoBlockingScope<Thread>;
};

}  // namespace memgc_bench
