// Job: see world.h; here the model and the comparisons.
#include <fmt/format.h>

#include <cstdlib>

#include "runtime/heap_impl.h"
#include "tests/schedule/world.h"

namespace memgc::testing {

void World::fail(const std::string& what) const {
  fmt::print(stderr, "schedule: {} (step {})\n", what, Scheduler::the().steps());
  std::abort();
}

void World::see(std::string_view where) {
  if (where == "merge") check_marked();
  if (where == "settled") check_contents();
}

Id World::truth(const Node* found, const RootModel& root) const {
  if (root.changes && found == objects_[root.coming].address) return root.coming;
  return root.id;
}

void World::expect(const Node* node, Id id, const char* where) const {
  if (node != objects_[id].address) {
    fail(fmt::format("{}: object {} is at {}, not at {}", where, id, fmt::ptr(objects_[id].address), fmt::ptr(node)));
  }
  if (node == nullptr) return;
  if (node->id != id || node->check != Node::check_of(id)) {
    fail(fmt::format("{}: object {} has been overwritten: id {:#x}", where, id, node->id));
  }
  if (objects_[id].destroyed) fail(fmt::format("{}: object {} has been destroyed", where, id));
}

// By id, from what the real Roots and hands name.
std::vector<bool> World::reachable() const {
  std::vector<bool> seen(objects_.size());
  std::vector<Id> todo;
  const auto reach = [&](Id id) {
    if (id == 0 || seen[id]) return;
    seen[id] = true;
    todo.push_back(id);
  };
  for (const RootModel& root : roots_) {
    if (!root.changes) reach(root.id);  // or something else that its assigner holds
  }
  for (const Hand* hand : hands_) {
    for (const Id id : hand->ids) reach(id);
  }
  while (!todo.empty()) {
    const Id id = todo.back();
    todo.pop_back();
    for (const Id edge : objects_[id].edges) reach(edge);
  }
  return seen;
}

void World::check_marked() {
  internal::HeapImpl& heap = heap_->impl();
  const std::vector<bool> seen = reachable();
  for (Id id = 1; id < seen.size(); ++id) {
    if (!seen[id]) continue;
    const internal::CellRef cell = heap.cage().cell_of(objects_[id].address);
    if (!heap.cage().is_kept(heap.roles().kept(), cell)) {
      fail(fmt::format("object {} is reachable and was not marked", id));
    }
  }
}

void World::check_contents() const {
  const std::vector<bool> seen = reachable();
  for (Id id = 1; id < seen.size(); ++id) {
    if (!seen[id]) continue;
    const Object& object = objects_[id];
    expect(object.address, id, "after a cycle");
    for (std::size_t edge = 0; edge < Node::kEdges; ++edge) {
      expect(object.address->edge(edge), object.edges[edge], "after a cycle");
    }
  }
}

}  // namespace memgc::testing
