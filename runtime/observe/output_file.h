// A file that appears whole or not at all. Its content goes to a file of its own beside the path, which takes the
// path's place when all of it is written; whoever opens the path sees the old content or the new.
//
// One thread writes one OutputFile.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace memgc::observe {

class OutputFile {
 public:
  // Throws ObserveError when no file can be made beside `path`.
  explicit OutputFile(std::string path);
  // Without a call of commit(), what was written is removed.
  ~OutputFile();
  OutputFile(const OutputFile&) = delete;
  OutputFile& operator=(const OutputFile&) = delete;

  // Buffered. Throws ObserveError when the file system is full, say.
  void write(std::string_view bytes);
  // Once, as the last: the content now stands at the path. Throws ObserveError; then nothing has changed there.
  void commit();

 private:
  void flush();
  [[noreturn]] void fail(const char* what) const;

  std::string path_;
  std::string temporary_;
  std::string buffer_;
  int descriptor_ = -1;
};

}  // namespace memgc::observe
