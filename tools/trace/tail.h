// Job: what is written to a file from now on, and what is in it already.
//
// As `tail -F` does, it goes by the name: when another file has taken it (rotation), what is left of the old one is
// read, then the new one from its beginning; when the file has become shorter (truncation), it is read from its
// beginning again. A file cut and grown beyond where we were between two looks cannot be told from one that grew.
//
// One thread.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

namespace memgc::trace {

struct TailHandlers {
  std::function<void(std::string_view)> bytes;
  std::function<void()> new_file;  // what comes next does not go on with the line before
};

class Tail {
 public:
  // A file that is not there yet is waited for. Throws InputError if it cannot be read, or is gzip, which does not
  // grow.
  Tail(std::string path, TailHandlers handlers);
  ~Tail();
  Tail(const Tail&) = delete;
  Tail& operator=(const Tail&) = delete;

  // Hands out some of what there is. False: there was nothing.
  bool read_some();
  bool is_open() const { return fd_ >= 0; }

 private:
  bool open();
  bool replaced() const;
  bool cut() const;
  void check_plain(std::string_view bytes) const;

  std::string path_;
  TailHandlers handlers_;
  int fd_ = -1;
  std::int64_t at_ = 0;  // so much of it has been read
};

}  // namespace memgc::trace
