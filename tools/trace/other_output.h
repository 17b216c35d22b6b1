// Job: what a program writes beside its trace: whole lines, those without a trace line in them.
//
// Invariant: at most kMost bytes wait for the end of their line; a longer line goes out in parts as other output.
//
// One thread.
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>

namespace memgc::trace {

class OtherOutput {
 public:
  static constexpr std::size_t kMost = 64 << 10;

  explicit OtherOutput(std::function<void(std::string_view)> on_line);  // with its newline, if it has one
  void feed(std::string_view bytes);
  void finish();  // a last line may have no newline

 private:
  void line(std::string_view text);

  std::function<void(std::string_view)> on_line_;
  std::string begun_;  // a line whose end has not come yet
};

}  // namespace memgc::trace
