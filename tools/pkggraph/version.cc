// Job: see version.h.
#include "version.h"

#include <algorithm>

namespace pkggraph {

namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

// Where a character of a non-digit stretch sorts: '~' before the end of the stretch (0), letters before the rest.
int rank_of(std::string_view text) {
  if (text.empty() || is_digit(text.front())) return 0;
  const char c = text.front();
  if (c == '~') return -1;
  return is_letter(c) ? c : c + 256;
}

std::string_view take_number(std::string_view& text) {
  text.remove_prefix(std::min(text.find_first_not_of('0'), text.size()));
  const auto end = std::find_if_not(text.begin(), text.end(), is_digit);
  const std::string_view number = text.substr(0, static_cast<std::size_t>(end - text.begin()));
  text.remove_prefix(number.size());
  return number;
}

// Numbers without leading zeros, of any length: no integer type has to hold them.
int compare_numbers(std::string_view a, std::string_view b) {
  if (a.size() != b.size()) return a.size() < b.size() ? -1 : 1;
  return a.compare(b);
}

int compare_parts(std::string_view a, std::string_view b) {
  while (!a.empty() || !b.empty()) {
    for (int rank_a = rank_of(a), rank_b = rank_of(b); rank_a != 0 || rank_b != 0;
         rank_a = rank_of(a), rank_b = rank_of(b)) {
      if (rank_a != rank_b) return rank_a - rank_b;
      a.remove_prefix(1);  // equal and not 0: both have a character here
      b.remove_prefix(1);
    }
    const std::string_view number_a = take_number(a);
    const std::string_view number_b = take_number(b);
    if (const int order = compare_numbers(number_a, number_b); order != 0) return order;
  }
  return 0;
}

struct Parts {
  std::string_view epoch, upstream, revision;
};

Parts split(std::string_view version) {
  Parts parts;
  if (const auto colon = version.find(':'); colon != std::string_view::npos) {
    parts.epoch = version.substr(0, colon);
    version.remove_prefix(colon + 1);
  }
  const auto dash = version.rfind('-');
  parts.upstream = version.substr(0, dash);
  if (dash != std::string_view::npos) parts.revision = version.substr(dash + 1);
  return parts;
}

}  // namespace

int compare_versions(std::string_view a, std::string_view b) {
  const Parts parts_a = split(a);
  const Parts parts_b = split(b);
  // A missing epoch counts as 0, which is what an empty text compares like; likewise a missing revision.
  if (const int order = compare_parts(parts_a.epoch, parts_b.epoch); order != 0) return order;
  if (const int order = compare_parts(parts_a.upstream, parts_b.upstream); order != 0) return order;
  return compare_parts(parts_a.revision, parts_b.revision);
}

bool relation_holds(std::string_view have, Relation relation, std::string_view wanted) {
  if (relation == Relation::kAny) return true;
  const int order = compare_versions(have, wanted);
  switch (relation) {
    case Relation::kEarlier:
      return order < 0;
    case Relation::kEarlierEqual:
      return order <= 0;
    case Relation::kEqual:
      return order == 0;
    case Relation::kLaterEqual:
      return order >= 0;
    case Relation::kLater:
      return order > 0;
    case Relation::kAny:
      break;
  }
  return true;
}

std::string_view relation_text(Relation relation) {
  switch (relation) {
    case Relation::kEarlier:
      return "<<";
    case Relation::kEarlierEqual:
      return "<=";
    case Relation::kEqual:
      return "=";
    case Relation::kLaterEqual:
      return ">=";
    case Relation::kLater:
      return ">>";
    case Relation::kAny:
      break;
  }
  return "";
}

std::string version_problem(std::string_view version) {
  if (version.empty()) return "expected a version";
  const auto is_allowed = [](char c) {
    return is_digit(c) || is_letter(c) || std::string_view(".+~-:").find(c) != std::string_view::npos;
  };
  if (!std::all_of(version.begin(), version.end(), is_allowed))
    return "expected a version of letters, digits and . + ~ - :";
  const Parts parts = split(version);
  if (version.find(':') != std::string_view::npos) {
    const bool is_number = !parts.epoch.empty() && std::all_of(parts.epoch.begin(), parts.epoch.end(), is_digit);
    if (!is_number) return "expected a number before the version's ':'";
  }
  if (parts.upstream.empty()) return "expected a version number between epoch and revision";
  return "";
}

}  // namespace pkggraph
