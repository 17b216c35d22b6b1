// Job: grey pointers on their way from mutators to the marker.
//
// A mutator fills a chunk of its own without a lock and hands it over when it is full, or when a handshake asks for it;
// the marker takes all that was handed over. Invariant: a pointer is in one chunk, owned by one side. Chunks are used
// again and given back at the end of a cycle. Threads: any; one lock, for a few words.
#pragma once

#include <cstddef>

#include "allocator/base/lock.h"

namespace memgc::internal {

struct GreyChunk {
  static constexpr std::size_t kEntries = 510;  // with the other fields, 4 KiB

  GreyChunk* next = nullptr;
  std::size_t count = 0;
  const void* entries[kEntries];
};

class GreyQueue {
 public:
  GreyQueue() = default;
  ~GreyQueue();
  GreyQueue(const GreyQueue&) = delete;
  GreyQueue& operator=(const GreyQueue&) = delete;

  /// An empty chunk. Aborts when there is no memory for it: a grey pointer cannot be dropped.
  GreyChunk* take_empty();
  void give_back(GreyChunk* chunk);
  /// Hands a chunk over to the marker.
  void put(GreyChunk* chunk);
  /// All that was handed over, linked by next; null if nothing was.
  GreyChunk* take_all();
  /// Forgets what was handed over.
  void discard();
  /// Gives unused chunks back to the kernel.
  void trim();
  std::size_t memory_bytes();

 private:
  Lock lock_;
  GreyChunk* full_ = nullptr;
  GreyChunk* unused_ = nullptr;
  std::size_t chunks_ = 0;
};

}  // namespace memgc::internal
