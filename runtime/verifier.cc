// Job: see verifier.h.
#include "runtime/verifier.h"

#include <algorithm>
#include <cstdio>
#include <string>
#include <unordered_map>
#include <vector>

#include "allocator/base/check.h"
#include "memgc/internal/type_info.h"
#include "runtime/heap_impl.h"
#include "runtime/mark_team.h"
#include "runtime/mutator_impl.h"
#include "runtime/object_type.h"
#include "runtime/roots.h"
#include "runtime/trace_line.h"

namespace memgc::internal {
namespace {

bool is_marked(const Cage& cage, const Roles& roles, CellRef cell) { return cell && cage.is_kept(roles.kept(), cell); }

// Depth-first, by cell address, remembering from where each was reached first.
class Rechecker final : public Visitor {
 public:
  // `exact`: the snapshots are those that the marker scanned. Otherwise a word on a stack may be a stale one that names
  // a dead object, and says nothing.
  Rechecker(HeapImpl& heap, const Roles& roles, bool exact) : cage_(heap.cage()), roles_(roles), exact_(exact) {
    context_ = this;
    record_ = [](void* self, const void*, const void* target) { static_cast<Rechecker*>(self)->reach(target); };
  }

  void run(const Snapshots& snapshots) {
    const auto reach_exact = [](void* self, const void* target) { static_cast<Rechecker*>(self)->reach_word(target); };
    from_ = nullptr;
    for_each_root(reach_exact, this);
    for (const auto& snapshot : snapshots) {
      for (const std::uintptr_t word : *snapshot) {
        const void* target = reinterpret_cast<const void*>(word);
        if (exact_ || (cage_.contains(target) && is_marked(cage_, roles_, cage_.cell_of(target)))) reach_word(target);
      }
    }
    while (!todo_.empty()) {
      char* cell = todo_.back();
      todo_.pop_back();
      scan(cell);
    }
  }

 private:
  void reach_word(const void* target) {
    if (!cage_.contains(target)) return;
    const CellRef cell = cage_.cell_of(target);
    if (cell && cage_.test(roles_.occupied, cell)) reach(target);
  }

  void reach(const void* target) {
    if (target == nullptr || !cage_.contains(target)) return;
    const CellRef ref = cage_.cell_of(target);
    if (!ref || !cage_.test(roles_.occupied, ref)) fail("a pointer to a free cell", target);
    char* cell = cage_.address_of(ref);
    if (!reached_from_.emplace(cell, from_).second) return;
    if (!is_marked(cage_, roles_, ref)) fail("an object that is reachable was not marked", cell);
    todo_.push_back(cell);
  }

  void scan(char* cell) {
    from_ = cell;
    const CellRef ref = cage_.cell_of(cell);
    const Block& block = cage_.block(ref.block);
    const auto* words = reinterpret_cast<const std::atomic<const void*>*>(cell);
    switch (static_cast<PointerMap>(block.kind)) {
      case PointerMap::kNone:
        break;
      case PointerMap::kMask:
        for (unsigned i = 0; i < kMaskWords; ++i) {
          if ((block.data[0] >> i & 1) != 0) reach(words[i].load(std::memory_order_relaxed));
        }
        break;
      case PointerMap::kTrace:
        reinterpret_cast<TraceFunction>(block.data[0])(cell, *this);
        break;
      case PointerMap::kPointerArray:
        for (std::size_t i = 0, n = count_of(cell); i < n; ++i) reach(words[i + 1].load(std::memory_order_relaxed));
        break;
      case PointerMap::kTracedArray:
        reinterpret_cast<TraceRangeFunction>(block.data[0])(cell + (block.data[1] >> 32), 0, count_of(cell), *this);
        break;
      case PointerMap::kWeak:
        break;
      case PointerMap::kEphemeron: {
        const void* key = words[0].load(std::memory_order_acquire);
        if (key != nullptr && is_marked(cage_, roles_, cage_.cell_of(key)))
          reach(words[1].load(std::memory_order_acquire));
        break;
      }
      case PointerMap::kConservative:
        for (std::size_t i = 0, n = cage_.cell_bytes(ref) / sizeof(void*); i < n; ++i) {
          reach_word(words[i].load(std::memory_order_relaxed));
        }
        break;
    }
  }

  static std::size_t count_of(const char* cell) {
    return reinterpret_cast<const std::atomic<std::size_t>*>(cell)->load(std::memory_order_relaxed);
  }

