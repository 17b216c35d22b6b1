// Job: the graph between packages as plain numbers, for the algorithms that run over all of it: who needs whom,
// strongly connected components, closures.
//
// A package's number is its place in order_packages(). The arrays are managed leaves: never scanned.
// Threads: one attached thread, while nobody changes the graph. Long loops poll.
#pragma once

#include "graph.h"
#include "lists.h"

namespace pkggraph {

/// Which alternatives of a dependency count.
enum class Follow : std::uint8_t {
  kAll,    ///< Every package that meets it: what may be needed.
  kFirst,  ///< The one that is installed when nobody asks for another.
};

/// The packages that package i needs are targets[starts[i]] up to targets[starts[i + 1]], ascending, each once.
struct Adjacency {
  memgc::Member<NumberArray> starts;
  memgc::Member<Numbers> targets;
  static constexpr auto fields = memgc::fields(&Adjacency::starts, &Adjacency::targets);

  std::uint32_t size() const { return static_cast<std::uint32_t>(starts->size() - 1); }
  std::span<const std::uint32_t> of(std::uint32_t number) const {
    return {targets->begin() + (*starts)[number], targets->begin() + (*starts)[number + 1]};
  }
};

Adjacency* make_adjacency(memgc::Mutator& me, const PackageArray& ordered, Follow follow);
/// Who needs package i.
Adjacency* reversed(memgc::Mutator& me, const Adjacency& adjacency);

/// Per package, the number of its strongly connected component. Components are numbered so that a component's
/// dependencies have smaller numbers.
struct Components {
  memgc::Member<NumberArray> of;
  std::uint32_t count = 0;
  static constexpr auto fields = memgc::fields(&Components::of);
};
Components* strongly_connected(memgc::Mutator& me, const Adjacency& adjacency);

/// Throws CheckFailed unless `components` are the strongly connected components of `adjacency`; `reverse` is its
/// reverse.
void check_components(memgc::Mutator& me, const Adjacency& adjacency, const Adjacency& reverse,
                      const Components& components);

/// Walks all that can be reached from a package, itself included; reusable, so that each walk costs what it visits.
class Walker {
 public:
  explicit Walker(const Adjacency& adjacency);

  /// Calls visit(number) once for each; allow(number) says whether to go there.
  template <class Visit, class Allow>
  void walk(memgc::Mutator& me, std::uint32_t from, Visit visit, Allow allow);
  template <class Visit>
  void walk(memgc::Mutator& me, std::uint32_t from, Visit visit) {
    walk(me, from, visit, [](std::uint32_t) { return true; });
  }
  /// Whether the last walk came by.
  bool visited(std::uint32_t number) const { return (*stamps_)[number] == stamp_; }

 private:
  memgc::Root<const Adjacency> adjacency_;
  memgc::Root<NumberArray> stamps_;  // the last walk that came by
  memgc::Root<Numbers> pending_;
  std::uint32_t stamp_ = 0;
};

template <class Visit, class Allow>
void Walker::walk(memgc::Mutator& me, std::uint32_t from, Visit visit, Allow allow) {
  const Adjacency& adjacency = *adjacency_;
  NumberArray& stamps = *stamps_;
  Numbers& pending = *pending_;
  ++stamp_;
  stamps[from] = stamp_;
  pending.push(from);
  while (!pending.empty()) {
    me.safepoint();
    const std::uint32_t number = pending.pop();
    visit(number);
    for (const std::uint32_t next : adjacency.of(number)) {
      if (stamps[next] == stamp_ || !allow(next)) continue;
      stamps[next] = stamp_;
      pending.push(next);
    }
  }
}

}  // namespace pkggraph
