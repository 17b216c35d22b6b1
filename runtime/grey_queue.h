// Job: grey pointers on their way to whoever marks next: from mutators to markers, and from one marker to another.
//
// A mutator fills a chunk of its own without a lock and hands it over when it is full, or when a handshake asks for it;
// a marker's stack is made of the same chunks, and what others are to mark is handed over in the same way. Chunks are
// cut from one reservation, used again, and given back to the kernel at the end of a cycle.
//
// Invariants: a pointer is in one chunk, owned by one side. A mutator always gets a chunk, for a shaded pointer cannot
// be dropped; a marker is refused when little is left (then it marks again what it could not write down). Threads: any;
// two locks, of which none is taken within the other, for a few words.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>

#include "allocator/base/lock.h"
#include "allocator/os_memory.h"
#include "runtime/grey_list.h"

namespace memgc::internal {

struct GreyChunk {
  static constexpr std::size_t kEntries = 510;  // with the other fields, 4 KiB

  GreyChunk* next;
  std::size_t count;
  const void* entries[kEntries];
};

class GreyQueue {
 public:
  GreyQueue() = default;
  ~GreyQueue();
  GreyQueue(const GreyQueue&) = delete;
  GreyQueue& operator=(const GreyQueue&) = delete;

  /// Reserves room for chunks. False when there is no address space.
  bool reserve(std::size_t bytes);

  /// An empty chunk, for the barrier. Aborts when there is no memory for it.
  GreyChunk* take_empty();
  /// An empty chunk, for a marker. Null when there is no memory, or so little that the barrier may need it.
  GreyChunk* try_take_empty();
  void give_back(GreyChunk* chunk);

  /// Hands a chunk over, to whoever marks.
  void put(GreyChunk* chunk) { full_.put(chunk); }
  /// Hands over a single pointer, in a chunk that others are in already if there is one. Aborts as take_empty().
  void put_one(const void* target);
  /// One that was handed over; null if there is none.
  GreyChunk* take() { return full_.take(); }
  /// Whether there is none. May be out of date at once.
  bool empty() const { return full_.empty(); }
  /// How many chunks have ever been handed over, and whether all were taken: both as of one moment.
  std::uint64_t puts(bool& all_taken) { return full_.puts(all_taken); }
  /// Forgets what was handed over.
  void discard();

  /// A cycle has ended: gives memory back, but for a little. REQUIRES: nobody marks.
  void trim();
  /// Bytes of chunks that are resident.
  std::size_t memory_bytes() const { return resident_.load(std::memory_order_relaxed) * sizeof(GreyChunk); }

  /// From now on a marker gets no chunk beyond the n-th, for tests of what happens then.
  void limit_chunks_for_testing(std::size_t chunks) { most_for_markers_ = chunks; }

  void lock_for_fork() { lock_.lock(); }
  void unlock_after_fork() { lock_.unlock(); }

 private:
  GreyChunk* take_empty(std::size_t most);

  GreyList<GreyChunk, Lock, std::atomic<std::size_t>> full_;
  Lock lock_;  // guards what follows
  GreyChunk* unused_ = nullptr;
  std::size_t in_use_ = 0;                // neither unused nor uncut
  std::atomic<std::size_t> cut_{0};       // chunks of the reservation that were used since trim()
  std::atomic<std::size_t> resident_{0};  // chunks from the front that were used since their pages were given back
  std::size_t chunks_ = 0;                // in the whole reservation
  std::size_t most_for_markers_ = 0;
  Region memory_;
};

}  // namespace memgc::internal
