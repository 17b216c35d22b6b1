// Job: see os_memory.h. Linux: mmap, mprotect, madvise.
#include "allocator/os_memory.h"

#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cstdio>

#include "allocator/base/bits.h"
#include "allocator/base/check.h"

namespace memgc::internal {

namespace os {
namespace {

std::atomic<std::uint64_t> calls_until_failure{0};
std::atomic<bool> failure_is_sticky{false};
std::atomic<std::uint64_t> failed_calls{0};

bool fails_now() {
  std::uint64_t left = calls_until_failure.load(std::memory_order_relaxed);
  if (left == 0) [[likely]]
    return false;
  // Exchanges, so that of many threads exactly one makes the n-th call.
  while (left != 0) {
    const bool stays = left == 1 && failure_is_sticky.load(std::memory_order_relaxed);
    if (!calls_until_failure.compare_exchange_weak(left, stays ? 1 : left - 1, std::memory_order_relaxed)) continue;
    if (left > 1) return false;
    failed_calls.fetch_add(1, std::memory_order_relaxed);
    return true;
  }
  return false;
}

// ThreadSanitizer knows a program's addresses by where the kernel puts them when it is not asked.
#if defined(__has_feature)
#define MEMGC_HAS_FEATURE(name) __has_feature(name)
#else
#define MEMGC_HAS_FEATURE(name) 0
#endif
#if defined(__SANITIZE_THREAD__) || MEMGC_HAS_FEATURE(thread_sanitizer)
constexpr bool kMayChooseAddresses = false;
#else
constexpr bool kMayChooseAddresses = true;
#endif
#undef MEMGC_HAS_FEATURE

// Below all that reserve_apart() has given; 0: nothing yet, or there is no more below.
std::atomic<std::uintptr_t> apart_end{0};

// `wanted`: where it should end, if the kernel has that free; 0: anywhere.
void* reserve_below(std::uintptr_t wanted, std::size_t bytes, std::size_t alignment) {
  if (fails_now()) return nullptr;
  std::size_t padded = 0;
  if (__builtin_add_overflow(bytes, alignment, &padded)) return nullptr;
  void* hint = wanted > padded ? reinterpret_cast<void*>(wanted - padded) : nullptr;
  void* raw = ::mmap(hint, padded, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (raw == MAP_FAILED) return nullptr;
  char* begin = static_cast<char*>(raw);
  char* aligned =
      begin + (round_up(reinterpret_cast<std::uintptr_t>(begin), alignment) - reinterpret_cast<std::uintptr_t>(begin));
  const std::size_t head = static_cast<std::size_t>(aligned - begin);
  if (head > 0) ::munmap(begin, head);
  if (padded - head > bytes) ::munmap(aligned + bytes, padded - head - bytes);
  ::madvise(aligned, bytes, MADV_DONTDUMP);  // a core file of the whole cage helps nobody
  return aligned;
}

}  // namespace

void fail_call_for_testing(std::uint64_t n, bool sticky) {
  failure_is_sticky.store(sticky, std::memory_order_relaxed);
  calls_until_failure.store(n, std::memory_order_relaxed);
}

std::uint64_t failed_calls_for_testing() { return failed_calls.load(std::memory_order_relaxed); }

std::size_t page_bytes() {
  static const std::size_t bytes = static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
  return bytes;
}

void* reserve(std::size_t bytes, std::size_t alignment) { return reserve_below(0, bytes, alignment); }

void* reserve_apart(std::size_t bytes, std::size_t alignment) {
  constexpr int kTries = 6;
  const std::uintptr_t end = kMayChooseAddresses ? apart_end.load(std::memory_order_relaxed) : 0;
  // What the kernel placed itself lies right below the last one: stacks that the C library keeps, smaller reservations.
  std::uintptr_t gap = bytes / 16 + (std::size_t{64} << 20);
  for (int tries = 0; end > gap && tries < kTries; ++tries, gap *= 2) {
    void* memory = reserve_below(end - gap, bytes, alignment);
    if (memory == nullptr) return nullptr;
    const auto begin = reinterpret_cast<std::uintptr_t>(memory);
    // Two threads at once may want the same place; one gets it, and the other one's is as good to go on from.
    if (begin < end) {
      apart_end.store(begin, std::memory_order_relaxed);
      return memory;
    }
    unreserve(memory, bytes);
  }
  void* memory = reserve(bytes, alignment);
  apart_end.store(reinterpret_cast<std::uintptr_t>(memory), std::memory_order_relaxed);
  return memory;
}

void unreserve(void* address, std::size_t bytes) { ::munmap(address, bytes); }

bool commit(void* address, std::size_t bytes) {
  if (fails_now()) return false;
  if (::mprotect(address, bytes, PROT_READ | PROT_WRITE) != 0) return false;
  ::madvise(address, bytes, MADV_DODUMP);
  return true;
}

void advise_huge_pages(void* address, std::size_t bytes, bool huge) {
  ::madvise(address, bytes, huge ? MADV_HUGEPAGE : MADV_NOHUGEPAGE);
}

bool map_pages(void* address, std::size_t bytes) {
#if defined(MADV_POPULATE_WRITE)  // Linux 5.14
  return ::madvise(address, bytes, MADV_POPULATE_WRITE) == 0;
#else
  return false;
#endif
}

bool release(void* address, std::size_t bytes) {
  if (fails_now()) return false;
  return ::madvise(address, bytes, MADV_DONTNEED) == 0;
}

std::size_t physical_bytes() {
  const long pages = ::sysconf(_SC_PHYS_PAGES);
  return pages > 0 ? static_cast<std::size_t>(pages) * page_bytes() : std::size_t{8} << 30;
}

std::size_t address_space_left() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_AS, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY) return SIZE_MAX;
  unsigned long used_pages = 0;
  if (std::FILE* file = std::fopen("/proc/self/statm", "re")) {
    if (std::fscanf(file, "%lu", &used_pages) != 1) used_pages = 0;
    std::fclose(file);
  }
  const std::size_t used = used_pages * page_bytes();
  return limit.rlim_cur > used ? limit.rlim_cur - used : 0;
}

}  // namespace os

bool Region::grow_to(std::size_t bytes) {
  if (bytes <= committed_) return true;
  if (bytes > reserved_) return false;
  bytes = round_up(bytes, os::page_bytes());
  if (!os::commit(base_ + committed_, bytes - committed_)) return false;
  committed_ = bytes;
  return true;
}

}  // namespace memgc::internal
