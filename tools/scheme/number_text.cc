// Job: numbers to text and back, in any radix.
//
// Flonums are printed with the fewest digits that read back as the same number (std::to_chars), and always with a point
// or an exponent.
#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>

#include "number.h"

namespace scheme {
namespace {

int digit_value(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'z') return c - 'a' + 10;
  if (c >= 'A' && c <= 'Z') return c - 'A' + 10;
  return 99;
}

bool same_letters(std::string_view text, std::string_view lower) {
  return std::equal(text.begin(), text.end(), lower.begin(), lower.end(),
                    [](char a, char b) { return (a | 32) == (b | 32); });
}

bool all_digits(std::string_view text, int radix) {
  for (const char c : text) {
    if (digit_value(c) >= radix) return false;
  }
  return !text.empty();
}

/// An unsigned integer. Short ones without GMP.
Value parse_integer(Vm& vm, std::string_view digits, int radix) {
  std::int64_t n = 0;
  if (digits.size() <= 11) {
    for (const char c : digits) n = n * radix + digit_value(c);
    return integer(vm, n);
  }
  // By halves: each step splits off a power of the radix, so that GMP does the multiplying.
  const std::size_t low = digits.size() / 2;
  Value power = fixnum(1), square = fixnum(radix);
  for (std::size_t e = low; e > 0; e >>= 1) {
    if ((e & 1) != 0) power = multiply(vm, power, square);
    if (e > 1) square = multiply(vm, square, square);
  }
  const Value high = parse_integer(vm, digits.substr(0, digits.size() - low), radix);
  return add(vm, multiply(vm, high, power), parse_integer(vm, digits.substr(digits.size() - low), radix));
}

Value power_of_ten(Vm& vm, long exponent) {
  Value result = fixnum(1), square = fixnum(10);
  for (; exponent > 0; exponent >>= 1) {
    if ((exponent & 1) != 0) result = multiply(vm, result, square);
    if (exponent > 1) square = multiply(vm, square, square);
  }
  return result;
}

/// An unsigned decimal with point or exponent; exactly if `exact`.
Value parse_decimal(Vm& vm, std::string_view text, bool exact) {
  std::string digits;
  long scale = 0;
  std::size_t i = 0;
  bool point = false;
  for (; i < text.size() && (text[i] == '.' || digit_value(text[i]) < 10); ++i) {
    if (text[i] == '.') {
      if (point) return kFalse;
      point = true;
    } else {
      digits += text[i];
      if (point) --scale;
    }
  }
  if (digits.empty()) return kFalse;
  if (i < text.size()) {
    if (std::string_view("esfdl").find(static_cast<char>(text[i] | 32)) == std::string_view::npos) return kFalse;
    ++i;
    const bool negative = i < text.size() && text[i] == '-';
    if (i < text.size() && (text[i] == '-' || text[i] == '+')) ++i;
    if (!all_digits(text.substr(i), 10)) return kFalse;
    long exponent = 0;
    for (; i < text.size(); ++i) exponent = std::min(exponent * 10 + digit_value(text[i]), 100000L);
    scale += negative ? -exponent : exponent;
  }
  if (exact) {
    const Value n = parse_integer(vm, digits, 10);
    return scale >= 0 ? multiply(vm, n, power_of_ten(vm, scale)) : divide(vm, n, power_of_ten(vm, -scale));
  }
  double d = 0;
  const std::string plain = digits + "e" + std::to_string(scale);
  const auto parsed = std::from_chars(plain.data(), plain.data() + plain.size(), d);
  if (parsed.ec == std::errc::result_out_of_range) {
    d = scale + static_cast<long>(digits.size()) > 0 ? std::numeric_limits<double>::infinity() : 0;
  }
  return vm.flonum(d);
}

}  // namespace

