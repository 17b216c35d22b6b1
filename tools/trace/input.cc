// Job: see input.h.
#include "input.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <optional>

namespace memgc::trace {
namespace {

constexpr std::size_t kBuffer = 256 << 10;
constexpr off_t kTail = 4 << 20;  // of a plain file: its last cycle is looked for there

// Reads on to the end, from wherever the file stands.
void read_rest(gzFile file, const std::string& path, Reader& reader) {
  std::vector<char> buffer(kBuffer);
  for (;;) {
    const int got = gzread(file, buffer.data(), static_cast<unsigned>(buffer.size()));
    if (got > 0) reader.feed({buffer.data(), static_cast<std::size_t>(got)});
    if (got <= 0) break;
  }
  int error = Z_OK;
  const char* const message = gzerror(file, &error);
  if (error == Z_ERRNO) throw InputError(path + ": " + std::strerror(errno));
  if (error == Z_BUF_ERROR)
    fmt::print(stderr, "memgc-trace: {}: breaks off; read as far as it goes\n", path);
  else if (error < 0)
    throw InputError(message);  // zlib puts the path before it
}

void read_one(const std::string& path, Reader& reader) {
  const InputFile file = open_input(path);
  reader.begin_source(path);
  read_rest(file.get(), path, reader);
}

// --- The order of several files ---

struct Extent {
  std::string path;
  std::optional<Cycle> first, last;
  std::size_t next = kNone;  // the file that goes on where this one ends
  bool has_before = false;

  static constexpr std::size_t kNone = static_cast<std::size_t>(-1);
};

bool is_regular(const std::string& path) {
  struct stat info = {};
  return path != "-" && ::stat(path.c_str(), &info) == 0 && S_ISREG(info.st_mode);
}

// The first and last cycle of a file. Of a plain one the middle is not read.
Extent measure(const std::string& path) {
  Extent out;
  out.path = path;
  const auto note = [&](const Cycle& cycle) {
    if (!out.first) out.first = cycle;
    out.last = cycle;
  };
  const InputFile file = open_input(path);
  Reader reader({note, note, {}});
  std::vector<char> buffer(kBuffer);
  int got = 0;
  while (!out.first && (got = gzread(file.get(), buffer.data(), static_cast<unsigned>(buffer.size()))) > 0) {
    reader.feed({buffer.data(), static_cast<std::size_t>(got)});
  }
  if (gzdirect(file.get()) != 0) {
    struct stat info = {};
    const bool known = ::stat(path.c_str(), &info) == 0;
    if (known && info.st_size - kTail > gztell(file.get())) gzseek(file.get(), info.st_size - kTail, SEEK_SET);
  }
  read_rest(file.get(), path, reader);
  reader.finish();
  return out;
}

// Does `after` begin later in the same run as `before` ends? How many cycles later; 0: no.
std::uint64_t distance(const Extent& before, const Extent& after) {
  if (!before.last || !after.first) return 0;
  const bool later =
      after.first->number > before.last->number && after.first->begin_seconds >= before.last->begin_seconds;
  return later ? after.first->number - before.last->number : 0;
}

// Joins the pairs that are closest first, each file to at most one before and one after it.
void join(std::vector<Extent>& files) {
  for (;;) {
    std::size_t before = Extent::kNone, after = Extent::kNone;
    std::uint64_t best = UINT64_MAX;
    for (std::size_t i = 0; i < files.size(); ++i) {
      for (std::size_t j = 0; j < files.size(); ++j) {
        if (i == j || files[i].next != Extent::kNone || files[j].has_before) continue;
        const std::uint64_t now = distance(files[i], files[j]);
        if (now == 0 || now >= best) continue;
        best = now, before = i, after = j;
      }
    }
    if (before == Extent::kNone) return;
    files[before].next = after;
    files[after].has_before = true;
  }
}

std::vector<std::string> in_order(const std::vector<std::string>& paths) {
  std::vector<Extent> files;
  files.reserve(paths.size());
  for (const std::string& path : paths) files.push_back(measure(path));
  join(files);
  std::vector<std::string> out;
  for (const Extent& head : files) {
    if (head.has_before) continue;
    out.push_back(head.path);
    for (std::size_t i = head.next; i != Extent::kNone; i = files[i].next) out.push_back(files[i].path);
  }
  // Runs that follow each other in a ring have no first file: leave them as they were named.
  return out.size() == paths.size() ? out : paths;
}

}  // namespace

void CloseInput::operator()(gzFile_s* file) const { gzclose(file); }

InputFile open_input(const std::string& path) {
  const bool standard = path == "-";
  const int fd = standard ? ::dup(STDIN_FILENO) : ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) throw InputError(path + ": " + std::strerror(errno));
  InputFile file(gzdopen(fd, "rb"));  // which reads a plain file as it is
  if (!file) throw InputError(path + ": out of memory");
  gzbuffer(file.get(), kBuffer);
  return file;
}

std::size_t read_input(const InputFile& file, const std::string& path, char* to, std::size_t most) {
  const int got = gzread(file.get(), to, static_cast<unsigned>(most));
  int error = Z_OK;
  const char* const message = gzerror(file.get(), &error);
  if (got > 0) return static_cast<std::size_t>(got);
  if (error == Z_ERRNO) throw InputError(path + ": " + std::strerror(errno));
  if (error == Z_BUF_ERROR) throw InputError(path + ": the gzip file breaks off");
  if (error < 0) throw InputError(message);  // zlib puts the path before it
  return 0;
}

ReadStatus read_traces(const std::vector<std::string>& paths, Handlers handlers) {
  Reader reader(std::move(handlers));
  if (paths.empty()) read_one("-", reader);
  const bool can_look_ahead = paths.size() > 1 && std::all_of(paths.begin(), paths.end(), is_regular);
  for (const std::string& path : can_look_ahead ? in_order(paths) : paths) read_one(path, reader);
  reader.finish();
  return reader.status();
}

}  // namespace memgc::trace
