// Job: arithmetic that the run loop's fixnum paths do not finish; numbers to text and back.
//
// Flonums are printed with the fewest digits that read back as the same number (std::to_chars), and always with a point
// or an exponent.
#include "number.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdlib>
#include <limits>

namespace scheme {
namespace {

bool divides(Arithmetic op) { return op >= Arithmetic::kDivide; }

double flonum_arithmetic(Arithmetic op, double x, double y) {
  switch (op) {
    case Arithmetic::kAdd:
      return x + y;
    case Arithmetic::kSubtract:
      return x - y;
    case Arithmetic::kMultiply:
      return x * y;
    case Arithmetic::kDivide:
      return x / y;
    case Arithmetic::kQuotient:
      return std::trunc(x / y);
    case Arithmetic::kFloorQuotient:
      return std::floor(x / y);
    default: {
      const double r = std::fmod(x, y);
      return op == Arithmetic::kModulo && r != 0 && (r < 0) != (y < 0) ? r + y : r;
    }
  }
}

/// The cases of small integers that cannot overflow; kUndefined for the rest.
Value fixnum_arithmetic(Vm& vm, Arithmetic op, std::int64_t x, std::int64_t y) {
  std::int64_t product;
  switch (op) {
    case Arithmetic::kAdd:
      return integer(vm, x + y);
    case Arithmetic::kSubtract:
      return integer(vm, x - y);
    case Arithmetic::kMultiply:
      return __builtin_mul_overflow(x, y, &product) ? kUndefined : integer(vm, product);
    case Arithmetic::kQuotient:
      return integer(vm, x / y);
    case Arithmetic::kRemainder:
      return fixnum(x % y);
    case Arithmetic::kFloorQuotient:
      return integer(vm, x / y - (x % y != 0 && (x < 0) != (y < 0) ? 1 : 0));
    default:
      return fixnum(x % y + (x % y != 0 && (x < 0) != (y < 0) ? y : 0));
  }
}

Value integer_arithmetic(Vm& vm, Arithmetic op, Value a, Value b) {
  using Function = void (*)(mpz_ptr, mpz_srcptr, mpz_srcptr);
  static constexpr Function kFunctions[] = {mpz_add,    mpz_sub,    mpz_mul,    nullptr,
                                            mpz_tdiv_q, mpz_tdiv_r, mpz_fdiv_q, mpz_fdiv_r};
  if (both_fixnums(a, b)) {
    const Value v = fixnum_arithmetic(vm, op, fixnum_value(a), fixnum_value(b));
    if (v != kUndefined) return v;
  }
  mpz_class z;
  kFunctions[static_cast<std::size_t>(op)](z.get_mpz_t(), View(a), View(b));
  return integer(vm, z);
}

Value ratio(Vm& vm, const mpz_class& n, const mpz_class& d) {
  mpq_class q(n, d);
  q.canonicalize();
  const Value numerator = integer(vm, q.get_num());
  return q.get_den() == 1 ? numerator : vm.make<Ratnum>(numerator, integer(vm, q.get_den()));
}

Value ratio_arithmetic(Vm& vm, Arithmetic op, Value a, Value b) {
  const mpz_class n = View(numerator(a)).copy(), d = View(denominator(a)).copy();
  const mpz_class m = View(numerator(b)).copy(), e = View(denominator(b)).copy();
  switch (op) {
    case Arithmetic::kAdd:
      return ratio(vm, n * e + m * d, d * e);
    case Arithmetic::kSubtract:
      return ratio(vm, n * e - m * d, d * e);
    case Arithmetic::kMultiply:
      return ratio(vm, n * m, d * e);
    default:
      return ratio(vm, n * e, d * m);
  }
}

}  // namespace

Value numerator(Value v) { return is_ratnum(v) ? untag<Ratnum>(v)->numerator.get() : v; }
Value denominator(Value v) { return is_ratnum(v) ? untag<Ratnum>(v)->denominator.get() : fixnum(1); }

Value integer(Vm& vm, std::int64_t n) { return fits_fixnum(n) ? fixnum(n) : integer(vm, mpz_class(n)); }

Value integer(Vm& vm, const mpz_class& z) {
  if (z.fits_slong_p() && fits_fixnum(z.get_si())) return fixnum(z.get_si());
  const std::size_t n = mpz_size(z.get_mpz_t());
  auto* limbs = vm.me.make_array<mp_limb_t>(n + 1);
  (*limbs)[0] = head_word(Type::kBignum, sgn(z) < 0 ? 1 : 0);
  mpn_copyi(limbs->data() + 1, mpz_limbs_read(z.get_mpz_t()), static_cast<mp_size_t>(n));
  return object(limbs);
}

Value arithmetic(Vm& vm, Arithmetic op, Value a, Value b) {
  if (is_flonum(a) && is_flonum(b) && !divides(op)) {
    return vm.flonum(flonum_arithmetic(op, flonum_value(a), flonum_value(b)));
  }
  const bool whole = op > Arithmetic::kDivide;
  for (const Value v : {a, b}) {
    if (whole ? !is_integer_value(v) : !is_number(v)) vm.wrong_type(whole ? "an integer" : "a number", v);
  }
  if (divides(op) && (b == fixnum(0) || (whole && is_flonum(b) && flonum_value(b) == 0))) {
    vm.error(std::string(vm.who) + ": expected a divisor other than 0");
  }
  if (is_flonum(a) || is_flonum(b)) return vm.flonum(flonum_arithmetic(op, to_double(vm, a), to_double(vm, b)));
  if (op != Arithmetic::kDivide && is_exact_integer(a) && is_exact_integer(b)) return integer_arithmetic(vm, op, a, b);
  return ratio_arithmetic(vm, op, a, b);
}

int compare(Vm& vm, Value a, Value b) {
  if (both_fixnums(a, b)) return static_cast<std::int64_t>(a) < static_cast<std::int64_t>(b) ? -1 : a != b;
  for (const Value v : {a, b}) {
    if (!is_number(v)) vm.wrong_type("a number", v);
  }
  if (is_flonum(a) && is_flonum(b)) {
    const double x = flonum_value(a), y = flonum_value(b);
    return x < y ? -1 : x > y ? 1 : x == y ? 0 : 2;
  }
  if (is_flonum(a) || is_flonum(b)) {
    const double d = flonum_value(is_flonum(a) ? a : b);
    if (std::isnan(d)) return 2;
    if (std::isinf(d)) return (d > 0) == is_flonum(a) ? 1 : -1;
    return compare(vm, to_exact(vm, a), to_exact(vm, b));  // exactly: a double is a ratio
  }
  if (is_ratnum(a) || is_ratnum(b)) {
    return compare(vm, arithmetic(vm, Arithmetic::kMultiply, numerator(a), denominator(b)),
                   arithmetic(vm, Arithmetic::kMultiply, numerator(b), denominator(a)));
  }
  const int order = mpz_cmp(View(a), View(b));
  return order < 0 ? -1 : order > 0 ? 1 : 0;
}

double to_double(Vm& vm, Value v) {
  if (is_fixnum(v)) return static_cast<double>(fixnum_value(v));
  if (is_flonum(v)) return flonum_value(v);
  if (is_bignum(v)) return std::strtod(number_text(vm, v, 10).c_str(), nullptr);  // rounds; mpz_get_d would cut off
  // A ratio: an integer quotient of 64 bits or more, odd if there is a rest, so that it is rounded once and rightly.
  mpz_class n = abs(View(numerator(v)).copy()), d = View(denominator(v)).copy(), q, rest;
  const long shift =
      static_cast<long>(mpz_sizeinbase(d.get_mpz_t(), 2)) - static_cast<long>(mpz_sizeinbase(n.get_mpz_t(), 2)) + 66;
  (shift >= 0 ? n : d) <<= static_cast<mp_bitcnt_t>(std::labs(shift));
  mpz_tdiv_qr(q.get_mpz_t(), rest.get_mpz_t(), n.get_mpz_t(), d.get_mpz_t());
  if (rest != 0) q |= 1;
  const double magnitude = std::ldexp(to_double(vm, integer(vm, q)), static_cast<int>(-shift));
  return compare(vm, v, fixnum(0)) < 0 ? -magnitude : magnitude;
}

Value to_exact(Vm& vm, Value v) {
  if (!is_flonum(v)) return v;
  if (!std::isfinite(flonum_value(v))) vm.wrong_type("a finite number", v);
  const mpq_class q(flonum_value(v));
  return ratio(vm, q.get_num(), q.get_den());
}

bool is_integer_value(Value v) {
  return is_exact_integer(v) ||
         (is_flonum(v) && std::isfinite(flonum_value(v)) && std::trunc(flonum_value(v)) == flonum_value(v));
}

bool numbers_eqv(Value a, Value b) {
  if (is_flonum(a) && is_flonum(b)) {
    const double x = flonum_value(a), y = flonum_value(b);
    return (x == y && std::signbit(x) == std::signbit(y)) || (std::isnan(x) && std::isnan(y));
  }
  if (is_bignum(a) && is_bignum(b)) return mpz_cmp(View(a), View(b)) == 0;
  return is_ratnum(a) && is_ratnum(b) && (numerator(a) == numerator(b) || numbers_eqv(numerator(a), numerator(b))) &&
         (denominator(a) == denominator(b) || numbers_eqv(denominator(a), denominator(b)));
}

// --- Text ---

namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }

