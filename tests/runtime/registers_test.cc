// Job: pins that a reference which stands in a callee-saved register alone keeps its object across a collection.
//
// Small assembly functions take a hidden (inverted) reference, uncover it in one register, call back into a collection,
// and hide it again: the only plain copy is in that register, or wherever the callees saved it. The same call with the
// reference left hidden is the control: the object must go, or the test would show nothing. A portable test lets the
// compiler choose the registers at -O3. Threads: the makers have ended before the collection.
#include <gtest/gtest.h>
#include <memgc/memgc.h>

#include <algorithm>
#include <cstdint>
#include <string>
#include <thread>
#include <vector>

#include "tests/runtime/support.h"

#if defined(MEMGC_TEST_LOOKS_INSIDE)
#include "runtime/snapshot.h"
#include "runtime/thread_record.h"
#endif

namespace memgc::testing {
namespace {

extern "C" {
using Callback = void (*)(void* argument);
#define DECLARE(reg) std::uintptr_t memgc_test_hold_in_##reg(std::uintptr_t hidden, Callback callback, void* argument)

#if defined(__x86_64__)
#define MEMGC_TEST_REGISTERS(X) X(rbx) X(rbp) X(r12) X(r13) X(r14) X(r15)
// One push keeps the stack aligned to 16 at the call. The caller-saved registers that still hold `hidden` are harmless.
#define DEFINE(reg)                     \
  asm(".text\n"                         \
      ".globl memgc_test_hold_in_" #reg \
      "\n"                              \
      ".type memgc_test_hold_in_" #reg  \
      ", @function\n"                   \
      "memgc_test_hold_in_" #reg        \
      ":\n"                             \
      ".cfi_startproc\n"                \
      "pushq %" #reg                    \
      "\n"                              \
      ".cfi_adjust_cfa_offset 8\n"      \
      ".cfi_rel_offset %" #reg          \
      ", 0\n"                           \
      "movq %rdi, %" #reg               \
      "\n"                              \
      "notq %" #reg                     \
      "\n"                              \
      "movq %rdx, %rdi\n"               \
      "callq *%rsi\n"                   \
      "movq %" #reg                     \
      ", %rax\n"                        \
      "notq %rax\n"                     \
      "popq %" #reg                     \
      "\n"                              \
      ".cfi_adjust_cfa_offset -8\n"     \
      ".cfi_restore %" #reg             \
      "\n"                              \
      "retq\n"                          \
      ".cfi_endproc\n"                  \
      ".size memgc_test_hold_in_" #reg ", .-memgc_test_hold_in_" #reg "\n");
#elif defined(__aarch64__)
#define MEMGC_TEST_REGISTERS(X) X(x19) X(x20) X(x21) X(x22) X(x23) X(x24) X(x25) X(x26) X(x27) X(x28)
#define DEFINE(reg)                     \
  asm(".text\n"                         \
      ".globl memgc_test_hold_in_" #reg \
      "\n"                              \
      ".type memgc_test_hold_in_" #reg  \
      ", %function\n"                   \
      "memgc_test_hold_in_" #reg        \
      ":\n"                             \
      "stp x29, x30, [sp, #-32]!\n"     \
      "mov x29, sp\n"                   \
      "str " #reg                       \
      ", [sp, #16]\n"                   \
      "mvn " #reg                       \
      ", x0\n"                          \
      "mov x0, x2\n"                    \
      "blr x1\n"                        \
      "mvn x0, " #reg                   \
      "\n"                              \
      "ldr " #reg                       \
      ", [sp, #16]\n"                   \
      "ldp x29, x30, [sp], #32\n"       \
      "ret\n"                           \
      ".size memgc_test_hold_in_" #reg ", .-memgc_test_hold_in_" #reg "\n");
#else
#define MEMGC_TEST_REGISTERS(X)
#endif

#define DECLARE_AND_DEFINE(reg) \
  DECLARE(reg);                 \
  DEFINE(reg)
MEMGC_TEST_REGISTERS(DECLARE_AND_DEFINE)
}

using Hold = std::uintptr_t (*)(std::uintptr_t, Callback, void*);

constexpr std::uint64_t kId = 0x1234'5678;

// Makes a leaf that nothing names; returns its hidden address.
std::uintptr_t make_hidden(Heap& heap) {
  std::uintptr_t hidden = 0;
  on_another_thread(heap, [&](Mutator& me) { hidden = hide(me.make<Leaf>(kId)); });
  return hidden;
}

// Collects, on the thread whose registers are in question.
void collect(void* heap) { static_cast<Heap*>(heap)->collect(); }

// Another thread collects while this one waits in a BlockingScope: its registers count then, too.
void collect_while_blocked(void* heap) {
  BlockingScope blocked(*static_cast<Mutator*>(heap));
  Heap& blocked_heap = static_cast<Mutator*>(heap)->heap();
  std::thread([&] { blocked_heap.collect(); }).join();
}

struct Named {
  std::string name;
  Hold hold;
};

std::vector<Named> all_registers() {
#define MEMGC_TEST_NAMED(reg) {#reg, &memgc_test_hold_in_##reg},
  return {MEMGC_TEST_REGISTERS(MEMGC_TEST_NAMED)};
}

class Registers : public ::testing::TestWithParam<Named> {};

TEST_P(Registers, HoldAReferenceAcrossACollection) {
  Heap heap(manual_options());
  Mutator me(heap);
  std::uintptr_t hidden = 0;
  {
    BlockingScope blocked(me);
    hidden = make_hidden(heap);
  }
  hidden = GetParam().hold(hidden, &collect, &heap);
  EXPECT_GE(heap.stats().live_bytes, sizeof(Leaf));
  for (int i = 0; i < 10'000; ++i) make<Leaf>(std::uint64_t{0xbad});
  EXPECT_EQ(launder_memory(unhide<Leaf>(hidden))->id, kId);
}

TEST_P(Registers, HoldAReferenceOfABlockedThread) {
  Heap heap(manual_options());
  Mutator me(heap);
  std::uintptr_t hidden = 0;
  {
    BlockingScope blocked(me);
    hidden = make_hidden(heap);
  }
  hidden = GetParam().hold(hidden, &collect_while_blocked, &me);
  EXPECT_GE(heap.stats().live_bytes, sizeof(Leaf));
  for (int i = 0; i < 10'000; ++i) make<Leaf>(std::uint64_t{0xbad});
  EXPECT_EQ(launder_memory(unhide<Leaf>(hidden))->id, kId);
}

TEST_P(Registers, ControlTheHiddenReferenceKeepsNothing) {
  Heap heap(manual_options());
  Mutator me(heap);
  std::uintptr_t hidden = 0;
  {
    BlockingScope blocked(me);
    hidden = make_hidden(heap);
  }
  // Scrambled once more, so that uncovering it gives no address.
  GetParam().hold(hidden ^ std::uintptr_t{0xffff'0000'0000'0000}, &collect, &heap);
  EXPECT_EQ(heap.stats().live_bytes, 0u);
}

// Words of the kilobyte below this function's frame that hide() to `hidden`: where the calls before it had their
// frames.
__attribute__((noinline, no_sanitize("address"), no_sanitize("thread"))) std::size_t left_below(std::uintptr_t hidden) {
  const auto* frame = static_cast<const volatile std::uintptr_t*>(__builtin_frame_address(0));
  std::size_t found = 0;
  for (std::size_t i = 1; i < 128; ++i) found += hide(reinterpret_cast<const void*>(*(frame - i))) == hidden;
  return found;
}

struct SlowPaths {
  Mutator* me;
  std::uintptr_t hidden;
  std::size_t left;
};

// The registers of the caller's are saved by whatever is called here.
void take_slow_paths(void* argument) {
  auto& paths = *static_cast<SlowPaths*>(argument);
  for (int i = 0; i < 1000; ++i) paths.me->make<Leaf>();
  paths.left = left_below(paths.hidden);
}

TEST_P(Registers, LeaveNothingOnTheStackWhereSlowPathsSavedThem) {
  if (kUnderAsan || kUnderTsan || MEMGC_CHECKS) GTEST_SKIP() << "what stands on the stack is the optimiser's business";
  Options options = manual_options();
  options.debug.gcstress = 1;  // the slowest of slow paths
  Heap heap(options);
  Mutator me(heap);
  SlowPaths paths{&me, hide(me.make<Leaf>(kId)), 1};
  GetParam().hold(paths.hidden, &take_slow_paths, &paths);
  EXPECT_EQ(paths.left, 0u);
}

#if defined(MEMGC_TEST_LOOKS_INSIDE)
// The functions above a safepoint may save a register on the stack, or leave it to note_position().
TEST_P(Registers, AreCopiedThoughNoFrameHasSavedThem) {
  constexpr std::uintptr_t kWord = 0x5eed'5eed'5eed'5eed;
  internal::ThreadRecord& thread = internal::ThreadRecord::mine();
  GetParam().hold(
      ~kWord, [](void* record) { static_cast<internal::ThreadRecord*>(record)->note_position(); }, &thread);
  internal::Snapshot snapshot;
  snapshot.take(thread, true);
  EXPECT_NE(std::find(snapshot.begin(), snapshot.end(), kWord), snapshot.end());
}
#endif

INSTANTIATE_TEST_SUITE_P(CalleeSaved, Registers, ::testing::ValuesIn(all_registers()),
                         [](const auto& instance) { return instance.param.name; });

// The compiler's own choice: several references live across the call, most of them in callee-saved registers.
__attribute__((noinline)) std::uint64_t sum_across_collection(Mutator& me, int rounds) {
  Leaf* a = me.make<Leaf>(std::uint64_t{1});
  Leaf* b = me.make<Leaf>(std::uint64_t{2});
  Leaf* c = me.make<Leaf>(std::uint64_t{3});
  Leaf* d = me.make<Leaf>(std::uint64_t{4});
  Leaf* e = me.make<Leaf>(std::uint64_t{5});
  std::uint64_t sum = 0;
  for (int i = 0; i < rounds; ++i) {
    me.heap().collect();
    for (int k = 0; k < 1000; ++k) me.make<Leaf>(std::uint64_t{0xbad});
    sum += a->id + b->id + c->id + d->id + e->id;
  }
  return sum;
}

TEST(RegistersAtO3, LocalsThatTheCompilerKeepsInRegistersAreKept) {
  Heap heap(manual_options());
  Mutator me(heap);
  EXPECT_EQ(sum_across_collection(me, 20), 20u * 15u);
}

// An object whose only reference is a `this` that the optimiser may drop early: it must live as long as it is used.
struct Chain {
  Member<Chain> next;
  std::uint64_t id = 0;
  static constexpr auto fields = memgc::fields(&Chain::next);

  std::uint64_t walk(Mutator& me) {
    std::uint64_t sum = 0;
    for (Chain* at = this; at != nullptr; at = at->next) {
      me.make<Chain>()->id = 0xbad;
      if (at->id % 64 == 0) me.heap().collect();
      sum += at->id;
    }
    return sum;
  }
};

__attribute__((noinline)) Chain* make_chain(Mutator& me, std::uint64_t length) {
  Chain* head = nullptr;
  for (std::uint64_t i = 0; i < length; ++i) {
    Chain* link = me.make<Chain>();
    link->next = head;
    link->id = i;
    head = link;
  }
  return head;
}

TEST(RegistersAtO3, AWalkKeepsWhatLiesAhead) {
  Heap heap(manual_options());
  Mutator me(heap);
  EXPECT_EQ(make_chain(me, 1000)->walk(me), 999u * 1000u / 2);
}

}  // namespace
}  // namespace memgc::testing
