// Job: see thread_record.h.
#include "runtime/thread_record.h"

#include <pthread.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <csetjmp>
#include <cstring>
#include <mutex>

#include "allocator/base/check.h"
#include "allocator/base/poison.h"
#include "allocator/base/sync.h"

#define MEMGC_NO_SANITIZE __attribute__((no_sanitize("address"), no_sanitize("thread"), noinline))

namespace memgc::internal {

constinit thread_local ThreadState thread_state;

namespace {

#if defined(MEMGC_SCHEDULED)
const char* find_stack_base() { return scheduled::stack_base(); }
#else
const char* find_stack_base() {
  pthread_attr_t attributes;
  if (::pthread_getattr_np(::pthread_self(), &attributes) != 0) fatal("cannot find this thread's stack");
  void* low = nullptr;
  std::size_t bytes = 0;
  ::pthread_attr_getstack(&attributes, &low, &bytes);
  ::pthread_attr_destroy(&attributes);
  return static_cast<const char*>(low) + bytes;
}
#endif

// This thread's record. Not owned here, so that it can still be found while thread_local objects are being destroyed: a
// Mutator among them may go after the Holder.
constinit thread_local ThreadRecord* my_record = nullptr;
constinit thread_local bool thread_ends = false;

// Ends the thread's own reference when the thread ends; a Mutator or a RangeEntry may outlive it.
struct Holder {
  bool used = false;
  ~Holder() {
    thread_ends = true;
    if (my_record != nullptr) my_record->release();
  }
};
thread_local Holder holder;

}  // namespace

#if defined(MEMGC_SCHEDULED)
ThreadLocals exchange_thread_locals(const ThreadLocals& next) {
  const ThreadLocals before{thread_state, my_record};
  thread_state = next.state;
  my_record = next.record;
  return before;
}

void end_scheduled_thread() {
  if (my_record != nullptr) my_record->release();
}
#endif

ThreadRecord& ThreadRecord::mine() {
  if (my_record == nullptr) {
    my_record = new ThreadRecord;
    if (thread_ends) {
      my_record->references.store(0, std::memory_order_relaxed);  // its mutators' alone
    } else {
      holder.used = true;
    }
    my_record->stack_base = find_stack_base();
    ::pthread_getname_np(::pthread_self(), my_record->name, sizeof(my_record->name));
    my_record->tid = static_cast<int>(::syscall(SYS_gettid));
  }
  return *my_record;
}

void ThreadRecord::release() {
  // Acquire and release: whoever drops the last reference has seen what all others did with the record.
  if (references.fetch_sub(1, std::memory_order_acq_rel) != 1) return;
  if (my_record == this) my_record = nullptr;
  delete this;
}

namespace {

inline void save_registers(SavedRegisters& registers) noexcept {
#if defined(__x86_64__)
  std::uintptr_t* words = registers.words.data();
  __asm__ volatile(
      "movq %%rbx, 0(%0)\n\t"
      "movq %%rbp, 8(%0)\n\t"
      "movq %%r12, 16(%0)\n\t"
      "movq %%r13, 24(%0)\n\t"
      "movq %%r14, 32(%0)\n\t"
      "movq %%r15, 40(%0)\n\t"
      :
      : "r"(words)
      : "memory");
#elif defined(__aarch64__)
  std::uintptr_t* words = registers.words.data();
  __asm__ volatile(
      "stp x19, x20, [%0, #0]\n\t"
      "stp x21, x22, [%0, #16]\n\t"
      "stp x23, x24, [%0, #32]\n\t"
      "stp x25, x26, [%0, #48]\n\t"
      "stp x27, x28, [%0, #64]\n\t"
      "str x29, [%0, #80]\n\t"
      :
      : "r"(words)
      : "memory");
#else
#error "memgc: saving the callee-saved registers is not written for this processor"
#endif
}

inline const char* stack_pointer() noexcept {
  const char* pointer = nullptr;
#if defined(__x86_64__)
  __asm__ volatile("movq %%rsp, %0" : "=r"(pointer));
#else
  __asm__ volatile("mov %0, sp" : "=r"(pointer));
#endif
  return pointer;
}

}  // namespace

// The callers' registers that this function has pushed itself are in its frame, which is copied with the rest.
MEMGC_NO_SANITIZE void ThreadRecord::note_position() noexcept {
  save_registers(registers);
  stack_top = stack_pointer();
#if MEMGC_ASAN
  fake_stack = __asan_get_current_fake_stack();
#endif
  nearest_words = 0;
  const auto* from = reinterpret_cast<const volatile std::uintptr_t*>(stack_top);
  const auto* end = reinterpret_cast<const volatile std::uintptr_t*>(stack_base);
  while (nearest_words < nearest_frames.size() && from < end) nearest_frames[nearest_words++] = *from++;
}

}  // namespace memgc::internal

namespace memgc {

using internal::RangeEntry;
using internal::ThreadRecord;

namespace {

constinit std::atomic<std::size_t> range_count{0};  // relaxed: a figure that nothing depends on

void* add_range(const void* begin, const void* end, const void* const* top, RootRange::Decode decode) {
  ThreadRecord& thread = ThreadRecord::mine();
  if (internal::thread_state.current == nullptr) internal::abort_not_attached("RootRange");
  auto* entry = new RangeEntry{begin, end, top, decode, nullptr, &thread};
  thread.references.fetch_add(1, std::memory_order_relaxed);
  const std::lock_guard guard(thread.lock);
  entry->next = thread.ranges;
  thread.ranges = entry;
  range_count.fetch_add(1, std::memory_order_relaxed);
  return entry;
}

}  // namespace

std::size_t internal::root_range_count() { return range_count.load(std::memory_order_relaxed); }

RootRange::RootRange(const void* begin, const void* end, Decode decode)
    : entry_(add_range(begin, end, nullptr, decode)) {
  internal::note_root(this);
}

RootRange::RootRange(const void* begin, Top top, Decode decode) : entry_(add_range(begin, begin, top.address, decode)) {
  internal::note_root(this);
}

RootRange::~RootRange() {
  auto* entry = static_cast<RangeEntry*>(entry_);
  ThreadRecord& thread = *entry->thread;
  {
    const std::lock_guard guard(thread.lock);
    RangeEntry** link = &thread.ranges;
    while (*link != entry) link = &(*link)->next;
    *link = entry->next;
  }
  delete entry;
  range_count.fetch_sub(1, std::memory_order_relaxed);
  thread.release();
}

void RootRange::reset(const void* begin, const void* end) noexcept {
  auto* entry = static_cast<RangeEntry*>(entry_);
  const std::lock_guard guard(entry->thread->lock);
  entry->begin = begin;
  entry->end = end;
}

}  // namespace memgc