/// A signed integer, or kFalse.
Value parse_integer(Vm& vm, std::string_view text, int radix) {
  if (text.size() > 1 && text[0] == '+' && text[1] != '-') text.remove_prefix(1);
  std::int64_t n = 0;
  const auto parsed = std::from_chars(text.data(), text.data() + text.size(), n, radix);
  if (text.empty() || parsed.ptr != text.data() + text.size() || parsed.ec == std::errc::invalid_argument)
    return kFalse;
  return parsed.ec == std::errc() ? integer(vm, n) : integer(vm, mpz_class(std::string(text), radix));
}

/// A decimal with point or exponent, or kFalse; exactly if `exact`.
Value parse_decimal(Vm& vm, const std::string& text, bool exact) {
  const std::size_t first = text[0] == '+' || text[0] == '-' ? 1 : 0;
  const std::size_t e = std::min(text.find('e'), text.size());
  const bool starts = is_digit(text[first]) || (text[first] == '.' && is_digit(text[first + 1]));
  if (!starts || text.find_first_not_of("0123456789.e+-") != std::string::npos) return kFalse;
  char* end = nullptr;
  const double d = std::strtod(text.c_str(), &end);
  if (end != text.c_str() + text.size()) return kFalse;
  if (!exact) return vm.flonum(d);
  std::string digits = text.substr(first, e - first);
  long scale = e < text.size() ? std::strtol(text.c_str() + e + 1, nullptr, 10) : 0;
  if (std::labs(scale) > 100000) return kFalse;
  const std::size_t point = digits.find('.');
  if (point != std::string::npos) {
    scale -= static_cast<long>(digits.size() - point - 1);
    digits.erase(point, 1);
  }
  mpz_class n(digits, 10), power;
  if (text[0] == '-') n = -n;
  mpz_ui_pow_ui(power.get_mpz_t(), 10, static_cast<unsigned long>(std::labs(scale)));
  return scale >= 0 ? integer(vm, n * power) : ratio(vm, n, power);
}

