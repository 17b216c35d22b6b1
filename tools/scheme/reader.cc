// Job: the lexical syntax of R7RS, datum labels included.
//
// How. Recursive descent, guarded against deep nesting. A datum label that is used before its datum is complete stands
// as a placeholder, an Alias of its number, and is replaced when the outermost datum has been read.
#include "reader.h"

#include <algorithm>
#include <cwctype>

#include "number.h"

namespace scheme {
namespace {

bool is_space(std::int32_t c) { return c == ' ' || (c >= '\t' && c <= '\r') || c == 0xa0 || c == 0xfeff; }
bool is_delimiter(std::int32_t c) {
  return c < 0 || is_space(c) || c == '(' || c == ')' || c == '"' || c == ';' || c == '\'' || c == '[' || c == ']';
}

}  // namespace

void Reader::fail(std::string_view message) {
  vm_.syntax_error("read: " + std::string(message), kUndefined, file_, source_.line);
}

void Reader::incomplete(std::string_view what, std::uint32_t line) {
  throw IncompleteInput{"read: expected the end of the " + std::string(what) + " begun on line " +
                        std::to_string(line) + ", got the end of the input"};
}

Value Reader::read() {
  labels_ = kNil;
  if (!skip_space()) return kEof;
  const Value v = datum();
  if (labels_ == kNil) return v;
  resolve_labels(v);
  return resolved(v);
}

bool Reader::skip_space() {
  for (;;) {
    const std::int32_t c = source_.peek();
    if (c < 0) return false;
    if (c == ';') {
      while (source_.peek() >= 0 && source_.peek() != '\n') source_.next();
    } else if (is_space(c)) {
      source_.next();
    } else {
      return true;
    }
  }
}

Value Reader::datum() {
  vm_.guard_native_stack("read");
  for (;;) {
    const std::uint32_t before = source_.line;
    if (!skip_space()) incomplete("datum", before);
    const std::uint32_t line = source_.line;
    const std::int32_t c = source_.peek();
    switch (c) {
      case '(':
      case '[':
        source_.next();
        return list(c == '(' ? ')' : ']', line);
      case ')':
      case ']':
        source_.next();
        fail("expected a datum, got a closing parenthesis");
      case '\'':
        source_.next();
        return quoted("quote", line);
      case '`':
        source_.next();
        return quoted("quasiquote", line);
      case ',':
        source_.next();
        if (source_.peek() != '@') return quoted("unquote", line);
        source_.next();
        return quoted("unquote-splicing", line);
      case '"':
        source_.next();
        return string_literal(line);
      case '#': {
        source_.next();
        const Value v = hash(line);
        if (v != kUndefined) return v;
        break;  // a comment
      }
      default: {
        return atom("", false);
      }
    }
  }
}

Value Reader::list(std::int32_t close, std::uint32_t line) {
  Value first = kNil, last = kNil;
  for (;;) {
    if (!skip_space()) incomplete("list", line);
    const std::int32_t c = source_.peek();
    if (c == ')' || c == ']') {
      if (c != close) fail(close == ')' ? "expected ), got ]" : "expected ], got )");
      source_.next();
      return first;
    }
    Value item;
    if (c == '#') {  // perhaps a comment, behind which the list may end
      source_.next();
      item = hash(source_.line);
      if (item == kUndefined) continue;
    } else if (c == '.') {
      const std::string text = token();
      if (text == ".") {
        if (first == kNil) fail("expected a datum before the dot");
        untag<Pair>(last)->cdr = datum();
        while (skip_space() && source_.peek() == '#') {
          source_.next();
          if (hash(source_.line) != kUndefined) fail("expected one datum after the dot");
        }
        if (source_.peek() < 0) incomplete("list", line);
        if (source_.next() != close) fail("expected one datum after the dot");
        return first;
      }
      item = atom(text, false);
    } else {
      item = datum();
    }
    const Value cell = vm_.cons(item, kNil);
    if (first == kNil) {
      first = cell;
      if (lines_ != nullptr) lines_->insert_or_assign(cell, line);
    } else {
      untag<Pair>(last)->cdr = cell;
    }
    last = cell;
  }
}

Value Reader::quoted(const char* name, std::uint32_t line) {
  const Value item = datum();
  const Value v = vm_.list({vm_.symbol(name), item});
  if (lines_ != nullptr) lines_->insert_or_assign(v, line);
  return v;
}

/// What follows a '#'; kUndefined for a comment.
Value Reader::hash(std::uint32_t line) {
  const std::int32_t c = source_.peek();
  if (c == '(') {
    source_.next();
    return vector_of(list(')', line));
  }
  if (c == '\\') {
    source_.next();
    return character();
  }
  if (c == ';') {
    source_.next();
    datum();
    return kUndefined;
  }
  if (c == '|') {
    source_.next();
    for (int depth = 1; depth > 0;) {
      const std::int32_t d = source_.next();
      if (d < 0) incomplete("comment", line);
      if (d == '|' && source_.peek() == '#') {
        source_.next();
        --depth;
      } else if (d == '#' && source_.peek() == '|') {
        source_.next();
        ++depth;
      }
    }
    return kUndefined;
  }
  if (c == '!') {
    const std::string word = token();
    if (word == "!fold-case") fold_case_ = true;
    if (word == "!no-fold-case") fold_case_ = false;
    if (word == "!eof") return kEof;
    if (word == "!default" || word == "!unspecific" || word == "!void") return kUnspecified;
    if (word == "!" || word[1] == '/') {  // #!/usr/bin/...: the rest of the line
      while (source_.peek() >= 0 && source_.peek() != '\n') source_.next();
    }
    return kUndefined;
  }
  if (c >= '0' && c <= '9') {
    std::string digits;
    while (source_.peek() >= '0' && source_.peek() <= '9') digits += static_cast<char>(source_.next());
    return label(digits);
  }
  std::string word = token();
  std::transform(word.begin(), word.end(), word.begin(),
                 [](char x) { return x >= 'A' && x <= 'Z' ? static_cast<char>(x + 32) : x; });
  if (word == "t" || word == "true") return kTrue;
  if (word == "f" || word == "false") return kFalse;
  if (word == "u8" && source_.peek() == '(') {
    source_.next();
    return byte_vector(line);
  }
  const Value number = parse_number(vm_, "#" + word, 10);
  if (number == kFalse) fail("expected a datum, got #" + word);
  return number;
}

Value Reader::label(std::string_view digits) {
  const Value number = parse_number(vm_, digits, 10);
  const std::int32_t c = source_.next();
  if (c == '#') {
    for (Value l = labels_; l != kNil; l = cdr(l)) {
      if (car(car(l)) == number) return cdr(car(l));
    }
    fail("expected a label defined before, got #" + std::string(digits) + "#");
  }
  if (c != '=') fail("expected = or # after a label");
  const Value placeholder = vm_.make<Alias>(number, kUndefined), entry = vm_.cons(number, placeholder);
  labels_ = vm_.cons(entry, labels_);
  const Value v = datum();
  untag<Alias>(placeholder)->scope = v;
  untag<Pair>(entry)->cdr = v;
  return v;
}

Value Reader::resolved(Value v) { return is_type(v, Type::kAlias) ? untag<Alias>(v)->scope.get() : v; }

/// Replaces placeholders inside `v`; does not follow what it puts in, so it ends.
void Reader::resolve_labels(Value v) {
  vm_.guard_native_stack("read");
  for (; is_pair(v); v = cdr(v)) {
    Pair* p = untag<Pair>(v);
    resolve_labels(p->car);
    p->car = resolved(p->car);
    if (is_type(p->cdr, Type::kAlias)) {
      p->cdr = resolved(p->cdr);
      return;
    }
  }
  if (is_vector(v)) {
    for (std::size_t i = 0; i < slot_count(v); ++i) {
      resolve_labels(slots(v)[i]);
      slots(v)[i] = resolved(slots(v)[i]);
    }
  }
}

Value Reader::vector_of(Value items) {
  const Value v = vm_.make_slots(Type::kVector, list_length(items), kFalse);
  for (std::size_t i = 0; is_pair(items); items = cdr(items)) slots(v)[i++] = car(items);
  return v;
}

Value Reader::byte_vector(std::uint32_t line) {
  Value items = list(')', line);
  const Value v = vm_.bytevector(list_length(items), 0);
  for (std::size_t i = 0; is_pair(items); items = cdr(items)) {
    if (!is_fixnum(car(items)) || car(items) > fixnum(255)) fail("expected bytes (0 to 255) in #u8(...)");
    bytes(v)[i++] = static_cast<std::uint8_t>(fixnum_value(car(items)));
  }
  return v;
}

char32_t Reader::hex_escape() {
  std::uint32_t code = 0;
  int digits = 0;
  for (std::int32_t c = source_.next(); c != ';'; c = source_.next(), ++digits) {
    const int digit = c >= '0' && c <= '9' ? c - '0' : (c | 32) >= 'a' && (c | 32) <= 'f' ? (c | 32) - 'a' + 10 : -1;
    if (digit < 0 || digits >= 6) fail("expected \\x<hexadecimal digits>;");
    code = code * 16 + static_cast<std::uint32_t>(digit);
  }
  if (digits == 0 || code > 0x10ffff || (code >= 0xd800 && code < 0xe000))
    fail("expected a character's code after \\x");
  return code;
}

Value Reader::string_literal(std::uint32_t line) {
  std::u32string text;
  for (;;) {
    std::int32_t c = source_.next();
    if (c < 0) incomplete("string", line);
    if (c == '"') return vm_.string(text.data(), text.size());
    if (c != '\\') {
      text += static_cast<char32_t>(c);
      continue;
    }
    c = source_.next();
    switch (c) {
      case 'a':
        text += U'\a';
        break;
      case 'b':
        text += U'\b';
        break;
      case 't':
        text += U'\t';
        break;
      case 'n':
        text += U'\n';
        break;
      case 'r':
        text += U'\r';
        break;
      case '"':
      case '\\':
      case '|':
        text += static_cast<char32_t>(c);
        break;
      case 'x':
      case 'X':
        text += hex_escape();
        break;
      default: {
        if (c < 0) incomplete("string", line);
        // A backslash at a line's end takes with it the line break and the white space around it.
        while (c == ' ' || c == '\t' || c == '\r') c = source_.next();
        if (c != '\n') fail("expected a known escape after \\ in a string");
        while (source_.peek() == ' ' || source_.peek() == '\t') source_.next();
      }
    }
  }
}

Value Reader::character() {
  std::u32string name(1, static_cast<char32_t>(source_.next()));
  while (!is_delimiter(source_.peek())) name += static_cast<char32_t>(source_.next());
  if (name.size() == 1) return scheme::character(name[0]);
  std::string text;
  for (const char32_t c : name) append_utf8(text, c);
  static constexpr std::pair<std::string_view, char32_t> kNames[] = {
      {"space", ' '},   {"newline", '\n'},  {"tab", '\t'},    {"nul", 0},       {"null", 0},
      {"return", '\r'}, {"linefeed", '\n'}, {"alarm", 7},     {"backspace", 8}, {"delete", 0x7f},
      {"escape", 0x1b}, {"altmode", 0x1b},  {"rubout", 0x7f}, {"page", 12},     {"vtab", 11}};
  for (const auto& [known, c] : kNames) {
    if (known == text) return scheme::character(c);
  }
  if (name[0] == 'x' || name[0] == 'U' || name[0] == 'u') {
    const Value code = parse_number(vm_, text.substr(1), 16);
    if (is_fixnum(code) && code <= fixnum(0x10ffff))
      return scheme::character(static_cast<char32_t>(fixnum_value(code)));
  }
  fail("expected a character's name, got #\\" + text);
}

void Reader::bar(std::string& text, std::uint32_t line) {
  for (;;) {
    std::int32_t c = source_.next();
    if (c < 0) incomplete("symbol", line);
    if (c == '|') return;
    if (c == '\\') {
      c = source_.next();
      if (c == 'x' || c == 'X')
        c = static_cast<std::int32_t>(hex_escape());
      else if (c == 'n')
        c = '\n';
      else if (c == 't')
        c = '\t';
    }
    append_utf8(text, static_cast<char32_t>(c));
  }
}

std::string Reader::token() {
  std::string text;
  while (!is_delimiter(source_.peek()) && source_.peek() != '|')
    append_utf8(text, static_cast<char32_t>(source_.next()));
  return text;
}

/// A number or a symbol that begins with `text`; `verbatim`: surely a symbol.
Value Reader::atom(std::string text, bool verbatim) {
  for (;;) {
    std::string part = token();
    if (fold_case_) {
      std::string folded;
      for (std::size_t i = 0; i < part.size();) {
        append_utf8(folded, static_cast<char32_t>(std::towlower(static_cast<std::wint_t>(next_utf8(part, i)))));
      }
      part = folded;
    }
    text += part;
    if (source_.peek() != '|') break;
    const std::uint32_t line = source_.line;
    source_.next();
    bar(text, line);
    verbatim = true;
  }
  if (!verbatim) {
    const Value number = parse_number(vm_, text, 10);
    if (number != kFalse) return number;
    if (text == ".") fail("expected a datum, got a dot");
  }
  return vm_.symbol(text);
}

}  // namespace scheme
