// Job: pins a heap under `ulimit -v`: it makes do with a smaller cage, runs out with std::bad_alloc, goes on when
// memory is freed, and says so when there is no room for a heap at all.
//
// Each limit is tried in a child, which then has one thread and the collector's. Sanitizers need more address space
// than any of the limits.
#include <gtest/gtest.h>
#include <memgc/memgc.h>
#include <sys/resource.h>

#include <cstdio>
#include <new>
#include <system_error>

#include "tests/allocator/process.h"

namespace memgc::internal {
namespace {

constexpr std::size_t kMiB = 1 << 20;

struct Chunk {
  Member<Chunk> next;
  char bytes[8000];
  static constexpr auto fields = memgc::fields(&Chunk::next);
};

bool limit_address_space(std::size_t bytes) {
  const rlimit limit{bytes, bytes};
  return ::setrlimit(RLIMIT_AS, &limit) == 0;
}

struct NoThread {};

// Fills a heap to the brim twice, once with a list and once, after that was dropped, with one array. Returns the bytes
// of the list. Throws what the heap throws.
std::size_t fill_twice(int growth_percent) {
  Options options;
  options.precise_stacks = true;
  options.growth_percent = growth_percent;
  options.debug.safepointms = 0;
  Heap heap(options);
  heap.collect();  // starts the collector's thread, for which there may be no room
  if (heap.stats().cycles == 0) throw NoThread{};
  Mutator me(heap);
  Root<Chunk> list;
  std::size_t bytes = 0;
  while (Chunk* chunk = me.try_make<Chunk>()) {
    chunk->next = list;
    list = chunk;
    bytes += sizeof(Chunk);
  }
  EXPECT_THROW(me.make<Chunk>(), std::bad_alloc);
  list = nullptr;
  EXPECT_NE(me.try_make_array<char>(bytes / 2), nullptr) << "what was freed is one stretch again";
  return bytes;
}

constexpr int kOutOfMemory = 3, kNoThread = 4;

int try_to_fill(std::size_t limit, std::size_t least, int growth_percent) {
  if (!limit_address_space(limit)) return 1;
  try {
    const std::size_t bytes = fill_twice(growth_percent);
    if (bytes < least) std::fprintf(stderr, "only %zu bytes\n", bytes);
    return bytes >= least && !testing::Test::HasFailure() ? 0 : 2;
  } catch (const std::bad_alloc&) {
    std::fprintf(stderr, "bad_alloc\n");
    return kOutOfMemory;
  } catch (const NoThread&) {
    std::fprintf(stderr, "no thread\n");
    return kNoThread;
  }
}

class AddressSpace : public testing::Test {
 protected:
  void SetUp() override {
    if (kSanitized) GTEST_SKIP() << "a sanitizer's shadow is larger than any limit";
  }
};

TEST_F(AddressSpace, AHeapUsesAtLeastAThirdOfALimitFrom64MiBTo4GiB) {
  for (const std::size_t mib : {64u, 100u, 256u, 1024u, 4096u}) {
    const ChildEnd end = in_child([&] { return try_to_fill(mib * kMiB, mib * kMiB / 3, Options::kOff); });
    EXPECT_EQ(end.exit_code, 0) << "ulimit -v of " << mib << " MiB: signal " << end.signal << "; " << end.errors;
  }
}

// Below some limit there is no room for a heap, above that none for the thread's stack, above that all is well.
TEST_F(AddressSpace, ATightLimitEndsInMemoryOrInAnErrorAndNothingElse) {
  std::size_t refused = 0, filled = 0;
  for (std::size_t kib = 4096; kib <= 65536; kib += 1024) {
    const ChildEnd end = in_child([&] { return try_to_fill(kib << 10, 0, 100); });
    const bool error = end.exit_code == kOutOfMemory || end.exit_code == kNoThread;
    EXPECT_TRUE(end.exit_code == 0 || error)
        << "ulimit -v of " << kib << " KiB: exit " << end.exit_code << ", signal " << end.signal << "; " << end.errors;
    EXPECT_TRUE(filled == 0 || !error) << "ulimit -v of " << kib << " KiB is refused, and less was not";
    refused += error;
    filled += end.exit_code == 0;
  }
  EXPECT_GT(refused, 2u) << "the least of these is less than a process has";
  EXPECT_GT(filled, 30u);
}

TEST_F(AddressSpace, SeveralHeapsShareALimit) {
  const ChildEnd end = in_child([] {
    if (!limit_address_space(512 * kMiB)) return 1;
    std::size_t heaps = 0;
    Heap one, two, three;
    for (Heap* heap : {&one, &two, &three}) {
      Mutator me(*heap);
      heaps += me.try_make_array<char>(10 * kMiB) != nullptr;
    }
    return heaps == 3 ? 0 : 2;
  });
  EXPECT_EQ(end.exit_code, 0) << end.errors;
}

TEST_F(AddressSpace, ACageThatIsAskedForIsNotLargerThanTheLimitAllows) {
  const ChildEnd end = in_child([] {
    if (!limit_address_space(256 * kMiB)) return 1;
    Options options;
    options.reserve_bytes = std::size_t{1} << 40;
    Heap heap(options);
    Mutator me(heap);
    return me.try_make_array<char>(16 * kMiB) != nullptr ? 0 : 2;
  });
  EXPECT_EQ(end.exit_code, 0) << end.errors;
}

}  // namespace
}  // namespace memgc::internal
