// Job: see heap_dump.h.
#include "runtime/heap_dump.h"

#include <algorithm>
#include <bit>
#include <new>

#include "memgc/internal/type_info.h"
#include "runtime/field_namer.h"
#include "runtime/heap_impl.h"
#include "runtime/object_type.h"
#include "runtime/roots.h"

namespace memgc::internal {
namespace {

constexpr std::size_t kWordBytes = sizeof(void*);

const void* load_word(const char* address) {
  // Acquire: as in the marker; what was written to the object before its address got here is seen.
  return reinterpret_cast<const std::atomic<const void*>*>(address)->load(std::memory_order_acquire);
}

bool is_in_use(const Block& block) {
  // Acquire: pairs with the release of whoever takes the block into use.
  const BlockState state = block.state.load(std::memory_order_acquire);
  return state == BlockState::kCells || state == BlockState::kLarge;
}

// The kept of 64 cells that are objects: a run that was handed out whole is kept before there is anything in it.
std::uint64_t objects(const Cage& cage, const Roles& roles, BlockIndex index, std::uint32_t word) {
  // Acquire: pairs with the release of the thread that recorded its cells as occupied.
  const std::uint64_t occupied = cage.bitmap(roles.occupied, index)[word].load(std::memory_order_acquire);
  return occupied & (cage.bitmap(roles.kept(), index)[word].load(std::memory_order_relaxed) |
                     cage.bitmap(kNewBitmap, index)[word].load(std::memory_order_relaxed));
}

}  // namespace

// Goes over one object's fields, as a marker does, and notes each with its name.
class HeapDump::Recorder final : public Visitor {
 public:
  Recorder(HeapDump& dump, const Cage& cage) : dump_(dump), cage_(cage), namer_(dump.names) {
    context_ = this;
    record_ = [](void* self, const void* field, const void* target) {
      static_cast<Recorder*>(self)->note_field(static_cast<const char*>(field), target);
    };
  }

  /// The node that an address points into; UINT32_MAX if it points into none.
  std::uint32_t node_at(const void* target) const {
    if (target == nullptr || !cage_.contains(target)) return UINT32_MAX;
    const CellRef cell = cage_.cell_of(target);
    if (!cell || cell.block + 1 >= dump_.first_node_.size()) return UINT32_MAX;
    const auto begin = dump_.nodes.begin() + dump_.first_node_[cell.block];
    const auto end = dump_.nodes.begin() + dump_.first_node_[cell.block + 1];
    const auto at =
        std::lower_bound(begin, end, cell.index, [](const DumpNode& a, std::uint32_t index) { return a.cell < index; });
    return at != end && at->cell == cell.index ? static_cast<std::uint32_t>(at - dump_.nodes.begin()) : UINT32_MAX;
  }

  void scan(DumpNode& node) {
    const std::size_t before = dump_.edges.size();
    block_ = &cage_.block(node.block);
    cell_ = cage_.address_of(CellRef{node.block, node.cell});
    bytes_ = cage_.cell_bytes(CellRef{node.block, node.cell});
    scan_fields();
    node.edges = static_cast<std::uint32_t>(dump_.edges.size() - before);
  }

 private:
  void scan_fields() {
    switch (static_cast<PointerMap>(block_->kind)) {
      case PointerMap::kNone:
        return;
      case PointerMap::kMask:
        for (std::uint64_t mask = block_->data[0]; mask != 0; mask &= mask - 1) {
          const char* field = cell_ + static_cast<std::size_t>(std::countr_zero(mask)) * kWordBytes;
          note_field(field, load_word(field));
        }
        return;
      case PointerMap::kTrace:
        return reinterpret_cast<TraceFunction>(block_->data[0])(cell_, *this);
      case PointerMap::kPointerArray:
        for (std::size_t i = 0, n = count(); i < n; ++i) {
          add(load_word(cell_ + (i + 1) * kWordBytes), EdgeKind::kElement, i);
        }
        return;
      case PointerMap::kTracedArray:
        return reinterpret_cast<TraceRangeFunction>(block_->data[0])(cell_ + header(), 0, count(), *this);
      case PointerMap::kWeak:
        return add_named(load_word(cell_), EdgeKind::kWeak, "target");
      case PointerMap::kEphemeron:
        add_named(load_word(cell_), EdgeKind::kWeak, "key");
        return add_named(load_word(cell_ + kWordBytes), EdgeKind::kInternal, "value");
      case PointerMap::kConservative:
        return visit_words(cell_, cell_ + bytes_);
    }
  }

  std::size_t count() const {
    return reinterpret_cast<const std::atomic<std::size_t>*>(cell_)->load(std::memory_order_relaxed);
  }
  std::size_t header() const { return block_->data[1] >> 32; }

  void note_field(const char* field, const void* target) {
    const auto offset = static_cast<std::size_t>(field - cell_);  // of a field elsewhere: far beyond the cell
    if (offset >= bytes_) return add_named(target, EdgeKind::kInternal, "shown by trace");
    if (static_cast<PointerMap>(block_->kind) == PointerMap::kTracedArray) {
      return add(target, EdgeKind::kElement, (offset - header()) / (block_->data[1] & UINT32_MAX));
    }
    add(target, EdgeKind::kField, namer_.name_of(block_->layout, cell_, offset));
  }

  void add_named(const void* target, EdgeKind kind, std::string_view name) { add(target, kind, namer_.intern(name)); }

