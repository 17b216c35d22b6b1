// Job: from data to text: display, write (labels where there are cycles), write-shared, write-simple.
//
// How. A first walk with a small budget settles the common case: what it finishes has no cycle and needs no label.
// Otherwise a second walk finds the objects that need one. Addresses do not change, so a plain hash map from word to
// label will do; its keys are alive because they are all reachable from the value printed, which is on the native
// stack.
#include <unordered_map>

#include "number.h"
#include "vm.h"

namespace scheme {
namespace {

class Printer {
 public:
  Printer(Vm& vm, PrintMode mode, std::string& out) : vm_(vm), mode_(mode), out_(out) {}

  void run(Value v) {
    if (mode_ != PrintMode::kWriteSimple && (is_pair(v) || is_vector(v))) {
      int budget = 1000;
      if (mode_ == PrintMode::kWriteShared || !walk_is_short(v, budget)) find_labels(v);
    }
    print(v);
  }

 private:
  static constexpr int kOpen = -1, kDone = -2, kNeeded = -3;

  static bool walk_is_short(Value v, int& budget) {
    for (; is_pair(v); v = cdr(v)) {
      if (--budget < 0 || !walk_is_short(car(v), budget)) return false;
    }
    if (is_vector(v)) {
      for (std::size_t i = 0; i < slot_count(v); ++i) {
        if (--budget < 0 || !walk_is_short(slots(v)[i], budget)) return false;
      }
    }
    return true;
  }
  /// Marks what is met again: while it is open (a cycle), or at all if shared structure counts.
  void find_labels(Value v) {
    vm_.guard_native_stack("write");
    const Value first = v;
    bool met = false;
    for (; is_pair(v) && !met; v = met ? v : cdr(v)) {
      met = !open(v);
      if (!met) find_labels(car(v));
    }
    if (!met && is_vector(v) && open(v)) {
      for (std::size_t i = 0; i < slot_count(v); ++i) find_labels(slots(v)[i]);
      close(v);
    }
    for (Value p = first; p != v && is_pair(p); p = cdr(p)) close(p);
  }
  bool open(Value v) {
    const auto [at, is_new] = labels_.try_emplace(v, kOpen);
    if (is_new) return true;
    if (at->second == kOpen || (at->second == kDone && mode_ == PrintMode::kWriteShared)) at->second = kNeeded;
    return false;
  }
  void close(Value v) {
    int& state = labels_[v];
    if (state == kOpen) state = kDone;
  }
  /// Writes a label; true if it is a reference and all is said.
  bool label(Value v) {
    if (labels_.empty()) return false;
    const auto at = labels_.find(v);
    if (at == labels_.end() || at->second == kDone || at->second == kOpen) return false;
    if (at->second >= 0) {
      out_.append("#").append(std::to_string(at->second)).append("#");
      return true;
    }
    at->second = next_label_++;
    out_.append("#").append(std::to_string(at->second)).append("=");
    return false;
  }
  bool has_label(Value v) const {
    const auto at = labels_.find(v);
    return at != labels_.end() && at->second != kDone && at->second != kOpen;
  }

  void print(Value v) {
    vm_.guard_native_stack("write");
    if (is_pair(v)) {
      list(v);
    } else if (is_number(v)) {
      out_ += number_text(vm_, v, 10);
    } else if (is_char(v)) {
      if (mode_ == PrintMode::kDisplay) {
        append_utf8(out_, char_value(v));
      } else {
        character(char_value(v));
      }
    } else if (is_closure(v)) {
      procedure(code_of(v)->name);
    } else if (is_object(v)) {
      other(v, untag<Object>(v)->type());
    } else {
      out_ += v == kTrue        ? "#t"
              : v == kFalse     ? "#f"
              : v == kNil       ? "()"
              : v == kEof       ? "#<eof>"
              : v == kUndefined ? "#<undefined>"
                                : "#<unspecified>";
    }
  }

