// Job: pins what a heap costs besides its objects: many layouts on many threads, and metadata.
#include <gtest/gtest.h>
#include <memgc/memgc.h>
#include <sys/resource.h>

#include <array>
#include <barrier>
#include <set>
#include <thread>
#include <utility>
#include <vector>

#include "tests/allocator/process.h"
#include "tests/allocator/support.h"

namespace memgc::internal {
namespace {

constexpr std::size_t kMiB = 1 << 20;

Options never_collecting() {
  Options options;
  options.growth_percent = Options::kOff;
  return options;
}

// A layout of its own for each number, by its trace function; 16 to 128 bytes.
template <std::size_t kNumber>
struct Kind {
  Member<Kind> next;
  std::array<std::uint64_t, 1 + kNumber % 15> words{};
  void trace(Visitor& visit) const { visit(next); }
};

template <std::size_t... kNumbers>
std::array<const void*, sizeof...(kNumbers)> one_of_each(std::index_sequence<kNumbers...> /*numbers*/) {
  return {make<Kind<kNumbers>>()...};
}

TEST(Footprint, Of300LayoutsOn64ThreadsWithAnObjectEachIsAtMost40MiB) {
  constexpr std::size_t kLayouts = 300, kThreads = 64, kMost = 40 * kMiB;
  const std::size_t resident_before = resident_bytes();
  Heap heap(never_collecting());
  std::barrier made(kThreads + 1), looked(kThreads + 1);
  std::vector<std::thread> threads;
  for (std::size_t i = 0; i < kThreads; ++i) {
    threads.emplace_back([&] {
      Mutator me(heap);
      const auto objects = one_of_each(std::make_index_sequence<kLayouts>());
      EXPECT_EQ(std::set<const void*>(objects.begin(), objects.end()).size(), kLayouts);
      made.arrive_and_wait();
      looked.arrive_and_wait();
    });
  }
  made.arrive_and_wait();
  const Stats stats = heap.stats();
  const std::size_t resident = resident_bytes() - resident_before;
  looked.arrive_and_wait();
  for (std::thread& thread : threads) thread.join();
  std::printf("%zu KiB resident, %llu KiB managed, of it %llu KiB metadata\n", resident >> 10,
              static_cast<unsigned long long>(stats.managed_bytes >> 10),
              static_cast<unsigned long long>(stats.metadata_bytes >> 10));
  EXPECT_EQ(heap.stats().allocated_objects, kLayouts * kThreads);
  EXPECT_LE(stats.managed_bytes, kMost);
  EXPECT_GE(stats.managed_bytes, kLayouts * kThreads * 16) << "the figure is of something";
  if (!kSanitized) {
    EXPECT_LE(resident, kMost) << "the kernel agrees";
  }
}

struct Link {
  Member<Link> next;
  std::uint64_t value = 0;
  static constexpr auto fields = memgc::fields(&Link::next);
};
static_assert(sizeof(Link) == 16);

// The smallest cells have the most bits.
TEST(Footprint, MetadataOf256MiBOfTheSmallestCellsIsAtMost3Percent) {
  constexpr std::size_t kBytes = kSanitized ? 32 * kMiB : 256 * kMiB;
  const std::size_t resident_before = resident_bytes();
  Heap heap(never_collecting());
  Root<Link> list;
  std::thread([&] {
    Mutator me(heap);
    for (std::size_t i = 0; i < kBytes / sizeof(Link); ++i) {
      Link* link = me.make<Link>();
      link->next = list;
      list = link;
    }
  }).join();
  for (const char* when : {"before a collection", "after one"}) {
    const Stats stats = heap.stats();
    const std::size_t resident = resident_bytes() - resident_before;
    std::printf("%s: %llu KiB of metadata, %.2f %%; %zu KiB resident\n", when,
                static_cast<unsigned long long>(stats.metadata_bytes >> 10),
                100.0 * static_cast<double>(stats.metadata_bytes) / static_cast<double>(kBytes), resident >> 10);
    EXPECT_LE(stats.metadata_bytes * 100, kBytes * 3) << when;
    if (!kSanitized) {
      // What was mapped ahead is free, and counted so.
      EXPECT_LE(resident, kBytes + kBytes * 3 / 100 + 2 * kMiB + stats.free_bytes) << when << ": the kernel agrees";
    }
    if (kSanitized) break;  // going along millions of links takes too long
    heap.collect();
    EXPECT_GE(heap.stats().live_bytes, kBytes);
  }
}

struct Small {
  std::uint64_t words[2];
};

// A thread that makes one object and goes costs its object, not a segment.
TEST(Footprint, OfThreadsThatComeAndGoIsThatOfTheirObjects) {
  const std::size_t threads = scaled(2000);
  Heap heap(never_collecting());
  const std::size_t before = heap.stats().managed_bytes;
  for (std::size_t i = 0; i < threads; ++i) {
    std::thread([&] {
      Mutator me(heap);
      me.make<Small>();
    }).join();
  }
  EXPECT_EQ(heap.stats().allocated_objects, threads);
  EXPECT_LE(heap.stats().managed_bytes - before, 128u << 10) << threads << " objects of 16 bytes";
}

long minor_faults() {
  rusage usage{};
  getrusage(RUSAGE_THREAD, &usage);
  return usage.ru_minflt;
}

// Else the marker would fault twice in each page: once to read zeros, once to write.
TEST(Footprint, MarkingANewBlockMapsNoPages) {
  if (kSanitized) GTEST_SKIP() << "shadow memory is mapped as well";
  Parts parts(64 * kMiB);
  for (int turns = 0; turns < 2; ++turns) {
    for (int i = 0; i < 200; ++i) {
      const Segment segment = parts.sets.take(plain_layout(64), kBlockBytes, parts.roles);
      ASSERT_TRUE(segment);
      const long before = minor_faults();
      for (unsigned which = 0; which < kOwedBitmap; ++which) parts.cage.set(which, {segment.block, 0});
      EXPECT_EQ(minor_faults(), before) << "block " << segment.block;
    }
    parts.turn();  // goes through all bitmaps; those of blocks that are yet to come stay unread
  }
}

}  // namespace
}  // namespace memgc::internal
