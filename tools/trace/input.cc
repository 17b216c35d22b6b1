// Job: see input.h.
#include "input.h"

#include <fcntl.h>
#include <unistd.h>
#include <zlib.h>

#include <cerrno>
#include <cstring>
#include <memory>

namespace memgc::trace {
namespace {

struct Close {
  void operator()(gzFile file) const { gzclose(file); }
};
using File = std::unique_ptr<gzFile_s, Close>;

File open(const std::string& path) {
  const bool standard = path == "-";
  const int fd = standard ? ::dup(STDIN_FILENO) : ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) throw InputError(path + ": " + std::strerror(errno));
  File file(gzdopen(fd, "rb"));  // which reads a plain file as it is
  if (!file) throw InputError(path + ": out of memory");
  gzbuffer(file.get(), 256 << 10);
  return file;
}

void read_one(const std::string& path, Reader& reader) {
  const File file = open(path);
  reader.begin_source(path);
  std::vector<char> buffer(256 << 10);
  for (;;) {
    const int got = gzread(file.get(), buffer.data(), static_cast<unsigned>(buffer.size()));
    if (got > 0) reader.feed({buffer.data(), static_cast<std::size_t>(got)});
    if (got < static_cast<int>(buffer.size())) break;
  }
  int error = Z_OK;
  const char* const message = gzerror(file.get(), &error);
  if (error == Z_ERRNO) throw InputError(path + ": " + std::strerror(errno));
  if (error < 0 && error != Z_BUF_ERROR) throw InputError(path + ": " + message);
}

}  // namespace

ReadStatus read_traces(const std::vector<std::string>& paths, Handlers handlers) {
  Reader reader(std::move(handlers));
  if (paths.empty()) read_one("-", reader);
  for (const std::string& path : paths) read_one(path, reader);
  reader.finish();
  return reader.status();
}

}  // namespace memgc::trace
