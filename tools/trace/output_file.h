// Job: where a command's output goes: a file, which is there whole or not at all, or standard output.
//
// A file is written beside its place, as FILE.part, and takes its name when all is well. One thread.
#pragma once

#include <cstdio>
#include <string>
#include <string_view>

namespace memgc::trace {

class OutputFile {
 public:
  // "-" and nothing are standard output. Throws InputError.
  explicit OutputFile(std::string path);
  ~OutputFile();  // without a commit() before it, no file is left
  OutputFile(const OutputFile&) = delete;
  OutputFile& operator=(const OutputFile&) = delete;

  // Both throw InputError, which names the file.
  void write(std::string_view text);
  void commit();

 private:
  [[noreturn]] void fail() const;
  std::string part() const { return path_ + ".part"; }

  std::string path_;  // empty: standard output
  std::FILE* file_ = nullptr;
};

}  // namespace memgc::trace
