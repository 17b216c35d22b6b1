// Job: see adjacency.h. Tarjan's algorithm (SIAM J. Comput. 1, 1972) with a stack of its own instead of recursion: a
// chain of dependencies may be as long as the index.
#include "adjacency.h"

#include <algorithm>

#include "check.h"

namespace pkggraph {

namespace {

constexpr std::uint32_t kNone = UINT32_MAX;

void add_targets(const Package& package, Follow follow, Numbers& targets) {
  for (const Clause* clause : *package.clauses) {
    if (follow == Follow::kFirst) {
      if (const Package* chosen = preferred_candidate(*clause); chosen != nullptr) targets.push(chosen->number);
      continue;
    }
    for (const Edge* edge : *clause->alternatives) {
      for_each_candidate(*edge, [&](Package* candidate, Provision*) {
        targets.push(candidate->number);
        return true;
      });
    }
  }
}

// Tarjan's bookkeeping for all packages.
struct Tarjan {
  const Adjacency& adjacency;
  NumberArray* index;      // order of discovery; kNone: not yet
  NumberArray* low;        // the smallest index known to be reachable
  NumberArray* next_edge;  // how many of its edges have been looked at
  NumberArray* component;  // kNone: not yet, so it is on `open` once discovered
  Numbers* path;           // from the start to where we are
  Numbers* open;           // discovered, component not known
  std::uint32_t discovered = 0;
  std::uint32_t components = 0;

  void discover(std::uint32_t number) {
    (*index)[number] = (*low)[number] = discovered++;
    path->push(number);
    open->push(number);
  }
  // Looks at one more edge of the package at the end of the path; false when it has no more.
  bool advance(std::uint32_t number) {
    const auto targets = adjacency.of(number);
    if ((*next_edge)[number] == targets.size()) return false;
    const std::uint32_t target = targets[(*next_edge)[number]++];
    if ((*index)[target] == kNone) {
      discover(target);
    } else if ((*component)[target] == kNone) {
      (*low)[number] = std::min((*low)[number], (*index)[target]);
    }
    return true;
  }
  void leave(std::uint32_t number) {
    path->pop();
    if (!path->empty()) {
      std::uint32_t& parent_low = (*low)[(*path)[path->size() - 1]];
      parent_low = std::min(parent_low, (*low)[number]);
    }
    if ((*low)[number] != (*index)[number]) return;
    std::uint32_t member;
    do (*component)[member = open->pop()] = components;
    while (member != number);
    ++components;
  }
};

NumberArray* filled(std::size_t count, std::uint32_t value) {
  NumberArray* out = memgc::make_array<std::uint32_t>(count);
  std::fill(out->begin(), out->end(), value);
  return out;
}

}  // namespace

Adjacency* make_adjacency(memgc::Mutator& me, const PackageArray& ordered, Follow follow) {
  auto* out = memgc::make<Adjacency>();
  out->starts = memgc::make_array<std::uint32_t>(ordered.size() + 1);
  out->targets = memgc::make<Numbers>();
  Numbers& targets = *out->targets;
  for (std::size_t i = 0; i < ordered.size(); ++i) {
    me.safepoint();
    const std::uint32_t start = (*out->starts)[i];
    add_targets(*ordered[i], follow, targets);
    std::sort(targets.begin() + start, targets.end());
    targets.count = static_cast<std::uint64_t>(std::unique(targets.begin() + start, targets.end()) - targets.begin());
    (*out->starts)[i + 1] = static_cast<std::uint32_t>(targets.size());
  }
  return out;
}

Adjacency* reversed(memgc::Mutator& me, const Adjacency& adjacency) {
  auto* out = memgc::make<Adjacency>();
  out->starts = memgc::make_array<std::uint32_t>(adjacency.starts->size());
  out->targets = memgc::make<Numbers>();
  NumberArray& starts = *out->starts;
  for (const std::uint32_t target : *adjacency.targets) ++starts[target + 1];
  for (std::size_t i = 1; i < starts.size(); ++i) starts[i] += starts[i - 1];
  out->targets->items = memgc::make_array<std::uint32_t>(adjacency.targets->size());
  out->targets->count = adjacency.targets->size();
  NumberArray& next = *filled(starts.size(), 0);
  std::copy(starts.begin(), starts.end(), next.begin());
  for (std::uint32_t from = 0; from < adjacency.size(); ++from) {
    me.safepoint();
    for (const std::uint32_t target : adjacency.of(from)) (*out->targets)[next[target]++] = from;
  }
  return out;
}

Components* strongly_connected(memgc::Mutator& me, const Adjacency& adjacency) {
  const std::uint32_t size = adjacency.size();
  Tarjan tarjan{adjacency,           filled(size, kNone),    filled(size, kNone),   filled(size, 0),
                filled(size, kNone), memgc::make<Numbers>(), memgc::make<Numbers>()};
  for (std::uint32_t start = 0; start < size; ++start) {
    if ((*tarjan.index)[start] != kNone) continue;
    tarjan.discover(start);
    while (!tarjan.path->empty()) {
      me.safepoint();
      const std::uint32_t number = (*tarjan.path)[tarjan.path->size() - 1];
      if (!tarjan.advance(number)) tarjan.leave(number);
    }
  }
  auto* out = memgc::make<Components>();
  out->of = tarjan.component;
  out->count = tarjan.components;
  return out;
}

// Certifies the answer by other means. Strongly connected: within its component, everything is reached from one member,
// forwards and backwards. Maximal: every edge between components goes to a smaller number, so none is on a cycle.
void check_components(memgc::Mutator& me, const Adjacency& adjacency, const Adjacency& reverse,
                      const Components& components) {
  const NumberArray& of = *components.of;
  NumberArray& sizes = *filled(components.count, 0);
  NumberArray& first = *filled(components.count, kNone);
  for (std::uint32_t number = 0; number < adjacency.size(); ++number) {
    me.safepoint();
    require(of[number] < components.count, "a package without a component");
    ++sizes[of[number]];
    if (first[of[number]] == kNone) first[of[number]] = number;
    for (const std::uint32_t target : adjacency.of(number)) {
      require(of[target] <= of[number], "a component depends on a later one: components are too small");
    }
  }
  Walker forwards(adjacency);
  Walker backwards(reverse);
  for (std::uint32_t component = 0; component < components.count; ++component) {
    require(sizes[component] > 0, "an empty component");
    if (sizes[component] == 1) continue;
    const auto inside = [&](std::uint32_t number) { return of[number] == component; };
    for (Walker* walker : {&forwards, &backwards}) {
      std::uint32_t reached = 0;
      walker->walk(
          me, first[component], [&](std::uint32_t) { ++reached; }, inside);
      require(reached == sizes[component], "a component is not strongly connected");
    }
  }
}

Walker::Walker(const Adjacency& adjacency)
    : adjacency_(&adjacency), stamps_(filled(adjacency.size(), 0)), pending_(memgc::make<Numbers>()) {}

}  // namespace pkggraph
