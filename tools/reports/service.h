// Job: the service: answers GET /report?rows=N and GET /stats on the loopback interface, and sheds load when its heap
// is near its limit.
//
// How it sheds: a request that comes while the heap is under pressure (one load: Heap::pressure()) is answered 429
// before anything is made for it; one whose table finds no room on the way waits a little, and is then answered 429 as
// well. In both cases what was made is dropped, and the others go on. Without shedding the first object that finds no
// room is the end of the program, as it is of most. Threads: the library's pool; each request attaches to the heap
// while it lasts.
#pragma once

#include <chrono>
#include <cstddef>

namespace reports {

struct ServiceOptions {
  int port = 0;  // 0: any that is free
  std::size_t max_bytes = std::size_t{64} << 20;
  unsigned threads = 64;
  std::chrono::milliseconds hold{50};
  std::chrono::milliseconds wait{20};
  bool shedding = true;
};

/// Exit status of a program that has run out of memory.
inline constexpr int kOutOfMemory = 3;

/// Serves until SIGTERM or SIGINT. Prints "listening on 127.0.0.1:PORT". Returns the exit status.
int serve(const ServiceOptions& options);

}  // namespace reports
