// Job: see object_type.h.
#include "runtime/object_type.h"

#include <algorithm>
#include <array>
#include <atomic>

#include "allocator/base/bits.h"
#include "allocator/base/check.h"
#include "allocator/base/lock.h"
#include "allocator/base/seeded_bug.h"
#include "memgc/internal/run.h"
#include "memgc/internal/thread_state.h"

namespace memgc::internal {
namespace {

static_assert(sizeof(Run) == run_offset_of(1));

constinit std::atomic<const LayoutUser*> users[kMaxLayouts];
constinit std::atomic<bool> types_are_separate{false};  // relaxed: a type that comes at the same time may miss it

// Collects which words of an object hold pointers.
class MaskVisitor final : public Visitor {
 public:
  MaskVisitor(std::string_view name, const void* object, std::size_t size)
      : name_(name), object_(static_cast<const char*>(object)), size_(size) {
    context_ = this;
    record_ = [](void* self, const void* field, const void*) { static_cast<MaskVisitor*>(self)->note(field); };
  }
  std::uint64_t mask() const { return mask_; }

 private:
  void note(const void* field) {
    const auto offset = static_cast<std::size_t>(static_cast<const char*>(field) - object_);
    if (offset >= size_ || offset % sizeof(void*) != 0) {
      fatal("type %.*s: the field at offset %zu is not at a multiple of %zu within the object",
            static_cast<int>(name_.size()), name_.data(), offset, sizeof(void*));
    }
    mask_ |= std::uint64_t{1} << (offset / sizeof(void*));
  }
  void flush() override {}
  void visit_words(const void*, const void*) override {}

  std::string_view name_;
  const char* object_;
  std::size_t size_;
  std::uint64_t mask_ = 0;
};

Layout shape_of(const TypeInfo& type, bool array) {
  Layout shape;
  if (!array) {
    shape.kind = static_cast<std::uint8_t>(type.map);
    if (type.map == PointerMap::kMask) {
      shape.data[0] = type.mask();
      if (seeded_bug("unscanned_field")) shape.data[0] &= shape.data[0] - 1;
    }
    if (type.map == PointerMap::kTrace) shape.data[0] = reinterpret_cast<std::uintptr_t>(type.trace);
  } else if (type.map != PointerMap::kNone) {
    shape.kind = static_cast<std::uint8_t>(type.is_pointer ? PointerMap::kPointerArray : PointerMap::kTracedArray);
    if (!type.is_pointer) {
      shape.data[0] = reinterpret_cast<std::uintptr_t>(type.trace_range);
      shape.data[1] = type.size | std::uint64_t{array_header_bytes(type)} << 32;
    }
  }
  if (type.destroy != nullptr) {
    shape.end = reinterpret_cast<std::uintptr_t>(type.destroy);
    MEMGC_CHECK(shape.end >> 48 == 0);
    if (array) shape.end |= std::uint64_t{array_header_bytes(type)} << 48;
  }
  if (types_are_separate.load(std::memory_order_relaxed)) {
    shape.owner = reinterpret_cast<std::uintptr_t>(&type) + (array ? 1 : 0);
  }
  return shape;
}

LayoutId intern(const TypeInfo& type, bool array, std::size_t size_class) {
  Layout shape = shape_of(type, array);
  shape.cell_bytes = kSizeClasses[size_class];
  const LayoutId id = intern_layout(shape);
  if (id == 0) fatal("more than %zu layouts in one process: too many different types", kMaxLayouts - 1);
  note_layout_user(id, type, array);
  return id;
}

}  // namespace

std::size_t array_header_bytes(const TypeInfo& element) { return std::max(element.align, sizeof(std::size_t)); }

LayoutId layout_of(const TypeInfo& type) {
  const std::size_t size_class = size_class_of(type.size, type.align);
  if (size_class == kSizeClasses.size()) return 0;
  if (kSizeClasses[size_class] != type.cell_bytes) {
    fatal("type %.*s was compiled against the headers of another version of memgc", static_cast<int>(type.name.size()),
          type.name.data());
  }
  const LayoutId id = intern(type, false, size_class);
  type.run_offset.store(run_offset_of(id), std::memory_order_relaxed);
  return id;
}

LayoutId array_layout_of(const TypeInfo& element, std::size_t size_class) {
  using Table = std::atomic<std::uint32_t>;
  // Acquire and release: who reads the table's address reads a table of zeros.
  Table* table = element.array_layouts.load(std::memory_order_acquire);
  if (table == nullptr) [[unlikely]] {
    Table* fresh = new Table[kSizeClasses.size()]{};  // one per element type, for the life of the process
    if (element.array_layouts.compare_exchange_strong(table, fresh, std::memory_order_acq_rel)) {
      table = fresh;
    } else {
      delete[] fresh;
    }
  }
  LayoutId id = table[size_class].load(std::memory_order_relaxed);
  if (id == 0) [[unlikely]] {
    id = intern(element, true, size_class);
    table[size_class].store(id, std::memory_order_relaxed);
  }
  return id;
}

LayoutId large_layout_of(const TypeInfo& type, bool array) {
  const LayoutId id = intern_layout(shape_of(type, array));  // cell_bytes is 0
  if (id == 0) fatal("more than %zu layouts in one process: too many different types", kMaxLayouts - 1);
  note_layout_user(id, type, array);
  return id;
}

const LayoutUser* layout_users(LayoutId layout) {
  // Acquire: pairs with the release of whoever listed the user: what it says is seen.
  return users[layout].load(std::memory_order_acquire);
}

// Every large object comes here, so the user that is there already is found without a lock.
void note_layout_user(LayoutId layout, const TypeInfo& type, bool array) {
  const LayoutUser* head = layout_users(layout);
  LayoutUser* fresh = nullptr;
  for (;;) {
    for (const LayoutUser* user = head; user != nullptr; user = user->next) {
      if (user->type != &type || user->array != array) continue;
      delete fresh;
      return;
    }
    if (fresh == nullptr) fresh = new LayoutUser{&type, array, nullptr};
    fresh->next = head;
    if (users[layout].compare_exchange_weak(head, fresh, std::memory_order_release, std::memory_order_acquire)) return;
  }
}

std::string_view layout_name(LayoutId layout) {
  std::string_view name = "?";
  for (const LayoutUser* user = layout_users(layout); user != nullptr; user = user->next) name = user->type->name;
  return name;
}

void separate_types() { types_are_separate.store(true, std::memory_order_relaxed); }

std::uint64_t mask_by_visiting(std::string_view name, std::size_t size, TraceFunction trace) {
  alignas(4096) static constinit const char zeros[kMaskWords * sizeof(void*)] = {};
  MEMGC_CHECK_2(size <= sizeof(zeros), size, sizeof(zeros));
  MaskVisitor visitor(name, zeros, size);
  trace(zeros, visitor);
  return visitor.mask();
}

}  // namespace memgc::internal
