// Job: see coroutine.h.
#include "tests/schedule/coroutine.h"

#include <sys/mman.h>

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "allocator/base/poison.h"

#if MEMGC_ASAN
#include <sanitizer/common_interface_defs.h>
#endif

// void memgc_test_switch(void** save, void* next): pushes what a call preserves, notes the stack pointer in *save,
// takes `next` for it, and pops the same from there.
extern "C" void memgc_test_switch(void** save, void* next);
#if defined(__x86_64__)
__asm__(
    ".text\n"
    ".type memgc_test_switch,@function\n"
    "memgc_test_switch:\n"
    "  pushq %rbp\n"
    "  pushq %rbx\n"
    "  pushq %r12\n"
    "  pushq %r13\n"
    "  pushq %r14\n"
    "  pushq %r15\n"
    "  movq %rsp, (%rdi)\n"
    "  movq %rsi, %rsp\n"
    "  popq %r15\n"
    "  popq %r14\n"
    "  popq %r13\n"
    "  popq %r12\n"
    "  popq %rbx\n"
    "  popq %rbp\n"
    "  ret\n"
    ".size memgc_test_switch,.-memgc_test_switch\n"
    // The first switch to a stack "returns" here, with the coroutine in %rbx and where to go in %r12.
    ".type memgc_test_enter,@function\n"
    "memgc_test_enter:\n"
    "  movq %rbx, %rdi\n"
    "  xorl %ebp, %ebp\n"
    "  callq *%r12\n"
    "  ud2\n"
    ".size memgc_test_enter,.-memgc_test_enter\n");
#elif defined(__aarch64__)
__asm__(
    ".text\n"
    ".type memgc_test_switch,%function\n"
    "memgc_test_switch:\n"
    "  sub sp, sp, #160\n"
    "  stp x19, x20, [sp, #0]\n"
    "  stp x21, x22, [sp, #16]\n"
    "  stp x23, x24, [sp, #32]\n"
    "  stp x25, x26, [sp, #48]\n"
    "  stp x27, x28, [sp, #64]\n"
    "  stp x29, x30, [sp, #80]\n"
    "  stp d8, d9, [sp, #96]\n"
    "  stp d10, d11, [sp, #112]\n"
    "  stp d12, d13, [sp, #128]\n"
    "  stp d14, d15, [sp, #144]\n"
    "  mov x2, sp\n"
    "  str x2, [x0]\n"
    "  mov sp, x1\n"
    "  ldp x19, x20, [sp, #0]\n"
    "  ldp x21, x22, [sp, #16]\n"
    "  ldp x23, x24, [sp, #32]\n"
    "  ldp x25, x26, [sp, #48]\n"
    "  ldp x27, x28, [sp, #64]\n"
    "  ldp x29, x30, [sp, #80]\n"
    "  ldp d8, d9, [sp, #96]\n"
    "  ldp d10, d11, [sp, #112]\n"
    "  ldp d12, d13, [sp, #128]\n"
    "  ldp d14, d15, [sp, #144]\n"
    "  add sp, sp, #160\n"
    "  ret\n"
    ".size memgc_test_switch,.-memgc_test_switch\n"
    ".type memgc_test_enter,%function\n"
    "memgc_test_enter:\n"
    "  mov x0, x19\n"
    "  mov x29, xzr\n"
    "  blr x20\n"
    "  brk #0\n"
    ".size memgc_test_enter,.-memgc_test_enter\n");
#else
#error "tests/schedule: switching stacks is not written for this processor"
#endif
extern "C" void memgc_test_enter();

namespace memgc::testing {
namespace {

constexpr std::size_t kPage = 4096;

[[noreturn]] void give_up(const char* what) {
  std::perror(what);
  std::abort();
}

}  // namespace

Coroutine::Coroutine(std::size_t bytes) : bytes_(bytes) {
  void* memory = ::mmap(nullptr, bytes + kPage, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (memory == MAP_FAILED) give_up("a coroutine's stack");
  low_ = static_cast<char*>(memory) + kPage;  // below it a page that nothing may touch
  if (::mprotect(low_, bytes_, PROT_READ | PROT_WRITE) != 0) give_up("a coroutine's stack");
}

Coroutine::~Coroutine() {
  if (low_ != nullptr) ::munmap(low_ - kPage, bytes_ + kPage);
}

// From the high end down to where nothing has been written: frames leave gaps, but none of several pages.
void Coroutine::clear() {
  internal::unpoison(low_, bytes_);
  constexpr int kUntouched = 4;
  int zero_pages = 0;
  for (char* page = low_ + bytes_ - kPage; page >= low_ && zero_pages < kUntouched; page -= kPage) {
    const auto* words = reinterpret_cast<const std::uint64_t*>(page);
    std::uint64_t any = 0;
    for (std::size_t i = 0; i < kPage / sizeof(*words); ++i) any |= words[i];
    zero_pages = any == 0 ? zero_pages + 1 : 0;
    if (any != 0) std::memset(page, 0, kPage);
  }
}

void Coroutine::start(void (*body)(void*), void* argument) {
  clear();
  body_ = body;
  argument_ = argument;
#if defined(__x86_64__)
  // As pushed by memgc_test_switch, above it where it returns to: the stack is then aligned as a call wants it.
  constexpr std::size_t kWords = 9, kSelf = 4, kWhere = 3, kReturn = 6;
#else
  constexpr std::size_t kWords = 20, kSelf = 0, kWhere = 1, kReturn = 11;
#endif
  auto* words = reinterpret_cast<std::uintptr_t*>(low_ + bytes_) - kWords;
  words[kSelf] = reinterpret_cast<std::uintptr_t>(this);
  words[kWhere] = reinterpret_cast<std::uintptr_t>(&enter);
  words[kReturn] = reinterpret_cast<std::uintptr_t>(&memgc_test_enter);
  stack_pointer_ = words;
}

void Coroutine::enter(Coroutine* self) noexcept {
  self->arrive(nullptr);
  self->body_(self->argument_);
  std::abort();
}

void Coroutine::switch_to(Coroutine& to) {
  void* fake_stack = nullptr;
  leave(to, &fake_stack);
  memgc_test_switch(&stack_pointer_, to.stack_pointer_);
  arrive(fake_stack);
}

void Coroutine::switch_for_good_to(Coroutine& to) {
  leave(to, nullptr);
  memgc_test_switch(&stack_pointer_, to.stack_pointer_);
}

void Coroutine::leave([[maybe_unused]] Coroutine& to, [[maybe_unused]] void** fake_stack) {
#if MEMGC_ASAN
  __sanitizer_start_switch_fiber(fake_stack, to.low_, to.bytes_);
#endif
}

void Coroutine::arrive([[maybe_unused]] void* fake_stack) {
#if MEMGC_ASAN
  __sanitizer_finish_switch_fiber(fake_stack, nullptr, nullptr);
#endif
}

}  // namespace memgc::testing
