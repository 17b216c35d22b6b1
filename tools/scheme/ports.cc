// Job: ports. All that a port holds are bytes in a managed buffer, text as UTF-8; one on a file also has a descriptor.
//
// How. System calls stand in a BlockingScope, so that the collector does not wait for them. In one, no managed object
// may be touched: the bytes pass through a buffer on the native stack. A file that is dropped without having been
// closed is closed by a Cleanup once its port has died; what is written is kept for (exit) to flush, and so never dies
// unflushed.
#include "ports.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "builtin.h"
#include "reader.h"

namespace scheme {
namespace {

constexpr std::uint32_t kBinaryIn = Port::kInput | Port::kBinary, kBinaryOut = Port::kOutput | Port::kBinary;

std::uint8_t* data(const Port* p) { return bytes(p->buffer); }

/// Makes room for n more bytes behind those in use.
void reserve(Vm& vm, Port* p, std::size_t n) {
  if (p->used + n <= bytevector_length(p->buffer)) return;
  const Value larger = vm.bytevector(2 * (p->used + n), 0);
  std::memcpy(bytes(larger), data(p), p->used);
  p->buffer = larger;
}

/// Reads on; false at the end.
bool fill(Vm& vm, Port* p) {
  if (p->descriptor < 0) return false;
  vm.flush_all();  // a prompt must be seen before its answer is awaited
  std::memmove(data(p), data(p) + p->position, p->used - p->position);
  p->used -= p->position;
  p->position = 0;
  if (vm.terminal_line && p->descriptor == STDIN_FILENO) {
    const std::string line = vm.terminal_line();
    reserve(vm, p, line.size());
    p->used += line.copy(reinterpret_cast<char*>(data(p)) + p->used, line.size());
    return !line.empty();
  }
  char buffer[16 * 1024];
  ssize_t got;
  do {
    memgc::BlockingScope blocking(vm.me);
    got = ::read(p->descriptor, buffer, sizeof buffer);
  } while (got < 0 && errno == EINTR && !vm.interrupted());
  if (got < 0 && errno == EINTR) throw Interrupted{};
  if (got < 0) vm.error(std::string("read: cannot read: ") + std::strerror(errno), kNil, ErrorKind::kFile);
  reserve(vm, p, static_cast<std::size_t>(got));
  std::memcpy(data(p) + p->used, buffer, static_cast<std::size_t>(got));
  p->used += static_cast<std::size_t>(got);
  return got > 0;
}

std::int32_t peek_char(Vm& vm, Port* p) {
  const std::int32_t first = peek_byte(vm, p);
  if (first < 0x80) return first;
  const std::size_t length = first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
  while (p->used - p->position < length && fill(vm, p)) continue;
  std::size_t at = 0;
  return static_cast<std::int32_t>(
      next_utf8({reinterpret_cast<const char*>(data(p)) + p->position, p->used - p->position}, at));
}

std::int32_t next_char(Vm& vm, Port* p) {
  const std::int32_t c = peek_char(vm, p);
  if (c < 0) return c;
  std::size_t length = 0;
  next_utf8({reinterpret_cast<const char*>(data(p)) + p->position, p->used - p->position}, length);
  if (c == '\n') ++p->line;
  p->position += length;
  return c;
}

Value char_or_eof(std::int32_t c) { return c < 0 ? kEof : character(static_cast<char32_t>(c)); }
Value byte_or_eof(std::int32_t b) { return b < 0 ? kEof : fixnum(b); }
Value string_or_eof(Vm& vm, const std::string& text, bool at_end) { return at_end ? kEof : vm.string(text); }

/// The port given, or the current one; it must have `flags` and be open.
Port* port(Vm& vm, std::optional<Value> given, std::uint32_t flags) {
  const Value v =
      given.value_or(untag<Parameter>(vm.reg((flags & Port::kInput) != 0 ? Vm::kInput : Vm::kOutput))->value);
  if (!is_type(v, Type::kPort) || (untag<Port>(v)->aux & flags) != flags) {
    vm.wrong_type(flags == kTextIn     ? "a textual input port"
                  : flags == kTextOut  ? "a textual output port"
                  : flags == kBinaryIn ? "a binary input port"
                                       : "a binary output port",
                  v);
  }
  if ((untag<Port>(v)->aux & Port::kClosed) != 0) {
    vm.error(vm.who + std::string(": expected an open port, got a closed one"));
  }
  return untag<Port>(v);
}

Value memory_port(Vm& vm, std::uint32_t flags, std::string_view text) {
  const Value v = vm.make<Port>(flags, vm.bytevector(std::max<std::size_t>(text.size(), 32), 0));
  untag<Port>(v)->used = text.copy(reinterpret_cast<char*>(data(untag<Port>(v))), text.size());
  return v;
}

Value descriptor_port(Vm& vm, int descriptor, std::uint32_t flags) {
  const Value v = memory_port(vm, flags, "");
  Port* p = untag<Port>(v);
  p->descriptor = descriptor;
  p->terminal = isatty(descriptor) != 0;
  if ((flags & Port::kOutput) != 0) {
    vm.reg(Vm::kOpenPorts) = vm.cons(v, vm.reg(Vm::kOpenPorts));
  } else if (descriptor > 2) {
    p->cleanup = memgc::Cleanup(p, [descriptor] { ::close(descriptor); });
  }
  return v;
}

void close(Vm& vm, Port* p) {
  if ((p->aux & Port::kClosed) != 0) return;
  p->aux |= Port::kClosed;
  if (p->descriptor <= 2) return flush(vm, p);
  flush(vm, p);
  p->cleanup.cancel();
  Value open = kNil;
  for (Value l = vm.reg(Vm::kOpenPorts); l != kNil; l = cdr(l)) {
    if (car(l) != object(p)) open = vm.cons(car(l), open);
  }
  vm.reg(Vm::kOpenPorts) = open;
  memgc::BlockingScope blocking(vm.me);
  ::close(p->descriptor);
}

std::string contents(const Port* p) { return {data(p), data(p) + p->used}; }

std::string read_bytes(Vm& vm, Port* p, std::size_t n) {
  std::string got;
  for (; got.size() < n && peek_byte(vm, p) >= 0;) got += static_cast<char>(next_byte(vm, p));
  return got;
}

Value new_bytevector(Vm& vm, std::string_view text) {
  const Value v = vm.bytevector(text.size(), 0);
  std::copy(text.begin(), text.end(), bytes(v));
  return v;
}

template <PrintMode mode>
void define_writer(Vm& vm, const char* name) {
  define(vm, name, [](Vm& m, Value v, std::optional<Value> to) {
    Port* p = port(m, to, kTextOut);
    put(m, p, to_text(m, v, mode));
  });
}

template <std::uint32_t flags>
void define_file_opener(Vm& vm, const char* name) {
  define(vm, name, [](Vm& m, String path) { return file_port(m, m.utf8(path.value), flags); });
}

template <std::uint32_t flag>
void define_predicates(Vm& vm, const std::string& name) {
  define(vm, name + "?", [](Value v) { return is_type(v, Type::kPort) && (untag<Port>(v)->aux & flag) != 0; });
  define(vm, name + "-open?", [](Port* p) { return (p->aux & flag) != 0 && (p->aux & Port::kClosed) == 0; });
}

void define_input(Vm& vm) {
  using Where = std::optional<Value>;
  define(vm, "open-input-string", [](Vm& m, String s) { return memory_port(m, kTextIn, m.utf8(s.value)); });
  define(vm, "open-input-bytevector",
         [](Vm& m, Bytevector b) { return memory_port(m, kBinaryIn, std::string(b.data(), b.data() + b.size())); });
  define(vm, "read", [](Vm& m, Where from) { return Reader(m, port(m, from, kTextIn), nullptr).read(); });
  define(vm, "read-char", [](Vm& m, Where from) { return char_or_eof(next_char(m, port(m, from, kTextIn))); });
  define(vm, "peek-char", [](Vm& m, Where from) { return char_or_eof(peek_char(m, port(m, from, kTextIn))); });
  define(vm, "read-u8", [](Vm& m, Where from) { return byte_or_eof(next_byte(m, port(m, from, kBinaryIn))); });
  define(vm, "peek-u8", [](Vm& m, Where from) { return byte_or_eof(peek_byte(m, port(m, from, kBinaryIn))); });
  for (const char* name : {"char-ready?", "u8-ready?"}) {
    define(vm, name, [](std::optional<Port*> p) { return p && (!(*p)->terminal || (*p)->position < (*p)->used); });
  }
  define(vm, "read-line", [](Vm& m, Where from) {
    Port* p = port(m, from, kTextIn);
    std::string line;
    std::int32_t b = next_byte(m, p);
    const bool at_end = b < 0;
    for (; b >= 0 && b != '\n'; b = next_byte(m, p)) line += static_cast<char>(b);
    return string_or_eof(m, line, at_end);
  });
  define(vm, "read-string", [](Vm& m, Index n, Where from) {
    Port* p = port(m, from, kTextIn);
    std::string text;
    std::size_t got = 0;
    for (; got < n && peek_char(m, p) >= 0; ++got) append_utf8(text, static_cast<char32_t>(next_char(m, p)));
    return string_or_eof(m, text, got == 0 && n > 0);
  });
  define(vm, "read-bytevector", [](Vm& m, Index n, Where from) {
    const std::string got = read_bytes(m, port(m, from, kBinaryIn), n);
    return got.empty() && n > 0 ? kEof : new_bytevector(m, got);
  });
  define(vm, "read-bytevector!",
         [](Vm& m, Bytevector b, Where from, std::optional<Index> first, std::optional<Index> end) {
           const Range r(m, first, end, b.size());
           const std::string got = read_bytes(m, port(m, from, kBinaryIn), r.size());
           std::copy(got.begin(), got.end(), b.data() + r.from);
           return got.empty() && r.size() > 0 ? kEof : count(got.size());
         });
}

void define_output(Vm& vm) {
  using Where = std::optional<Value>;
  define_writer<PrintMode::kDisplay>(vm, "display");
  define_writer<PrintMode::kWrite>(vm, "write");
  define_writer<PrintMode::kWriteShared>(vm, "write-shared");
  define_writer<PrintMode::kWriteSimple>(vm, "write-simple");
  define(vm, "open-output-string", [](Vm& m) { return memory_port(m, kTextOut, ""); });
  define(vm, "open-output-bytevector", [](Vm& m) { return memory_port(m, kBinaryOut, ""); });
  define(vm, "get-output-string", [](Vm& m, Port* p) {
    if (p->descriptor >= 0 || (p->aux & kTextOut) != kTextOut) m.wrong_type("a string output port", object(p));
    return contents(p);
  });
  define(vm, "get-output-bytevector", [](Vm& m, Port* p) {
    if (p->descriptor >= 0 || (p->aux & kBinaryOut) != kBinaryOut) m.wrong_type("a bytevector output port", object(p));
    return new_bytevector(m, contents(p));
  });
  define(vm, "newline", [](Vm& m, Where to) { put(m, port(m, to, kTextOut), "\n"); });
  define(vm, "write-char", [](Vm& m, char32_t c, Where to) {
    std::string text;
    append_utf8(text, c);
    put(m, port(m, to, kTextOut), text);
  });
  define(vm, "write-string", [](Vm& m, String s, Where to, std::optional<Index> first, std::optional<Index> end) {
    const Range r(m, first, end, s.size());
    std::string text;
    for (std::size_t i = r.from; i < r.to; ++i) append_utf8(text, s.data()[i]);
    put(m, port(m, to, kTextOut), text);
  });
  define(vm, "write-u8", [](Vm& m, std::uint8_t b, Where to) {
    const char c = static_cast<char>(b);
    put(m, port(m, to, kBinaryOut), {&c, 1});
  });
  define(vm, "write-bytevector",
         [](Vm& m, Bytevector b, Where to, std::optional<Index> first, std::optional<Index> end) {
           const Range r(m, first, end, b.size());
           put(m, port(m, to, kBinaryOut), std::string(b.data() + r.from, b.data() + r.to));
         });
  define(vm, "flush-output-port", [](Vm& m, std::optional<Port*> p) {
    if (p) flush(m, *p);
    if (!p) m.flush_all();
  });
}

void standard_port(Vm& vm, const char* name, Vm::Register where, int descriptor, std::uint32_t flags) {
  const Value p = descriptor_port(vm, descriptor, flags);
  untag<Port>(p)->name = vm.string("stdin");
  vm.reg(where) = vm.make<Parameter>(p, kFalse);
  untag<Symbol>(vm.symbol(name))->value = vm.reg(where);
}

}  // namespace

std::int32_t peek_byte(Vm& vm, Port* p) { return p->position < p->used || fill(vm, p) ? data(p)[p->position] : -1; }

std::int32_t next_byte(Vm& vm, Port* p) {
  const std::int32_t b = peek_byte(vm, p);
  if (b >= 0) ++p->position;
  if (b == '\n') ++p->line;
  return b;
}

void put(Vm& vm, Port* p, std::string_view text) {
  reserve(vm, p, text.size());
  p->used += text.copy(reinterpret_cast<char*>(data(p)) + p->used, text.size());
  if (p->descriptor >= 0 && (p->used > 8192 || (p->terminal && text.ends_with('\n')))) flush(vm, p);
}

void flush(Vm& vm, Port* p) {
  if (p->descriptor < 0 || (p->aux & Port::kOutput) == 0) return;
  const std::string text = contents(p);
  p->used = 0;
  memgc::BlockingScope blocking(vm.me);
  for (std::size_t done = 0; done < text.size();) {
    const ssize_t put = ::write(p->descriptor, text.data() + done, text.size() - done);
    if (put < 0 && errno != EINTR) return;  // the reader has gone: what else to do with it
    if (put > 0) done += static_cast<std::size_t>(put);
  }
}

void Vm::flush_all() {
  for (Value l = registers_[kOpenPorts]; l != kNil; l = cdr(l)) flush(*this, untag<Port>(car(l)));
}

Value file_port(Vm& vm, const std::string& path, std::uint32_t flags) {
  int descriptor;
  {
    memgc::BlockingScope blocking(vm.me);
    const int mode = (flags & Port::kOutput) != 0 ? O_WRONLY | O_CREAT | O_TRUNC : O_RDONLY;
    descriptor = ::open(path.c_str(), mode | O_CLOEXEC, 0666);
  }
  if (descriptor < 0) vm.error("cannot open " + path + ": " + std::strerror(errno), kNil, ErrorKind::kFile);
  const Value v = descriptor_port(vm, descriptor, flags);
  untag<Port>(v)->name = vm.string(path);
  return v;
}

Value text_port(Vm& vm, std::string_view text, std::string_view name) {
  const Value v = memory_port(vm, kTextIn, text);
  untag<Port>(v)->name = vm.string(name);
  return v;
}

void define_port_builtins(Vm& vm) {
  standard_port(vm, "current-input-port", Vm::kInput, STDIN_FILENO, kTextIn);
  standard_port(vm, "current-output-port", Vm::kOutput, STDOUT_FILENO, kTextOut);
  standard_port(vm, "current-error-port", Vm::kError, STDERR_FILENO, kTextOut);
  define_predicates<Port::kInput>(vm, "input-port");
  define_predicates<Port::kOutput>(vm, "output-port");
  define_predicates<Port::kTextual>(vm, "textual-port");
  define_predicates<Port::kBinary>(vm, "binary-port");
  define_predicates<~0U>(vm, "port");
  define_file_opener<kTextIn>(vm, "open-input-file");
  define_file_opener<kTextOut>(vm, "open-output-file");
  define_file_opener<kBinaryIn>(vm, "open-binary-input-file");
  define_file_opener<kBinaryOut>(vm, "open-binary-output-file");
  for (const char* name : {"close-port", "close-input-port", "close-output-port"}) {
    define(vm, name, [](Vm& m, Port* p) { close(m, p); });
  }
  define(vm, "file-exists?", [](Vm& m, String path) { return access(m.utf8(path.value).c_str(), F_OK) == 0; });
  define(vm, "delete-file", [](Vm& m, String path) {
    if (unlink(m.utf8(path.value).c_str()) == 0) return;
    m.error("delete-file: cannot delete " + m.utf8(path.value) + ": " + std::strerror(errno), kNil, ErrorKind::kFile);
  });
  define(vm, "eof-object", [] { return kEof; });
  define(vm, "eof-object?", [](Value v) { return v == kEof; });
  define_input(vm);
  define_output(vm);
}

}  // namespace scheme
