// ObserveServer: an HTTP endpoint on the loopback interface or a Unix socket that shows a program's heaps. There is
// none unless the program makes one.
//
//   GET /metrics            Prometheus' text, or OpenMetrics for who accepts it
//   GET /debug/stats        all figures as JSON
//   GET /debug/pprof/heap   the heap profile (profile.h), for go tool pprof; of several heaps with ?heap=NAME
//   GET /debug/pprof/waiting   the waiting profile, likewise
//
// It listens on 127.0.0.1 or on the socket alone, and answers only requests whose Host is localhost, 127.0.0.1 or [::1]
// (without a port or with the server's): a page of another site that a browser was led to resolve here is refused
// (403). Other methods than GET are refused (405). Nothing that is asked for changes anything.
//
// Life: the server reads a heap only while it is added, and remove() returns when nobody does any more. So a heap is
// added after it was made and removed before it goes; with one heap it is enough to declare the server behind it.
//
// Threads: one that accepts and ObserveOptions::threads that answer, all with all signals blocked, none attached to a
// heap; they stop no mutator. Connections beyond what they answer at once wait, a few here, the rest in the kernel. The
// child of a fork() has none of the threads: it makes a server of its own.
#pragma once

#include <chrono>
#include <memory>
#include <string>

#include "memgc/heap.h"
#include "memgc/internal/export.h"

namespace memgc {

struct ObserveOptions {
  int port = 0;             ///< On 127.0.0.1; 0: any that is free.
  std::string unix_socket;  ///< If not empty: the path of a socket to listen on instead, for this user alone. Nothing
                            ///< may stand there; it is removed when the server stops.
  unsigned threads = 2;     ///< Requests at once, 1 to 64.
  std::chrono::milliseconds patience{5000};  ///< How long a client may send or take nothing.
};

class MEMGC_EXPORT ObserveServer {
 public:
  /// Listens when it returns. Throws ObserveError, one line, where that cannot be had: a port or a path is taken.
  explicit ObserveServer(const ObserveOptions& options);
  /// The same for one heap, whose name is "1".
  ObserveServer(Heap& heap, const ObserveOptions& options);
  /// stop().
  ~ObserveServer();
  ObserveServer(const ObserveServer&) = delete;
  ObserveServer& operator=(const ObserveServer&) = delete;

  /// Shows the heap under this name (see NamedMetrics). Throws std::invalid_argument if the name cannot be one, or if
  /// name or heap are there already. Any thread.
  void add(std::string name, Heap& heap);
  /// Shows it no more; waits for a request that reads it. Any thread. Nothing happens if it is not there.
  void remove(Heap& heap);

  /// Where it listens; 0 on a Unix socket.
  int port() const noexcept;

  /// Takes no more connections, waits for what is being answered (no longer than about twice the patience). Once.
  void stop();

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace memgc
