// Job: from text to data, with the line of each list.
//
// Threads: the interpreter's. A Reader lives on the native stack, which keeps what it has read so far.
#pragma once

#include <string_view>

#include "vm.h"

namespace scheme {

/// Where characters come from; -1 at the end.
class CharSource {
 public:
  virtual std::int32_t peek() = 0;
  virtual std::int32_t next() = 0;
  std::uint32_t line = 1;

 protected:
  ~CharSource() = default;
};

/// A text in memory, in UTF-8.
class TextSource final : public CharSource {
 public:
  explicit TextSource(std::string_view text) : text_(text) {}
  std::int32_t peek() override {
    std::size_t at = position_;
    return at < text_.size() ? static_cast<std::int32_t>(next_utf8(text_, at)) : -1;
  }
  std::int32_t next() override {
    if (position_ >= text_.size()) return -1;
    const std::int32_t c = static_cast<std::int32_t>(next_utf8(text_, position_));
    if (c == '\n') ++line;
    return c;
  }
  std::size_t position() const { return position_; }

 private:
  std::string_view text_;
  std::size_t position_ = 0;
};

/// A textual input port.
class PortSource final : public CharSource {
 public:
  PortSource(Vm& vm, Value port) : vm_(vm), port_(port) {}
  std::int32_t peek() override;
  std::int32_t next() override;

 private:
  Vm& vm_;
  Value port_;
};

/// Thrown when the text ends inside a datum: a REPL asks for another line.
struct IncompleteInput {
  std::string message;
};

class Reader {
 public:
  /// Enters the line of each list into `lines` unless that is null.
  Reader(Vm& vm, CharSource& source, std::string_view file, std::unordered_map<Value, std::uint32_t>* lines)
      : vm_(vm), source_(source), file_(file), lines_(lines) {}

  /// The next datum, or kEof. Raises a read error; throws IncompleteInput if the end comes too early.
  Value read();
  /// The same, but an early end is a read error too.
  Value read_all_of() {
    try {
      return read();
    } catch (const IncompleteInput& early) {
      fail(std::string_view(early.message).substr(6));
    }
  }
  void fold_case(bool on) { fold_case_ = on; }

 private:
  Value datum();
  Value hash(std::uint32_t line);
  Value list(std::int32_t close, std::uint32_t line);
  Value quoted(const char* name, std::uint32_t line);
  Value string_literal(std::uint32_t line);
  Value character();
  Value atom(std::string text, bool verbatim);
  Value label(std::string_view digits);
  Value vector_of(Value items);
  Value byte_vector(std::uint32_t line);
  void resolve_labels(Value v);
  Value resolved(Value v);
  bool skip_space();  // false: at the end
  std::string token();
  void bar(std::string& text, std::uint32_t line);
  char32_t hex_escape();
  [[noreturn]] void fail(std::string_view message);
  [[noreturn]] void incomplete(std::string_view what, std::uint32_t line);

  Vm& vm_;
  CharSource& source_;
  std::string_view file_;
  std::unordered_map<Value, std::uint32_t>* lines_;
  Value labels_ = kNil;  // (number . (datum or, before it is known, this pair itself))
  bool fold_case_ = false;
};

}  // namespace scheme
