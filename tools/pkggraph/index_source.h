// Job: where the bytes of the index come from: a file, standard input, or `apt-cache dumpavail`; decompressed, and
// kept for re-reading when churn asks for it.
//
// Invariant: byte offsets are those of the uncompressed index, and whatever read() has delivered can be read again with
// reread() for as long as the source lives.
// Threads: read() by one thread, attached to the heap; reread() by any number of attached threads at once. Both wait
// for the system inside a memgc::BlockingScope, so the collector never waits for a disk or a pipe.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <memory>
#include <string>

#include "memgc/memgc.h"
#include "stanza.h"

struct archive;

namespace pkggraph {

/// A file descriptor that closes itself.
class Descriptor {
 public:
  explicit Descriptor(int fd = -1) : fd_(fd) {}
  Descriptor(Descriptor&& other) noexcept : fd_(other.fd_) { other.fd_ = -1; }
  Descriptor& operator=(Descriptor&& other) noexcept;
  ~Descriptor();
  int get() const { return fd_; }
  bool is_open() const { return fd_ >= 0; }

 private:
  int fd_;
};

class IndexSource {
 public:
  enum class Keep : std::uint8_t { kNo, kForRereading };

  /// `path`: a file, "-" for standard input, or empty for `apt-cache dumpavail`. Throws InputError.
  IndexSource(const std::string& path, Keep keep);
  ~IndexSource();
  IndexSource(const IndexSource&) = delete;
  IndexSource& operator=(const IndexSource&) = delete;

  /// As messages call it.
  const std::string& name() const { return name_; }

  /// The next bytes of the uncompressed index; 0 at its end. Throws InputError.
  std::size_t read(memgc::Mutator& me, char* buffer, std::size_t size);

  /// Bytes [offset, offset + size) once more. REQUIRES: Keep::kForRereading, and that read() has delivered them.
  void reread(memgc::Mutator& me, std::uint64_t offset, char* buffer, std::size_t size) const;

  /// All the bytes once more, from the beginning, as a stream. REQUIRES: as for reread().
  ReadChunk reread_all(memgc::Mutator& me) const;

 private:
  void start_apt_cache();
  void open_archive();
  void wait_for_child();
  void keep(const char* bytes, std::size_t size);
  [[noreturn]] void fail(const std::string& message) const;

  std::string name_;
  Descriptor input_;
  pid_t child_ = 0;
  std::unique_ptr<archive, int (*)(archive*)> archive_;
  Keep keep_;
  bool input_is_plain_file_ = false;  // then the input itself can be read again
  Descriptor spool_;                  // else a temporary file without a name
  std::uint64_t delivered_bytes_ = 0;
};

}  // namespace pkggraph
