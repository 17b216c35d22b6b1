// Job: operating-system files behind ports: buffers outside the heap, system calls inside a BlockingScope.
//
// Invariant: nothing in here touches a managed object while a BlockingScope is open. That is why the buffers are
// std::string and not managed: read(2) may take for ever, and the collector goes on meanwhile.
#include <fcntl.h>
#include <unistd.h>

#include <cerrno>

#include "vm.h"

namespace scheme {

int Vm::open_file(const std::string& path, bool output, bool append) {
  const int flags = output ? O_WRONLY | O_CREAT | (append ? O_APPEND : O_TRUNC) : O_RDONLY;
  int descriptor;
  {
    memgc::BlockingScope blocking(me);
    descriptor = open(path.c_str(), flags | O_CLOEXEC, 0666);
  }
  if (descriptor < 0) return -1;
  const int index = adopt_descriptor(descriptor, output);
  file(index).path = path;
  return index;
}

int Vm::adopt_descriptor(int descriptor, bool output) {
  std::size_t index = 0;
  while (index < files_.size() && files_[index].descriptor >= 0) ++index;
  if (index == files_.size()) files_.emplace_back();
  files_[index] = OpenFile{};
  files_[index].descriptor = descriptor;
  files_[index].output = output;
  files_[index].terminal = isatty(descriptor) != 0;
  return static_cast<int>(index);
}

bool Vm::fill(OpenFile& f) {
  flush_all();  // a prompt must be seen before its answer is awaited
  f.data.erase(0, f.position);
  f.position = 0;
  char buffer[16 * 1024];
  ssize_t got;
  do {
    memgc::BlockingScope blocking(me);
    got = ::read(f.descriptor, buffer, sizeof buffer);
  } while (got < 0 && errno == EINTR && limit_.load(std::memory_order_relaxed) != nullptr);
  if (got < 0 && errno == EINTR) throw Interrupted{};
  if (got < 0) error("read: expected a readable file, got error " + std::to_string(errno), kNil, ErrorKind::kFile);
  f.data.append(buffer, static_cast<std::size_t>(got));
  return got > 0;
}

bool Vm::next_input_line(std::string& line) {
  OpenFile& f = files_[0];
  std::size_t end;
  bool more = true;
  while ((end = f.data.find('\n', f.position)) == std::string::npos && more) more = fill(f);
  end = end == std::string::npos ? f.data.size() : end + 1;
  line = f.data.substr(f.position, end - f.position);
  f.position = end;
  return more;
}

void Vm::flush(OpenFile& f) {
  std::size_t done = 0;
  while (f.output && f.descriptor >= 0 && done < f.data.size()) {
    ssize_t put;
    {
      memgc::BlockingScope blocking(me);
      put = ::write(f.descriptor, f.data.data() + done, f.data.size() - done);
    }
    if (put < 0 && errno != EINTR) {
      f.data.clear();
      return;  // the reader has gone: what else to do with it
    }
    if (put > 0) done += static_cast<std::size_t>(put);
  }
  if (f.output) f.data.clear();
}

void Vm::close_file(int index) {
  OpenFile& f = file(index);
  if (f.descriptor < 0) return;
  flush(f);
  if (f.descriptor > 2) {
    memgc::BlockingScope blocking(me);
    ::close(f.descriptor);
  }
  f = OpenFile{};
}

void Vm::flush_all() {
  for (OpenFile& f : files_) {
    if (f.output) flush(f);
  }
}

}  // namespace scheme
