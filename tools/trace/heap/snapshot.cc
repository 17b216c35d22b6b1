// Job: see snapshot.h.
#include "heap/snapshot.h"

#include <fmt/format.h>

#include <unordered_map>

namespace memgc::trace {

void Strings::add(std::string_view text) {
  if (text.size() > kMostName) {
    std::size_t end = kMostName;
    while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xc0) == 0x80) --end;
    text = text.substr(0, end);
  }
  text_ += text;
  ends_.push_back(text_.size());
}

Types::Types(const Snapshot& snapshot) {
  constexpr std::uint32_t kNone = Snapshot::kNone;
  std::unordered_map<std::string, std::uint32_t> known;
  const auto type_of = [&](std::string name) {
    const auto [place, is_new] = known.emplace(std::move(name), static_cast<std::uint32_t>(names.size()));
    if (is_new) names.push_back(place->first);
    return place->second;
  };
  // One look-up a string or kind, not one a node.
  std::vector<std::uint32_t> by_name(snapshot.strings.size(), kNone), by_kind(snapshot.kind_names.size(), kNone);
  std::vector<bool> has_type, is_named;
  for (const std::string& kind : snapshot.kind_names) {
    has_type.push_back(kind != "synthetic");
    is_named.push_back(!snapshot.memgc_base.empty() || kind == "object" || kind == "native");
  }
  const auto in_brackets = [](const std::string& kind) {
    return kind == "hidden" ? "(system)" : kind == "code" ? "(compiled code)" : fmt::format("({})", kind);
  };
  of_node.reserve(snapshot.nodes());
  for (Snapshot::Node node = 0; node < snapshot.nodes(); ++node) {
    const std::uint8_t kind = snapshot.kinds[node];
    const std::uint32_t name = snapshot.names[node];
    if (!has_type[kind]) {
      of_node.push_back(kNone);
      continue;
    }
    std::uint32_t& type = is_named[kind] ? by_name[name] : by_kind[kind];
    if (type == kNone)
      type = type_of(is_named[kind] ? std::string(snapshot.strings[name]) : in_brackets(snapshot.kind_names[kind]));
    of_node.push_back(type);
  }
}

}  // namespace memgc::trace
