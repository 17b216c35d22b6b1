// Job: what the threads of one run of a workload share, for workloads that share anything.
//
// Such a workload has, beside what measure.h says:
//
//   struct Shared;        made before its threads with (const Options&, unsigned threads), gone after them
//   Shared::abandon()     a thread has failed: from now on nobody waits for another; called by any thread
//   Workload(Policy::Thread&, const Options&, unsigned index, unsigned threads, Shared&);
//
// A Shared is made and destroyed by a thread that is attached to nothing: it holds objects of the heap by Roots alone.
#pragma once

#include <type_traits>

namespace memgc_bench {

template <class Workload>
struct NothingShared {
  NothingShared(const typename Workload::Options&, unsigned) {}
  void abandon() {}
};

template <class Workload>
struct SharedOf {
  using type = NothingShared<Workload>;
};
template <class Workload>
requires requires { typename Workload::Shared; }
struct SharedOf<Workload> {
  using type = typename Workload::Shared;
};

/// Made in place: a workload can be neither copied nor moved.
template <class Workload, class Thread>
Workload make_workload(Thread& thread, const typename Workload::Options& options, unsigned index, unsigned threads,
                       typename SharedOf<Workload>::type& shared) {
  if constexpr (std::is_same_v<typename SharedOf<Workload>::type, NothingShared<Workload>>) {
    return Workload(thread, options, index, threads);
  } else {
    return Workload(thread, options, index, threads, shared);
  }
}

}  // namespace memgc_bench
