// Job: characters and strings. A string is an array of code points: four bytes each, every operation by index is O(1).
#include <algorithm>
#include <cwctype>

#include "number.h"

namespace scheme {
namespace {

char32_t upcase(char32_t c) { return static_cast<char32_t>(std::towupper(static_cast<std::wint_t>(c))); }
char32_t downcase(char32_t c) { return static_cast<char32_t>(std::towlower(static_cast<std::wint_t>(c))); }
/// By way of the capital, which makes one letter of final and medial sigma, and of long and round s.
char32_t foldcase(char32_t c) { return downcase(upcase(c)); }
bool in(char32_t c, int (*f)(std::wint_t)) { return f(static_cast<std::wint_t>(c)) != 0; }

std::u32string_view text(Value s) { return {chars(s), string_length(s)}; }

template <class Map, class Test>
Value compare_chars(const Args& x, Map map, Test test) {
  bool holds = true;
  x.character(0);
  for (std::size_t i = 1; i < x.size(); ++i) holds = holds && test(map(x.character(i - 1)), map(x.character(i)));
  return boolean(holds);
}

template <bool fold, class Test>
Value compare_strings(const Args& x, Test test) {
  bool holds = true;
  x.string(0);
  for (std::size_t i = 1; i < x.size(); ++i) {
    std::u32string a(text(x.string(i - 1))), b(text(x.string(i)));
    if (fold) {
      std::transform(a.begin(), a.end(), a.begin(), foldcase);
      std::transform(b.begin(), b.end(), b.begin(), foldcase);
    }
    holds = holds && test(a.compare(b));
  }
  return boolean(holds);
}

/// The string with each character mapped; sharp s, the one common letter that this makes longer, to `sharp_s`.
template <class Map>
Value mapped(const Args& x, Map map, std::u32string_view sharp_s) {
  std::u32string result;
  for (const char32_t c : text(x.string(0))) {
    if (c == 0xdf) {
      result += sharp_s;
    } else {
      result += map(c);
    }
  }
  return x.vm.string(result.data(), result.size());
}

std::int64_t digit_value(char32_t c) {
  // The decimal digits of the scripts that have their own, each from its zero.
  static constexpr char32_t kZeros[] = {'0',   0x660, 0x6f0, 0x7c0, 0x966, 0x9e6, 0xa66,  0xae6,  0xb66,  0xbe6,
                                        0xc66, 0xce6, 0xd66, 0xe50, 0xed0, 0xf20, 0x1040, 0x17e0, 0x1810, 0xff10};
  for (const char32_t zero : kZeros) {
    if (c >= zero && c < zero + 10) return c - zero;
  }
  return -1;
}

Value substring(Args& x) {
  const Range r(x, 1, string_length(x.string(0)));
  const Value copy = x.vm.make_string(r.size(), 0);
  std::copy_n(chars(x[0]) + r.from, r.size(), chars(copy));
  return copy;
}

/// Where `pattern` is in `s`, from the first or from the last.
Value search(const Args& x, bool backward) {
  const std::u32string_view pattern = text(x.string(0)), s = text(x.string(1));
  const std::size_t at = backward ? s.rfind(pattern) : s.find(pattern);
  return at == std::u32string_view::npos ? kFalse : fixnum(static_cast<std::int64_t>(at));
}

Value string_index(const Args& x) {
  const std::size_t at = text(x.string(0)).find(x.character(1));
  return at == std::u32string_view::npos ? kFalse : fixnum(static_cast<std::int64_t>(at));
}

Value joined(const Args& x) {
  const std::u32string_view separator = x.has(1) ? text(x.string(1)) : U" ";
  std::u32string all;
  for (Value l = x.list(0); is_pair(l); l = cdr(l)) {
    if (!is_string(car(l))) x.vm.wrong_type("a list of strings", x[0]);
    if (l != x[0]) all += separator;
    all += text(car(l));
  }
  return x.vm.string(all.data(), all.size());
}

char32_t same(char32_t c) { return c; }

const PrimitiveDefinition kTextPrimitives[] = {
    {"char?", 1, 1, [](Args& x) { return boolean(is_char(x[0])); }},
    {"char->integer", 1, 1, [](Args& x) { return fixnum(x.character(0)); }},
    {"integer->char", 1, 1,
     [](Args& x) {
       const std::int64_t n = x.integer(0);
       if (n < 0 || n > 0x10ffff || (n >= 0xd800 && n < 0xe000)) x.vm.wrong_type("a character's code", x[0]);
       return character(static_cast<char32_t>(n));
     }},
    {"char=?", 1, -1, [](Args& x) { return compare_chars(x, same, [](auto a, auto b) { return a == b; }); }},
    {"char<?", 1, -1, [](Args& x) { return compare_chars(x, same, [](auto a, auto b) { return a < b; }); }},
    {"char>?", 1, -1, [](Args& x) { return compare_chars(x, same, [](auto a, auto b) { return a > b; }); }},
    {"char<=?", 1, -1, [](Args& x) { return compare_chars(x, same, [](auto a, auto b) { return a <= b; }); }},
    {"char>=?", 1, -1, [](Args& x) { return compare_chars(x, same, [](auto a, auto b) { return a >= b; }); }},
    {"char-ci=?", 1, -1, [](Args& x) { return compare_chars(x, foldcase, [](auto a, auto b) { return a == b; }); }},
    {"char-ci<?", 1, -1, [](Args& x) { return compare_chars(x, foldcase, [](auto a, auto b) { return a < b; }); }},
    {"char-ci>?", 1, -1, [](Args& x) { return compare_chars(x, foldcase, [](auto a, auto b) { return a > b; }); }},
    {"char-ci<=?", 1, -1, [](Args& x) { return compare_chars(x, foldcase, [](auto a, auto b) { return a <= b; }); }},
    {"char-ci>=?", 1, -1, [](Args& x) { return compare_chars(x, foldcase, [](auto a, auto b) { return a >= b; }); }},
    {"char-upcase", 1, 1, [](Args& x) { return character(upcase(x.character(0))); }},
    {"char-downcase", 1, 1, [](Args& x) { return character(downcase(x.character(0))); }},
    {"char-foldcase", 1, 1, [](Args& x) { return character(foldcase(x.character(0))); }},
    {"char-alphabetic?", 1, 1,
     [](Args& x) { return boolean(in(x.character(0), std::iswalpha) && digit_value(x.character(0)) < 0); }},
    {"char-numeric?", 1, 1, [](Args& x) { return boolean(digit_value(x.character(0)) >= 0); }},
    {"char-whitespace?", 1, 1,
     [](Args& x) { return boolean(in(x.character(0), std::iswspace) || x.character(0) == 0xa0); }},
    {"char-upper-case?", 1, 1, [](Args& x) { return boolean(in(x.character(0), std::iswupper)); }},
    {"char-lower-case?", 1, 1, [](Args& x) { return boolean(in(x.character(0), std::iswlower)); }},
    {"digit-value", 1, 1,
     [](Args& x) {
       const std::int64_t d = digit_value(x.character(0));
       return d < 0 ? kFalse : fixnum(d);
     }},
    {"string?", 1, 1, [](Args& x) { return boolean(is_string(x[0])); }},
    {"make-string", 1, 2,
     [](Args& x) { return x.vm.make_string(x.index(0, SIZE_MAX / 8), x.has(1) ? x.character(1) : U' '); }},
    {"string", 0, -1,
     [](Args& x) {
       const Value s = x.vm.make_string(x.size(), 0);
       for (std::size_t i = 0; i < x.size(); ++i) chars(s)[i] = x.character(i);
       return s;
     }},
    {"string-length", 1, 1, [](Args& x) { return fixnum(static_cast<std::int64_t>(string_length(x.string(0)))); }},
    {"string-ref", 2, 2,
     [](Args& x) {
       const std::size_t n = string_length(x.string(0));
       if (x.index(1, n) == n) x.vm.wrong_type("an index within the string", x[1]);
       return character(chars(x[0])[x.index(1, n)]);
     }},
    {"string-set!", 3, 3,
     [](Args& x) {
       const std::size_t n = string_length(x.string(0));
       if (x.index(1, n) == n) x.vm.wrong_type("an index within the string", x[1]);
       chars(x[0])[x.index(1, n)] = x.character(2);
       return kUnspecified;
     }},
    {"string=?", 1, -1, [](Args& x) { return compare_strings<false>(x, [](int c) { return c == 0; }); }},
    {"string<?", 1, -1, [](Args& x) { return compare_strings<false>(x, [](int c) { return c < 0; }); }},
    {"string>?", 1, -1, [](Args& x) { return compare_strings<false>(x, [](int c) { return c > 0; }); }},
    {"string<=?", 1, -1, [](Args& x) { return compare_strings<false>(x, [](int c) { return c <= 0; }); }},
    {"string>=?", 1, -1, [](Args& x) { return compare_strings<false>(x, [](int c) { return c >= 0; }); }},
    {"string-ci=?", 1, -1, [](Args& x) { return compare_strings<true>(x, [](int c) { return c == 0; }); }},
    {"string-ci<?", 1, -1, [](Args& x) { return compare_strings<true>(x, [](int c) { return c < 0; }); }},
    {"string-ci>?", 1, -1, [](Args& x) { return compare_strings<true>(x, [](int c) { return c > 0; }); }},
    {"string-ci<=?", 1, -1, [](Args& x) { return compare_strings<true>(x, [](int c) { return c <= 0; }); }},
    {"string-ci>=?", 1, -1, [](Args& x) { return compare_strings<true>(x, [](int c) { return c >= 0; }); }},
    {"string-upcase", 1, 1, [](Args& x) { return mapped(x, upcase, U"SS"); }},
    {"string-downcase", 1, 1, [](Args& x) { return mapped(x, downcase, U"\xdf"); }},
    {"string-foldcase", 1, 1, [](Args& x) { return mapped(x, foldcase, U"ss"); }},
    {"substring", 2, 3, substring},
    {"string-copy", 1, 3, substring},
    {"string-head", 2, 2, [](Args& x) { return x.vm.string(chars(x.string(0)), x.index(1, string_length(x[0]))); }},
    {"string-tail", 2, 2, substring},
    {"string-append", 0, -1,
     [](Args& x) {
       std::size_t n = 0;
       for (std::size_t i = 0; i < x.size(); ++i) n += string_length(x.string(i));
       const Value s = x.vm.make_string(n, 0);
       char32_t* to = chars(s);
       for (std::size_t i = 0; i < x.size(); ++i) to = std::copy_n(chars(x[i]), string_length(x[i]), to);
       return s;
     }},
    {"string->list", 1, 3,
     [](Args& x) {
       const Range r(x, 1, string_length(x.string(0)));
       Value v = kNil;
       for (std::size_t i = r.to; i > r.from; --i) v = x.vm.cons(character(chars(x[0])[i - 1]), v);
       return v;
     }},
    {"list->string", 1, 1,
     [](Args& x) {
       const Value s = x.vm.make_string(list_length(x.list(0)), 0);
       std::size_t i = 0;
       for (Value l = x[0]; is_pair(l); l = cdr(l)) {
         if (!is_char(car(l))) x.vm.wrong_type("a list of characters", x[0]);
         chars(s)[i++] = char_value(car(l));
       }
       return s;
     }},
    {"string->vector", 1, 3,
     [](Args& x) {
       const Range r(x, 1, string_length(x.string(0)));
       const Value v = x.vm.make_slots(Type::kVector, r.size(), 0);
       for (std::size_t i = 0; i < r.size(); ++i) slots(v)[i] = character(chars(x[0])[r.from + i]);
       return v;
     }},
    {"string-copy!", 3, 5,
     [](Args& x) {
       const std::size_t at = x.index(1, string_length(x.string(0)));
       const Range r(x, 3, string_length(x.string(2)));
       if (r.size() > string_length(x[0]) - at) x.vm.error("string-copy!: expected a target with room for the source");
       std::char_traits<char32_t>::move(chars(x[0]) + at, chars(x[2]) + r.from, r.size());
       return kUnspecified;
     }},
    {"string-fill!", 2, 4,
     [](Args& x) {
       const Range r(x, 2, string_length(x.string(0)));
       std::fill_n(chars(x[0]) + r.from, r.size(), x.character(1));
       return kUnspecified;
     }},
    {"string-search-forward", 2, 3, [](Args& x) { return search(x, false); }},
    {"string-search-backward", 2, 3, [](Args& x) { return search(x, true); }},
    {"string-contains", 2, 2,
     [](Args& x) {
       std::swap(x[0], x[1]);
       return search(x, false);
     }},
    {"%string-index", 2, 2, [](Args& x) { return string_index(x); }},
    {"string-prefix?", 2, 2, [](Args& x) { return boolean(text(x.string(1)).starts_with(text(x.string(0)))); }},
    {"string-suffix?", 2, 2, [](Args& x) { return boolean(text(x.string(1)).ends_with(text(x.string(0)))); }},
    {"string-null?", 1, 1, [](Args& x) { return boolean(string_length(x.string(0)) == 0); }},
    {"string-reverse", 1, 1,
     [](Args& x) {
       const Value s = x.vm.make_string(string_length(x.string(0)), 0);
       std::reverse_copy(chars(x[0]), chars(x[0]) + string_length(x[0]), chars(s));
       return s;
     }},
    {"string-join", 1, 2, [](Args& x) { return joined(x); }},
};

}  // namespace

void define_text_primitives(Vm& vm) {
  for (const auto& d : kTextPrimitives) vm.define_primitive(d.name, d.min, d.max, d.function);
}

}  // namespace scheme
