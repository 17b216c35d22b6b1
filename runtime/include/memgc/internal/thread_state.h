// Job: the few words that inline code reads: a thread's runs, its poll word, its barrier flag.
//
// Not for users. Owned and written by the thread itself, except `poll`, which the collector sets to ask for a
// safepoint (a handshake carries the ordering; the poll itself may be relaxed).
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "memgc/internal/card_table.h"
#include "memgc/internal/export.h"
#include "memgc/internal/run.h"
#include "memgc/internal/type_info.h"

namespace memgc::internal {

/// The inline part of a mutator; the runtime derives its own from it.
struct MutatorState {
  char* runs = nullptr;                // Run[], by TypeInfo::run_offset; entry 0 is always empty
  std::atomic<std::uint32_t> poll{0};  // not zero: come to the slow path
};

/// Cells that this thread was handed since it last answered the collector, and since it is known what is old: nothing
/// in them is, so that stores to them need not be remembered (runtime/README.md, "Minor cycles").
struct YoungCells {
  std::uintptr_t begin = 0;
  std::size_t bytes = 0;

  bool hold(const void* field) const noexcept { return reinterpret_cast<std::uintptr_t>(field) - begin < bytes; }
};

/// This thread's view, written by the thread alone, of all heaps that it is attached to. A store to a field tests
/// `barrier` first, and most often nothing else; what is never remembered (a Root, a weak reference) tests `shades`.
struct ThreadState {
  MutatorState* current = nullptr;  // the mutator that was attached last
  bool barrier = true;              // a store to a field is more than a store: it shades, or is remembered, or both
  bool notes_inline = false;        // all that it must do besides is to note its card, in `cards`
  bool shades = true;               // marking, or not attached, or blocked
  MutatorState* shading = nullptr;  // the only one, while it marks and runs: the barrier's short way
  CardTable* cards = nullptr;       // where stores are noted for minor cycles, if they are
  YoungCells young;                 // the latest; while stores are noted and nobody marks
};

extern MEMGC_EXPORT constinit thread_local ThreadState thread_state __attribute__((tls_model("initial-exec")));

/// Whether a store to a field needs more than a store.
inline bool has_barrier() noexcept { return thread_state.barrier; }
/// While it does: whether noting its card was all, if even that. Then the store is due, else the slow path. Always in
/// line: a call for each store of a constructor shows where small objects are made.
[[gnu::always_inline]] inline bool was_noted(const void* field, const void* target) noexcept {
  return thread_state.notes_inline &&
         (target == nullptr || thread_state.young.hold(field) || thread_state.cards->note(field));
}

/// The slow paths. Null when there is no memory. Each is a safepoint.
MEMGC_EXPORT void* allocate_slow(MutatorState& mutator, const TypeInfo& type);
MEMGC_EXPORT void* allocate_array(MutatorState& mutator, const TypeInfo& element, std::size_t count);
/// Blocks, for `ns` at the most, until there may be memory where there was none.
MEMGC_EXPORT void wait_for_memory(MutatorState& mutator, std::uint64_t ns);
MEMGC_EXPORT void safepoint_slow(MutatorState& mutator);

/// This thread's mutator of the heap that holds the object; aborts if there is none.
MEMGC_EXPORT MutatorState& mutator_for(const void* object);

/// The object's destructor, or its elements', is to run when it has died.
MEMGC_EXPORT void owe_destructor(MutatorState& mutator, void* object);

/// The write barrier's slow path, before the store, and only while thread_state.barrier: shades both, of a word that is
/// found without being remembered (an Ephemeron's).
MEMGC_EXPORT void shade(const void* old_target, const void* new_target) noexcept;
/// The same for the field at `word`.
MEMGC_EXPORT void shade_field(const void* word, const void* old_target, const void* new_target) noexcept;
/// A Member's store with it: `word` is the Member's.
MEMGC_EXPORT void store_shaded(void* word, const void* target) noexcept;
/// The same for many, nulls among them, that are to be stored in the `bytes` at `fields`.
MEMGC_EXPORT void shade_all(const void* fields, std::size_t bytes, const void* const* targets,
                            std::size_t count) noexcept;

[[noreturn]] MEMGC_EXPORT void throw_bad_alloc(std::size_t bytes);
[[noreturn]] MEMGC_EXPORT void abort_out_of_memory(std::size_t bytes);  // for programs without exceptions
[[noreturn]] MEMGC_EXPORT void abort_not_attached(std::string_view what);

[[noreturn]] inline void no_memory(std::size_t bytes) {
#if defined(__cpp_exceptions)
  throw_bad_alloc(bytes);
#else
  abort_out_of_memory(bytes);
#endif
}

/// allocate_slow() that ends as no_memory() does instead of returning null: a single call, so that makes stay short.
MEMGC_EXPORT void* allocate_or_throw(MutatorState& mutator, const TypeInfo& type);
MEMGC_EXPORT void* allocate_or_abort(MutatorState& mutator, const TypeInfo& type);

inline void* allocate_or_fail(MutatorState& mutator, const TypeInfo& type) {
#if defined(__cpp_exceptions)
  return allocate_or_throw(mutator, type);
#else
  return allocate_or_abort(mutator, type);
#endif
}

inline MutatorState& current_mutator() {
  MutatorState* mutator = thread_state.current;
  if (mutator == nullptr) [[unlikely]]
    abort_not_attached("make");
  return *mutator;
}

}  // namespace memgc::internal
