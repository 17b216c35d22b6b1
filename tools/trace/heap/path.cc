// Job: see path.h.
#include "heap/path.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <optional>
#include <stdexcept>

namespace memgc::trace {
namespace {

using Node = Snapshot::Node;
constexpr std::uint32_t kNone = Snapshot::kNone;

std::optional<std::uint64_t> as_id(const std::string& text) {
  std::uint64_t id = 0;
  const char* const end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, id);
  return error == std::errc() && stop == end ? std::optional(id) : std::nullopt;
}

// "; there is A, B, C" of the types whose names contain it, whatever the case.
std::string similar(const Types& types, const std::string& wanted) {
  const auto lower = [](unsigned char c) { return c >= 'A' && c <= 'Z' ? c + ('a' - 'A') : c; };
  const auto same = [&](char a, char b) {
    return lower(static_cast<unsigned char>(a)) == lower(static_cast<unsigned char>(b));
  };
  std::string out;
  int found = 0;
  for (const std::string& name : types.names) {
    if (std::search(name.begin(), name.end(), wanted.begin(), wanted.end(), same) == name.end()) continue;
    out += (found == 0 ? "; there is " : ", ") + name;
    if (++found == 3) break;
  }
  return out;
}

}  // namespace

Node find_object(const Snapshot& snapshot, const Types& types, const Dominators& dominators,
                 const std::string& wanted) {
  if (const auto id = as_id(wanted)) {
    const auto found = std::find(snapshot.ids.begin(), snapshot.ids.end(), *id);
    if (found == snapshot.ids.end()) throw std::invalid_argument(fmt::format("no object has the id {}", *id));
    return static_cast<Node>(found - snapshot.ids.begin());
  }
  Node best = kNone;
  const auto best_of = [&](auto matches) {
    for (Node node = 0; node < snapshot.nodes(); ++node) {
      if (!matches(node)) continue;
      // One that is kept rather than one that is not, even if it is of no size.
      const auto rank = [&](Node it) { return std::pair(dominators.reached(it), dominators.retained[it]); };
      if (best == kNone || rank(node) > rank(best)) best = node;
    }
    return best != kNone;
  };
  const auto type = std::find(types.names.begin(), types.names.end(), wanted);
  const auto number = static_cast<std::uint32_t>(type - types.names.begin());
  if (type != types.names.end() && best_of([&](Node node) { return types.of_node[node] == number; })) return best;
  if (best_of([&](Node node) { return snapshot.strings[snapshot.names[node]] == wanted; })) return best;
  throw std::invalid_argument(fmt::format("no object is a '{}' or has that name{}", wanted, similar(types, wanted)));
}

std::vector<Step> shortest_path(const Snapshot& snapshot, Node to) {
  struct From {
    Node node = kNone;
    Snapshot::Edge edge = kNone;
  };
  std::vector<From> from(snapshot.nodes());
  std::vector<Node> queue = {Snapshot::kRoot};
  for (std::size_t i = 0; i < queue.size() && from[to].node == kNone; ++i) {
    snapshot.each_keeping_edge(queue[i], [&](Snapshot::Edge edge) {
      const Node next = snapshot.to[edge];
      if (next == Snapshot::kRoot || from[next].node != kNone) return;
      from[next] = {queue[i], edge};
      queue.push_back(next);
    });
  }
  std::vector<Step> out;
  for (Node at = to; from[at].node != kNone; at = from[at].node) out.push_back({from[at].edge, at});
  std::reverse(out.begin(), out.end());
  return out;
}

std::string edge_text(const Snapshot& snapshot, Snapshot::Edge edge) {
  const std::uint32_t name = snapshot.edge_names[edge];
  switch (snapshot.edge_kinds[edge]) {
    case EdgeKind::kElement:
    case EdgeKind::kNumbered:
      return fmt::format("[{}]", name);
    case EdgeKind::kInternal:
    case EdgeKind::kWeak:
      return fmt::format("<{}>", snapshot.strings[name]);
    default:
      return fmt::format(".{}", snapshot.strings[name]);
  }
}

}  // namespace memgc::trace
