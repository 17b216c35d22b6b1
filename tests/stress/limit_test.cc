// Job: a program that steps its live heap under MEMLIMIT: what the kernel calls resident stays below the limit, and
// memory goes back after a spike, busy or idle.
//
// Each test works in a child that holds nothing but the heap; its peak is the kernel's own (VmHWM). Seeds are fixed and
// printed. Threads: the child's main thread, and those that a phase makes.
#include <gtest/gtest.h>
#include <memgc/memgc.h>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "tests/allocator/process.h"
#include "tests/runtime/support.h"

namespace memgc::testing {
namespace {

constexpr std::size_t kLimit = std::size_t{160} << 20;
constexpr std::size_t kSlack = kLimit / 50;
constexpr unsigned kSeed = 20260715;

// A figure of /proc/self/status, in bytes.
std::size_t status_bytes(const char* name) {
  std::size_t kib = 0;
  if (std::FILE* file = std::fopen("/proc/self/status", "re")) {
    char line[256];
    while (std::fgets(line, sizeof(line), file) != nullptr) {
      if (std::strncmp(line, name, std::strlen(name)) == 0) std::sscanf(line + std::strlen(name), ": %zu", &kib);
    }
    std::fclose(file);
  }
  return kib << 10;
}

// Mappings that begin in the heap's cage.
std::size_t lines_of_maps(const Heap& heap) {
  std::size_t lines = 0;
  std::ifstream maps("/proc/self/maps");
  for (std::string line; std::getline(maps, line);) {
    lines += heap.contains(reinterpret_cast<const void*>(std::stoull(line, nullptr, 16)));
  }
  return lines;
}

// Byte arrays of many sizes in one big table: what lives, to the percent.
class Live {
 public:
  Live() : table_(make_array<Member<Array<char>>>(kLimit / kMean)) {}

  /// Holds about `percent` of the limit from now on, and replaces `churn` bytes of it.
  void hold(std::size_t percent, std::size_t churn) {
    const std::size_t wanted = kLimit / kMean * percent / 100;
    for (std::size_t i = wanted; i < table_->size(); ++i) (*table_)[i] = nullptr;
    for (std::size_t i = 0; i < wanted; ++i) {
      if ((*table_)[i] == nullptr) replace(i);
    }
    for (std::size_t done = 0; done < churn;) done += replace(random_() % wanted);
  }
  /// Drops every second one.
  void thin() {
    for (std::size_t i = 0; i < table_->size(); i += 2) (*table_)[i] = nullptr;
  }

 private:
  static constexpr std::size_t kMean = 497;  // as it comes out, with the table

  std::size_t replace(std::size_t i) {
    const std::size_t size = random_() % 10 == 0 ? 1000 + random_() % 1500 : 16 + random_() % 500;
    (*table_)[i] = make_array<char>(size, 'x');
    return size;
  }