  void list(Value v) {
    static constexpr std::pair<const char*, const char*> kPrefixes[] = {
        {"quote", "'"}, {"quasiquote", "`"}, {"unquote", ","}, {"unquote-splicing", ",@"}};
    if (label(v)) return;
    if (is_symbol(car(v)) && is_pair(cdr(v)) && cddr(v) == kNil && !has_label(cdr(v))) {
      for (const auto& [name, prefix] : kPrefixes) {
        if (car(v) == vm_.symbol(name)) {
          out_ += prefix;
          print(cadr(v));
          return;
        }
      }
    }
    out_ += '(';
    print(car(v));
    for (v = cdr(v); is_pair(v) && !has_label(v); v = cdr(v)) {
      out_ += ' ';
      print(car(v));
    }
    if (v != kNil) {
      out_ += " . ";
      print(v);
    }
    out_ += ')';
  }

  void sequence(Value v) {
    for (std::size_t i = 0; i < slot_count(v); ++i) {
      if (i > 0) out_ += ' ';
      print(slots(v)[i]);
    }
  }

  void other(Value v, Type type) {
    switch (type) {
      case Type::kString:
        return string(v);
      case Type::kSymbol:
        return symbol(vm_.utf8(v));
      case Type::kVector:
        if (label(v)) return;
        out_ += "#(";
        sequence(v);
        out_ += ')';
        return;
      case Type::kBytevector:
        out_ += "#u8(";
        for (std::size_t i = 0; i < bytevector_length(v); ++i) {
          if (i > 0) out_ += ' ';
          out_ += std::to_string(bytes(v)[i]);
        }
        out_ += ')';
        return;
      case Type::kPrimitive:
        out_ += std::string("#<procedure ") + untag<Primitive>(v)->name + ">";
        return;
      case Type::kRecord: {
        const Value record_type = slots(v)[0];
        out_ += "#<" + type_name(record_type);
        Value names = untag<RecordType>(record_type)->field_names;
        for (std::size_t i = 1; i < slot_count(v) && is_pair(names); ++i, names = cdr(names)) {
          out_.append(" ").append(vm_.utf8(car(names))).append(": ");
          // Not deeper: records point at each other, and print() looks for cycles in lists and vectors only.
          const Value field = slots(v)[i];
          if (is_type(field, Type::kRecord) || is_pair(field) || is_vector(field)) {
            out_ += is_pair(field) ? "(...)" : is_vector(field) ? "#(...)" : "#<" + type_name(slots(field)[0]) + ">";
          } else {
            print(field);
          }
        }
        out_ += '>';
        return;
      }
      case Type::kRecordType:
        out_ += "#<record-type " + type_name(v) + ">";
        return;
      case Type::kMultiple:
        return sequence(v);
      case Type::kError:
        out_ += "#<error " + to_text(vm_, untag<ErrorObject>(v)->message) + ">";
        return;
      case Type::kAlias:
        return print(strip_syntax(vm_, v));
      default: {
        static constexpr const char* kNames[] = {
            "string",     "symbol",       "vector",    "bytevector",  "bignum",      "ratnum", "procedure",
            "procedure",  "continuation", "parameter", "values",      "record-type", "record", "error",
            "port",       "hash-table",   "ephemeron", "environment", "code",        "macro",  "special-form",
            "identifier", "scope",        "variable",  "segment",     "stack"};
        out_ += std::string("#<") + kNames[static_cast<std::size_t>(type)] + ">";
      }
    }
  }

  std::string type_name(Value record_type) {
    std::string name = vm_.utf8(untag<RecordType>(record_type)->name);
    if (name.size() > 2 && name.front() == '<' && name.back() == '>') return name.substr(1, name.size() - 2);
    return name;
  }
  void procedure(Value name) { out_ += name == kFalse ? "#<procedure>" : "#<procedure " + vm_.utf8(name) + ">"; }

