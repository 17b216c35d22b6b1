// Job: the numeric procedures that the run loop does not do itself.
#include <bit>
#include <chrono>
#include <cmath>

#include "builtin.h"

namespace scheme {
namespace {

constexpr Arithmetic kQ = Arithmetic::kQuotient, kR = Arithmetic::kRemainder, kF = Arithmetic::kFloorQuotient,
                     kM = Arithmetic::kModulo;

bool is_negative(Vm& vm, Value v) { return compare(vm, v, fixnum(0)) < 0; }
bool is_finite(Value v) { return !is_flonum(v) || std::isfinite(flonum_value(v)); }

/// `exact` as it is, or inexact if `model` is.
Value like(Vm& vm, Value model, Value exact) { return is_flonum(model) ? vm.flonum(to_double(vm, exact)) : exact; }

template <class Relation>
void define_comparison(Vm& vm, const char* name) {
  define(vm, name, [](Vm& m, Number first, Rest rest) {
    bool holds = true;
    for (const Value v : rest) {
      const int order = compare(m, first.value, v);
      holds = holds && order != 2 && Relation{}(order, 0);
      first.value = v;
    }
    return holds;
  });
}

template <Arithmetic op>
void define_division(Vm& vm, std::initializer_list<const char*> names) {
  for (const char* name : names) define(vm, name, [](Vm& m, Value a, Value b) { return arithmetic(m, op, a, b); });
}

/// + and *: of any number of arguments.
template <Arithmetic op, std::int64_t start>
void define_sum(Vm& vm, const char* name) {
  define(vm, name, [](Vm& m, Rest rest) {
    Value v = fixnum(start);
    for (const Value next : rest) v = arithmetic(m, op, v, next);
    return v;
  });
}

/// - and /: of one argument, its inverse.
template <Arithmetic op, std::int64_t neutral>
void define_difference(Vm& vm, const char* name) {
  define(vm, name, [](Vm& m, Number first, Rest rest) {
    if (rest.empty() && neutral == 0 && is_flonum(first.value)) return m.flonum(-flonum_value(first.value));
    if (rest.empty()) return arithmetic(m, op, fixnum(neutral), first.value);
    Value v = first.value;
    for (const Value next : rest) v = arithmetic(m, op, v, next);
    return v;
  });
}

template <int wanted>
void define_extreme(Vm& vm, const char* name) {
  define(vm, name, [](Vm& m, Number first, Rest rest) {
    Value best = first.value;
    for (const Value v : rest) {
      const int order = compare(m, v, best);
      best = order == wanted || order == 2 ? like(m, best, v) : like(m, v, best);
    }
    return best;
  });
}

/// floor, ceiling, truncate, round: of a flonum by a C function, of a ratio by a division of GMP's.
template <double (*f)(double), void (*divide)(mpz_ptr, mpz_srcptr, mpz_srcptr)>
void define_rounding(Vm& vm, const char* name) {
  define(vm, name, [](Vm& m, Number x) {
    if (is_flonum(x.value)) return m.flonum(f(flonum_value(x.value)));
    mpz_class z;
    divide(z.get_mpz_t(), View(numerator(x.value)), View(denominator(x.value)));
    return integer(m, z);
  });
}

/// n / d to the nearest integer, to the even one in the middle: floor(n/d + 1/2), less one if that was a tie and is
/// odd.
void round_divide(mpz_ptr result, mpz_srcptr n, mpz_srcptr d) {
  const mpz_class twice = 2 * mpz_class(d);
  mpz_class rest;
  mpz_fdiv_qr(result, rest.get_mpz_t(), mpz_class(2 * mpz_class(n) + mpz_class(d)).get_mpz_t(), twice.get_mpz_t());
  if (rest == 0 && mpz_odd_p(result) != 0 && mpz_cmp_ui(d, 1) != 0) mpz_sub_ui(result, result, 1);
}

/// A function of the reals, exact for one exact argument.
template <double (*f)(double), std::int64_t at, std::int64_t exact_result>
void define_real(Vm& vm, const char* name) {
  define(vm, name, [](Vm& m, Number x) {
    return x.value == fixnum(at) ? fixnum(exact_result) : m.flonum(f(to_double(m, x.value)));
  });
}

Value square_root(Vm& vm, Number x) {
  if (!is_flonum(x.value) && !is_negative(vm, x.value)) {
    const mpz_class n = View(numerator(x.value)).copy(), d = View(denominator(x.value)).copy();
    const mpz_class a = sqrt(n), b = sqrt(d);
    if (a * a == n && b * b == d) return arithmetic(vm, Arithmetic::kDivide, integer(vm, a), integer(vm, b));
  }
  const double d = to_double(vm, x.value);
  if (d < 0) vm.wrong_type("a number that is not negative (there are no complex numbers)", x.value);
  return vm.flonum(std::sqrt(d));
}

Value power(Vm& vm, Value base, Value exponent) {
  if (is_flonum(base) || !is_exact_integer(exponent)) {
    return vm.flonum(std::pow(to_double(vm, base), to_double(vm, exponent)));
  }
  if (base == fixnum(1) || (base == fixnum(0) && exponent != fixnum(0) && !is_negative(vm, exponent))) return base;
  if (!is_fixnum(exponent) || std::abs(fixnum_value(exponent)) > (std::int64_t{1} << 32)) {
    vm.error("expt: expected an exponent whose result fits in memory");
  }
  const auto e = static_cast<unsigned long>(std::abs(fixnum_value(exponent)));
  mpz_class n, d;
  mpz_pow_ui(n.get_mpz_t(), View(numerator(base)), e);
  mpz_pow_ui(d.get_mpz_t(), View(denominator(base)), e);
  if (is_negative(vm, exponent)) std::swap(n, d);
  return arithmetic(vm, Arithmetic::kDivide, integer(vm, n), integer(vm, d));
}

template <void (*f)(mpz_ptr, mpz_srcptr, mpz_srcptr), std::int64_t start>
void define_bitwise(Vm& vm, const char* name) {
  define(vm, name, [](Vm& m, Rest rest) {
    mpz_class z(start);
    for (const Value v : rest) f(z.get_mpz_t(), z.get_mpz_t(), View(Argument<Integer>::from(m, v).value));
    return integer(m, z);
  });
}

void define_operations(Vm& vm) {
  define_comparison<std::equal_to<>>(vm, "=");
  define_comparison<std::less<>>(vm, "<");
  define_comparison<std::greater<>>(vm, ">");
  define_comparison<std::less_equal<>>(vm, "<=");
  define_comparison<std::greater_equal<>>(vm, ">=");
  define_sum<Arithmetic::kAdd, 0>(vm, "+");
  define_sum<Arithmetic::kMultiply, 1>(vm, "*");
  define_difference<Arithmetic::kSubtract, 0>(vm, "-");
  define_difference<Arithmetic::kDivide, 1>(vm, "/");
  define_division<kQ>(vm, {"quotient", "truncate-quotient"});
  define_division<kR>(vm, {"remainder", "truncate-remainder"});
  define_division<kM>(vm, {"modulo", "floor-remainder"});
  define_division<kF>(vm, {"floor-quotient"});
  define_extreme<1>(vm, "max");
  define_extreme<-1>(vm, "min");
  define_rounding<std::floor, mpz_fdiv_q>(vm, "floor");
  define_rounding<std::ceil, mpz_cdiv_q>(vm, "ceiling");
  define_rounding<std::trunc, mpz_tdiv_q>(vm, "truncate");
  define_rounding<std::nearbyint, round_divide>(vm, "round");
  define_real<std::exp, 0, 1>(vm, "exp");
  define_real<std::log, 1, 0>(vm, "%log");
  define_real<std::sin, 0, 0>(vm, "sin");
  define_real<std::cos, 0, 1>(vm, "cos");
  define_real<std::tan, 0, 0>(vm, "tan");
  define_real<std::asin, 0, 0>(vm, "asin");
  define_real<std::acos, 1, 0>(vm, "acos");
  define_bitwise<mpz_and, -1>(vm, "bitwise-and");
  define_bitwise<mpz_ior, 0>(vm, "bitwise-ior");
  define_bitwise<mpz_xor, 0>(vm, "bitwise-xor");
}

}  // namespace

void define_number_builtins(Vm& vm) {
  define_operations(vm);
  for (const char* name : {"number?", "complex?", "real?"}) define(vm, name, [](Value v) { return is_number(v); });
  define(vm, "rational?", [](Value v) { return is_number(v) && is_finite(v); });
  define(vm, "integer?", [](Value v) { return is_integer_value(v); });
  define(vm, "exact?", [](Number x) { return !is_flonum(x.value); });
  define(vm, "inexact?", [](Number x) { return is_flonum(x.value); });
  define(vm, "exact-integer?", [](Value v) { return is_exact_integer(v); });
  define(vm, "nan?", [](Vm& m, Number x) { return std::isnan(to_double(m, x.value)); });
  define(vm, "finite?", [](Number x) { return is_finite(x.value); });
  define(vm, "infinite?", [](Number x) { return is_flonum(x.value) && std::isinf(flonum_value(x.value)); });
  define(vm, "zero?", [](Vm& m, Value v) { return compare(m, v, fixnum(0)) == 0; });
  define(vm, "positive?", [](Vm& m, Value v) { return compare(m, v, fixnum(0)) == 1; });
  define(vm, "negative?", [](Vm& m, Value v) { return compare(m, v, fixnum(0)) == -1; });
  define(vm, "odd?", [](Vm& m, Value v) { return compare(m, arithmetic(m, kM, v, fixnum(2)), fixnum(1)) == 0; });
  define(vm, "even?", [](Vm& m, Value v) { return compare(m, arithmetic(m, kM, v, fixnum(2)), fixnum(0)) == 0; });
  define(vm, "%gcd", [](Vm& m, Integer a, Integer b) {
    mpz_class z;
    mpz_gcd(z.get_mpz_t(), View(a.value), View(b.value));
    return integer(m, z);
  });
  define(vm, "numerator", [](Vm& m, Number x) { return like(m, x.value, numerator(to_exact(m, x.value))); });
  define(vm, "denominator", [](Vm& m, Number x) { return like(m, x.value, denominator(to_exact(m, x.value))); });
  define(vm, "atan", [](Vm& m, Number y, std::optional<Number> x) {
    if (y.value == fixnum(0) && (!x || (!is_flonum(x->value) && compare(m, x->value, fixnum(0)) > 0))) return fixnum(0);
    return m.flonum(std::atan2(to_double(m, y.value), x ? to_double(m, x->value) : 1));
  });
  define(vm, "sqrt", [](Vm& m, Number x) { return square_root(m, x); });
  define(vm, "exact-integer-sqrt", [](Vm& m, Integer x) {
    if (is_negative(m, x.value)) m.wrong_type("an integer that is not negative", x.value);
    mpz_class root, rest;
    mpz_sqrtrem(root.get_mpz_t(), rest.get_mpz_t(), View(x.value));
    const Value both[] = {integer(m, root), integer(m, rest)};
    return m.values(both);
  });
  define(vm, "expt", [](Vm& m, Number base, Number exponent) { return power(m, base.value, exponent.value); });
  for (const char* name : {"exact", "inexact->exact"}) {
    define(vm, name, [](Vm& m, Number x) { return to_exact(m, x.value); });
  }
  for (const char* name : {"inexact", "exact->inexact"}) define(vm, name, [](double d) { return d; });
  define(vm, "number->string", [](Vm& m, Number x, std::optional<Index> radix) {
    if (radix && (*radix < 2 || *radix > 36)) m.wrong_type("a radix from 2 to 36", count(*radix));
    return number_text(m, x.value, radix ? static_cast<int>(*radix) : 10);
  });
  define(vm, "string->number", [](Vm& m, String s, std::optional<Index> radix) {
    if (radix && (*radix < 2 || *radix > 36)) m.wrong_type("a radix from 2 to 36", count(*radix));
    return parse_number(m, m.utf8(s.value), radix ? static_cast<int>(*radix) : 10);
  });
  define(vm, "arithmetic-shift", [](Vm& m, Integer x, std::int64_t n) {
    mpz_class z;
    const auto bits = static_cast<mp_bitcnt_t>(std::abs(n));
    (n >= 0 ? mpz_mul_2exp : mpz_fdiv_q_2exp)(z.get_mpz_t(), View(x.value), bits);
    return integer(m, z);
  });
  define(vm, "current-jiffy", [] {
    const auto now = std::chrono::steady_clock::now().time_since_epoch();
    return std::int64_t{std::chrono::duration_cast<std::chrono::nanoseconds>(now).count()};
  });
  define(vm, "jiffies-per-second", [] { return std::int64_t{1000000000}; });
  define(vm, "current-second",
         [] { return std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count(); });
}

}  // namespace scheme