  void add(const void* target, EdgeKind kind, std::size_t name) {
    constexpr std::uint32_t kMostName = (1U << 30) - 1;
    const std::uint32_t to = node_at(target);
    if (to == UINT32_MAX) return;
    constexpr std::size_t kBetweenLooks = 4096;
    if (dump_.edges.size() % kBetweenLooks == 0) dump_.keep_bound(kBetweenLooks * sizeof(DumpEdge));
    const auto number = static_cast<std::uint32_t>(std::min<std::size_t>(name, kMostName));
    dump_.edges.push_back({to, static_cast<std::uint32_t>(kind) & 3U, number & kMostName});
  }

  void flush() override {}
  void visit_words(const void* begin, const void* end) override {
    const char* word = static_cast<const char*>(begin);
    for (; word + kWordBytes <= end; word += kWordBytes) {
      add_named(load_word(word), EdgeKind::kInternal, "word that may be a reference");
    }
  }

  HeapDump& dump_;
  const Cage& cage_;
  FieldNamer namer_;
  const Block* block_ = nullptr;
  const char* cell_ = nullptr;
  std::size_t bytes_ = 0;
};

void HeapDump::keep_bound(std::size_t more) const {
  const std::size_t held = nodes.capacity() * sizeof(DumpNode) + edges.size() * sizeof(DumpEdge) +
                           first_node_.capacity() * sizeof(std::uint32_t);
  if (held + more > most_bytes_) throw std::bad_alloc();
}

std::size_t HeapDump::offset_of(const DumpNode& node) const {
  return (std::size_t{node.block} << kBlockShift) + std::size_t{node.cell} * node.words * 8;
}

// Twice over the bitmaps: how many there are, and which. What is made in between waits for another dump.
void HeapDump::take_nodes(const Cage& cage, const Roles& roles) {
  const BlockIndex end = cage.frontier();
  std::size_t count = 0;
  const auto for_each_word = [&](BlockIndex index, auto&& f) {
    const Block& block = cage.block(index);
    for (std::uint32_t word = 0; is_in_use(block) && word * 64 < block.cells; ++word) {
      f(block, word, objects(cage, roles, index, word));
    }
  };
  for (BlockIndex index = 1; index < end; ++index) {
    for_each_word(index, [&](const Block&, std::uint32_t, std::uint64_t bits) {
      count += static_cast<std::size_t>(std::popcount(bits));
    });
  }
  keep_bound((end + 1) * sizeof(std::uint32_t) + count * sizeof(DumpNode));
  nodes.reserve(count);
  first_node_.assign(end + 1, 0);
  for (BlockIndex index = 1; index < end; ++index) {
    first_node_[index] = static_cast<std::uint32_t>(nodes.size());
    for_each_word(index, [&](const Block& block, std::uint32_t word, std::uint64_t bits) {
      for (; bits != 0 && nodes.size() < count; bits &= bits - 1) {
        const CellRef cell{index, word * 64 + static_cast<std::uint32_t>(std::countr_zero(bits))};
        const std::size_t words = std::min<std::size_t>(cage.cell_bytes(cell) / 8, UINT32_MAX);
        nodes.push_back({index, static_cast<std::uint16_t>(cell.index), static_cast<std::uint16_t>(block.layout),
                         static_cast<std::uint32_t>(words), 0});
      }
    });
  }
  first_node_[end] = static_cast<std::uint32_t>(nodes.size());
}

void HeapDump::take_roots(HeapImpl& heap, Recorder& recorder, std::span<const std::unique_ptr<Snapshot>> threads) {
  const auto begin_kind = [&](std::string name) { roots.push_back({std::move(name), {}}); };
  const auto add = [&](const void* target) {
    if (const std::uint32_t node = recorder.node_at(target); node != UINT32_MAX) roots.back().nodes.push_back(node);
  };
  begin_kind("(Roots)");
  for_each_root([](void* f, const void* target) { (*static_cast<decltype(add)*>(f))(target); },
                const_cast<void*>(static_cast<const void*>(&add)));
  for (const auto& snapshot : threads) {
    const std::string thread = std::string(snapshot->thread_name()) + " " + std::to_string(snapshot->thread_number());
    const auto add_words = [&](const std::uintptr_t* begin, const std::uintptr_t* end) {
      for (; begin != end; ++begin) add(reinterpret_cast<const void*>(*begin));
    };
    begin_kind("(root ranges of thread " + thread + ")");
    add_words(snapshot->begin(), snapshot->stack_begin());
    begin_kind("(stack of thread " + thread + ")");
    add_words(snapshot->stack_begin(), snapshot->end());
  }
  begin_kind("(waiting for their destructors)");
  heap.finalizers().for_each_queued(add);
  heap.finalizers().for_each_found(add);
  for (DumpRoots& kind : roots) {
    std::sort(kind.nodes.begin(), kind.nodes.end());
    kind.nodes.erase(std::unique(kind.nodes.begin(), kind.nodes.end()), kind.nodes.end());
  }
  std::erase_if(roots, [](const DumpRoots& kind) { return kind.nodes.empty(); });
}

void HeapDump::take(HeapImpl& heap, const Roles& roles, std::span<const std::unique_ptr<Snapshot>> threads) {
  try {
    const Cage& cage = heap.cage();
    base = reinterpret_cast<std::uintptr_t>(cage.base());
    take_nodes(cage, roles);
    Recorder recorder(*this, cage);
    for (DumpNode& node : nodes) recorder.scan(node);
    take_roots(heap, recorder, threads);
    layout_names.resize(layout_count());
    for (LayoutId id = 1; id < layout_names.size(); ++id) layout_names[id] = all_layout_names(id);
  } catch (const std::bad_alloc&) {
    error = std::current_exception();
    nodes = {};
    edges = {};
    roots = {};
  }
}

void dump_heap(Heap& heap, HeapDump& dump) {
  if (!heap.impl().collector().collect(dump)) throw std::bad_alloc();
  if (dump.error) std::rethrow_exception(dump.error);
}

}  // namespace memgc::internal
