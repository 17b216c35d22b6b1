// Job: what a heap is told when it is made, and how the three environment variables say it.
//
// Everything here is plain data and pure functions: no heap is needed to parse or to test options.
#pragma once

#include <cstddef>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <string_view>

#include "memgc/internal/export.h"

namespace memgc {

/// A malformed environment variable or option. what() is one line: the variable, its text, what is accepted.
class MEMGC_EXPORT ConfigError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// The knobs of MEMDEBUG, `name=value` separated by commas. All off unless said otherwise.
struct DebugOptions {
  bool gctrace = false;        ///< gctrace=1: one line per cycle on stderr, in Go's format.
  bool gctrace_json = false;   ///< gctrace=json, with gctrace: each line is a JSON object instead, all figures whole.
  bool scavtrace = false;      ///< scavtrace=1: one line per scavenger run.
  bool pacertrace = false;     ///< pacertrace=1: the pacer's figures at the start and end of a cycle.
  std::uint32_t gcstress = 0;  ///< gcstress=N: a full collection at every Nth allocation slow path. 0: off.
  bool gccheckmark =
      false;  ///< gccheckmark=1: mark again with all mutators stopped; abort on an object that was missed.
  bool clobberfree = false;     ///< clobberfree=1: overwrite dead cells with 0xdb, to catch their use.
  bool gcstoptheworld = false;  ///< gcstoptheworld=1: stop all mutators while marking, to tell a bug from a race.
  bool precisecheck =
      false;  ///< precisecheck=1: with precise_stacks, name each object that only a conservative scan would keep.
  bool types = false;  ///< types=1: types share no blocks, so that a snapshot names each object's own. Of the whole
                       ///< process, for types whose first object is made after the heap.
  bool hugepages =
      true;  ///< hugepages=0: no huge pages. Else a heap of more than 4 MiB grows by them, if there are any.
  std::uint32_t safepointms =
      10;  ///< safepointms=N: report a mutator that takes longer than N ms to answer a handshake. 0: never.
  std::uint32_t gcperiodms = 120'000;  ///< gcperiodms=N: a cycle when there was none for N ms, so that an idle program
                                       ///< shrinks (not with growth_percent kOff); sooner under Heap::pressure().
                                       ///< 0: never.
  std::uint32_t profilerate = 512 << 10;  ///< profilerate=N: the heap profile samples one object in N bytes allocated,
                                          ///< on average (memgc/profile.h). 1: every one, 0: none.
  std::uint32_t waitrate = 100'000;  ///< waitrate=N: the waiting profile samples one wait in N ns waited, on average.
                                     ///< 1: every one, 0: none.
  std::uint32_t profileseed = 0;     ///< profileseed=N: what those are chosen by, so that a run can be repeated. 0: the
                                     ///< clock.
};

/// Whether there are minor cycles, which look for what has died of the objects made since the last cycle, and take all
/// older ones for alive. MEMDEBUG's generational=0, 1 and auto. Heap::collect() is always full.
// NOLINTBEGIN(readability-identifier-naming): the words of MEMDEBUG and of the documents
enum class Generational : std::uint8_t {
  off,        ///< All cycles are full. A store costs no more than the test of a flag while nobody marks.
  on,         ///< Minor, but for as many full ones as memory needs: growth_percent holds as if all were full.
  automatic,  ///< The same while minor cycles pay; else full ones, and a trial now and then.
};
// NOLINTEND(readability-identifier-naming)

/// What a Heap is made with. A plain aggregate: set what matters, leave the rest.
struct Options {
  static constexpr int kOff = -1;                    ///< growth_percent: never collect because of growth.
  static constexpr std::size_t kNoLimit = SIZE_MAX;  ///< memory_limit: none.

  int growth_percent =
      100;  ///< Percent (MEMGC): next goal = live + (live + roots) * growth_percent / 100. kOff, or >= 0.
  std::size_t memory_limit = kNoLimit;  ///< Bytes (MEMLIMIT): soft limit on all the memory that the heap holds.
  std::size_t max_bytes = kNoLimit;  ///< Bytes: hard limit on Stats::managed_bytes, but for external_bytes. What would
                                     ///< pass it collects, and if that is not enough finds no memory.
  std::size_t reserve_bytes =
      0;  ///< Bytes of address space for the cage; 0: chosen from the machine. Never resident by itself.
  bool precise_stacks = false;  ///< Do not scan thread stacks: every local is in a Root or a RootRange.
  Generational generational = Generational::off;  ///< Minor cycles.
  DebugOptions debug;                             ///< MEMDEBUG.

  /// Reads MEMGC, MEMLIMIT and MEMDEBUG over `defaults`: a variable that is set and not empty wins, all else stays.
  /// Ignores the environment in setuid programs. Throws ConfigError on anything malformed. Thread-safe.
  MEMGC_EXPORT static Options from_env(const Options& defaults);
  MEMGC_EXPORT static Options from_env();

  /// The same from given texts (an empty text: not set). Throws ConfigError.
  MEMGC_EXPORT static Options parse(std::string_view memgc, std::string_view memlimit, std::string_view memdebug,
                                    const Options& defaults);
};

}  // namespace memgc