  Root<Array<Member<Array<char>>>> table_;
  std::minstd_rand random_{kSeed};
};

struct Small {
  Member<Small> next;
  long payload[3];
  static constexpr auto fields = memgc::fields(&Small::next);
};
struct Other {
  Member<Other> next;
  long payload[11];
  static constexpr auto fields = memgc::fields(&Other::next);
};

// A list of which every second cell is dropped, and then garbage of another size that fits into none of the holes.
void fragment(std::size_t bytes) {
  Root<Small> head;
  for (std::size_t i = 0; i < bytes / sizeof(Small); ++i) {
    Small* cell = make<Small>();
    cell->next = head;
    head = cell;
  }
  for (Small* cell = head; cell != nullptr && cell->next != nullptr; cell = cell->next) cell->next = cell->next->next;
  for (std::size_t i = 0; i < 4 * kLimit / sizeof(Other); ++i) make<Other>();
}

void churn_threads(Mutator& me) {
  for (int round = 0; round < 20; ++round) {
    std::vector<std::thread> threads;
    threads.reserve(4);
    for (int t = 0; t < 4; ++t) {
      threads.emplace_back([&me] {
        Mutator mine(me.heap());
        for (std::size_t i = 0; i < 20'000; ++i) mine.make<Other>();
        mine.make_array<char>(1 << 20, 'y');
      });
    }
    const BlockingScope waiting(me);
    for (std::thread& thread : threads) thread.join();
  }
}

struct Watch {
  std::size_t base = (resident_bytes(), resident_bytes());
  bool good = true;

  void look(const char* phase, const Heap& heap) {
    const std::size_t peak = status_bytes("VmHWM") - base;
    const Stats stats = heap.stats();
    std::fprintf(stderr, "%-14s peak %6zu KiB (%5.1f %%), managed %6zu, live %6zu KiB, %llu cycles, limited %.2f s\n",
                 phase, peak >> 10, 100.0 * static_cast<double>(peak) / static_cast<double>(kLimit),
                 static_cast<std::size_t>(stats.managed_bytes >> 10), static_cast<std::size_t>(stats.live_bytes >> 10),
                 static_cast<unsigned long long>(stats.cycles), stats.cpu_limited_seconds);
    good = good && peak <= kLimit + kSlack;
  }
};

int phases(int growth_percent) {
  Watch watch;
  Options options;
  options.growth_percent = growth_percent;
  options.memory_limit = kLimit;
  options.debug.safepointms = 0;
  Heap heap(options);
  Mutator me(heap);
  std::fprintf(stderr, "seed %u\n", kSeed);
  {
    Live live;
    for (const std::size_t percent : {10U, 40U, 80U, 10U, 60U, 80U, 20U}) {
      live.hold(percent, kLimit);
      char phase[32];
      std::snprintf(phase, sizeof(phase), "%zu %% live", percent);
      watch.look(phase, heap);
    }
    // Whole blocks are wanted, and with growth off survivors lie in most of them: cells do not move, and no cycle comes
    // before the limit that would leave the sparse ones to empty. Pieces of a quarter pass the limit by 7 % then.
    const std::size_t piece = kLimit / (growth_percent == Options::kOff ? 8 : 4);
    for (std::size_t left = 2 * kLimit; left > 0; left -= piece) make_array<char>(piece, 's');
    watch.look("spikes", heap);
    live.hold(70, 0);
    live.thin();
    live.hold(50, kLimit);
    watch.look("thinned", heap);
    live.hold(1, 0);
  }
  fragment(kLimit * 4 / 10);
  watch.look("fragmented", heap);
  churn_threads(me);
  watch.look("threads", heap);
  return watch.good ? 0 : 1;
}

void expect_good(int (*work)()) {
  if (kUnderAsan || kUnderTsan) GTEST_SKIP() << "a sanitizer's own memory is resident too";
  const internal::ChildEnd end = internal::in_child(work);
  EXPECT_EQ(end.exit_code, 0) << "signal " << end.signal << "\n" << end.errors;
  std::printf("%s", end.errors.c_str());
}

TEST(Limit, HoldsThroughPhases) {
  expect_good([] { return phases(100); });
}
TEST(Limit, HoldsThroughPhasesWithGrowthOff) {
  expect_good([] { return phases(Options::kOff); });
}

// Whole blocks of garbage: when the limit is lowered one cycle finds them, and the kernel has them back.
int lowered() {
  Watch watch;
  Options options;
  options.growth_percent = Options::kOff;
  options.memory_limit = kLimit;
  options.debug.safepointms = 0;
  Heap heap(options);
  Mutator me(heap);
  Live live;
  live.hold(20, 0);
  for (std::size_t i = 0; heap.stats().managed_bytes < kLimit * 8 / 10; ++i) make<Other>();
  const std::uint64_t cycles = heap.stats().cycles;
  const std::size_t full = resident_bytes() - watch.base;
  heap.set_memory_limit(kLimit / 2);
  while (heap.stats().cycles <= cycles) me.safepoint();  // nobody allocates, and it begins all the same
  heap.collect();                                        // its sweep is over
  std::size_t resident = resident_bytes() - watch.base;
  for (int i = 0; i < 600 && resident > kLimit / 2 + kSlack; ++i) {  // the background gives back the rest
    const BlockingScope rest(me);
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
    resident = resident_bytes() - watch.base;
  }
  std::fprintf(stderr, "resident %zu -> %zu KiB\n", full >> 10, resident >> 10);
  return full >= kLimit * 7 / 10 && resident <= kLimit / 2 + kSlack ? 0 : 1;
}

TEST(Limit, ActsWhenItIsLowered) { expect_good(lowered); }

// After a spike a program that works on at its usual size has its usual memory back.
int spike() {
  Watch watch;
  Options options;
  options.debug.safepointms = 0;
  Heap heap(options);
  Mutator me(heap);
  Live live;
  const auto work_on = [&] {
    live.hold(20, kLimit / 20);
    const BlockingScope rest(me);
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
    return resident_bytes() - watch.base;
  };
  live.hold(90, 0);  // all that is mapped once is
  live.hold(20, 0);
  heap.release_memory();
  // The most of several cycles: they go up and down, by what is made while they mark.
  std::size_t steady = 0;
  for (int i = 0; i < 100; ++i) {
    const std::size_t resident = work_on();
    const Stats stats = heap.stats();
    steady = std::max({steady, resident, stats.goal_bytes + stats.metadata_bytes});
  }
  const std::size_t lines_before = lines_of_maps(heap);
  live.hold(90, 0);
  live.hold(20, 0);
  const std::size_t spiked = resident_bytes() - watch.base;
  std::size_t resident = spiked;
  // Ten seconds at the most, as a rule one; and as much work as that takes.
  for (int i = 0; i < 200 && resident > steady + steady / 10; ++i) resident = work_on();
  std::fprintf(stderr, "steady %zu KiB, spike %zu, after %zu KiB; maps %zu -> %zu lines\n", steady >> 10, spiked >> 10,
               resident >> 10, lines_before, lines_of_maps(heap));
  if (lines_of_maps(heap) != lines_before) return 2;
  return resident <= steady + steady / 10 ? 0 : 1;
}

TEST(Scavenging, GivesASpikesMemoryBack) { expect_good(spike); }

// Nobody allocates: the periodic cycle finds what is dead, and the scavenger gives it back.
int idle() {
  Watch watch;
  Options options;
  options.debug.safepointms = 0;
  options.debug.gcperiodms = 200;
  options.precise_stacks = true;  // no word that was left on the stack keeps the table
  Heap heap(options);
  Mutator me(heap);
  {
    Live live;
    live.hold(60, kLimit / 4);
  }
  const std::size_t full = resident_bytes() - watch.base;
  std::size_t resident = full;
  const BlockingScope rest(me);
  for (int i = 0; i < 600 && resident > full / 10; ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
    resident = resident_bytes() - watch.base;
  }
  std::fprintf(stderr, "full %zu KiB, idle %zu KiB\n", full >> 10, resident >> 10);
  return resident <= full / 10 ? 0 : 1;
}

TEST(Scavenging, AnIdleProgramShrinks) { expect_good(idle); }

}  // namespace
}  // namespace memgc::testing
