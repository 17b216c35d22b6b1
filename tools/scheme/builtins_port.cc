// Job: ports: on files, on strings and on bytevectors; reading and writing.
//
// How. A port on memory keeps everything in its managed buffer; an output buffer doubles as it fills. A port on a file
// names an OpenFile by index. Closed is a flag: an operation on a closed port raises.
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "number.h"
#include "reader.h"

namespace scheme {
namespace {

constexpr std::uint32_t kTextIn = Port::kInput | Port::kTextual, kTextOut = Port::kOutput | Port::kTextual;
constexpr std::uint32_t kBinaryIn = Port::kInput | Port::kBinary, kBinaryOut = Port::kOutput | Port::kBinary;
constexpr std::int32_t kEndOfFile = -1;

Value parameter_value(Value v) { return untag<Parameter>(v)->value; }

/// The port argument `i`, or the current one; it must have `flags` and be open.
Port* port(const Args& x, std::size_t i, std::uint32_t flags) {
  const Value current = x.vm.reg((flags & Port::kInput) != 0 ? Vm::kInput : Vm::kOutput);
  const Value v = x.has(i) ? x[i] : parameter_value(current);
  const char* expected = flags == kTextIn     ? "a textual input port"
                         : flags == kTextOut  ? "a textual output port"
                         : flags == kBinaryIn ? "a binary input port"
                                              : "a binary output port";
  if (!is_type(v, Type::kPort) || (untag<Port>(v)->aux & flags) != flags) x.vm.wrong_type(expected, v);
  if ((untag<Port>(v)->aux & Port::kClosed) != 0)
    x.vm.error(std::string(x.vm.who) + ": expected an open port, got a closed one");
  return untag<Port>(v);
}

std::int32_t next_byte(Vm& vm, Port* p, bool consume) {
  if (p->file < 0) {
    if (p->position >= p->used) return kEndOfFile;
    const std::int32_t b = bytes(p->buffer)[p->position];
    if (consume) ++p->position;
    return b;
  }
  OpenFile& f = vm.file(p->file);
  if (f.position >= f.data.size() && !vm.fill(f)) return kEndOfFile;
  const std::int32_t b = static_cast<unsigned char>(f.data[f.position]);
  if (consume) ++f.position;
  return b;
}

std::int32_t next_char(Vm& vm, Port* p, bool consume) {
  if (p->file < 0) {
    if (p->position >= p->used) return kEndOfFile;
    const auto c = static_cast<std::int32_t>(chars(p->buffer)[p->position]);
    if (consume) ++p->position;
    return c;
  }
  OpenFile& f = vm.file(p->file);
  if (f.position >= f.data.size() && !vm.fill(f)) return kEndOfFile;
  const auto first = static_cast<unsigned char>(f.data[f.position]);
  const std::size_t length = first < 0xc0 ? 1 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
  while (f.data.size() - f.position < length && vm.fill(f)) continue;
  std::size_t at = f.position;
  const auto c = static_cast<std::int32_t>(next_utf8(f.data, at));
  if (consume) f.position = at;
  return c;
}

Value char_or_eof(std::int32_t c) { return c < 0 ? kEof : character(static_cast<char32_t>(c)); }

void put_chars(Vm& vm, Port* p, const char32_t* text, std::size_t n) {
  if (p->file >= 0) {
    OpenFile& f = vm.file(p->file);
    for (std::size_t i = 0; i < n; ++i) append_utf8(f.data, text[i]);
    if (f.data.size() > 8192 || (f.terminal && n > 0 && text[n - 1] == '\n')) vm.flush(f);
    return;
  }
  if (p->used + n > string_length(p->buffer)) {
    const Value larger = vm.make_string(2 * (p->used + n), 0);
    std::memcpy(chars(larger), chars(p->buffer), p->used * sizeof(char32_t));
    p->buffer = larger;
  }
  std::memcpy(chars(p->buffer) + p->used, text, n * sizeof(char32_t));
  p->used += n;
}

void put_text(Vm& vm, Port* p, const std::string& text) {
  std::u32string wide;
  for (std::size_t i = 0; i < text.size();) wide += next_utf8(text, i);
  put_chars(vm, p, wide.data(), wide.size());
}

void put_bytes(Vm& vm, Port* p, const std::uint8_t* data, std::size_t n) {
  if (p->file >= 0) {
    OpenFile& f = vm.file(p->file);
    f.data.append(reinterpret_cast<const char*>(data), n);
    if (f.data.size() > 8192) vm.flush(f);
    return;
  }
  if (p->used + n > bytevector_length(p->buffer)) {
    const Value larger = vm.bytevector(2 * (p->used + n), 0);
    std::memcpy(bytes(larger), bytes(p->buffer), p->used);
    p->buffer = larger;
  }
  std::memcpy(bytes(p->buffer) + p->used, data, n);
  p->used += n;
}

template <PrintMode mode>
Value write(Args& x) {
  Port* p = port(x, 1, kTextOut);
  if (mode == PrintMode::kDisplay && is_string(x[0])) {
    put_chars(x.vm, p, chars(x[0]), string_length(x[0]));
  } else {
    put_text(x.vm, p, to_text(x.vm, x[0], mode));
  }
  return kUnspecified;
}

Value memory_port(Vm& vm, std::uint32_t flags, Value buffer, std::size_t used) {
  const Value v = vm.make<Port>(flags);
  untag<Port>(v)->buffer = buffer;
  untag<Port>(v)->used = used;
  return v;
}

template <std::uint32_t flags>
Value open_port(Args& x) {
  const std::string path = x.vm.utf8(x.string(0));
  const int index = x.vm.open_file(path, (flags & Port::kOutput) != 0, x.has(1) && truthy(x[1]));
  if (index < 0) {
    x.vm.error(std::string(x.vm.who) + ": cannot open " + path + ": " + std::strerror(errno), x.vm.list({x[0]}),
               ErrorKind::kFile);
  }
  const Value v = x.vm.make<Port>(flags);
  untag<Port>(v)->file = index;
  return v;
}

template <std::uint32_t which>
Value close_port(Args& x) {
  Port* p = untag<Port>(x.of(0, Type::kPort, "a port"));
  if (which != 0 && (p->aux & which) == 0) x.vm.wrong_type("a port of the other direction", x[0]);
  if ((p->aux & Port::kClosed) == 0 && p->file >= 0) x.vm.close_file(p->file);
  p->aux |= Port::kClosed;
  return kUnspecified;
}

template <std::uint32_t flag>
Value has_flag(Args& x) {
  return boolean(is_type(x[0], Type::kPort) && (untag<Port>(x[0])->aux & flag) != 0);
}

template <std::uint32_t flag>
Value is_open(Args& x) {
  const Port* p = untag<Port>(x.of(0, Type::kPort, "a port"));
  return boolean((p->aux & flag) != 0 && (p->aux & Port::kClosed) == 0);
}

bool is_ready(Vm& vm, Port* p) {
  if (p->file < 0) return true;
  OpenFile& f = vm.file(p->file);
  return f.position < f.data.size() || !f.terminal;
}

Value read_line(Args& x) {
  Port* p = port(x, 0, kTextIn);
  std::u32string line;
  std::int32_t c = next_char(x.vm, p, true);
  if (c < 0) return kEof;
  for (; c >= 0 && c != '\n'; c = next_char(x.vm, p, true)) line += static_cast<char32_t>(c);
  return x.vm.string(line.data(), line.size());
}

Value read_string(Args& x) {
  // Both orders of the arguments are in use.
  if (x.has(1) && is_type(x[0], Type::kPort)) std::swap(x[0], x[1]);
  Port* p = port(x, 1, kTextIn);
  std::u32string text;
  for (std::size_t n = x.index(0, SIZE_MAX / 8); n > 0; --n) {
    const std::int32_t c = next_char(x.vm, p, true);
    if (c < 0) break;
    text += static_cast<char32_t>(c);
  }
  return text.empty() && x[0] != fixnum(0) ? kEof : x.vm.string(text.data(), text.size());
}

Value read_datum(Args& x) {
  const Value v = x.has(0) ? x[0] : parameter_value(x.vm.reg(Vm::kInput));
  Port* p = port(x, 0, kTextIn);
  PortSource source(x.vm, v);
  const std::string name = p->file >= 0 ? x.vm.file(p->file).path : std::string("string");
  Reader reader(x.vm, source, name, nullptr);
  return reader.read_all_of();
}

std::string read_bytes(Args& x, std::size_t n, std::size_t port_argument) {
  Port* p = port(x, port_argument, kBinaryIn);
  std::string data;
  for (; n > 0; --n) {
    const std::int32_t b = next_byte(x.vm, p, true);
    if (b < 0) break;
    data += static_cast<char>(b);
  }
  return data;
}

const PrimitiveDefinition kPortPrimitives[] = {
    {"port?", 1, 1, [](Args& x) { return boolean(is_type(x[0], Type::kPort)); }},
    {"input-port?", 1, 1, has_flag<Port::kInput>},
    {"output-port?", 1, 1, has_flag<Port::kOutput>},
    {"textual-port?", 1, 1, has_flag<Port::kTextual>},
    {"binary-port?", 1, 1, has_flag<Port::kBinary>},
    {"input-port-open?", 1, 1, is_open<Port::kInput>},
    {"output-port-open?", 1, 1, is_open<Port::kOutput>},
    {"open-input-file", 1, 1, open_port<kTextIn>},
    {"open-output-file", 1, 2, open_port<kTextOut>},
    {"open-binary-input-file", 1, 1, open_port<kBinaryIn>},
    {"open-binary-output-file", 1, 2, open_port<kBinaryOut>},
    {"close-port", 1, 1, close_port<0>},
    {"close-input-port", 1, 1, close_port<Port::kInput>},
    {"close-output-port", 1, 1, close_port<Port::kOutput>},
    {"file-exists?", 1, 1, [](Args& x) { return boolean(access(x.vm.utf8(x.string(0)).c_str(), F_OK) == 0); }},
    {"delete-file", 1, 1,
     [](Args& x) {
       const std::string path = x.vm.utf8(x.string(0));
       if (unlink(path.c_str()) != 0) {
         x.vm.error("delete-file: cannot delete " + path + ": " + std::strerror(errno), x.vm.list({x[0]}),
                    ErrorKind::kFile);
       }
       return kUnspecified;
     }},
    {"open-input-string", 1, 1,
     [](Args& x) {
       const Value copy = x.vm.string(chars(x.string(0)), string_length(x[0]));
       return memory_port(x.vm, kTextIn, copy, string_length(copy));
     }},
    {"open-output-string", 0, 0, [](Args& x) { return memory_port(x.vm, kTextOut, x.vm.make_string(32, 0), 0); }},
    {"get-output-string", 1, 1,
     [](Args& x) {
       const Port* p = untag<Port>(x.of(0, Type::kPort, "a string port"));
       if (p->file >= 0 || (p->aux & kTextOut) != kTextOut) x.vm.wrong_type("a string port", x[0]);
       return x.vm.string(chars(p->buffer), p->used);
     }},
    {"open-input-bytevector", 1, 1,
     [](Args& x) {
       const std::size_t n = bytevector_length(x.bytevector(0));
       const Value copy = x.vm.bytevector(n, 0);
       std::memcpy(bytes(copy), bytes(x[0]), n);
       return memory_port(x.vm, kBinaryIn, copy, n);
     }},
    {"open-output-bytevector", 0, 0, [](Args& x) { return memory_port(x.vm, kBinaryOut, x.vm.bytevector(32, 0), 0); }},
    {"get-output-bytevector", 1, 1,
     [](Args& x) {
       const Port* p = untag<Port>(x.of(0, Type::kPort, "a bytevector port"));
       if (p->file >= 0 || (p->aux & kBinaryOut) != kBinaryOut) x.vm.wrong_type("a bytevector port", x[0]);
       const Value copy = x.vm.bytevector(p->used, 0);
       std::memcpy(bytes(copy), bytes(p->buffer), p->used);
       return copy;
     }},
    {"read", 0, 1, read_datum},
    {"read-char", 0, 1, [](Args& x) { return char_or_eof(next_char(x.vm, port(x, 0, kTextIn), true)); }},
    {"peek-char", 0, 1, [](Args& x) { return char_or_eof(next_char(x.vm, port(x, 0, kTextIn), false)); }},
    {"char-ready?", 0, 1, [](Args& x) { return boolean(is_ready(x.vm, port(x, 0, kTextIn))); }},
    {"read-line", 0, 1, read_line},
    {"read-string", 1, 2, read_string},
    {"read-u8", 0, 1,
     [](Args& x) {
       const std::int32_t b = next_byte(x.vm, port(x, 0, kBinaryIn), true);
       return b < 0 ? kEof : fixnum(b);
     }},
    {"peek-u8", 0, 1,
     [](Args& x) {
       const std::int32_t b = next_byte(x.vm, port(x, 0, kBinaryIn), false);
       return b < 0 ? kEof : fixnum(b);
     }},
    {"u8-ready?", 0, 1, [](Args& x) { return boolean(is_ready(x.vm, port(x, 0, kBinaryIn))); }},
    {"read-bytevector", 1, 2,
     [](Args& x) {
       const std::string data = read_bytes(x, x.index(0, SIZE_MAX / 2), 1);
       if (data.empty() && x[0] != fixnum(0)) return kEof;
       const Value v = x.vm.bytevector(data.size(), 0);
       std::memcpy(bytes(v), data.data(), data.size());
       return v;
     }},
    {"read-bytevector!", 1, 4,
     [](Args& x) {
       const Range r(x, 2, bytevector_length(x.bytevector(0)));
       const std::string data = read_bytes(x, r.size(), 1);
       if (data.empty() && r.size() > 0) return kEof;
       std::memcpy(bytes(x[0]) + r.from, data.data(), data.size());
       return fixnum(static_cast<std::int64_t>(data.size()));
     }},
    {"eof-object", 0, 0, [](Args&) { return kEof; }},
    {"eof-object?", 1, 1, [](Args& x) { return boolean(x[0] == kEof); }},
    {"write", 1, 2, write<PrintMode::kWrite>},
    {"write-shared", 1, 2, write<PrintMode::kWriteShared>},
    {"write-simple", 1, 2, write<PrintMode::kWriteSimple>},
    {"display", 1, 2, write<PrintMode::kDisplay>},
    {"write-line", 1, 2,
     [](Args& x) {
       write<PrintMode::kWrite>(x);
       put_text(x.vm, port(x, 1, kTextOut), "\n");
       return kUnspecified;
     }},
    {"newline", 0, 1,
     [](Args& x) {
       put_text(x.vm, port(x, 0, kTextOut), "\n");
       return kUnspecified;
     }},
    {"fresh-line", 0, 1,
     [](Args& x) {
       put_text(x.vm, port(x, 0, kTextOut), "\n");
       return kUnspecified;
     }},
    {"write-char", 1, 2,
     [](Args& x) {
       const char32_t c = x.character(0);
       put_chars(x.vm, port(x, 1, kTextOut), &c, 1);
       return kUnspecified;
     }},
    {"write-string", 1, 4,
     [](Args& x) {
       const Range r(x, 2, string_length(x.string(0)));
       put_chars(x.vm, port(x, 1, kTextOut), chars(x[0]) + r.from, r.size());
       return kUnspecified;
     }},
    {"write-u8", 1, 2,
     [](Args& x) {
       const std::uint8_t b = x.byte(0);
       put_bytes(x.vm, port(x, 1, kBinaryOut), &b, 1);
       return kUnspecified;
     }},
    {"write-bytevector", 1, 4,
     [](Args& x) {
       const Range r(x, 2, bytevector_length(x.bytevector(0)));
       put_bytes(x.vm, port(x, 1, kBinaryOut), bytes(x[0]) + r.from, r.size());
       return kUnspecified;
     }},
    {"flush-output-port", 0, 1,
     [](Args& x) {
       const Value v = x.has(0) ? x[0] : parameter_value(x.vm.reg(Vm::kOutput));
       if (is_type(v, Type::kPort) && untag<Port>(v)->file >= 0) x.vm.flush(x.vm.file(untag<Port>(v)->file));
       return kUnspecified;
     }},
};

void standard_port(Vm& vm, const char* name, Vm::Register where, int descriptor, std::uint32_t flags) {
  const Value p = vm.make<Port>(flags);
  untag<Port>(p)->file = vm.adopt_descriptor(descriptor, (flags & Port::kOutput) != 0);
  vm.reg(where) = vm.make<Parameter>(p, kFalse);
  untag<Symbol>(vm.symbol(name))->value = vm.reg(where);
}

}  // namespace

std::int32_t PortSource::peek() { return next_char(vm_, untag<Port>(port_), false); }

std::int32_t PortSource::next() {
  const std::int32_t c = next_char(vm_, untag<Port>(port_), true);
  if (c == '\n') ++line;
  return c;
}

void define_port_primitives(Vm& vm) {
  standard_port(vm, "current-input-port", Vm::kInput, 0, kTextIn);
  standard_port(vm, "current-output-port", Vm::kOutput, 1, kTextOut);
  standard_port(vm, "current-error-port", Vm::kError, 2, kTextOut);
  for (const auto& d : kPortPrimitives) vm.define_primitive(d.name, d.min, d.max, d.function);
}

}  // namespace scheme
