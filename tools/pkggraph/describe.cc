// Job: see describe.h.
#include "describe.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <numeric>
#include <set>
#include <vector>

#include "errors.h"
#include "text_util.h"

namespace pkggraph {

namespace {

// The number of insertions, deletions, replacements and swaps of neighbours between two texts (optimal string
// alignment).
std::size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> before_last(b.size() + 1);
  std::vector<std::size_t> last(b.size() + 1);
  std::vector<std::size_t> row(b.size() + 1);
  std::iota(last.begin(), last.end(), std::size_t{0});
  for (std::size_t i = 1; i <= a.size(); ++i) {
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const bool same = a[i - 1] == b[j - 1];
      row[j] = std::min({last[j] + 1, row[j - 1] + 1, last[j - 1] + (same ? 0U : 1U)});
      const bool swapped = i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1];
      if (swapped) row[j] = std::min(row[j], before_last[j - 2] + 1);
    }
    std::swap(before_last, last);
    std::swap(last, row);
  }
  return last[b.size()];
}

// Names that a typing mistake may have meant, the closest first. Names that only begin like it come last.
std::vector<std::string> close_names(memgc::Mutator& me, const Graph& graph, std::string_view wanted) {
  constexpr std::size_t kMost = 4;
  constexpr std::size_t kPrefixRank = 100;
  const std::size_t tolerated = std::clamp<std::size_t>(wanted.size() / 3, 1, 3);
  std::set<std::pair<std::size_t, std::string>> found;
  for (const Name* name : *graph.table->slots) {
    me.safepoint();
    if (name == nullptr || (name->package == nullptr && name->providers == nullptr)) continue;
    const std::string_view text = name->view();
    std::size_t rank = SIZE_MAX;
    if (text.size() <= wanted.size() + tolerated && wanted.size() <= text.size() + tolerated) {
      const std::size_t distance = edit_distance(wanted, text);
      if (distance <= tolerated) rank = distance;
    }
    if (rank == SIZE_MAX && wanted.size() >= 3 && text.starts_with(wanted)) rank = kPrefixRank + text.size();
    if (rank == SIZE_MAX) continue;
    found.emplace(rank, text);
    if (found.size() > kMost) found.erase(std::prev(found.end()));
  }
  std::vector<std::string> out;
  out.reserve(found.size());
  for (const auto& [rank, text] : found) out.push_back(text);
  return out;
}

}  // namespace

std::string edge_text(const Edge& edge) {
  std::string out(edge.target->view());
  if (edge.qualifier != nullptr) out += fmt::format(":{}", view(edge.qualifier));
  if (edge.relation != Relation::kAny) out += fmt::format(" ({} {})", relation_text(edge.relation), view(edge.version));
  return out;
}

std::string clause_text(const Clause& clause) {
  std::string out;
  for (const Edge* edge : *clause.alternatives) out += (out.empty() ? "" : " | ") + edge_text(*edge);
  return fmt::format("{}: {}", kind_text(clause.kind), out);
}

std::string package_text(const Package& package) {
  return fmt::format("{} {}", package.name_view(), package.version_view());
}

std::string providers_text(const Name& name, std::size_t most) {
  std::vector<std::string> names;
  for (const Provision* provision = name.providers; provision != nullptr; provision = provision->next) {
    names.emplace_back(provision->owner->name_view());
  }
  std::sort(names.begin(), names.end());
  names.erase(std::unique(names.begin(), names.end()), names.end());
  if (names.empty()) return "nobody";
  const std::size_t shown = std::min(most, names.size());
  const std::size_t rest = names.size() - shown;
  names.resize(shown);
  return rest == 0 ? fmt::format("{}", fmt::join(names, ", "))
                   : fmt::format("{} and {} more", fmt::join(names, ", "), rest);
}

void fail_unknown(memgc::Mutator& me, const Graph& graph, std::string_view name) {
  const std::vector<std::string> close = close_names(me, graph, name);
  const std::string hint = close.empty() ? "" : fmt::format("; did you mean {}?", fmt::join(close, ", "));
  throw InputError(fmt::format("no package is called \"{}\"{}", shortened(name), hint));
}

void fail_not_a_package(const Name& name) {
  if (name.providers != nullptr) {
    throw InputError(fmt::format("{} is a virtual package: ask for one that provides it ({})", name.view(),
                                 providers_text(name, 4)));
  }
  throw InputError(fmt::format("{} is not in the index: other packages only mention it", name.view()));
}

}  // namespace pkggraph
