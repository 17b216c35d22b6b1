// Job: see output_file.h.
#include "output_file.h"

#include <cerrno>
#include <cstring>
#include <utility>

#include "input.h"

namespace memgc::trace {

OutputFile::OutputFile(std::string path) : path_(path == "-" ? "" : std::move(path)) {
  file_ = path_.empty() ? stdout : std::fopen(part().c_str(), "we");
  if (file_ == nullptr) fail();
}

OutputFile::~OutputFile() {
  if (file_ == nullptr || path_.empty()) return;
  std::fclose(file_);
  std::remove(part().c_str());
}

void OutputFile::write(std::string_view text) {
  if (std::fwrite(text.data(), 1, text.size(), file_) != text.size()) fail();
}

void OutputFile::commit() {
  if (std::fflush(file_) != 0) fail();
  if (path_.empty()) return;
  if (std::rename(part().c_str(), path_.c_str()) != 0) fail();
  std::FILE* const file = std::exchange(file_, nullptr);
  if (std::fclose(file) != 0) fail();
}

void OutputFile::fail() const {
  throw InputError((path_.empty() ? "standard output" : path_) + ": cannot be written: " + std::strerror(errno));
}

}  // namespace memgc::trace
