// Job: the oracle's comparison of the heap with the model: what lives, what it weighs, where it leads.
//
// Threads: the first editor alone, while all others are blocked.
#include <fmt/format.h>

#include "tests/runtime/support.h"
#include "tests/stress/oracle_state.h"

namespace memgc::testing {

const Shadow& Oracle::shadow(Id id) const {
  if (owner_of(id) >= editors_.size()) fail(fmt::format("an object claims the identity {:x}, which has no owner", id));
  return shadow_of(editors_[owner_of(id)], id);
}

// A stall holds the last write of one of the threads that wrote to it; which one, the race decided.
void Oracle::adopt_market() {
  for (std::size_t stall = 0; stall < Market::kStalls; ++stall) {
    const Object* object = market_->stalls[stall];
    const Id actual = id_or_none(object);
    bool written = false;
    bool possible = false;
    for (Editor& editor : editors_) {
      if (editor.written[stall].has_value()) {
        written = true;
        possible = possible || *editor.written[stall] == actual;
        editor.written[stall].reset();
      }
    }
    if (!written) possible = actual == market_ids_[stall];
    if (!possible) fail(fmt::format("stall {} holds {:x}, which is nobody's last write", stall, actual));
    market_ids_[stall] = actual;
  }
}

Oracle::Reached Oracle::model_roots() const {
  Reached roots;
  for (const Editor& editor : editors_) {
    for (std::size_t i = 0; i < kHand; ++i) roots.emplace_back(editor.hand_ids[i], editor.hand->objects[i]);
    for (std::size_t i = 0; i < kKeep; ++i) roots.emplace_back(editor.keep_ids[i], editor.keep[i].get());
    for (std::size_t i = 0; i < editor.stack_ids.size(); ++i) {
      roots.emplace_back(editor.stack_ids[i], TaggedWords::object(editor.stack[i]));
    }
  }
  for (std::size_t i = 0; i < Market::kStalls; ++i) roots.emplace_back(market_ids_[i], market_->stalls[i].get());
  return roots;
}

// The bytes that the model says are reachable; and what is.
std::uint64_t Oracle::reachable_bytes(std::unordered_map<Id, bool>& reachable) const {
  std::uint64_t bytes = market_bytes_;
  std::vector<Id> pending;
  const auto reach = [&](Id id) {
    if (id == 0 || !reachable.emplace(id, true).second) return;
    const Shadow& found = shadow(id);
    if (config_.weigh) bytes += cell_bytes_.at({found.kind, found.length});
    pending.push_back(id);
  };
  for (const auto& [id, object] : model_roots()) reach(id);
  while (!pending.empty()) {
    const Id id = pending.back();
    pending.pop_back();
    for (Id target : shadow(id).edges) reach(target);
  }
  return bytes;
}

// Walks the real graph beside the model's. Returns how many objects it looked at.
std::uint64_t Oracle::walk(const Reached& roots, std::unordered_map<Id, const Object*>& seen) const {
  std::vector<Id> pending;
  std::unordered_map<const Object*, Id> addresses;
  const auto meet = [&](Id id, const Object* object, Id from, std::size_t index) {
    if ((id == 0) != (object == nullptr)) {
      fail(fmt::format("edge {} of {:x} leads to {} where the model says {:x}", index, from, fmt::ptr(object), id));
    }
    if (id == 0) return;
    const auto [place, fresh] = seen.emplace(id, object);
    if (!fresh) {
      if (place->second != object) fail(fmt::format("object {:x} is at two addresses", id));
      return;
    }
    if (!heap_.contains(object)) fail(fmt::format("object {:x} is outside the heap", id));
    const Shadow& expected = shadow(id);
    if (const char* what = damage(*object, id, expected.kind, expected.length)) {
      fail(fmt::format("object {:x}, edge {} of {:x}, {} ({:x})", id, index, from, what, object->id));
    }
    if (!addresses.emplace(object, id).second) fail(fmt::format("two objects at one address, one is {:x}", id));
    pending.push_back(id);
  };
  for (std::size_t i = 0; i < roots.size(); ++i) meet(roots[i].first, roots[i].second, 0, i);
  while (!pending.empty()) {
    const Id id = pending.back();
    pending.pop_back();
    const std::vector<Id>& edges = shadow(id).edges;
    const Object& object = *seen.at(id);
    for (std::size_t i = 0; i < edges.size(); ++i) meet(edges[i], edge(object, i), id, i);
  }
  return seen.size();
}

void Oracle::compare() {
  adopt_market();
  std::unordered_map<Id, bool> reachable;
  const std::uint64_t expected = reachable_bytes(reachable);
  heap_.collect();
  if (config_.weigh) compare_bytes(expected);
  std::unordered_map<Id, const Object*> seen;
  report_.compared += walk(model_roots(), seen);
  for (Editor& editor : editors_) {
    std::erase_if(editor.owned, [&](const auto& entry) { return !reachable.contains(entry.first); });
  }
}

void Oracle::compare_bytes(std::uint64_t expected) {
  std::uint64_t live = heap_.stats().live_bytes;
  if (config_.options.precise_stacks && live > expected) {  // dead in the model: gone within two cycles
    heap_.collect();
    live = heap_.stats().live_bytes;
    if (live > expected) {
      fail(fmt::format("{} bytes live, the model has {}: something dead is kept", live, expected));
    }
  }
  if (live < expected) {
    fail(fmt::format("{} bytes live, the model has {}: something reachable was not marked", live, expected));
  }
}

// What a cell of each kind weighs, measured in a heap of its own: the model knows nothing of size classes.
void Oracle::calibrate() {
  Options options = precise_options();
  Heap scratch(options);
  Mutator me(scratch);
  void* slot = nullptr;
  const RootRange range(&slot, &slot + 1);
  const auto weigh = [&](Kind kind, std::uint32_t length) {
    Root<Object> root(make_object(me, 1, kind, length, slot));
    const std::uint64_t bytes = live_after_collect(scratch);
    if (bytes < least_bytes(*root))
      fail(fmt::format("an object of kind {} weighs {} bytes", static_cast<int>(kind), bytes));
    cell_bytes_[{kind, length}] = bytes;
  };
  for (std::uint32_t kind = 0; kind < kKinds; ++kind) {
    if (kind < static_cast<std::uint32_t>(Kind::kMembers)) weigh(static_cast<Kind>(kind), 0);
  }
  for (std::uint32_t length : kLengths) {
    for (Kind kind : {Kind::kMembers, Kind::kArms, Kind::kBytes}) weigh(kind, length);
  }
  const Root<Market> market(me.make<Market>());
  market_bytes_ = live_after_collect(scratch);
}

}  // namespace memgc::testing