  [[noreturn]] void fail(const char* what, const void* at) {
    std::string path;
    for (const char* cell = from_; cell != nullptr; cell = reached_from_[cell]) {
      char step[256];
      const std::string_view type = layout_name(cage_.block(cage_.cell_of(cell).block).layout);
      std::snprintf(step, sizeof(step), " <- %p (%.*s)", static_cast<const void*>(cell), static_cast<int>(type.size()),
                    type.data());
      if (path.size() + sizeof(step) < 800) path += step;
    }
    fatal("gccheckmark: %s: %p%s <- a root or a stack", what, at, path.c_str());
  }

  void flush() override {}
  void visit_words(const void* begin, const void* end) override {
    for (const char* word = static_cast<const char*>(begin); word + sizeof(void*) <= end; word += sizeof(void*)) {
      reach_word(*reinterpret_cast<const void* const*>(word));
    }
  }

  Cage& cage_;
  const Roles& roles_;
  const bool exact_;
  const char* from_ = nullptr;
  std::unordered_map<const char*, const char*> reached_from_;
  std::vector<char*> todo_;
};

}  // namespace

void check_marks_again(HeapImpl& heap, const Roles& roles, const Snapshots& snapshots) {
  Rechecker(heap, roles, heap.debug().gcstoptheworld || heap.precise_stacks()).run(snapshots);
}

void verify_marks(HeapImpl& heap, const Roles& roles, const BlockSets::Cells* marked) {
  const Cage& cage = heap.cage();
  std::size_t cells = 0, bytes = 0;
  for (BlockIndex index = 1; index < cage.frontier(); ++index) {
    const Block& block = cage.block(index);
    const BlockState state = block.state.load(std::memory_order_acquire);
    const bool in_use = state == BlockState::kCells || state == BlockState::kLarge;
    const BitmapWord* occupied = cage.bitmap(roles.occupied, index);
    const BitmapWord* kept = cage.bitmap(roles.kept(), index);
    const BitmapWord* fresh = cage.bitmap(kNewBitmap, index);
    for (std::uint32_t word = 0; word < kBitmapWords; ++word) {
      const std::uint64_t marks =
          kept[word].load(std::memory_order_relaxed) | fresh[word].load(std::memory_order_relaxed);
      const std::uint64_t free_and_marked = marks & ~occupied[word].load(std::memory_order_relaxed);
      if (free_and_marked != 0) {
        fatal(
            "heap verification: block %u has marks on free cells (word %u, bits 0x%llx): a mark was set on the wrong "
            "cell, "
            "or a pointer to a freed object was followed",
            index, word, static_cast<unsigned long long>(free_and_marked));
      }
      if (marks != 0 && !in_use) fatal("heap verification: block %u is free and has marks", index);
      const auto count = static_cast<std::size_t>(std::popcount(marks));
      cells += count;
      if (count != 0)
        bytes += count * (state == BlockState::kLarge ? std::size_t{block.length} << kBlockShift : block.cell_bytes);
    }
  }
  if (marked != nullptr && (cells != marked->count || bytes != marked->bytes)) {
    fatal("heap verification: those who marked counted %zu cells, %zu bytes; the bitmaps hold %zu cells, %zu bytes",
          marked->count, marked->bytes, cells, bytes);
  }
  heap.blocks().verify();
}

void name_conservative_only(HeapImpl& heap, const Roles& roles) {
  const Cage& cage = heap.cage();
  std::vector<const char*> named;
  heap.handshakes().for_each([&](MutatorImpl& mutator) {
    Snapshot stack;
    stack.take(mutator.thread, true);
    for (const std::uintptr_t word : stack) {
      const void* target = reinterpret_cast<const void*>(word);
      if (!cage.contains(target)) continue;
      const CellRef cell = cage.cell_of(target);
      if (!cell || !cage.test(roles.occupied, cell) || is_marked(cage, roles, cell)) continue;
      const char* address = cage.address_of(cell);
      if (std::find(named.begin(), named.end(), address) != named.end()) continue;
      named.push_back(address);
      const std::string_view type = layout_name(cage.block(cell.block).layout);
      char line[512];
      const int length =
          std::snprintf(line, sizeof(line),
                        "memgc: precisecheck: %p (%.*s, %zu bytes) is referred to by the stack of thread %s only\n",
                        static_cast<const void*>(address), static_cast<int>(type.size()), type.data(),
                        cage.cell_bytes(cell), mutator.thread.name);
      if (length > 0) write_line(line, std::min(static_cast<std::size_t>(length), sizeof(line) - 1));
    }
  });
}

}  // namespace memgc::internal
