// Job: why: a shortest chain of dependencies from one package to another, breadth first over the forward edges; the
// proof checks each link, and the length by a search over the reverse edges.
#include <fmt/format.h>

#include <algorithm>

#include "check.h"
#include "describe.h"
#include "queries.h"

namespace pkggraph {

namespace {

/// How a package was first reached.
struct Step {
  memgc::Member<Package> from;
  memgc::Member<Edge> edge;
  memgc::Member<Provision> provision;  ///< Null when the package is what the edge names.
  memgc::Member<Package> to;           ///< Null for a last link to a name that is no package.
  static constexpr auto fields = memgc::fields(&Step::from, &Step::edge, &Step::provision, &Step::to);
};
using Steps = memgc::Array<memgc::Member<Step>>;

Step* make_step(Package* from, Edge* edge, Provision* provision, Package* to) {
  auto* step = memgc::make<Step>();
  step->from = from;
  step->edge = edge;
  step->provision = provision;
  step->to = to;
  return step;
}

class Search {
 public:
  Search(const Question& question, const PackageArray& ordered, const Name& goal)
      : me_(question.me),
        ordered_(ordered),
        goal_(goal),
        first_step_(memgc::make_array<memgc::Member<Step>>(ordered.size())) {}

  /// The steps from `start` to the goal, in order; nullptr when there is no chain.
  List<Step>* run(Package* start) {
    auto* level = memgc::make<Numbers>();
    auto* next = memgc::make<Numbers>();
    level->push(start->number);
    while (!level->empty()) {
      // In the order of names, so that of several shortest chains always the same one is found.
      std::sort(level->begin(), level->end());
      for (const std::uint32_t number : *level) {
        me_.safepoint();
        if (Step* last = expand(ordered_[number], start, *next); last != nullptr) return path_to(last, start);
      }
      std::swap(level, next);
      next->clear();
    }
    return nullptr;
  }

 private:
  // Notes what `package` reaches first; returns the step to the goal when it is among that.
  Step* expand(Package* package, const Package* start, Numbers& next) {
    Step* last = nullptr;
    for (const Clause* clause : *package->clauses) {
      for (Edge* edge : *clause->alternatives) {
        if (goal_.package == nullptr && edge->target.get() == &goal_) return make_step(package, edge, nullptr, nullptr);
        for_each_candidate(*edge, [&](Package* candidate, Provision* provision) {
          memgc::Member<Step>& step = (*first_step_)[candidate->number];
          if (candidate == start || step != nullptr) return true;
          step = make_step(package, edge, provision, candidate);
          next.push(candidate->number);
          if (candidate == goal_.package) last = step;
          return last == nullptr;
        });
        if (last != nullptr) return last;
      }
    }
    return nullptr;
  }

  List<Step>* path_to(Step* last, const Package* start) const {
    auto* path = memgc::make<List<Step>>();
    path->push(last);
    while (last->from != start) path->push(last = (*first_step_)[last->from->number]);
    std::reverse(path->begin(), path->end());
    return path;
  }

  memgc::Mutator& me_;
  const PackageArray& ordered_;
  const Name& goal_;
  Steps* first_step_;  // by package number; this object lives on a stack
};

// The distance from `start` to the goal by reverse edges alone; UINT64_MAX: none.
std::uint64_t distance_backwards(const Question& question, const Package* start, const Name& goal) {
  auto* level = memgc::make<List<Package>>();
  auto* next = memgc::make<List<Package>>();
  NumberArray* seen = memgc::make_array<std::uint32_t>(question.graph.packages);
  const auto reach = [&](Package* package) {
    question.me.safepoint();
    if (std::exchange((*seen)[package->number], 1U) == 0) next->push(package);
  };
  const auto add_predecessors = [&](const Name& name, const auto& is_met) {
    for (const Edge* edge = name.incoming; edge != nullptr; edge = edge->next) {
      if (is_met(*edge)) reach(edge->clause->owner);
    }
  };
  std::uint64_t distance = 0;
  if (goal.package != nullptr) {
    reach(goal.package);
  } else {
    distance = 1;
    add_predecessors(goal, [](const Edge&) { return true; });
  }
  for (; !next->empty(); ++distance) {
    if ((*seen)[start->number] != 0) return distance;
    std::swap(level, next);
    next->clear();
    for (const Package* package : *level) {
      add_predecessors(*package->name, [&](const Edge& edge) { return satisfies(edge, *package); });
      for (const Provision* provision : *package->provisions) {
        add_predecessors(*provision->target, [&](const Edge& edge) { return satisfies(edge, *provision); });
      }
    }
  }
  return UINT64_MAX;
}

void check_chain(const Question& question, const Package* start, const Name& goal, const List<Step>* path) {
  const std::uint64_t length = path == nullptr ? UINT64_MAX : path->size();
  require(distance_backwards(question, start, goal) == length,
          "the chain is not a shortest one, by the reverse edges, to", goal.view());
  if (path == nullptr) return;
  const Package* at = start;
  for (const Step* step : *path) {
    require(step->from == at && step->edge->clause->owner == at, "a broken chain at", at->name_view());
    if (step->to == nullptr) {
      require(step->edge->target.get() == &goal, "a chain that ends elsewhere than at", goal.view());
      return;
    }
    const bool is_met = step->provision == nullptr
                            ? step->edge->target->package == step->to && satisfies(*step->edge, *step->to)
                            : step->provision->owner == step->to && satisfies(*step->edge, *step->provision) &&
                                  step->provision->target == step->edge->target;
    require(is_met, "a link of the chain does not hold at", at->name_view());
    at = step->to;
  }
  require(at == goal.package, "a chain that ends elsewhere than at", goal.view());
}

std::string step_text(const Step& step, const Name& goal) {
  std::string out = fmt::format("  {}", clause_text(*step.edge->clause));
  const auto& alternatives = *step.edge->clause->alternatives;
  if (alternatives.size() > 1) {
    const auto place = std::find(alternatives.begin(), alternatives.end(), step.edge.get()) - alternatives.begin() + 1;
    out += fmt::format(" (alternative {} of {})", place, alternatives.size());
  }
  if (step.provision != nullptr) out += fmt::format(" ({} is provided)", step.edge->target->view());
  if (step.to == nullptr) {
    const std::string state =
        goal.providers == nullptr ? "not in the index" : "virtual, provided by " + providers_text(goal, 3);
    return fmt::format("{}\n{} ({})\n", out, goal.view(), state);
  }
  return fmt::format("{}\n{}\n", out, package_text(*step.to));
}

}  // namespace

Answer why(const Question& question, std::string_view from, std::string_view to) {
  const Name* start = find_name(question.graph, from);
  if (start == nullptr) fail_unknown(question.me, question.graph, from);
  const Name* goal = find_name(question.graph, to);
  if (goal == nullptr) fail_unknown(question.me, question.graph, to);
  if (start->package == nullptr) fail_not_a_package(*start);
  if (start == goal) return {fmt::format("{} is {}\n", from, to)};
  const PackageArray& ordered = *order_packages(question.me, question.graph);
  const List<Step>* path = Search(question, ordered, *goal).run(start->package);
  if (question.check) check_chain(question, start->package, *goal, path);
  if (path == nullptr) return {fmt::format("no chain of dependencies leads from {} to {}\n", from, to), false};
  Answer answer{package_text(*start->package) + "\n"};
  for (const Step* step : *path) answer.text += step_text(*step, *goal);
  answer.text += fmt::format("{} {} from {} to {}\n", path->size(), path->size() == 1 ? "link" : "links", from, to);
  return answer;
}

}  // namespace pkggraph
