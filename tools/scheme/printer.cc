// Job: from data to text: display, write (labels where there are cycles), write-shared, write-simple.
//
// How. A first walk with a small budget settles the common case: what it finishes has no cycle and needs no label.
// Otherwise a second walk finds the objects that need one. Addresses do not change, so a plain hash map from word to
// label will do; its keys are alive because they are all reachable from the value printed, which is on the native
// stack.
#include <unordered_map>

#include "number.h"
#include "reader.h"

namespace scheme {
namespace {

class Printer {
 public:
  Printer(Vm& vm, PrintMode mode, std::string& out) : vm_(vm), mode_(mode), out_(out) {}

  void run(Value v) {
    int budget = 1000;
    if (mode_ == PrintMode::kWriteShared || (mode_ != PrintMode::kWriteSimple && !walk_is_short(v, budget))) {
      find_labels(v);
    }
    print(v);
  }

 private:
  /// In labels_, beside the labels given out: met on the way to where the walk is; behind it; needs a label.
  static constexpr int kOpen = -1, kDone = -2, kNeeded = -3;

  static bool walk_is_short(Value v, int& budget) {
    for (; is_pair(v); v = cdr(v)) {
      if (--budget < 0 || !walk_is_short(car(v), budget)) return false;
    }
    for (std::size_t i = 0; is_vector(v) && i < slot_count(v); ++i) {
      if (--budget < 0 || !walk_is_short(slots(v)[i], budget)) return false;
    }
    return true;
  }
  /// Marks what is met again: while it is open (a cycle), or at all if shared structure counts.
  void find_labels(Value v) {
    vm_.guard_native_stack("write");
    const Value first = v;
    for (; is_pair(v) && open(v); v = cdr(v)) find_labels(car(v));
    if (is_vector(v) && open(v)) {
      for (std::size_t i = 0; i < slot_count(v); ++i) find_labels(slots(v)[i]);
      close(v);
    }
    for (Value p = first; p != v && is_pair(p); p = cdr(p)) close(p);
  }
  bool open(Value v) {
    const auto [at, is_new] = labels_.try_emplace(v, kOpen);
    const bool again = at->second == kOpen || (at->second == kDone && mode_ == PrintMode::kWriteShared);
    if (!is_new && again) at->second = kNeeded;
    return is_new;
  }
  void close(Value v) {
    int& state = labels_[v];
    if (state == kOpen) state = kDone;
  }
  bool has_label(Value v) const {
    const auto at = labels_.find(v);
    return at != labels_.end() && at->second != kDone && at->second != kOpen;
  }
  /// Writes the label, if there is one; true if it is a reference and all is said.
  bool label(Value v) {
    if (!has_label(v)) return false;
    int& number = labels_[v];
    const bool is_first = number == kNeeded;
    if (is_first) number = next_label_++;
    out_.append("#").append(std::to_string(number)).append(is_first ? "=" : "#");
    return !is_first;
  }

  void print(Value v) {
    vm_.guard_native_stack("write");
    const bool display = mode_ == PrintMode::kDisplay;
    if (is_number(v)) {
      out_ += number_text(vm_, v, 10);
    } else if (is_pair(v)) {
      list(v);
    } else if (is_char(v)) {
      display ? append_utf8(out_, char_value(v)) : character(char_value(v));
    } else if (is_string(v)) {
      if (display) out_ += vm_.utf8(v);
      if (!display) quoted(vm_.utf8(v), '"');
    } else if (is_symbol(v)) {
      if (display) out_ += vm_.utf8(v);
      if (!display) symbol(vm_.utf8(v));
    } else if (is_vector(v)) {
      if (label(v)) return;
      out_ += "#(";
      items(slot_count(v), [&](std::size_t i) { print(slots(v)[i]); });
      out_ += ')';
    } else if (is_bytevector(v)) {
      out_ += "#u8(";
      items(bytevector_length(v), [&](std::size_t i) { out_ += std::to_string(bytes(v)[i]); });
      out_ += ')';
    } else if (is_closure(v)) {
      const Value name = code_of(v)->name;
      out_ += name == kFalse ? "#<procedure>" : "#<procedure " + vm_.utf8(name) + ">";
    } else if (is_object(v)) {
      object(v);
    } else {
      static constexpr const char* kNames[] = {"#f", "#t", "()", "#<unspecified>", "#<eof>", "#<undefined>"};
      out_ += kNames[v >> 3];
    }
  }

  template <class Print>
  void items(std::size_t n, Print one) {
    for (std::size_t i = 0; i < n; ++i) {
      if (i > 0) out_ += ' ';
      one(i);
    }
  }

  void list(Value v) {
    static constexpr std::pair<const char*, const char*> kPrefixes[] = {
        {"quote", "'"}, {"quasiquote", "`"}, {"unquote", ","}, {"unquote-splicing", ",@"}};
    if (label(v)) return;
    for (const auto& [name, prefix] : kPrefixes) {
      if (is_symbol(car(v)) && is_pair(cdr(v)) && cddr(v) == kNil && !has_label(cdr(v)) && car(v) == vm_.symbol(name)) {
        out_ += prefix;
        return print(cadr(v));
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

  void object(Value v) {
    switch (untag<Object>(v)->type()) {
      case Type::kPrimitive:
        out_ += std::string("#<procedure ") + untag<Primitive>(v)->name + ">";
        break;
      case Type::kRecord: {
        // Without the fields: records point at each other, and labels are for lists and vectors.
        const std::string name = vm_.utf8(untag<RecordType>(slots(v)[0])->name);
        out_ += name[0] == '<' ? "#" + name : "#<" + name + ">";
        break;
      }
      case Type::kMultiple:
        items(slot_count(v), [&](std::size_t i) { print(slots(v)[i]); });
        break;
      case Type::kError:
        out_ += "#<error " + to_text(vm_, untag<ErrorObject>(v)->message) + ">";
        break;
      case Type::kAlias:
        print(strip_syntax(vm_, v));
        break;
      default:
        out_ += std::string("#<") + type_name(untag<Object>(v)->type()) + ">";
    }
  }

  void quoted(const std::string& text, char delimiter) {
    static constexpr std::string_view kEscaped = "\a\b\t\n\r", kLetters = "abtnr";
    out_ += delimiter;
    for (const char c : text) {
      const std::size_t known = kEscaped.find(c);
      if (c == delimiter || c == '\\') {
        out_.append("\\").append(1, c);
      } else if (known != std::string_view::npos) {
        out_.append("\\").append(1, kLetters[known]);
      } else if (static_cast<unsigned char>(c) < ' ' || c == 0x7f) {
        out_.append("\\x").append(number_text(vm_, fixnum(c), 16)).append(";");
      } else {
        out_ += c;
      }
    }
    out_ += delimiter;
  }

  void symbol(const std::string& name) {
    const bool plain = !name.empty() && name != "." && name[0] != '#' &&
                       name.find_first_of("()\"';`,|[]\\ \t\n\r") == std::string::npos &&
                       parse_number(vm_, name, 10) == kFalse;
    if (plain) out_ += name;
    if (!plain) quoted(name, '|');
  }

  void character(char32_t c) {
    out_ += "#\\";
    for (const auto& [name, known] : kCharacterNames) {
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

std::string to_text(Vm& vm, Value v, PrintMode mode) {
  std::string out;
  Printer(vm, mode, out).run(v);
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
