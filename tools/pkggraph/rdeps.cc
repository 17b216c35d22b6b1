// Job: rdeps: who depends on a package. Answers from the reverse edges; the proof goes over the forward ones.
#include <fmt/format.h>

#include <algorithm>
#include <vector>

#include "check.h"
#include "describe.h"
#include "queries.h"

namespace pkggraph {

namespace {

// Calls visit(Edge*, bool is_met) for each edge that names `target` or something that its package provides.
template <class Visit>
void for_each_dependent(const Name& target, Visit visit) {
  const Package* package = target.package;
  for (Edge* edge = target.incoming; edge != nullptr; edge = edge->next) {
    visit(edge, package == nullptr || satisfies(*edge, *package));
  }
  if (package == nullptr) return;
  for (const Provision* provision : *package->provisions) {
    if (provision->target.get() == &target) continue;  // listed above, by its name
    for (Edge* edge = provision->target->incoming; edge != nullptr; edge = edge->next) {
      if (satisfies(*edge, *provision)) visit(edge, true);
    }
  }
}

std::string dependent_text(const Edge& edge, const Name& target, bool is_met) {
  const Clause& clause = *edge.clause;
  std::string out = fmt::format("{}  {}", clause.owner->name_view(), clause_text(clause));
  if (edge.target.get() != &target) out += fmt::format(" (as {})", edge.target->view());
  if (!is_met) out += fmt::format(" (not met by {})", target.package->version_view());
  return out;
}

// The same lines from the forward edges of all packages.
std::vector<std::string> dependents_by_forward_scan(memgc::Mutator& me, const PackageArray& ordered,
                                                    const Name& target) {
  std::vector<std::string> lines;
  for (const Package* package : ordered) {
    me.safepoint();
    for (const Clause* clause : *package->clauses) {
      for (const Edge* edge : *clause->alternatives) {
        if (edge->target.get() == &target) {
          const bool is_met = target.package == nullptr || satisfies(*edge, *target.package);
          lines.push_back(dependent_text(*edge, target, is_met));
          continue;
        }
        for_each_candidate(*edge, [&](const Package* candidate, const Provision* provision) {
          if (provision != nullptr && candidate == target.package) lines.push_back(dependent_text(*edge, target, true));
          return true;
        });
      }
    }
  }
  std::sort(lines.begin(), lines.end());
  return lines;
}

Answer direct_dependents(const Question& question, const Name& target) {
  std::vector<std::string> lines;
  for_each_dependent(target, [&](const Edge* edge, bool is_met) {
    question.me.safepoint();
    lines.push_back(dependent_text(*edge, target, is_met));
  });
  std::sort(lines.begin(), lines.end());
  if (question.check) {
    const PackageArray& ordered = *order_packages(question.me, question.graph);
    require(lines == dependents_by_forward_scan(question.me, ordered, target),
            "reverse and forward edges disagree about who depends on", target.view());
  }
  lines.erase(std::unique(lines.begin(), lines.end()), lines.end());
  Answer answer;
  for (const std::string& line : lines) answer.text += line + "\n";
  answer.text += fmt::format("{} dependencies on {}\n", lines.size(), target.view());
  return answer;
}

// Level by level, from the target outwards. Level 0: the target. UINT32_MAX: does not depend on it.
struct Levels {
  NumberArray* of;
  std::uint32_t deepest = 0;
};

Levels levels_around(const Question& question, const Name& target) {
  Levels levels{memgc::make_array<std::uint32_t>(question.graph.packages)};
  std::fill(levels.of->begin(), levels.of->end(), UINT32_MAX);
  auto* level = memgc::make<List<Package>>();
  auto* next = memgc::make<List<Package>>();
  const auto add_dependents = [&](const Name& name, std::uint32_t depth) {
    for_each_dependent(name, [&](const Edge* edge, bool is_met) {
      question.me.safepoint();
      Package* owner = edge->clause->owner;
      if (!is_met || (*levels.of)[owner->number] != UINT32_MAX) return;
      (*levels.of)[owner->number] = depth;
      next->push(owner);
    });
  };
  if (target.package != nullptr) (*levels.of)[target.package->number] = 0;
  add_dependents(target, 1);
  for (std::uint32_t depth = 2; !next->empty(); ++depth) {
    levels.deepest = depth - 1;
    std::swap(level, next);
    next->clear();
    for (const Package* package : *level) add_dependents(*package->name, depth);
  }
  return levels;
}

// A certificate by forward edges: a package at level n > 0 needs one at level n - 1 and none nearer; one without a
// level needs nobody with a level. That fixes every level.
void check_levels(const Question& question, const PackageArray& ordered, const Name& target, const Levels& levels) {
  for (const Package* package : ordered) {
    question.me.safepoint();
    std::uint32_t nearest = UINT32_MAX;
    for (const Clause* clause : *package->clauses) {
      for (const Edge* edge : *clause->alternatives) {
        if (target.package == nullptr && edge->target.get() == &target) nearest = 0;
        for_each_candidate(*edge, [&](const Package* candidate, const Provision*) {
          nearest = std::min(nearest, (*levels.of)[candidate->number]);
          return true;
        });
      }
    }
    const std::uint32_t expected = package == target.package ? 0 : nearest == UINT32_MAX ? UINT32_MAX : nearest + 1;
    require((*levels.of)[package->number] == expected,
            "reverse and forward edges disagree about the distance to the target from", package->name_view());
  }
}

Answer all_dependents(const Question& question, const Name& target) {
  const PackageArray& ordered = *order_packages(question.me, question.graph);
  const Levels levels = levels_around(question, target);
  if (question.check) check_levels(question, ordered, target, levels);
  Answer answer;
  std::size_t count = 0;
  for (std::uint32_t depth = 1; depth <= levels.deepest; ++depth) {
    for (const Package* package : ordered) {
      question.me.safepoint();
      if ((*levels.of)[package->number] != depth) continue;
      answer.text += fmt::format("{:3} {}\n", depth, package->name_view());
      ++count;
    }
  }
  answer.text += fmt::format("{} packages depend on {}, at most {} links away\n", count, target.view(), levels.deepest);
  return answer;
}

}  // namespace

Answer rdeps(const Question& question, std::string_view name, bool recursive) {
  const Name* target = find_name(question.graph, name);
  if (target == nullptr) fail_unknown(question.me, question.graph, name);
  return recursive ? all_dependents(question, *target) : direct_dependents(question, *target);
}

}  // namespace pkggraph
