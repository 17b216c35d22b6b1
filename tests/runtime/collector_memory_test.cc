// Job: pins that a small heap's cycle takes nothing from the C++ heap on the collector's threads: where there is no
// memory left they have nobody to tell.
//
// operator new is this program's own: it refuses the heap's threads. Threads: one that asks for cycles, the
// collector's.
#include <gtest/gtest.h>
#include <memgc/memgc.h>
#include <pthread.h>

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdlib>
#include <new>
#include <string_view>

#include "tests/runtime/support.h"

namespace {

std::atomic<int> refused{0};

bool is_of_a_heap() {
  std::array<char, 16> name{};
  pthread_getname_np(pthread_self(), name.data(), name.size());
  return std::string_view(name.data()).starts_with("memgc-");
}

}  // namespace

// Not inlined: GCC would see malloc() on one side of a pair and operator delete on the other.
[[gnu::noinline]] void* operator new(std::size_t bytes, std::align_val_t alignment) {
  if (is_of_a_heap()) {
    ++refused;
    throw std::bad_alloc();
  }
  const auto align = static_cast<std::size_t>(alignment);
  if (void* memory = std::aligned_alloc(align, (bytes + align - 1) / align * align)) return memory;
  throw std::bad_alloc();
}
[[gnu::noinline]] void* operator new(std::size_t bytes) {
  return operator new (bytes, std::align_val_t{alignof(std::max_align_t)});
}
[[gnu::noinline]] void operator delete(void* memory) noexcept { std::free(memory); }
[[gnu::noinline]] void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }
[[gnu::noinline]] void operator delete(void* memory, std::align_val_t) noexcept { std::free(memory); }
[[gnu::noinline]] void operator delete(void* memory, std::size_t, std::align_val_t) noexcept { std::free(memory); }

namespace memgc::testing {
namespace {

#if MEMGC_CHECKS
constexpr bool kChecks = true;
#else
constexpr bool kChecks = false;
#endif

class CollectorsMemory : public ::testing::Test {
 protected:
  void SetUp() override {
    if (kChecks) GTEST_SKIP() << "checking what was marked takes memory";
  }
};

TEST_F(CollectorsMemory, OfTheFirstCycleOfAProcessIsThereBeforeItsThreadIs) {
  Heap heap(precise_options());
  heap.collect();  // nobody has made a Root yet
  heap.collect();
  EXPECT_EQ(heap.stats().cycles, 2u);
  EXPECT_EQ(refused, 0);
}

TEST_F(CollectorsMemory, OfACycleWithThreadsAndRootsIsThereToo) {
  Heap heap(Options::parse("", "", "profilerate=0", manual_options()));  // a sample may be lost, and does take memory
  Mutator me(heap);
  Root<Node> keep(me.make<Node>());
  on_another_thread(me, [&](Mutator& other) {
    for (int i = 0; i < 1000; ++i) other.make<Node>();
    heap.collect();
  });
  EXPECT_EQ(heap.stats().cycles, 1u);
  EXPECT_EQ(refused, 0);
}

}  // namespace
}  // namespace memgc::testing
