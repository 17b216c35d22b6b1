// Job: Debian version numbers: their order, and whether a version meets a relation such as (>= 1.2).
//
// The order is that of Debian policy 5.6.12: [epoch:]upstream[-revision], each part compared by turns as non-digits
// and as numbers, with '~' before the end of the part. Pure functions, any thread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace pkggraph {

/// What a dependency asks of a version.
enum class Relation : std::uint8_t { kAny, kEarlier, kEarlierEqual, kEqual, kLaterEqual, kLater };

/// Less than, equal to or greater than 0, as `a` is earlier than, the same as or later than `b`.
int compare_versions(std::string_view a, std::string_view b);

/// Whether version `have` meets `relation wanted`.
bool relation_holds(std::string_view have, Relation relation, std::string_view wanted);

/// As an index writes it: "<<", "<=", "=", ">=", ">>"; empty for kAny.
std::string_view relation_text(Relation relation);

/// What is wrong with a version's text, as "expected ..."; empty when nothing is.
std::string version_problem(std::string_view version);

}  // namespace pkggraph
