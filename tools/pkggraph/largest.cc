// Job: largest: packages by what they install themselves, and by what they bring with them; and `stats`, what the graph
// holds.
#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <vector>

#include "check.h"
#include "describe.h"
#include "queries.h"

namespace pkggraph {

namespace {

struct Closure {
  std::uint64_t kib = 0;
  std::uint32_t packages = 0;
  std::uint32_t number = 0;  // of the package that brings it
};

double mib(std::uint64_t kib) { return static_cast<double>(kib) / 1024; }

// The largest first; of equal ones the first by name.
bool is_larger(const Closure& a, const Closure& b) { return a.kib != b.kib ? a.kib > b.kib : a.number < b.number; }

// Every package's closure, one walk each.
std::vector<Closure> closures_of(memgc::Mutator& me, const PackageArray& ordered) {
  const Adjacency& adjacency = *make_adjacency(me, ordered, Follow::kFirst);
  std::vector<std::uint64_t> kib(ordered.size());  // side by side: a walk reads no Package
  for (std::size_t i = 0; i < ordered.size(); ++i) kib[i] = ordered[i]->installed_kib;
  Walker walker(adjacency);
  std::vector<Closure> closures(ordered.size());
  for (std::uint32_t number = 0; number < ordered.size(); ++number) {
    Closure& closure = closures[number];
    closure.number = number;
    walker.walk(me, number, [&](std::uint32_t reached) {
      closure.kib += kib[reached];
      ++closure.packages;
    });
  }
  return closures;
}

// The same for one package, over the objects instead of the arrays and with a set of names.
Closure closure_by_objects(memgc::Mutator& me, const Package* package) {
  std::set<std::string_view> seen{package->name_view()};  // the names stay: nobody changes the graph
  auto* pending = memgc::make<List<const Package>>();
  pending->push(package);
  Closure closure;
  closure.number = package->number;
  while (!pending->empty()) {
    me.safepoint();
    const Package* at = pending->pop();
    closure.kib += at->installed_kib;
    ++closure.packages;
    for (const Clause* clause : *at->clauses) {
      const Package* chosen = preferred_candidate(*clause);
      if (chosen != nullptr && seen.insert(chosen->name_view()).second) pending->push(chosen);
    }
  }
  return closure;
}

std::string by_installed_size(const PackageArray& ordered, std::size_t count) {
  std::vector<Closure> sizes;
  for (const Package* package : ordered) sizes.push_back({package->installed_kib, 1, package->number});
  std::sort(sizes.begin(), sizes.end(), is_larger);
  sizes.resize(count);
  std::string out = "by Installed-Size:\n       MiB  package\n";
  for (const Closure& size : sizes)
    out += fmt::format("{:10.1f}  {}\n", mib(size.kib), package_text(*ordered[size.number]));
  return out;
}

// How many names are virtual, and how many are only mentioned.
std::string names_text(memgc::Mutator& me, const Graph& graph) {
  std::uint64_t provided_only = 0;
  std::uint64_t missing = 0;
  for (const Name* name : *graph.table->slots) {
    me.safepoint();
    if (name == nullptr || name->package != nullptr) continue;
    ++(name->providers != nullptr ? provided_only : missing);
  }
  return fmt::format("names: {} ({} packages, {} virtual, {} that are only mentioned)\n", graph.table->used,
                     graph.packages, provided_only, missing);
}

}  // namespace

Answer largest(const Question& question, std::size_t count) {
  const PackageArray& ordered = *order_packages(question.me, question.graph);
  count = std::min(count, ordered.size());
  std::vector<Closure> closures = closures_of(question.me, ordered);
  std::sort(closures.begin(), closures.end(), is_larger);
  closures.resize(count);
  Answer answer{by_installed_size(ordered, count)};
  answer.text += "with all that they depend on, first choices:\n       MiB  packages  package\n";
  for (const Closure& closure : closures) {
    if (question.check) {
      const Closure again = closure_by_objects(question.me, ordered[closure.number]);
      require(again.kib == closure.kib && again.packages == closure.packages,
              "two ways to walk the closure disagree about", ordered[closure.number]->name_view());
    }
    answer.text +=
        fmt::format("{:10.1f}  {:8}  {}\n", mib(closure.kib), closure.packages, package_text(*ordered[closure.number]));
  }
  return answer;
}

Answer summary(const Question& question) {
  const Graph& graph = question.graph;
  const PackageArray& ordered = *order_packages(question.me, graph);
  std::uint64_t of_kind[3] = {};
  std::uint64_t with_choice = 0;
  std::uint64_t unmet = 0;
  std::uint64_t kib = 0;
  for (const Package* package : ordered) {
    question.me.safepoint();
    kib += package->installed_kib;
    for (const Clause* clause : *package->clauses) {
      ++of_kind[static_cast<std::size_t>(clause->kind)];
      with_choice += clause->alternatives->size() > 1;
      unmet += preferred_candidate(*clause) == nullptr;
    }
  }
  Answer answer{names_text(question.me, graph)};
  answer.text += fmt::format(
      "dependencies: {} ({} Pre-Depends, {} Depends, {} Recommends; {} with alternatives, {} that nothing meets)\n",
      graph.clauses, of_kind[0], of_kind[1], of_kind[2], with_choice, unmet);
  answer.text += fmt::format("edges: {}, provisions: {}, installed size of everything: {:.1f} MiB\n", graph.edges,
                             graph.provisions, mib(kib));
  answer.text += fmt::format("digest: {:016x}\n", digest(question.me, graph));
  return answer;
}

}  // namespace pkggraph
