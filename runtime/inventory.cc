// Job: see inventory.h.
#include "runtime/inventory.h"

#include <algorithm>
#include <map>
#include <mutex>
#include <string_view>
#include <thread>

#include "runtime/field_namer.h"
#include "runtime/heap_dump.h"
#include "runtime/heap_impl.h"
#include "runtime/heaps.h"
#include "runtime/mutator_impl.h"
#include "runtime/object_type.h"
#include "runtime/roots.h"

namespace memgc::internal {
namespace {

using Clock = std::chrono::steady_clock;

// The calling thread is blocked in all its heaps: it waits for others, and they for nobody.
class Aside {
 public:
  Aside() : thread_(ThreadRecord::mine()), entered_(thread_.mutators != nullptr && !thread_.blocked) {
    if (entered_) enter_blocked(thread_);
  }
  ~Aside() {
    if (entered_) leave_blocked(thread_);
  }
  Aside(const Aside&) = delete;
  Aside& operator=(const Aside&) = delete;

 private:
  ThreadRecord& thread_;
  const bool entered_;
};

template <class Done>
bool wait_until(Clock::time_point end, Done&& done) {
  while (!done()) {
    if (Clock::now() >= end) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  return true;
}

// Whether a cycle came to its end in time, so that every thread answers.
bool collect_in_time(HeapImpl& heap, Clock::time_point end) {
  const std::uint64_t before = heap.stats().cycles;
  heap.collector().collect_async();
  return wait_until(end, [&] { return heap.stats().cycles > before; });
}

std::string type_at(const void* object) {
  std::string type = "nothing: its heap is gone";
  const std::lock_guard guard(heaps.lock);
  heaps.for_each([&](HeapImpl& heap) {
    if (!heap.cage().contains(object)) return;
    const CellRef cell = heap.cage().cell_of(object);
    if (cell) type = all_layout_names(heap.cage().block(cell.block).layout);
  });
  return type;
}

// A destructor may free what has a destructor, and drop Roots.
bool finish_the_dead(HeapImpl& heap, Clock::time_point end) {
  constexpr int kMostRounds = 8;
  for (int round = 0; round < kMostRounds; ++round) {
    const std::uint64_t before = heap.finalizers().done();
    if (!collect_in_time(heap, end)) return false;
    heap.collector().collect();  // what ended above may have begun before
    if (!wait_until(end, [&] { return heap.finalizers().pending() == 0; })) break;
    if (heap.finalizers().done() == before) break;
  }
  return true;
}

struct Kept {
  std::vector<bool> reached;
  std::vector<std::size_t> first_edge;
};

// Everything that `from` leads to.
void reach(const HeapDump& dump, Kept& kept, const std::vector<std::uint32_t>& from) {
  std::vector<std::uint32_t> todo;
  const auto visit = [&](std::uint32_t node) {
    if (kept.reached[node]) return;
    kept.reached[node] = true;
    todo.push_back(node);
  };
  for (const std::uint32_t node : from) visit(node);
  while (!todo.empty()) {
    const std::uint32_t node = todo.back();
    todo.pop_back();
    for (std::size_t i = 0; i < dump.nodes[node].edges; ++i) {
      const DumpEdge& edge = dump.edges[kept.first_edge[node] + i];
      if (static_cast<EdgeKind>(edge.kind) != EdgeKind::kWeak) visit(edge.to);
    }
  }
}

bool is_stack(const DumpRoots& roots) { return roots.name.starts_with("(stack"); }

// What no root leads to was made, or let go, while the cycle ran.
std::vector<HeldObjects> count_objects(const HeapDump& dump) {
  Kept kept;
  kept.reached.resize(dump.nodes.size());
  std::size_t edges = 0;
  for (const DumpNode& node : dump.nodes) {
    kept.first_edge.push_back(edges);
    edges += node.edges;
  }
  for (const DumpRoots& roots : dump.roots) {
    if (!is_stack(roots)) reach(dump, kept, roots.nodes);
  }
  const std::vector<bool> surely = kept.reached;
  for (const DumpRoots& roots : dump.roots) reach(dump, kept, roots.nodes);

  std::map<std::string, HeldObjects> by_type;
  for (std::size_t i = 0; i < dump.nodes.size(); ++i) {
    if (!kept.reached[i]) continue;
    HeldObjects& held = by_type[dump.layout_names[dump.nodes[i].layout]];
    const std::size_t bytes = std::size_t{dump.nodes[i].words} * 8;
    (surely[i] ? held.count : held.count_by_stacks) += 1;
    (surely[i] ? held.bytes : held.bytes_by_stacks) += bytes;
  }
  std::vector<HeldObjects> out;
  for (auto& [type, held] : by_type) {
    held.type = type;
    out.push_back(std::move(held));
  }
  return out;
}

HeldHeap look_at(HeapImpl& heap, Clock::time_point end) {
  HeldHeap out;
  out.number = heap.number();
  out.heap = &heap.facade();
  if (finish_the_dead(heap, end)) {
    HeapDump dump(SIZE_MAX);
    dump_heap(heap.facade(), dump);
    out.objects = count_objects(dump);
    out.counted = true;
  }
  out.overdue = heap.finalizers().pending();
  heap.finalizers().for_each_cleanup([&](const void* object) { out.cleanups.push_back(type_at(object)); });
  return out;
}

std::string name_of(const ThreadRecord& thread) {
  return std::string(thread.name) + " (" + std::to_string(thread.tid) + ")";
}

// After the heaps were collected: a heap's own thread that is made for that is known by then.
void list_threads(HeapImpl& heap, HeldHeap& held, std::vector<const ThreadRecord*>& threads) {
  heap.handshakes().for_each([&](MutatorImpl& mutator) {
    if (heap.finalizers().is_thread(mutator.thread.tid)) return;
    held.mutators.push_back(name_of(mutator.thread));
    if (std::find(threads.begin(), threads.end(), &mutator.thread) == threads.end()) threads.push_back(&mutator.thread);
  });
}

}  // namespace

Inventory take_inventory(std::chrono::nanoseconds patience) {
  const Aside aside;
  const Clock::time_point end = Clock::now() + patience;
  std::vector<HeapImpl*> all;
  {
    const std::lock_guard guard(heaps.lock);
    heaps.for_each([&](HeapImpl& heap) { all.insert(all.begin(), &heap); });
  }
  Inventory out;
  for (HeapImpl* heap : all) out.heaps.push_back(look_at(*heap, end));
  std::vector<const ThreadRecord*> threads;
  for (std::size_t i = 0; i < all.size(); ++i) list_threads(*all[i], out.heaps[i], threads);
  for (const ThreadRecord* thread : threads) {
    for_each_range(const_cast<ThreadRecord&>(*thread), [&](const RangeEntry&, const char*, const char*) {
      out.root_range_threads.push_back(name_of(*thread));
    });
  }
  out.root_ranges = root_range_count();
  out.roots = root_count();
  for_each_root(
      [](void* list, const void* object) { static_cast<std::vector<std::string>*>(list)->push_back(type_at(object)); },
      &out.root_targets);
  return out;
}

}  // namespace memgc::internal
