// Job: small pure functions on text that several files of this program need.
#pragma once

#include <algorithm>
#include <string>
#include <string_view>

namespace pkggraph {

inline bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }

/// Without the blanks at both ends.
inline std::string_view trimmed(std::string_view text) {
  while (!text.empty() && is_blank(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_blank(text.back())) text.remove_suffix(1);
  return text;
}

/// For complaints: one line of printable characters, not too long.
inline std::string shortened(std::string_view text, std::size_t limit = 60) {
  std::string out(text.substr(0, limit));
  for (char& c : out) {
    if (static_cast<unsigned char>(c) < ' ' || c == 0x7f) c = '?';
  }
  if (text.size() > limit) out += "...";
  return out;
}

inline constexpr std::string_view kPackageNameRule = "letters, digits and . + - _, beginning with a letter or digit";

inline bool is_name_character(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' || c == '+' ||
         c == '-' || c == '_';
}

/// A little wider than Debian policy: other people's archives have capitals and underscores.
inline bool is_package_name(std::string_view name) {
  const bool starts_well = !name.empty() && is_name_character(name.front()) &&
                           std::string_view(".+-_").find(name.front()) == std::string_view::npos;
  return starts_well && std::all_of(name.begin(), name.end(), is_name_character);
}

}  // namespace pkggraph