  void string(Value v) {
    if (mode_ == PrintMode::kDisplay) {
      out_ += vm_.utf8(v);
      return;
    }
    out_ += '"';
    for (std::size_t i = 0; i < string_length(v); ++i) {
      const char32_t c = chars(v)[i];
      switch (c) {
        case '"':
          out_ += "\\\"";
          break;
        case '\\':
          out_ += "\\\\";
          break;
        case '\n':
          out_ += "\\n";
          break;
        case '\t':
          out_ += "\\t";
          break;
        case '\r':
          out_ += "\\r";
          break;
        case '\a':
          out_ += "\\a";
          break;
        case '\b':
          out_ += "\\b";
          break;
        default:
          if (c < ' ' || c == 0x7f) {
            hex(c);
          } else {
            append_utf8(out_, c);
          }
      }
    }
    out_ += '"';
  }
  void hex(char32_t c) { out_.append("\\x").append(number_text(vm_, fixnum(c), 16)).append(";"); }

  void symbol(const std::string& name) {
    bool plain =
        mode_ == PrintMode::kDisplay || (!name.empty() && name != "." && parse_number(vm_, name, 10) == kFalse);
    for (const char c : name) {
      if (mode_ != PrintMode::kDisplay && (static_cast<unsigned char>(c) <= ' ' ||
                                           std::string_view("()\"';`,|[]\\").find(c) != std::string_view::npos)) {
        plain = false;
      }
    }
    if (plain && (mode_ == PrintMode::kDisplay || name[0] != '#')) {
      out_ += name;
      return;
    }
    out_ += '|';
    for (const char c : name) {
      if (c == '|' || c == '\\') out_ += '\\';
      if (static_cast<unsigned char>(c) < ' ') {
        hex(static_cast<char32_t>(c));
      } else {
        out_ += c;
      }
    }
    out_ += '|';
  }

  void character(char32_t c) {
    static constexpr std::pair<char32_t, const char*> kNames[] = {
        {' ', "space"}, {'\n', "newline"}, {'\t', "tab"},    {0, "null"},     {'\r', "return"},
        {7, "alarm"},   {8, "backspace"},  {0x7f, "delete"}, {0x1b, "escape"}};
    out_ += "#\\";
    for (const auto& [known, name] : kNames) {
      if (known == c) {
        out_ += name;
        return;
      }
    }
    if (c < ' ') {
      out_.append("x").append(number_text(vm_, fixnum(c), 16));
    } else {
      append_utf8(out_, c);
    }
  }

  Vm& vm_;
  PrintMode mode_;
  std::string& out_;
  std::unordered_map<Value, int> labels_;
  int next_label_ = 0;
};

}  // namespace

void print(Vm& vm, Value v, PrintMode mode, std::string& out) { Printer(vm, mode, out).run(v); }

std::string to_text(Vm& vm, Value v, PrintMode mode) {
  std::string out;
  print(vm, v, mode, out);
  return out;
}

void append_utf8(std::string& out, char32_t c) {
  const auto byte = [&out](std::uint32_t b) { out += static_cast<char>(b); };
  if (c < 0x80) {
    byte(c);
  } else if (c < 0x800) {
    byte(0xc0 | c >> 6);
    byte(0x80 | (c & 0x3f));
  } else if (c < 0x10000) {
    byte(0xe0 | c >> 12);
    byte(0x80 | (c >> 6 & 0x3f));
    byte(0x80 | (c & 0x3f));
  } else {
    byte(0xf0 | c >> 18);
    byte(0x80 | (c >> 12 & 0x3f));
    byte(0x80 | (c >> 6 & 0x3f));
    byte(0x80 | (c & 0x3f));
  }
}

char32_t next_utf8(std::string_view text, std::size_t& i) {
  const auto first = static_cast<unsigned char>(text[i++]);
  if (first < 0x80) return first;
  const int more = first >= 0xf0 ? 3 : first >= 0xe0 ? 2 : 1;
  char32_t c = first & (0x3f >> more);
  if (first < 0xc0 || first > 0xf4) return 0xfffd;
  for (int k = 0; k < more; ++k) {
    if (i >= text.size() || (static_cast<unsigned char>(text[i]) & 0xc0) != 0x80) return 0xfffd;
    c = c << 6 | (static_cast<unsigned char>(text[i++]) & 0x3f);
  }
  return c;
}

}  // namespace scheme
