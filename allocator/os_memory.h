// Job: the only place that asks the kernel for memory.
//
// Address space is in one of three states:
//   reserved   ours, inaccessible, not resident, not counted by the kernel       reserve(), or never committed
//   ready      readable and writable; resident once touched                      commit()
//   released   ready, but its pages were given back: reads as zero, not resident release()
// A Region moves its committed frontier only upwards, so it never costs more than two mappings however it is used.
// Threads: stateless functions, any thread; a Region is guarded by its owner's lock.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>

namespace memgc::internal {

namespace os {

/// The kernel's page size in bytes.
std::size_t page_bytes();
/// Reserves address space at a multiple of `alignment` (a power of two); nullptr if there is none to be had.
void* reserve(std::size_t bytes, std::size_t alignment);
/// The same, but not where another was that came from here, as long as there is space below those: so that an address
/// into one that is gone, left in some word of a stack, does not name something in the next.
void* reserve_apart(std::size_t bytes, std::size_t alignment);
/// Gives a whole reservation back.
void unreserve(void* address, std::size_t bytes);
/// Makes reserved pages ready. False when the kernel refuses.
bool commit(void* address, std::size_t bytes);
/// From now on the kernel puts huge pages there, if it has any; or none (and khugepaged leaves the range alone).
void advise_huge_pages(void* address, std::size_t bytes, bool huge);
/// Maps ready pages for writing, all at once, as if each had been touched. False when the kernel does not.
bool map_pages(void* address, std::size_t bytes);
/// Gives the pages back; they stay ready and read as zero. False when the kernel refuses (nothing has changed then).
bool release(void* address, std::size_t bytes);
/// Physical memory of the machine in bytes; a guess of 8 GiB where it cannot be read.
std::size_t physical_bytes();
/// Address space that this process may still reserve (RLIMIT_AS less what it uses); SIZE_MAX without a limit.
std::size_t address_space_left();

/// Makes the n-th call from now of reserve, commit or release fail (n = 1: the next), and with `sticky` all after it.
/// n = 0: none. For tests of what happens then.
void fail_call_for_testing(std::uint64_t n, bool sticky);
/// How many calls have failed by request so far, so that a test knows whether there was an n-th.
std::uint64_t failed_calls_for_testing();

}  // namespace os

/// A part of a reservation, of which the front is ready. Owns nothing: whoever reserved gives the address space back.
class Region {
 public:
  Region() = default;
  Region(char* base, std::size_t bytes) : base_(base), reserved_(bytes) {}

  /// Makes at least [0, bytes) ready. False when the kernel refuses or the region ends before.
  bool grow_to(std::size_t bytes);

  char* base() const { return base_; }
  std::size_t reserved_bytes() const { return reserved_; }
  std::size_t committed_bytes() const { return committed_; }

 private:
  char* base_ = nullptr;
  std::size_t reserved_ = 0;
  std::size_t committed_ = 0;
};

}  // namespace memgc::internal