Value parse_real(Vm& vm, std::string text, int radix, bool exact) {
  std::transform(text.begin(), text.end(), text.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c | 32) : c; });
  if (text == "+inf.0") return vm.flonum(std::numeric_limits<double>::infinity());
  if (text == "-inf.0") return vm.flonum(-std::numeric_limits<double>::infinity());
  if (text == "+nan.0" || text == "-nan.0") return vm.flonum(std::numeric_limits<double>::quiet_NaN());
  const std::size_t slash = text.find('/');
  const Value n = parse_integer(vm, std::string_view(text).substr(0, slash), radix);
  if (slash == std::string::npos) return n != kFalse || radix != 10 ? n : parse_decimal(vm, text, exact);
  const Value d = parse_integer(vm, std::string_view(text).substr(slash + 1), radix);
  if (n == kFalse || d == kFalse || d == fixnum(0) || text[slash + 1] == '-' || text[slash + 1] == '+') return kFalse;
  return ratio(vm, View(n).copy(), View(d).copy());
}

}  // namespace

Value parse_number(Vm& vm, std::string_view text, int radix) {
  char exactness = 0;
  for (; text.size() > 2 && text[0] == '#'; text.remove_prefix(2)) {
    const char c = static_cast<char>(text[1] | 32);
    if (c == 'e' || c == 'i') {
      exactness = c;
    } else if (c == 'x' || c == 'd' || c == 'o' || c == 'b') {
      radix = c == 'x' ? 16 : c == 'd' ? 10 : c == 'o' ? 8 : 2;
    } else {
      return kFalse;
    }
  }
  // Most words that are no number show it at once.
  if (text.empty() || (radix == 10 && !is_digit(text[0]) && text[0] != '+' && text[0] != '-' && text[0] != '.')) {
    return kFalse;
  }
  const Value v = parse_real(vm, std::string(text), radix, exactness == 'e');
  if (exactness == 'i' && v != kFalse) return vm.flonum(to_double(vm, v));
  return exactness == 'e' && is_flonum(v) ? kFalse : v;
}

std::string number_text(Vm& vm, Value v, int radix) {
  if (is_ratnum(v)) return number_text(vm, numerator(v), radix) + "/" + number_text(vm, denominator(v), radix);
  if (!is_flonum(v)) return View(v).copy().get_str(radix);
  const double d = flonum_value(v);
  if (std::isnan(d)) return "+nan.0";
  if (std::isinf(d)) return d > 0 ? "+inf.0" : "-inf.0";
  if (radix != 10) {
    if (!is_integer_value(v)) vm.wrong_type("radix 10 for an inexact fraction", v);
    return number_text(vm, to_exact(vm, v), radix) + ".0";
  }
  char buffer[64];
  const bool plain = d == 0 || (std::fabs(d) >= 1e-6 && std::fabs(d) < 1e21);
  const auto form = plain ? std::chars_format::fixed : std::chars_format::scientific;
  std::string text(buffer, std::to_chars(buffer, buffer + sizeof buffer, d, form).ptr);
  if (plain) return text.find('.') == std::string::npos ? text + ".0" : text;
  // 1.5e+07: no plus, no leading zero
  const std::size_t e = text.find('e');
  return text.substr(0, e + 1) + std::to_string(std::strtol(text.c_str() + e + 1, nullptr, 10));
}

}  // namespace scheme
