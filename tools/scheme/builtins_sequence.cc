// Job: strings, vectors and bytevectors: what they have in common, once for all three; then characters and strings. A
// string is an array of code points: four bytes each, every operation by index is O(1).
#include <algorithm>
#include <cwctype>

#include "builtin.h"

namespace scheme {
namespace {

template <class S>
S make(Vm& vm, std::size_t n) {
  if constexpr (S::kType == Type::kString) return {vm.make_string(n, 0)};
  if constexpr (S::kType == Type::kVector) return {vm.make_slots(Type::kVector, n, 0)};
  if constexpr (S::kType == Type::kBytevector) return {vm.bytevector(n, 0)};
}

template <class T>
void move_elements(T* from, std::size_t n, T* to) {
  if (to < from) {
    std::copy(from, from + n, to);
  } else {
    std::copy_backward(from, from + n, to + n);
  }
}

/// The procedures that the three have, with names that begin with `name`, or with `at` where an element is meant.
template <class S>
void define_sequence(Vm& vm, const std::string& name, const std::string& at) {
  using E = typename S::Element;
  define(vm, name + "?", [](Value v) { return is_type(v, S::kType); });
  define(vm, "make-" + name, [](Vm& m, Index n, std::optional<E> fill) {
    const S s = make<S>(m, n);
    std::fill_n(s.data(), n, fill.value_or(S::kType == Type::kString ? E{' '} : E{0}));
    return s;
  });
  define(vm, name, [](Vm& m, Rest items) {
    const S s = make<S>(m, items.size());
    for (std::size_t i = 0; i < items.size(); ++i) s.data()[i] = Argument<E>::from(m, items[i]);
    return s;
  });
  define(vm, name + "-length", [](S s) { return count(s.size()); });
  define(vm, at + "-ref", [](Vm& m, S s, Index i) { return to_value(m, s.data()[element(m, i, s.size())]); });
  define(vm, at + "-set!", [](Vm& m, S s, Index i, E e) { s.data()[element(m, i, s.size())] = e; });
  const auto copy = [](Vm& m, S s, std::optional<Index> from, std::optional<Index> to) {
    const Range r(m, from, to, s.size());
    const S result = make<S>(m, r.size());
    std::copy_n(s.data() + r.from, r.size(), result.data());
    return result;
  };
  define(vm, name + "-copy", copy);
  define(vm, S::kType == Type::kString ? "substring" : "sub" + name, copy);
  define(vm, name + "-copy!",
         [](Vm& m, S to, Index where, S from, std::optional<Index> first, std::optional<Index> end) {
           const std::size_t place = position(m, where, to.size());
           const Range r(m, first, end, from.size());
           if (r.size() > to.size() - place) {
             m.error(std::string(m.who) + ": expected a target with room for the source");
           }
           move_elements(from.data() + r.from, r.size(), to.data() + place);
         });
  define(vm, name + "-fill!", [](Vm& m, S s, E e, std::optional<Index> from, std::optional<Index> to) {
    const Range r(m, from, to, s.size());
    std::fill_n(s.data() + r.from, r.size(), e);
  });
  define(vm, name + "-append", [](Vm& m, Rest parts) {
    std::size_t n = 0;
    for (const Value part : parts) n += Argument<S>::from(m, part).size();
    const S s = make<S>(m, n);
    auto* to = s.data();
    for (const Value part : parts) to = std::copy_n(S{part}.data(), S{part}.size(), to);
    return s;
  });
  define(vm, name + "->list", [](Vm& m, S s, std::optional<Index> from, std::optional<Index> to) {
    const Range r(m, from, to, s.size());
    Value l = kNil;
    for (std::size_t i = r.to; i > r.from; --i) l = m.cons(to_value(m, s.data()[i - 1]), l);
    return l;
  });
  define(vm, "list->" + name, [](Vm& m, List l) {
    const S s = make<S>(m, list_length(l.value));
    std::size_t i = 0;
    for (Value v = l.value; is_pair(v); v = cdr(v)) s.data()[i++] = Argument<E>::from(m, car(v));
    return s;
  });
}

char32_t upcase(char32_t c) { return static_cast<char32_t>(std::towupper(static_cast<std::wint_t>(c))); }
char32_t downcase(char32_t c) { return static_cast<char32_t>(std::towlower(static_cast<std::wint_t>(c))); }
/// By way of the capital, which makes one letter of final and medial sigma, and of long and round s.
char32_t foldcase(char32_t c) { return downcase(upcase(c)); }
std::wint_t wide(char32_t c) { return static_cast<std::wint_t>(c); }

std::u32string_view text(String s) { return {s.data(), s.size()}; }

/// The string with each character mapped; sharp s, the one common letter that this makes longer, to `sharp_s`.
Value mapped(Vm& vm, String s, char32_t (*map)(char32_t), std::u32string_view sharp_s) {
  std::u32string result;
  for (const char32_t c : text(s)) {
    if (c == 0xdf) {
      result += sharp_s;
    } else {
      result += map(c);
    }
  }
  return vm.string(result.data(), result.size());
}

template <bool fold>
std::int64_t compare(char32_t a, char32_t b) {
  return fold ? std::int64_t{foldcase(a)} - std::int64_t{foldcase(b)} : std::int64_t{a} - std::int64_t{b};
}
template <bool fold>
std::int64_t compare(String a, String b) {
  for (std::size_t i = 0; i < std::min(a.size(), b.size()); ++i) {
    const std::int64_t order = compare<fold>(a.data()[i], b.data()[i]);
    if (order != 0) return order;
  }
  return a.size() == b.size() ? 0 : a.size() < b.size() ? -1 : 1;
}

/// Whether `Relation` to 0 holds for the order of each two neighbours.
template <class T, bool fold, class Relation>
void define_relation(Vm& vm, const std::string& name) {
  define(vm, name, [](Vm& m, T first, Rest rest) {
    bool holds = true;
    for (const Value v : rest) {
      const T next = Argument<T>::from(m, v);
      holds = holds && Relation{}(compare<fold>(first, next), 0);
      first = next;
    }
    return holds;
  });
}
template <class T, bool fold>
void define_relations(Vm& vm, const std::string& name) {
  define_relation<T, fold, std::equal_to<>>(vm, name + "=?");
  define_relation<T, fold, std::less<>>(vm, name + "<?");
  define_relation<T, fold, std::greater<>>(vm, name + ">?");
  define_relation<T, fold, std::less_equal<>>(vm, name + "<=?");
  define_relation<T, fold, std::greater_equal<>>(vm, name + ">=?");
}

Value digit_value(char32_t c) {
  // The decimal digits of the scripts that have their own, each from its zero.
  static constexpr char32_t kZeros[] = {'0',   0x660, 0x6f0, 0x7c0, 0x966, 0x9e6, 0xa66,  0xae6,  0xb66,  0xbe6,
                                        0xc66, 0xce6, 0xd66, 0xe50, 0xed0, 0xf20, 0x1040, 0x17e0, 0x1810, 0xff10};
  for (const char32_t zero : kZeros) {
    if (c >= zero && c < zero + 10) return fixnum(c - zero);
  }
  return kFalse;
}

void define_characters(Vm& vm) {
  define_relations<char32_t, false>(vm, "char");
  define_relations<char32_t, true>(vm, "char-ci");
  define(vm, "char?", [](Value v) { return is_char(v); });
  define(vm, "char->integer", [](char32_t c) { return std::int64_t{c}; });
  define(vm, "integer->char", [](Vm& m, Index n) {
    if (n > 0x10ffff || (n >= 0xd800 && n < 0xe000)) m.wrong_type("a character's code", count(n));
    return static_cast<char32_t>(n);
  });
  define(vm, "char-upcase", [](char32_t c) { return upcase(c); });
  define(vm, "char-downcase", [](char32_t c) { return downcase(c); });
  define(vm, "char-foldcase", [](char32_t c) { return foldcase(c); });
  define(vm, "char-alphabetic?", [](char32_t c) { return std::iswalpha(wide(c)) != 0 && digit_value(c) == kFalse; });
  define(vm, "char-numeric?", [](char32_t c) { return digit_value(c) != kFalse; });
  define(vm, "char-whitespace?", [](char32_t c) { return std::iswspace(wide(c)) != 0 || c == 0xa0; });
  define(vm, "char-upper-case?", [](char32_t c) { return std::iswupper(wide(c)) != 0; });
  define(vm, "char-lower-case?", [](char32_t c) { return std::iswlower(wide(c)) != 0; });
  define(vm, "digit-value", [](char32_t c) { return digit_value(c); });
}

}  // namespace

void define_sequence_builtins(Vm& vm) {
  define_sequence<String>(vm, "string", "string");
  define_sequence<Vector>(vm, "vector", "vector");
  define_sequence<Bytevector>(vm, "bytevector", "bytevector-u8");
  define_characters(vm);
  define_relations<String, false>(vm, "string");
  define_relations<String, true>(vm, "string-ci");
  define(vm, "string-upcase", [](Vm& m, String s) { return mapped(m, s, upcase, U"SS"); });
  define(vm, "string-downcase", [](Vm& m, String s) { return mapped(m, s, downcase, U"\xdf"); });
  define(vm, "string-foldcase", [](Vm& m, String s) { return mapped(m, s, foldcase, U"ss"); });
  define(vm, "string-search-forward", [](String pattern, String s, std::optional<Index> from) {
    const std::size_t at = text(s).find(text(pattern), from.value_or(Index{0}));
    return at == std::u32string_view::npos ? kFalse : count(at);
  });
  define(vm, "utf8->string", [](Vm& m, Bytevector b, std::optional<Index> from, std::optional<Index> to) {
    const Range r(m, from, to, b.size());
    return std::string(b.data() + r.from, b.data() + r.to);
  });
  define(vm, "string->utf8", [](Vm& m, String s, std::optional<Index> from, std::optional<Index> to) {
    const Range r(m, from, to, s.size());
    std::string bytes;
    for (std::size_t i = r.from; i < r.to; ++i) append_utf8(bytes, s.data()[i]);
    const Value v = m.bytevector(bytes.size(), 0);
    std::copy(bytes.begin(), bytes.end(), Bytevector{v}.data());
    return v;
  });
}

}  // namespace scheme
