// Job: from the text of a port to data, with the line of each list.
//
// Threads: the interpreter's. A Reader lives on the native stack, which keeps what it has read so far.
#pragma once

#include "ports.h"

namespace scheme {

/// A name that reads as the same character as another comes behind that one.
inline constexpr std::pair<std::string_view, char32_t> kCharacterNames[] = {
    {"space", ' '},   {"newline", '\n'}, {"tab", '\t'},    {"null", 0},      {"nul", 0},
    {"return", '\r'}, {"alarm", 7},      {"backspace", 8}, {"delete", 0x7f}, {"escape", 0x1b}};

class Reader {
 public:
  /// Enters the line of each list into `lines` unless that is null.
  Reader(Vm& vm, Port* port, std::unordered_map<Value, std::uint32_t>* lines) : vm_(vm), port_(port), lines_(lines) {}

  /// The next datum, or kEof. Raises a read error.
  Value read();

 private:
  // What an item may be beside a datum.
  static constexpr Value kClose = kUndefined + 0x100, kDot = kUndefined + 0x200, kComment = kUndefined + 0x300;

  Value item();
  Value datum(std::uint32_t line);
  Value list(std::int32_t close, std::uint32_t line);
  Value quoted(const char* name, std::uint32_t line);
  Value hash(std::uint32_t line);
  Value directive();
  Value block_comment(std::uint32_t line);
  Value label(std::string_view digits, std::uint32_t line);
  Value character();
  Value atom();
  std::string delimited(std::int32_t end, const char* what, std::uint32_t line);
  char32_t escape(std::int32_t end);
  void resolve_labels(Value v);
  static Value resolved(Value v) { return is_type(v, Type::kAlias) ? untag<Alias>(v)->scope.get() : v; }
  std::string token();
  std::int32_t peek() { return peek_byte(vm_, port_); }
  std::int32_t next() { return next_byte(vm_, port_); }
  [[noreturn]] void fail(std::string_view message);
  [[noreturn]] void incomplete(const char* what, std::uint32_t line);

  Vm& vm_;
  Port* port_;
  std::unordered_map<Value, std::uint32_t>* lines_;
  Value labels_ = kNil;  // (number . placeholder)
  std::int32_t closer_ = 0;
};

}  // namespace scheme