Value parse_number(Vm& vm, std::string_view text, int radix) {
  char exactness = 0;
  while (text.size() > 2 && text[0] == '#') {
    switch (text[1] | 32) {
      case 'x':
        radix = 16;
        break;
      case 'd':
        radix = 10;
        break;
      case 'o':
        radix = 8;
        break;
      case 'b':
        radix = 2;
        break;
      case 'e':
        exactness = 'e';
        break;
      case 'i':
        exactness = 'i';
        break;
      default:
        return kFalse;
    }
    text.remove_prefix(2);
  }
  if (text.empty()) return kFalse;
  const bool negative = text[0] == '-', is_signed = negative || text[0] == '+';
  if (is_signed) text.remove_prefix(1);
  if (text.empty()) return kFalse;
  Value v = kFalse;
  const std::size_t slash = text.find('/');
  if (is_signed && (same_letters(text, "inf.0") || same_letters(text, "nan.0"))) {
    v = vm.flonum((text[0] | 32) == 'i' ? std::numeric_limits<double>::infinity()
                                        : std::numeric_limits<double>::quiet_NaN());
  } else if (all_digits(text, radix)) {
    v = parse_integer(vm, text, radix);
  } else if (slash != std::string_view::npos) {
    const std::string_view n = text.substr(0, slash), d = text.substr(slash + 1);
    if (!all_digits(n, radix) || !all_digits(d, radix)) return kFalse;
    const Value divisor = parse_integer(vm, d, radix);
    if (divisor == fixnum(0)) return kFalse;
    v = divide(vm, parse_integer(vm, n, radix), divisor);
  } else if (radix == 10 && (text[0] == '.' || digit_value(text[0]) < 10)) {
    v = parse_decimal(vm, text, exactness == 'e');
  }
  if (v == kFalse) return v;
  if (negative) v = is_flonum(v) ? vm.flonum(-flonum_value(v)) : subtract(vm, fixnum(0), v);
  if (exactness == 'i') return is_flonum(v) ? v : vm.flonum(to_double(vm, v));
  if (exactness == 'e' && is_flonum(v)) return std::isfinite(flonum_value(v)) ? to_exact(vm, v) : kFalse;
  return v;
}

std::string number_text(Vm& vm, Value v, int radix) {
  if (is_flonum(v)) {
    const double d = flonum_value(v);
    if (std::isnan(d)) return "+nan.0";
    if (std::isinf(d)) return d > 0 ? "+inf.0" : "-inf.0";
    if (radix != 10) {
      if (is_integer_value(v)) return number_text(vm, to_exact(vm, v), radix) + ".0";
      vm.wrong_type("radix 10 for an inexact fraction", v);
    }
    char buffer[64];
    const bool plain = d == 0 || (std::fabs(d) >= 1e-6 && std::fabs(d) < 1e21);
    const auto end = std::to_chars(buffer, buffer + sizeof buffer, d,
                                   plain ? std::chars_format::fixed : std::chars_format::scientific);
    std::string text(buffer, end.ptr);
    const std::size_t e = text.find('e');
    if (e != std::string::npos) {  // 1.5e+300: no plus, no leading zero
      std::size_t digits = e + 2;
      while (text[digits] == '0' && digits + 1 < text.size()) ++digits;
      return text.substr(0, e + 1) + (text[e + 1] == '-' ? "-" : "") + text.substr(digits);
    }
    return text.find('.') == std::string::npos ? text + ".0" : text;
  }
  if (is_type(v, Type::kRatnum)) {
    const Ratnum* r = untag<Ratnum>(v);
    return number_text(vm, r->numerator, radix) + "/" + number_text(vm, r->denominator, radix);
  }
  if (is_fixnum(v)) {
    char buffer[80];
    return {buffer, std::to_chars(buffer, buffer + sizeof buffer, fixnum_value(v), radix).ptr};
  }
  const Object* o = untag<Object>(v);
  mpz_t z;
  const mp_size_t n = static_cast<mp_size_t>(o->count - 1);
  mpz_roinit_n(z, reinterpret_cast<const mp_limb_t*>(o + 1), o->aux != 0 ? -n : n);
  std::string text(mpz_sizeinbase(z, radix) + 2, '\0');
  mpz_get_str(text.data(), radix, z);
  text.resize(text.find('\0'));
  return text;
}

}  // namespace scheme
