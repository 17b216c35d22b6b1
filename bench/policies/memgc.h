// Job: memgc with what the environment says (MEMGC, MEMLIMIT, MEMDEBUG): nothing is freed by hand.
#pragma once

#include <memgc/memgc.h>

#include <string>
#include <utility>

#include "policies/policy.h"

namespace memgc_bench {

struct MemgcPolicy {
  static constexpr const char* kName = "memgc";
  static constexpr bool kFreesByHand = false;
  static constexpr bool kUnlinksByHand = false;
  static constexpr bool kMallocIsGlibc = true;
  static std::string version() { return "memgc " MEMGC_VERSION_STRING; }

  template <class T>
  using Local = T*;
  template <class T>
  using Ref = memgc::Member<T>;
  template <class T>
  using BackRef = memgc::Member<T>;
  template <class T>
  using Array = memgc::Array<T>;
  template <class T>
  using Root = memgc::Root<T>;

  template <class... FieldPointers>
  static constexpr auto fields(FieldPointers... pointers) {
    return memgc::fields(pointers...);
  }

  class Process {
   public:
    Process() : heap_(memgc::Options::from_env()) {}
    memgc::Heap& heap() { return heap_; }

    void report(Counters& counters) const {
      const memgc::Stats stats = heap_.stats();
      counters["gc_cycles"] = static_cast<double>(stats.cycles);
      counters["gc_cpu_s"] = stats.gc_cpu_seconds;
      counters["gc_live_mb"] = static_cast<double>(stats.live_bytes) / 1e6;
      counters["gc_metadata_mb"] = static_cast<double>(stats.metadata_bytes) / 1e6;
      counters["gc_allocated_mb"] = static_cast<double>(stats.allocated_bytes) / 1e6;
      counters["stops"] = static_cast<double>(stats.stops.count());
      counters["stop_p999_us"] = static_cast<double>(stats.stops.quantile(0.999)) / 1e3;
      counters["stop_max_us"] = static_cast<double>(stats.stops.max()) / 1e3;
      counters["stop_total_ms"] = static_cast<double>(stats.stops.total()) / 1e6;
    }

   private:
    memgc::Heap heap_;
  };

  class Thread {
   public:
    static constexpr bool kFreesByHand = false;

    explicit Thread(Process& process) : mutator_(process.heap()) {}
    memgc::Mutator& mutator() { return mutator_; }

    template <class T, class... Args>
    T* make(Args&&... args) {
      return mutator_.make<T>(std::forward<Args>(args)...);
    }
    template <class T>
    memgc::Array<memgc::Member<T>>* make_refs(std::size_t count) {
      return mutator_.make_array<memgc::Member<T>>(count);
    }
    template <class T>
    memgc::Array<T>* make_leaves(std::size_t count) {
      return mutator_.make_array<T>(count);
    }
    template <class T>
    void free(T*) {}

   private:
    memgc::Mutator mutator_;
  };

  using Region = PlainRegion<Thread>;

  class BlockingScope {
   public:
    explicit BlockingScope(Thread& thread) : scope_(thread.mutator()) {}

   private:
    memgc::BlockingScope scope_;
  };
};

}  // namespace memgc_bench
