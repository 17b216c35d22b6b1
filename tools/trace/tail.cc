// Job: see tail.h.
#include "tail.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

#include "input.h"

namespace memgc::trace {

Tail::Tail(std::string path, TailHandlers handlers) : path_(std::move(path)), handlers_(std::move(handlers)) { open(); }

Tail::~Tail() {
  if (fd_ >= 0) ::close(fd_);
}

// False: it is not there.
bool Tail::open() {
  const int fd = ::open(path_.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0 && errno == ENOENT) return false;
  struct stat info = {};
  if (fd < 0 || ::fstat(fd, &info) != 0) throw InputError(path_ + ": " + std::strerror(errno));
  if (fd_ >= 0) ::close(fd_);
  fd_ = fd;
  at_ = 0;
  if (!S_ISREG(info.st_mode)) throw InputError(path_ + ": is not a regular file; a pipe is followed as -");
  handlers_.new_file();
  return true;
}

bool Tail::replaced() const {
  struct stat named = {}, ours = {};
  if (::stat(path_.c_str(), &named) != 0 || ::fstat(fd_, &ours) != 0) return false;
  return named.st_ino != ours.st_ino || named.st_dev != ours.st_dev;
}

bool Tail::cut() const {
  struct stat info = {};
  return ::fstat(fd_, &info) == 0 && info.st_size < at_;
}

void Tail::check_plain(std::string_view bytes) const {
  if (at_ == 0 && bytes.starts_with("\x1f\x8b")) {
    throw InputError(path_ + ": is gzip, which does not grow line by line; summary and report read it");
  }
}

bool Tail::read_some() {
  if (fd_ < 0 && !open()) return false;
  char buffer[256 << 10];
  // Looked at before reading: what comes after the name has gone to another file is read in the next call.
  const bool was_replaced = replaced();
  if (cut()) {
    at_ = ::lseek(fd_, 0, SEEK_SET);
    handlers_.new_file();
  }
  const ssize_t got = ::read(fd_, buffer, sizeof buffer);
  if (got < 0) throw InputError(path_ + ": " + std::strerror(errno));
  if (got == 0) return was_replaced && open();
  const std::string_view bytes(buffer, static_cast<std::size_t>(got));
  check_plain(bytes);
  at_ += got;
  handlers_.bytes(bytes);
  return true;
}

}  // namespace memgc::trace
