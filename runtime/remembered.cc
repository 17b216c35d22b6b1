// Job: see remembered.h.
#include "runtime/remembered.h"

#include "allocator/base/seeded_bug.h"
#include "runtime/heap_impl.h"
#include "runtime/mutator_impl.h"
#include "runtime/thread_record.h"

namespace memgc::internal {
namespace {

// Locals of the thread that stores: its stack is scanned, whatever is on it.
bool is_on_own_stack(const ThreadRecord& thread, const void* field) {
  const char* here = static_cast<const char*>(__builtin_frame_address(0));
  return field >= here && field < thread.stack_base;
}

}  // namespace

void Remembered::open(const Cage& cage) {
  base = reinterpret_cast<std::uintptr_t>(cage.base());
  bytes = cage.reserved_bytes();
  cards = cage.cards(0);
}

Remembered& Remembered::several() {
  static Remembered& none = *new Remembered;  // for ever: threads outlive static objects
  return none;
}

void Remembered::note_range(const void* field, std::size_t count) {
  const char* at = static_cast<const char*>(field);
  const char* const end = at + count;
  for (; at < end; at += kCardBytes - reinterpret_cast<std::uintptr_t>(at) % kCardBytes) {
    if (!note(at)) note_elsewhere(at);
  }
}

void Remembered::note_elsewhere(const void* field) {
  ThreadRecord& thread = ThreadRecord::mine();
  if (is_on_own_stack(thread, field)) return;
  for (MutatorImpl* m = thread.mutators; m != nullptr; m = m->next_on_thread) {
    if (!m->heap.cage().contains(field)) continue;
    if (m->remembers()) m->heap.remembered().note(field);
    return;
  }
  // Whose object shows it is not known.
  for (MutatorImpl* m = thread.mutators; m != nullptr; m = m->next_on_thread) {
    if (m->remembers()) m->heap.remembered().elsewhere_.store(true, std::memory_order_relaxed);
  }
}

bool Remembered::take_elsewhere() {
  if (seeded_bug("elsewhere_ignored")) return false;
  return elsewhere_.exchange(false, std::memory_order_relaxed) || raw_words_.load(std::memory_order_relaxed);
}

}  // namespace memgc::internal
