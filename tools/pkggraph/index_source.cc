// Job: see index_source.h. libarchive's raw format gives the decompression filters without any archive around them.
#include "index_source.h"

#include <archive.h>
#include <archive_entry.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <spawn.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>

#include "errors.h"

extern char** environ;

namespace pkggraph {

namespace {

constexpr std::size_t kBlockBytes = 64 << 10;

std::string error_text(int error) { return std::generic_category().message(error); }

// write(2) until all is written; false with errno set.
bool write_all(int fd, const char* bytes, std::size_t size) {
  while (size > 0) {
    const ssize_t written = ::write(fd, bytes, size);
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return false;
    bytes += written;
    size -= static_cast<std::size_t>(written);
  }
  return true;
}

Descriptor make_spool() {
  const char* directory = std::getenv("TMPDIR");
  std::string path =
      fmt::format("{}/memgc-pkggraph-XXXXXX", directory != nullptr && *directory != '\0' ? directory : "/tmp");
  Descriptor spool(::mkostemp(path.data(), O_CLOEXEC));
  if (!spool.is_open()) {
    throw InputError(fmt::format(
        "{}: {} (--churn keeps the uncompressed index in a temporary file; set TMPDIR to a directory with room)", path,
        error_text(errno)));
  }
  ::unlink(path.c_str());
  return spool;
}

}  // namespace

Descriptor& Descriptor::operator=(Descriptor&& other) noexcept {
  std::swap(fd_, other.fd_);
  return *this;
}

Descriptor::~Descriptor() {
  if (fd_ >= 0) ::close(fd_);
}

IndexSource::IndexSource(const std::string& path, Keep keep) : archive_(nullptr, &archive_read_free), keep_(keep) {
  if (path.empty()) {
    name_ = "apt-cache dumpavail";
    start_apt_cache();
  } else {
    name_ = path == "-" ? "standard input" : path;
    input_ = Descriptor(path == "-" ? ::fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 3)
                                    : ::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    if (!input_.is_open()) fail(error_text(errno));
    struct stat status {};
    if (::fstat(input_.get(), &status) == 0 && S_ISDIR(status.st_mode)) fail("expected a file, got a directory");
  }
  open_archive();
}

IndexSource::~IndexSource() {
  if (child_ == 0) return;
  archive_.reset();
  input_ = Descriptor();  // a child that still writes gets SIGPIPE
  ::waitpid(child_, nullptr, 0);
}

void IndexSource::fail(const std::string& message) const { throw InputError(fmt::format("{}: {}", name_, message)); }

void IndexSource::start_apt_cache() {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) fail(error_text(errno));
  input_ = Descriptor(ends[0]);
  const Descriptor output(ends[1]);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, output.get(), STDOUT_FILENO);
  std::string words[] = {"apt-cache", "dumpavail"};
  char* arguments[] = {words[0].data(), words[1].data(), nullptr};
  const int error = ::posix_spawnp(&child_, arguments[0], &actions, nullptr, arguments, environ);
  posix_spawn_file_actions_destroy(&actions);
  if (error == 0) return;
  child_ = 0;
  fail(fmt::format("{} (give a package index with --index FILE)", error_text(error)));
}

void IndexSource::open_archive() {
  archive_.reset(archive_read_new());
  if (archive_ == nullptr) throw std::bad_alloc();
  archive_read_support_filter_all(archive_.get());
  archive_read_support_format_raw(archive_.get());
  archive_read_support_format_empty(archive_.get());
}

void IndexSource::keep(const char* bytes, std::size_t size) {
  if (input_is_plain_file_) return;
  if (!spool_.is_open()) spool_ = make_spool();
  if (!write_all(spool_.get(), bytes, size))
    fail(fmt::format("cannot keep the uncompressed index in TMPDIR: {}", error_text(errno)));
}

void IndexSource::wait_for_child() {
  if (child_ == 0) return;
  int status = 0;
  pid_t waited;
  do waited = ::waitpid(child_, &status, 0);
  while (waited < 0 && errno == EINTR);
  child_ = 0;
  if (waited < 0) fail(error_text(errno));
  if (WIFSIGNALED(status)) fail(fmt::format("killed by signal {}", WTERMSIG(status)));
  if (WEXITSTATUS(status) == 127) fail("not found (give a package index with --index FILE)");
  if (WEXITSTATUS(status) != 0) fail(fmt::format("exited with status {}", WEXITSTATUS(status)));
}

std::size_t IndexSource::read(memgc::Mutator& me, char* buffer, std::size_t size) {
  memgc::BlockingScope io(me);
  if (archive_ == nullptr) return 0;
  if (delivered_bytes_ == 0) {
    struct stat status {};
    const bool is_file = ::fstat(input_.get(), &status) == 0 && S_ISREG(status.st_mode);
    const bool at_start = is_file && ::lseek(input_.get(), 0, SEEK_CUR) == 0;
    archive_entry* entry = nullptr;
    if (archive_read_open_fd(archive_.get(), input_.get(), kBlockBytes) != ARCHIVE_OK) {
      fail(archive_error_string(archive_.get()));
    }
    const int found = archive_read_next_header(archive_.get(), &entry);
    if (found == ARCHIVE_EOF) {
      archive_.reset();
      wait_for_child();
      return 0;
    }
    if (found < ARCHIVE_WARN) fail(archive_error_string(archive_.get()));
    // The last filter is always "none", the reader itself.
    input_is_plain_file_ = at_start && archive_filter_count(archive_.get()) == 1;
  }
  const la_ssize_t got = archive_read_data(archive_.get(), buffer, size);
  if (got < 0) {
    const char* text = archive_error_string(archive_.get());
    fail(fmt::format("{} after {} bytes of index", text != nullptr ? text : "damaged", delivered_bytes_));
  }
  if (got == 0) {
    archive_.reset();
    wait_for_child();
    return 0;
  }
  if (keep_ == Keep::kForRereading) keep(buffer, static_cast<std::size_t>(got));
  delivered_bytes_ += static_cast<std::uint64_t>(got);
  return static_cast<std::size_t>(got);
}

void IndexSource::reread(memgc::Mutator& me, std::uint64_t offset, char* buffer, std::size_t size) const {
  memgc::BlockingScope io(me);
  const int fd = input_is_plain_file_ ? input_.get() : spool_.get();
  while (size > 0) {
    const ssize_t got = ::pread(fd, buffer, size, static_cast<off_t>(offset));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) fail(error_text(errno));
    if (got == 0)
      fail(fmt::format("expected {} more bytes at {}: the file has changed since it was read", size, offset));
    buffer += got;
    offset += static_cast<std::uint64_t>(got);
    size -= static_cast<std::size_t>(got);
  }
}

ReadChunk IndexSource::reread_all(memgc::Mutator& me) const {
  return [this, &me, position = std::uint64_t{0}](char* buffer, std::size_t size) mutable {
    const auto chunk = static_cast<std::size_t>(std::min<std::uint64_t>(size, delivered_bytes_ - position));
    reread(me, position, buffer, chunk);
    position += chunk;
    return chunk;
  };
}

}  // namespace pkggraph
