// Job: see output_file.h.
#include "runtime/observe/output_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <utility>

#include "memgc/observe/error.h"

namespace memgc::observe {
namespace {

constexpr std::size_t kBufferBytes = std::size_t{1} << 16;

// Beside `path`, and of this process and this call alone.
std::string temporary_name(const std::string& path) {
  static std::atomic<unsigned> calls{0};
  return path + '.' + std::to_string(getpid()) + '-' + std::to_string(calls.fetch_add(1, std::memory_order_relaxed));
}

}  // namespace

OutputFile::OutputFile(std::string path) : path_(std::move(path)), temporary_(temporary_name(path_)) {
  descriptor_ = open(temporary_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
  if (descriptor_ < 0) fail("cannot make a file beside it");
  buffer_.reserve(kBufferBytes);
}

OutputFile::~OutputFile() {
  if (descriptor_ < 0) return;
  close(descriptor_);
  unlink(temporary_.c_str());
}

void OutputFile::write(std::string_view bytes) {
  if (buffer_.size() + bytes.size() > kBufferBytes) flush();
  buffer_ += bytes;
}

void OutputFile::commit() {
  flush();
  if (rename(temporary_.c_str(), path_.c_str()) != 0) fail("cannot take its place");
  close(std::exchange(descriptor_, -1));
}

void OutputFile::flush() {
  std::string_view rest = buffer_;
  while (!rest.empty()) {
    const ssize_t written = ::write(descriptor_, rest.data(), rest.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) fail("cannot write");
    rest.remove_prefix(static_cast<std::size_t>(written));
  }
  buffer_.clear();
}

void OutputFile::fail(const char* what) const { throw ObserveError(path_ + ": " + what + ": " + std::strerror(errno)); }

}  // namespace memgc::observe
