// Job: see field_namer.h.
#include "runtime/field_namer.h"

#include <algorithm>
#include <map>
#include <set>

#include "memgc/internal/type_info.h"
#include "runtime/object_type.h"

namespace memgc::internal {
namespace {

std::uint64_t key_of(LayoutId layout, std::size_t offset) { return std::uint64_t{layout} << 48 | offset; }

std::string text_of(const NameStep& step) {
  std::string out = step.outer != nullptr ? text_of(*step.outer) : std::string();
  if (step.name.empty()) return out.append("[").append(std::to_string(step.index)).append("]");
  if (step.outer != nullptr) out += '.';
  return out.append(step.name);
}

// Different words for one thing, in their order.
std::string join(const std::set<std::string>& words, std::string_view between, std::size_t most) {
  std::string out;
  std::size_t count = 0;
  for (const std::string& word : words) {
    if (count == most) return out.append(between).append(std::to_string(words.size() - most)).append(" more");
    if (count++ != 0) out += between;
    out += word;
  }
  return out;
}

}  // namespace

std::string all_layout_names(LayoutId layout) {
  constexpr std::size_t kMost = 4;
  std::set<std::string> types;
  for (const LayoutUser* user = layout_users(layout); user != nullptr; user = user->next) {
    const std::string name(user->type->name);
    types.insert(user->array ? std::string("memgc::Array<").append(name).append(">") : name);
  }
  return types.empty() ? "?" : join(types, " | ", kMost);
}

std::uint32_t FieldNamer::intern(std::string_view name) {
  const auto [at, is_new] = numbers_.try_emplace(std::string(name), static_cast<std::uint32_t>(names_.size()));
  if (is_new) names_.emplace_back(name);
  return at->second;
}

std::uint32_t FieldNamer::name_of(LayoutId layout, const void* cell, std::size_t offset) {
  if (!known_[layout]) learn(layout, cell);
  const auto [at, is_new] = fields_.try_emplace(key_of(layout, offset), 0);
  if (is_new) at->second = intern(std::string("+").append(std::to_string(offset)));
  return at->second;
}

void FieldNamer::learn(LayoutId layout, const void* cell) {
  known_[layout] = true;
  struct Found {
    const char* cell;
    std::map<std::size_t, std::set<std::string>> names;  // by offset
  } found{static_cast<const char*>(cell), {}};
  const FieldNameSink sink{
      [](void* context, const void* field, const NameStep& step) {
        auto& to = *static_cast<Found*>(context);
        to.names[static_cast<std::size_t>(static_cast<const char*>(field) - to.cell)].insert(text_of(step));
      },
      &found};
  for (const LayoutUser* user = layout_users(layout); user != nullptr; user = user->next) {
    if (!user->array && user->type->name_fields != nullptr) user->type->name_fields(cell, sink);
  }
  for (const auto& [offset, names] : found.names) {
    fields_[key_of(layout, offset)] = intern(join(names, "/", names.size()));
  }
}

}  // namespace memgc::internal
