// Job: what the tests of the runtime share: threads whose stacks are gone when they end, sizes that shrink under
// sanitizers, resident memory.
//
// A test that wants an object dead must leave no word on a scanned stack that names it. It makes its objects in
// on_another_thread(), whose stack and registers are gone before it returns, and passes out nothing but numbers.
// Threads: helpers are called from a test's main thread.
#pragma once

#include <memgc/memgc.h>

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <fstream>
#include <string>
#include <thread>
#include <utility>

#if defined(__has_feature)
#define MEMGC_TEST_HAS_FEATURE(x) __has_feature(x)
#else
#define MEMGC_TEST_HAS_FEATURE(x) 0
#endif

namespace memgc::testing {

#if defined(__SANITIZE_ADDRESS__) || MEMGC_TEST_HAS_FEATURE(address_sanitizer)
inline constexpr bool kUnderAsan = true;
#else
inline constexpr bool kUnderAsan = false;
#endif
#if defined(__SANITIZE_THREAD__) || MEMGC_TEST_HAS_FEATURE(thread_sanitizer)
inline constexpr bool kUnderTsan = true;
#else
inline constexpr bool kUnderTsan = false;
#endif

/// `count` as it is in an ordinary build, a tenth under a sanitizer.
constexpr std::size_t scaled(std::size_t count) { return kUnderAsan || kUnderTsan ? count / 10 : count; }

/// Options that never collect by themselves: every cycle is one that the test asked for.
inline Options manual_options() {
  Options options;
  options.growth_percent = Options::kOff;
  options.debug.safepointms = 0;  // on a busy machine a thread may be late because it does not run
  return options;
}

/// The same, and no stack is scanned: what is dead goes, to the byte.
inline Options precise_options() {
  Options options = manual_options();
  options.precise_stacks = true;
  return options;
}

/// The same with minor cycles, and everything checked after each.
inline Options generational_options() {
  Options options = precise_options();
  options.generational = Generational::on;
  options.debug.gccheckmark = true;
  options.debug.clobberfree = true;
  return options;
}

/// Runs `work(Mutator&)` attached to `heap` on a thread that has ended when this returns. The caller must not be
/// attached.
template <class Work>
void on_another_thread(Heap& heap, Work work) {
  std::thread([&] {
    Mutator me(heap);
    work(me);
  }).join();
}

/// The same for a caller that is attached as `me`.
template <class Work>
void on_another_thread(Mutator& me, Work work) {
  BlockingScope blocked(me);
  on_another_thread(me.heap(), std::move(work));
}

inline std::uint64_t live_after_collect(Heap& heap) {
  heap.collect();
  return heap.stats().live_bytes;
}

/// Hides a pointer from a conservative scan. Its own inverse.
inline std::uintptr_t hide(const void* pointer) { return ~reinterpret_cast<std::uintptr_t>(pointer); }
template <class T>
T* unhide(std::uintptr_t hidden) {
  return reinterpret_cast<T*>(~hidden);
}

/// Tells the compiler that `pointer` may now name memory that it knows nothing about.
template <class T>
T* launder_memory(T* pointer) {
  asm volatile("" : "+r"(pointer) : : "memory");
  return pointer;
}

/// Resident memory of this process, from the kernel.
inline std::size_t resident_bytes() {
  std::ifstream rollup("/proc/self/smaps_rollup");
  std::string word;
  while (rollup >> word) {
    std::size_t kib = 0;
    if (word == "Rss:" && rollup >> kib) return kib << 10;
  }
  return 0;
}

// A node with two references, as in the README.
struct Node {
  Member<Node> left, right;
  long payload = 0;
  static constexpr auto fields = memgc::fields(&Node::left, &Node::right);
};

// A leaf with an identity.
struct Leaf {
  std::uint64_t id = 0;
};

// A list cell as small as it gets.
struct Link {
  Member<Link> next;
  std::uint64_t value = 0;
  static constexpr auto fields = memgc::fields(&Link::next);
};

}  // namespace memgc::testing
