// Job: the lexical syntax of R7RS, datum labels included.
//
// How. Recursive descent over bytes (all that delimits is ASCII), guarded against deep nesting. A datum label stands as
// a placeholder, an Alias of its number, until the outermost datum has been read.
#include "reader.h"

#include <cwctype>

#include "number.h"

namespace scheme {
namespace {

bool is_space(std::int32_t c) { return c == ' ' || (c >= '\t' && c <= '\r'); }
bool is_delimiter(std::int32_t c) {
  return c < 0 || is_space(c) || std::string_view("()[]\";'|").find(static_cast<char>(c)) != std::string_view::npos;
}

}  // namespace

void Reader::fail(std::string_view message) {
  vm_.syntax_error("read: " + std::string(message), kUndefined, is_string(port_->name) ? vm_.utf8(port_->name) : "",
                   port_->line, ErrorKind::kRead);
}

void Reader::incomplete(const char* what, std::uint32_t line) {
  fail("expected the end of the " + std::string(what) + " begun on line " + std::to_string(line) +
       ", got the end of the input");
}

Value Reader::read() {
  const Value v = item();
  if (v == kClose) fail("expected a datum, got a closing parenthesis");
  if (v == kDot) fail("expected a datum, got a dot");
  if (labels_ == kNil) return v;
  resolve_labels(v);
  return resolved(v);
}

Value Reader::item() {
  vm_.guard_native_stack("read");
  for (;;) {
    const std::int32_t c = peek();
    if (c < 0) return kEof;
    const std::uint32_t line = port_->line;
    if (!is_delimiter(c) && c != '#' && c != '`' && c != ',') return atom();
    if (c == '|') return atom();
    next();
    switch (c) {
      case '(':
      case '[':
        return list(c == '(' ? ')' : ']', line);
      case ')':
      case ']':
        closer_ = c;
        return kClose;
      case '\'':
        return quoted("quote", line);
      case '`':
        return quoted("quasiquote", line);
      case ',':
        if (peek() != '@') return quoted("unquote", line);
        next();
        return quoted("unquote-splicing", line);
      case '"':
        return vm_.string(delimited('"', "string", line));
      case ';':
        while (peek() >= 0 && peek() != '\n') next();
        break;
      case '#': {
        const Value v = hash(line);
        if (v != kComment) return v;
        break;
      }
      default:
        break;  // white space
    }
  }
}

Value Reader::datum(std::uint32_t line) {
  const Value v = item();
  if (v == kEof) incomplete("datum", line);
  if (v == kClose || v == kDot) fail("expected a datum, got a closing parenthesis or a dot");
  return v;
}

Value Reader::list(std::int32_t close, std::uint32_t line) {
  Value first = kNil, last = kNil;
  for (;;) {
    const Value v = item();
    if (v == kEof) incomplete("list", line);
    if (v == kClose) {
      if (closer_ != close) fail(close == ')' ? "expected ), got ]" : "expected ], got )");
      return first;
    }
    if (v == kDot) {
      if (first == kNil) fail("expected a datum before the dot");
      untag<Pair>(last)->cdr = datum(line);
      if (item() != kClose || closer_ != close) fail("expected one datum after the dot");
      return first;
    }
    const Value cell = vm_.cons(v, kNil);
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
  const Value v = vm_.list({vm_.symbol(name), datum(line)});
  if (lines_ != nullptr) lines_->insert_or_assign(v, line);
  return v;
}

/// What follows a '#'.
Value Reader::hash(std::uint32_t line) {
  const std::int32_t c = peek();
  if (c == '(' || c == '\\' || c == ';' || c == '|' || c == '!') next();
  if (c == '(') return vm_.vector(list(')', line));
  if (c == '\\') return character();
  if (c == '|') return block_comment(line);
  if (c == '!') return directive();
  if (c == ';') {
    datum(line);
    return kComment;
  }
  if (c >= '0' && c <= '9') {
    std::string digits;
    while (peek() >= '0' && peek() <= '9') digits += static_cast<char>(next());
    return label(digits, line);
  }
  const std::string word = token();
  if (word == "t" || word == "true") return kTrue;
  if (word == "f" || word == "false") return kFalse;
  if (word == "u8" && peek() == '(') {
    next();
    const Value items = list(')', line), v = vm_.bytevector(list_length(items), 0);
    std::size_t i = 0;
    for (Value l = items; is_pair(l); l = cdr(l)) {
      if (!is_fixnum(car(l)) || car(l) > fixnum(255)) fail("expected bytes (0 to 255) in #u8(...)");
      bytes(v)[i++] = static_cast<std::uint8_t>(fixnum_value(car(l)));
    }
    return v;
  }
  const Value number = parse_number(vm_, "#" + word, 10);
  if (number == kFalse) fail("expected a datum, got #" + word);
  return number;
}

Value Reader::directive() {
  const std::string word = token();
  if (word == "fold-case" || word == "no-fold-case") port_->fold_case = word == "fold-case";
  while (word.starts_with('/') && peek() >= 0 && peek() != '\n') next();  // #!/usr/bin/...: the rest of the line
  return kComment;
}

Value Reader::block_comment(std::uint32_t line) {
  for (int depth = 1; depth > 0;) {
    const std::int32_t c = next();
    if (c < 0) incomplete("comment", line);
    if ((c == '|' && peek() == '#') || (c == '#' && peek() == '|')) {
      next();
      depth += c == '#' ? 1 : -1;
    }
  }
  return kComment;
}

Value Reader::label(std::string_view digits, std::uint32_t line) {
  const Value number = parse_number(vm_, digits, 10);
  const std::int32_t c = next();
  if (c == '#') {
    for (Value l = labels_; l != kNil; l = cdr(l)) {
      if (car(car(l)) == number) return cdr(car(l));
    }
  }
  if (c != '=') fail("expected = or the number of a label defined before between #s, got #" + std::string(digits));
  const Value placeholder = vm_.make<Alias>(number, kUndefined);
  labels_ = vm_.cons(vm_.cons(number, placeholder), labels_);
  untag<Alias>(placeholder)->scope = resolved(datum(line));
  return placeholder;
}

/// Replaces placeholders inside `v`; does not follow what it puts in, so it ends.
void Reader::resolve_labels(Value v) {
  vm_.guard_native_stack("read");
  const auto settle = [this](Slot& slot) {
    if (is_type(slot, Type::kAlias)) {
      Alias* placeholder = untag<Alias>(slot);
      slot = placeholder->scope;
      if (placeholder->id == kFalse) return;
      placeholder->id = kFalse;  // the first reference met stands for the datum: look into it once
    }
    resolve_labels(slot);
  };
  if (is_type(v, Type::kAlias)) {
    untag<Alias>(v)->id = kFalse;
    v = resolved(v);
  }
  for (; is_pair(v); v = untag<Pair>(v)->cdr) {
    settle(untag<Pair>(v)->car);
    if (!is_pair(untag<Pair>(v)->cdr)) return settle(untag<Pair>(v)->cdr);
  }
  for (std::size_t i = 0; is_vector(v) && i < slot_count(v); ++i) settle(slots(v)[i]);
}

/// After a backslash in what `end` delimits. 0xffffffff: a line break that stands for nothing.
char32_t Reader::escape(std::int32_t end) {
  static constexpr std::string_view kNames = "abtnr", kMeanings = "\a\b\t\n\r";
  std::int32_t c = next();
  const std::size_t known = c < 0 ? std::string_view::npos : kNames.find(static_cast<char>(c));
  if (known != std::string_view::npos) return static_cast<char32_t>(kMeanings[known]);
  if (c == '\\' || c == '|' || c == end) return static_cast<char32_t>(c);
  if (c == 'x' || c == 'X') {
    std::string digits;
    for (c = next(); c != ';' && !is_delimiter(c); c = next()) digits += static_cast<char>(c);
    const Value code = parse_number(vm_, digits, 16);
    if (c != ';' || !is_fixnum(code) || code > fixnum(0x10ffff)) fail("expected \\x<hexadecimal digits>;");
    return static_cast<char32_t>(fixnum_value(code));
  }
  while (c == ' ' || c == '\t' || c == '\r') c = next();
  if (c != '\n') fail("expected a known escape after \\");
  while (peek() == ' ' || peek() == '\t') next();
  return 0xffffffff;
}

/// The rest of a string or of a symbol between bars.
std::string Reader::delimited(std::int32_t end, const char* what, std::uint32_t line) {
  std::string text;
  for (;;) {
    const std::int32_t c = next();
    if (c < 0) incomplete(what, line);
    if (c == end) return text;
    if (c != '\\') {
      text += static_cast<char>(c);
      continue;
    }
    if (peek() < 0) incomplete(what, line);
    const char32_t meant = escape(end);
    if (meant != 0xffffffff) append_utf8(text, meant);
  }
}

Value Reader::character() {
  std::string text(1, static_cast<char>(next()));
  while ((peek() & 0xc0) == 0x80 && peek() >= 0) text += static_cast<char>(next());
  text += token();
  std::size_t length = 0;
  const char32_t c = next_utf8(text, length);
  if (length == text.size()) return scheme::character(c);
  for (const auto& [name, meant] : kCharacterNames) {
    if (name == text) return scheme::character(meant);
  }
  const Value code = text[0] == 'x' ? parse_number(vm_, text.substr(1), 16) : kFalse;
  if (!is_fixnum(code) || code > fixnum(0x10ffff)) fail("expected a character's name, got #\\" + text);
  return scheme::character(static_cast<char32_t>(fixnum_value(code)));
}

std::string Reader::token() {
  std::string text;
  while (!is_delimiter(peek())) text += static_cast<char>(next());
  if (!port_->fold_case) return text;
  std::string folded;
  for (std::size_t i = 0; i < text.size();) {
    append_utf8(folded, static_cast<char32_t>(std::towlower(static_cast<std::wint_t>(next_utf8(text, i)))));
  }
  return folded;
}

/// A number, a symbol or a lone dot.
Value Reader::atom() {
  std::string text = token();
  const bool verbatim = peek() == '|';
  while (peek() == '|') {
    const std::uint32_t line = port_->line;
    next();
    text += delimited('|', "symbol", line);
    text += token();
  }
  if (verbatim) return vm_.symbol(text);
  if (text == ".") return kDot;
  const Value number = parse_number(vm_, text, 10);
  return number == kFalse ? vm_.symbol(text) : number;
}

}  // namespace scheme
