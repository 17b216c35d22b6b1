// A small service with planted faults, for README's chapter on programs that use too much memory, pause too long or are
// slow: symptoms_test.sh takes each from its symptom to its fix, by the commands that the chapter names.
//
//   symptoms_service FAULT [fixed]       FAULT: leak, wait or garbage; `fixed`: the same work without it
//
// Leaves heap.pb.gz, waiting.pb.gz and heap.heapsnapshot in the current folder. Each fault is one function of its own,
// so that its name in a report is the answer. Threads: main's, and in `wait` the reader's and a client's.
#include <pthread.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <string_view>
#include <thread>

#include "memgc/memgc.h"
#include "memgc/observe/profile.h"
#include "memgc/observe/snapshot.h"

namespace service {

struct Page {  // a leaf
  long number = 0;
  char text[1000] = {};
};

struct Line {
  memgc::Member<Line> next;
  char text[48] = {};
  static constexpr auto fields = memgc::fields(&Line::next);
};

using Pages = memgc::Array<memgc::Member<Page>>;

struct Cache {
  memgc::Member<Pages> pages;
  std::size_t count = 0;
  static constexpr auto fields = memgc::fields(&Cache::pages);
};

__attribute__((noinline)) Page* load_page(long number) {
  Page* page = memgc::make<Page>();
  page->number = number;
  return page;
}

// The text of an answer, which is garbage once it has been sent.
__attribute__((noinline)) void answer() {
  Line* last = nullptr;
  for (int i = 0; i < 150; ++i) {
    Line* line = memgc::make<Line>();
    line->next = last;
    last = line;
  }
}

// leak: a cache that only grows. Fixed: it has a size, and what comes overwrites what is oldest.
constexpr std::size_t kMostPages = 2000;

__attribute__((noinline)) void remember(Cache* cache, Page* page, bool fixed) {
  if (cache->pages == nullptr) cache->pages = memgc::make_array<memgc::Member<Page>>(kMostPages);
  if (!fixed && cache->count == cache->pages->size()) {
    Pages* more = memgc::make_array<memgc::Member<Page>>(2 * cache->count);
    for (std::size_t i = 0; i < cache->count; ++i) (*more)[i] = (*cache->pages)[i];
    cache->pages = more;
  }
  (*cache->pages)[cache->count++ % cache->pages->size()] = page;
}

void leak(memgc::Mutator&, bool fixed) {
  static memgc::Root<Cache> cache;
  cache = memgc::make<Cache>();
  for (long number = 0; number < 30'000; ++number) {
    remember(cache, load_page(number), fixed);
    answer();
  }
}

// wait: a thread that reads from a client and does not say that it waits. Fixed: it does.
constexpr auto kBetweenRequests = std::chrono::milliseconds(200);

__attribute__((noinline)) bool read_request(memgc::Mutator& me, int client, bool fixed) {
  char byte;
  if (!fixed) return ::read(client, &byte, 1) == 1;
  const memgc::BlockingScope scope(me);
  return ::read(client, &byte, 1) == 1;
}

void wait(memgc::Mutator& me, bool fixed) {
  using Clock = std::chrono::steady_clock;
  int ends[2];
  if (::pipe(ends) != 0) std::abort();
  std::atomic<bool> gone = false;
  std::thread reader([&] {
    ::pthread_setname_np(::pthread_self(), "reader");
    memgc::Mutator mine(me.heap());
    while (read_request(mine, ends[0], fixed)) answer();
    gone = true;
  });
  std::thread client([&] {
    for (int i = 0; i < 5; ++i) {
      std::this_thread::sleep_for(kBetweenRequests);
      if (::write(ends[1], "x", 1) != 1) std::abort();
    }
    ::close(ends[1]);
  });
  Clock::duration slowest{};
  while (!gone) {
    const Clock::time_point begin = Clock::now();
    answer();
    slowest = std::max(slowest, Clock::now() - begin);
  }
  std::printf("the slowest answer took %.1f ms\n", std::chrono::duration<double, std::milli>(slowest).count());
  const memgc::BlockingScope scope(me);
  reader.join();
  client.join();
  ::close(ends[0]);
}

// garbage: each request has a buffer of its own. Fixed: all use one, made outside of the loop.
using Buffer = memgc::Array<char>;

__attribute__((noinline)) Buffer* make_buffer() {
  Buffer* buffer = memgc::make_array<char>(100'000);
  (*buffer)[0] = '<';
  return buffer;
}

__attribute__((noinline)) void read_page(Buffer* buffer) { std::fill_n(&(*buffer)[0], 1000, 'p'); }

void garbage(memgc::Mutator&, bool fixed) {
  static memgc::Root<Line> index;  // what each cycle has to mark
  for (int i = 0; i < 500'000; ++i) {
    Line* line = memgc::make<Line>();
    line->next = index;
    index = line;
  }
  Buffer* const kept = fixed ? make_buffer() : nullptr;
  for (int request = 0; request < 20'000; ++request) {
    read_page(fixed ? kept : make_buffer());
    answer();
  }
}

}  // namespace service

int main(int count, char** arguments) {
  const std::string_view fault = count > 1 ? arguments[1] : "";
  const bool fixed = count == 3 && std::string_view(arguments[2]) == "fixed";
  const auto work = fault == "leak"      ? service::leak
                    : fault == "wait"    ? service::wait
                    : fault == "garbage" ? service::garbage
                                         : nullptr;
  if (work == nullptr || count > 3 || (count == 3 && !fixed)) {
    std::fprintf(stderr, "usage: symptoms_service leak|wait|garbage [fixed]\n");
    return 2;
  }
  memgc::Heap heap;
  memgc::Mutator me(heap);
  work(me, fixed);
  memgc::write_snapshot(heap, "heap.heapsnapshot");  // collects, so the profile has no garbage in use
  memgc::write_profile(heap, "heap.pb.gz");
  memgc::write_waiting_profile(heap, "waiting.pb.gz");
}
