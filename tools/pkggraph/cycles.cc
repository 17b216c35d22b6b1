// Job: cycles: groups of packages that depend on each other in a circle, that is strongly connected components of more
// than one package; with a shortest circle through the first member of each, to show what holds it together.
#include <fmt/format.h>

#include <algorithm>
#include <vector>

#include "check.h"
#include "describe.h"
#include "queries.h"

namespace pkggraph {

namespace {

// The members of one component: members[begin, end) of the array sorted by component.
struct Group {
  std::uint32_t begin, end;
  std::uint32_t size() const { return end - begin; }
};

// Package numbers by component, ascending within each.
NumberArray* by_component(const Components& components) {
  NumberArray* out = memgc::make_array<std::uint32_t>(components.of->size());
  for (std::uint32_t i = 0; i < out->size(); ++i) (*out)[i] = i;
  std::sort(out->begin(), out->end(), [&](std::uint32_t a, std::uint32_t b) {
    return std::pair((*components.of)[a], a) < std::pair((*components.of)[b], b);
  });
  return out;
}

// Groups of more than one, the largest first, then by the name of their first member.
std::vector<Group> groups_of(const Components& components, const NumberArray& members) {
  std::vector<Group> groups;
  const auto size = static_cast<std::uint32_t>(members.size());
  for (std::uint32_t begin = 0, end = 0; begin < size; begin = end) {
    while (end < size && (*components.of)[members[end]] == (*components.of)[members[begin]]) ++end;
    if (end - begin > 1) groups.push_back({begin, end});
  }
  std::sort(groups.begin(), groups.end(), [&](const Group& a, const Group& b) {
    return a.size() != b.size() ? a.size() > b.size() : members[a.begin] < members[b.begin];
  });
  return groups;
}

// A shortest circle from `start` back to it, within its component, breadth first. There is one: the component has more
// than one member.
std::vector<std::uint32_t> circle_through(const Adjacency& adjacency, const Components& components,
                                          std::uint32_t start) {
  NumberArray* came_from = memgc::make_array<std::uint32_t>(adjacency.size());
  std::fill(came_from->begin(), came_from->end(), UINT32_MAX);
  auto* queue = memgc::make<Numbers>();
  queue->push(start);
  for (std::uint64_t head = 0; head < queue->size(); ++head) {
    const std::uint32_t at = (*queue)[head];
    for (const std::uint32_t next : adjacency.of(at)) {
      if ((*components.of)[next] != (*components.of)[start] || (*came_from)[next] != UINT32_MAX || next == at) continue;
      (*came_from)[next] = at;
      queue->push(next);
    }
    if ((*came_from)[start] != UINT32_MAX) break;
  }
  std::vector<std::uint32_t> circle{start};
  do circle.push_back((*came_from)[circle.back()]);
  while (circle.back() != start);
  std::reverse(circle.begin(), circle.end());
  return circle;
}

// Names with blanks between, folded into lines of a readable width.
std::string folded(const PackageArray& ordered, const NumberArray& members, const Group& group) {
  constexpr std::size_t kWidth = 100;
  std::string out;
  std::string line = "   ";
  for (std::uint32_t i = group.begin; i < group.end; ++i) {
    const std::string_view name = ordered[members[i]]->name_view();
    if (line.size() + 1 + name.size() > kWidth) {
      out += line + "\n";
      line = "   ";
    }
    line += fmt::format(" {}", name);
  }
  return out + line + "\n";
}

}  // namespace

Answer cycles(const Question& question, Follow follow, std::size_t limit) {
  const PackageArray& ordered = *order_packages(question.me, question.graph);
  const Adjacency& adjacency = *make_adjacency(question.me, ordered, follow);
  const Components& components = *strongly_connected(question.me, adjacency);
  if (question.check) check_components(question.me, adjacency, *reversed(question.me, adjacency), components);
  const NumberArray& members = *by_component(components);
  const std::vector<Group> groups = groups_of(components, members);

  Answer answer;
  std::size_t shown = 0;
  std::size_t packages = 0;
  for (const Group& group : groups) {
    question.me.safepoint();
    packages += group.size();
    if (limit != 0 && shown == limit) continue;
    ++shown;
    answer.text += fmt::format("{} packages:\n{}    circle:", group.size(), folded(ordered, members, group));
    const char* separator = " ";
    for (const std::uint32_t number : circle_through(adjacency, components, members[group.begin])) {
      answer.text += fmt::format("{}{}", separator, ordered[number]->name_view());
      separator = " -> ";
    }
    answer.text += "\n";
  }
  answer.text += fmt::format("{} groups of packages that depend on each other in a circle, {} packages in all",
                             groups.size(), packages);
  answer.text += shown < groups.size() ? fmt::format(" ({} shown: --limit 0 shows all)\n", shown) : "\n";
  return answer;
}

}  // namespace pkggraph
