// Job: Heap, what an embedder makes first: a cage of managed objects and the collector that keeps it.
//
// Threads: every member function may be called from any thread, attached or not, except the destructor, which wants
// every Mutator of the heap gone. It runs, in this order: what is queued on the finalizer thread; the destructors of
// all objects that are left, in no order; all cleanups that are left.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>

#include "memgc/internal/export.h"
#include "memgc/metrics.h"
#include "memgc/options.h"
#include "memgc/stats.h"

namespace memgc {

namespace internal {
class HeapImpl;
}

/// How near the heap is to what it may use.
enum class Pressure : std::uint8_t { kBelow, kNear, kOver };

class MEMGC_EXPORT Heap {
 public:
  /// Throws ConfigError for malformed options, std::bad_alloc when no address space is to be had.
  Heap();                                 ///< Options::from_env().
  explicit Heap(const Options& options);  ///< Exactly these options: the environment is not read.
  ~Heap();
  Heap(const Heap&) = delete;
  Heap& operator=(const Heap&) = delete;

  /// A full collection: returns when a cycle that began after the call has ended, its sweep included. Counts as forced.
  /// Any thread, attached or not.
  void collect();
  /// The same, begun and not waited for: returns at once. Stats::cycles tells when it has ended.
  void collect_async();
  /// Percent as in MEMGC, or Options::kOff. Acts at once on the goal; returns the old one. Throws ConfigError below
  /// kOff.
  int set_growth_percent(int percent);
  /// Bytes as in MEMLIMIT, or Options::kNoLimit. Acts at once on the goal; returns the old one.
  std::size_t set_memory_limit(std::size_t bytes);
  /// Collects, then gives every free block back to the kernel. Returns the bytes given back.
  std::size_t release_memory();

  /// Waits until every destructor and cleanup that was due when it was called has run. Not from a cleanup.
  void wait_for_finalizers();

  /// The program holds `bytes` more (or fewer, below 0) outside the heap on behalf of managed objects: a big integer's
  /// limbs, a mapped file. They count as Stats::external_bytes and against MEMLIMIT, not towards the growth that MEMGC
  /// allows. What was reported must be taken back when it is freed. Any thread; costs an addition as a rule.
  void add_external_bytes(std::ptrdiff_t bytes);

  /// A copy of the figures; stops nobody and waits for nobody: some microseconds.
  Stats stats() const;
  /// The same for monitoring systems, with exact buckets of stops and what cycles came to: see memgc/metrics.h. Stops
  /// nobody and waits for nobody: less than a microsecond.
  Metrics metrics() const noexcept {
    Metrics out;
    read_metrics(&out, sizeof(out));
    return out;
  }
  /// The first `bytes` of a Metrics: what a program knows that was compiled against this header or an older one. What
  /// is behind them stays as it is.
  void read_metrics(void* out, std::size_t bytes) const noexcept;
  /// The options in force, with what was set since.
  Options options() const;
  /// Whether `pointer` lies in this heap's cage.
  bool contains(const void* pointer) const noexcept;

  /// How near the heap is to the smaller of MEMLIMIT and Options::max_bytes, by what lives (and what the program
  /// reported), as of the last cycle: kNear from 85 % of it on, kOver from 97 % on, or when collecting finds no room or
  /// has taken too much of the CPU; down again 5 % lower. kBelow without a limit. For a server that answers 429 early:
  /// costs one load. While it is not kBelow and nobody allocates, a cycle looks again after 0.1 s, and then ever more
  /// rarely (not with gcperiodms=0). Any thread.
  Pressure pressure() const noexcept;
  /// Called when pressure() has changed, with what it is then, on the heap's own thread ("memgc-final", which also runs
  /// destructors), as within a BlockingScope: it may take locks and drop Roots. And with kOver when an allocation finds
  /// no memory even after a collection, on the allocating thread, before it gives up: allocation is then tried once
  /// more. In neither case may it make managed objects, or use them. One per heap; an empty function takes it away, and
  /// one call may still be under way then.
  void on_pressure(std::function<void(Pressure)> callback);

  internal::HeapImpl& impl() noexcept { return *impl_; }

 private:
  internal::HeapImpl* impl_;
};

}  // namespace memgc
