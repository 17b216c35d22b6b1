// Job: what a heap's samples say, as plain data: which call stacks allocate, what of it lives and for how long, and
// where threads wait for the collector. memgc/observe/profile.h writes the same as files that `go tool pprof` opens.
//
// Threads: both functions may be called from any thread, attached or not; they wait for no handshake.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "memgc/internal/export.h"

namespace memgc {

class Heap;

/// How many cycles an object has survived, in classes: 0, 1, 2-3, 4-7, 8 and more. A cycle counts if it could have
/// found the object dead: not the one that was under way when it was made. Minor cycles count like full ones.
inline constexpr std::size_t kLifetimes = 5;
using Lifetimes = std::array<std::uint64_t, kLifetimes>;
/// The class of `cycles`.
constexpr std::size_t lifetime_class(std::uint64_t cycles) {
  return cycles < 2 ? cycles : cycles < 4 ? 2 : cycles < 8 ? 3 : 4;
}

/// Objects of one size and type that were made by one call stack. Counts are of samples; each stands for `scale`
/// objects.
struct AllocationSite {
  std::vector<const void*> stack;  ///< Return addresses, innermost first, the library's own frames included. Empty: of
                                   ///< samples by further stacks, when there were too many different ones.
  std::string type;                ///< The object's type; of an array its element's.
  bool array = false;
  std::size_t object_bytes = 0;  ///< Of the cell, or of an object's own blocks, as in Stats.
  double scale = 0;              ///< The reciprocal of the chance that one object of this size is sampled.
  Lifetimes died{};              ///< Samples that were found dead, by the cycles that they had survived.
  Lifetimes alive{};             ///< Samples that were alive at the last cycle, or made since; by the same.

  double allocated_objects() const { return scale * static_cast<double>(sum(died) + sum(alive)); }
  double live_objects() const { return scale * static_cast<double>(sum(alive)); }

  static constexpr std::uint64_t sum(const Lifetimes& samples) {
    std::uint64_t all = 0;
    for (const std::uint64_t count : samples) all += count;
    return all;
  }
};

/// Of all that was allocated since the heap was made.
struct AllocationProfile {
  std::uint64_t bytes_per_sample = 0;  ///< DebugOptions::profilerate.
  std::uint64_t lost_samples = 0;      ///< For which there was no memory or too many different sites: in no site.
  std::uint64_t age_ns = 0;            ///< Since the heap was made.
  std::vector<AllocationSite> sites;   ///< In no order.
};

/// What a thread waited for.
enum class WaitKind : std::uint8_t {
  kAssist,     ///< It marked, to pay for what it allocates, or waited for something to mark.
  kMemory,     ///< The heap was at its goal or limit: for a cycle to make room, or memory to be given back.
  kCollect,    ///< For a collection that was called for, or for destructors and cleanups.
  kHandshake,  ///< It did at a safepoint what the collector asks of it; or was stopped there.
  kLock,       ///< For a lock of the library's that another thread held. Noted at the thread's next slow path.
};
/// Its name, as in files: "assist", "memory", ...
MEMGC_EXPORT const char* to_string(WaitKind kind);

/// Estimates of how often, and how long in all, threads with this stack were held up for this.
struct WaitingSite {
  std::vector<const void*> stack;  ///< As in AllocationSite.
  WaitKind kind = WaitKind::kAssist;
  double waits = 0;
  double wait_ns = 0;
};

/// Of all attached threads since the heap was made.
struct WaitingProfile {
  std::uint64_t ns_per_sample = 0;  ///< DebugOptions::waitrate: a wait of so many ns is sampled with 63 % chance.
  std::uint64_t lost_samples = 0;
  std::uint64_t age_ns = 0;
  std::vector<WaitingSite> sites;
};

/// Copies of what has been sampled: some microseconds for each hundred sites. Threads that take a sample wait
/// meanwhile.
MEMGC_EXPORT AllocationProfile allocation_profile(Heap& heap);
MEMGC_EXPORT WaitingProfile waiting_profile(Heap& heap);

}  // namespace memgc
