// Job: the numeric procedures.
#include <bit>
#include <chrono>
#include <cmath>

#include "number.h"

namespace scheme {
namespace {

Value number(const Args& x, std::size_t i) {
  if (!is_number(x[i])) x.vm.wrong_type("a number", x[i]);
  return x[i];
}

bool is_negative(Vm& vm, Value v) {
  return is_flonum(v) ? std::signbit(flonum_value(v)) : compare(vm, v, fixnum(0)) < 0;
}

template <class Test>
Value chain(const Args& x, Test test) {
  bool holds = true;
  number(x, 0);
  for (std::size_t i = 1; i < x.size(); ++i) {
    const int order = compare(x.vm, x[i - 1], x[i]);
    holds = holds && order != 2 && test(order);
  }
  return boolean(holds);
}

template <class F>
Value real_function(const Args& x, F f) {
  return x.vm.flonum(f(to_double(x.vm, x[0])));
}

/// Rounds with a C function, exactly for ratios: their floor and ceiling by division, the others by comparison.
Value rounded(const Args& x, double (*f)(double), char how) {
  Vm& vm = x.vm;
  const Value v = number(x, 0);
  if (is_flonum(v)) return vm.flonum(f(flonum_value(v)));
  if (!is_type(v, Type::kRatnum)) return v;
  const Ratnum* r = untag<Ratnum>(v);
  const Value floor = integer_divide(vm, Division::kFloorQuotient, r->numerator, r->denominator);
  const bool negative = is_negative(vm, v);
  if (how == 'f' || (how == 't' && !negative)) return floor;
  const Value ceiling = add(vm, floor, fixnum(1));
  if (how == 'c' || how == 't') return ceiling;
  const int order = compare(vm, subtract(vm, v, floor), divide(vm, fixnum(1), fixnum(2)));
  if (order != 0) return order < 0 ? floor : ceiling;
  return integer_divide(vm, Division::kFloorRemainder, floor, fixnum(2)) == fixnum(0) ? floor : ceiling;
}

Value power(Vm& vm, Value base, Value exponent) {
  if (!is_exact_integer(exponent)) return vm.flonum(std::pow(to_double(vm, base), to_double(vm, exponent)));
  if (is_flonum(base)) return vm.flonum(std::pow(flonum_value(base), to_double(vm, exponent)));
  if (is_negative(vm, exponent)) return divide(vm, fixnum(1), power(vm, base, subtract(vm, fixnum(0), exponent)));
  if (base == fixnum(0) || base == fixnum(1)) return exponent == fixnum(0) ? fixnum(1) : base;
  if (base == fixnum(-1))
    return integer_divide(vm, Division::kFloorRemainder, exponent, fixnum(2)) == fixnum(0) ? fixnum(1) : base;
  if (!is_fixnum(exponent) || fixnum_value(exponent) > (std::int64_t{1} << 32))
    vm.error("expt: expected an exponent whose result fits in memory");
  Value result = fixnum(1);
  for (std::int64_t e = fixnum_value(exponent); e > 0; e >>= 1) {
    if ((e & 1) != 0) result = multiply(vm, result, base);
    if (e > 1) base = multiply(vm, base, base);
  }
  return result;
}

/// The largest integer whose square is not above n >= 0, by Newton's method.
Value integer_root(Vm& vm, Value n) {
  if (is_fixnum(n)) {
    auto root = static_cast<std::int64_t>(std::sqrt(static_cast<double>(fixnum_value(n))));
    while (root * root > fixnum_value(n)) --root;
    while ((root + 1) * (root + 1) <= fixnum_value(n)) ++root;
    return fixnum(root);
  }
  const std::size_t bits = number_text(vm, n, 2).size();
  Value guess = power(vm, fixnum(2), fixnum(static_cast<std::int64_t>(bits / 2 + 1)));
  for (;;) {
    const Value better =
        integer_divide(vm, Division::kFloorQuotient,
                       add(vm, guess, integer_divide(vm, Division::kFloorQuotient, n, guess)), fixnum(2));
    if (compare(vm, better, guess) >= 0) return guess;
    guess = better;
  }
}

Value square_root(Vm& vm, Value v) {
  if (!is_flonum(v) && !is_negative(vm, v)) {
    const Value n = is_type(v, Type::kRatnum) ? untag<Ratnum>(v)->numerator.get() : v;
    const Value d = is_type(v, Type::kRatnum) ? untag<Ratnum>(v)->denominator.get() : fixnum(1);
    const Value a = integer_root(vm, n), b = integer_root(vm, d);
    if (compare(vm, multiply(vm, a, a), n) == 0 && compare(vm, multiply(vm, b, b), d) == 0) return divide(vm, a, b);
  }
  if (to_double(vm, v) < 0) vm.wrong_type("a number that is not negative (there are no complex numbers)", v);
  return vm.flonum(std::sqrt(to_double(vm, v)));
}

template <Division what>
Value division(Args& x) {
  return integer_divide(x.vm, what, x[0], x[1]);
}

template <Division quotient, Division remainder>
Value both(Args& x) {
  const Value q = integer_divide(x.vm, quotient, x[0], x[1]);
  const Value both[] = {q, integer_divide(x.vm, remainder, x[0], x[1])};
  return x.vm.values(both);
}

Value extreme(const Args& x, int wanted) {
  Value best = number(x, 0);
  bool inexact = is_flonum(best);
  for (std::size_t i = 1; i < x.size(); ++i) {
    inexact = inexact || is_flonum(number(x, i));
    const int order = compare(x.vm, x[i], best);
    if (order == wanted || order == 2) best = x[i];
  }
  return inexact && !is_flonum(best) ? x.vm.flonum(to_double(x.vm, best)) : best;
}

template <class F>
Value bitwise(const Args& x, std::int64_t start, F f) {
  std::int64_t result = start;
  for (std::size_t i = 0; i < x.size(); ++i) result = f(result, x.integer(i));
  return fixnum(result);
}

std::int64_t clock_ns() {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

bool is_rational(Value v) { return is_number(v) && (!is_flonum(v) || std::isfinite(flonum_value(v))); }

const PrimitiveDefinition kNumberPrimitives[] = {
    {"number?", 1, 1, [](Args& x) { return boolean(is_number(x[0])); }},
    {"complex?", 1, 1, [](Args& x) { return boolean(is_number(x[0])); }},
    {"real?", 1, 1, [](Args& x) { return boolean(is_number(x[0])); }},
    {"rational?", 1, 1, [](Args& x) { return boolean(is_rational(x[0])); }},
    {"integer?", 1, 1, [](Args& x) { return boolean(is_integer_value(x[0])); }},
    {"exact?", 1, 1, [](Args& x) { return boolean(is_exact(number(x, 0))); }},
    {"inexact?", 1, 1, [](Args& x) { return boolean(is_flonum(number(x, 0))); }},
    {"exact-integer?", 1, 1, [](Args& x) { return boolean(is_exact_integer(x[0])); }},
    {"exact-rational?", 1, 1, [](Args& x) { return boolean(is_exact(x[0])); }},
    {"nan?", 1, 1, [](Args& x) { return boolean(std::isnan(to_double(x.vm, x[0]))); }},
    {"finite?", 1, 1, [](Args& x) { return boolean(is_rational(number(x, 0))); }},
    {"infinite?", 1, 1, [](Args& x) { return boolean(is_flonum(number(x, 0)) && std::isinf(flonum_value(x[0]))); }},
    {"=", 1, -1, [](Args& x) { return chain(x, [](int c) { return c == 0; }); }},
    {"<", 1, -1, [](Args& x) { return chain(x, [](int c) { return c < 0; }); }},
    {">", 1, -1, [](Args& x) { return chain(x, [](int c) { return c > 0; }); }},
    {"<=", 1, -1, [](Args& x) { return chain(x, [](int c) { return c <= 0; }); }},
    {">=", 1, -1, [](Args& x) { return chain(x, [](int c) { return c >= 0; }); }},
    {"zero?", 1, 1, [](Args& x) { return boolean(compare(x.vm, x[0], fixnum(0)) == 0); }},
    {"positive?", 1, 1, [](Args& x) { return boolean(compare(x.vm, x[0], fixnum(0)) == 1); }},
    {"negative?", 1, 1, [](Args& x) { return boolean(compare(x.vm, x[0], fixnum(0)) == -1); }},
    {"odd?", 1, 1,
     [](Args& x) {
       return boolean(compare(x.vm, integer_divide(x.vm, Division::kFloorRemainder, x[0], fixnum(2)), fixnum(1)) == 0);
     }},
    {"even?", 1, 1,
     [](Args& x) {
       return boolean(compare(x.vm, integer_divide(x.vm, Division::kFloorRemainder, x[0], fixnum(2)), fixnum(0)) == 0);
     }},
    {"max", 1, -1, [](Args& x) { return extreme(x, 1); }},
    {"min", 1, -1, [](Args& x) { return extreme(x, -1); }},
    {"+", 0, -1,
     [](Args& x) {
       Value sum = fixnum(0);
       for (std::size_t i = 0; i < x.size(); ++i) sum = add(x.vm, sum, x[i]);
       return sum;
     }},
    {"*", 0, -1,
     [](Args& x) {
       Value product = fixnum(1);
       for (std::size_t i = 0; i < x.size(); ++i) product = multiply(x.vm, product, x[i]);
       return product;
     }},
    {"-", 1, -1,
     [](Args& x) {
       if (x.size() == 1) return is_flonum(x[0]) ? x.vm.flonum(-flonum_value(x[0])) : subtract(x.vm, fixnum(0), x[0]);
       Value difference = x[0];
       for (std::size_t i = 1; i < x.size(); ++i) difference = subtract(x.vm, difference, x[i]);
       return difference;
     }},
    {"/", 1, -1,
     [](Args& x) {
       if (x.size() == 1) return divide(x.vm, fixnum(1), x[0]);
       Value quotient = x[0];
       for (std::size_t i = 1; i < x.size(); ++i) quotient = divide(x.vm, quotient, x[i]);
       return quotient;
     }},
    {"1+", 1, 1, [](Args& x) { return add(x.vm, x[0], fixnum(1)); }},
    {"1-", 1, 1, [](Args& x) { return subtract(x.vm, x[0], fixnum(1)); }},
    {"-1+", 1, 1, [](Args& x) { return subtract(x.vm, x[0], fixnum(1)); }},
    {"abs", 1, 1,
     [](Args& x) {
       if (is_flonum(x[0])) return x.vm.flonum(std::fabs(flonum_value(x[0])));
       return is_negative(x.vm, number(x, 0)) ? subtract(x.vm, fixnum(0), x[0]) : x[0];
     }},
    {"magnitude", 1, 1,
     [](Args& x) { return is_negative(x.vm, number(x, 0)) ? subtract(x.vm, fixnum(0), x[0]) : x[0]; }},
    {"quotient", 2, 2, division<Division::kTruncateQuotient>},
    {"remainder", 2, 2, division<Division::kTruncateRemainder>},
    {"modulo", 2, 2, division<Division::kFloorRemainder>},
    {"truncate-quotient", 2, 2, division<Division::kTruncateQuotient>},
    {"truncate-remainder", 2, 2, division<Division::kTruncateRemainder>},
    {"floor-quotient", 2, 2, division<Division::kFloorQuotient>},
    {"floor-remainder", 2, 2, division<Division::kFloorRemainder>},
    {"floor/", 2, 2, both<Division::kFloorQuotient, Division::kFloorRemainder>},
    {"truncate/", 2, 2, both<Division::kTruncateQuotient, Division::kTruncateRemainder>},
    {"gcd", 0, -1,
     [](Args& x) {
       Value g = fixnum(0);
       for (std::size_t i = 0; i < x.size(); ++i) g = gcd(x.vm, g, x[i]);
       return g;
     }},
    {"lcm", 0, -1,
     [](Args& x) {
       Value l = fixnum(1);
       for (std::size_t i = 0; i < x.size(); ++i) {
         const Value g = gcd(x.vm, l, x[i]);
         if (compare(x.vm, g, fixnum(0)) == 0) return g;
         l = multiply(x.vm, l, integer_divide(x.vm, Division::kTruncateQuotient, x[i], g));
         if (is_negative(x.vm, l)) l = subtract(x.vm, fixnum(0), l);
       }
       return l;
     }},
    {"numerator", 1, 1,
     [](Args& x) {
       const Value v = to_exact(x.vm, x[0]);
       const Value n = is_type(v, Type::kRatnum) ? untag<Ratnum>(v)->numerator.get() : v;
       return is_flonum(x[0]) ? x.vm.flonum(to_double(x.vm, n)) : n;
     }},
    {"denominator", 1, 1,
     [](Args& x) {
       const Value v = to_exact(x.vm, x[0]);
       const Value d = is_type(v, Type::kRatnum) ? untag<Ratnum>(v)->denominator.get() : fixnum(1);
       return is_flonum(x[0]) ? x.vm.flonum(to_double(x.vm, d)) : d;
     }},
    {"floor", 1, 1, [](Args& x) { return rounded(x, std::floor, 'f'); }},
    {"ceiling", 1, 1, [](Args& x) { return rounded(x, std::ceil, 'c'); }},
    {"truncate", 1, 1, [](Args& x) { return rounded(x, std::trunc, 't'); }},
    {"round", 1, 1, [](Args& x) { return rounded(x, std::nearbyint, 'r'); }},
    {"exp", 1, 1,
     [](Args& x) { return x[0] == fixnum(0) ? fixnum(1) : real_function(x, [](double d) { return std::exp(d); }); }},
    {"log", 1, 2,
     [](Args& x) {
       if (x.size() == 2) return x.vm.flonum(std::log(to_double(x.vm, x[0])) / std::log(to_double(x.vm, x[1])));
       return x[0] == fixnum(1) ? fixnum(0) : real_function(x, [](double d) { return std::log(d); });
     }},
    {"sin", 1, 1,
     [](Args& x) { return x[0] == fixnum(0) ? fixnum(0) : real_function(x, [](double d) { return std::sin(d); }); }},
    {"cos", 1, 1,
     [](Args& x) { return x[0] == fixnum(0) ? fixnum(1) : real_function(x, [](double d) { return std::cos(d); }); }},
    {"tan", 1, 1,
     [](Args& x) { return x[0] == fixnum(0) ? fixnum(0) : real_function(x, [](double d) { return std::tan(d); }); }},
    {"asin", 1, 1, [](Args& x) { return real_function(x, [](double d) { return std::asin(d); }); }},
    {"acos", 1, 1, [](Args& x) { return real_function(x, [](double d) { return std::acos(d); }); }},
    {"atan", 1, 2,
     [](Args& x) {
       if (x.size() == 1)
         return x[0] == fixnum(0) ? fixnum(0) : real_function(x, [](double d) { return std::atan(d); });
       if (x[0] == fixnum(0) && is_exact(x[1]) && !is_negative(x.vm, x[1])) return fixnum(0);
       return x.vm.flonum(std::atan2(to_double(x.vm, x[0]), to_double(x.vm, x[1])));
     }},
    {"square", 1, 1, [](Args& x) { return multiply(x.vm, x[0], x[0]); }},
    {"sqrt", 1, 1, [](Args& x) { return square_root(x.vm, number(x, 0)); }},
    {"exact-integer-sqrt", 1, 1,
     [](Args& x) {
       if (!is_exact_integer(x[0]) || is_negative(x.vm, x[0]))
         x.vm.wrong_type("an exact integer that is not negative", x[0]);
       const Value root = integer_root(x.vm, x[0]);
       const Value both[] = {root, subtract(x.vm, x[0], multiply(x.vm, root, root))};
       return x.vm.values(both);
     }},
    {"expt", 2, 2, [](Args& x) { return power(x.vm, number(x, 0), number(x, 1)); }},
    {"exact", 1, 1, [](Args& x) { return to_exact(x.vm, x[0]); }},
    {"inexact", 1, 1, [](Args& x) { return is_flonum(x[0]) ? x[0] : x.vm.flonum(to_double(x.vm, x[0])); }},
    {"exact->inexact", 1, 1, [](Args& x) { return is_flonum(x[0]) ? x[0] : x.vm.flonum(to_double(x.vm, x[0])); }},
    {"inexact->exact", 1, 1, [](Args& x) { return to_exact(x.vm, x[0]); }},
    {"number->string", 1, 2,
     [](Args& x) {
       const std::int64_t radix = x.has(1) ? x.integer(1) : 10;
       if (radix < 2 || radix > 36) x.vm.wrong_type("a radix from 2 to 36", x[1]);
       return x.vm.string(number_text(x.vm, number(x, 0), static_cast<int>(radix)));
     }},
    {"string->number", 1, 2,
     [](Args& x) {
       const std::int64_t radix = x.has(1) ? x.integer(1) : 10;
       if (radix < 2 || radix > 36) x.vm.wrong_type("a radix from 2 to 36", x[1]);
       return parse_number(x.vm, x.vm.utf8(x.string(0)), static_cast<int>(radix));
     }},
    {"bitwise-and", 0, -1,
     [](Args& x) { return bitwise(x, -1, [](std::int64_t a, std::int64_t b) { return a & b; }); }},
    {"bitwise-or", 0, -1, [](Args& x) { return bitwise(x, 0, [](std::int64_t a, std::int64_t b) { return a | b; }); }},
    {"bitwise-ior", 0, -1, [](Args& x) { return bitwise(x, 0, [](std::int64_t a, std::int64_t b) { return a | b; }); }},
    {"bitwise-xor", 0, -1, [](Args& x) { return bitwise(x, 0, [](std::int64_t a, std::int64_t b) { return a ^ b; }); }},
    {"bitwise-not", 1, 1, [](Args& x) { return fixnum(~x.integer(0)); }},
    {"bit-count", 1, 1, [](Args& x) { return fixnum(std::popcount(static_cast<std::uint64_t>(x.integer(0)))); }},
    {"arithmetic-shift", 2, 2,
     [](Args& x) {
       const Value factor = power(x.vm, fixnum(2), fixnum(std::abs(x.integer(1))));
       return x.integer(1) >= 0 ? multiply(x.vm, x[0], factor)
                                : integer_divide(x.vm, Division::kFloorQuotient, x[0], factor);
     }},
    {"current-jiffy", 0, 0, [](Args&) { return fixnum(clock_ns()); }},
    {"jiffies-per-second", 0, 0, [](Args&) { return fixnum(1000000000); }},
    {"current-second", 0, 0,
     [](Args& x) {
       const auto now = std::chrono::system_clock::now().time_since_epoch();
       return x.vm.flonum(std::chrono::duration<double>(now).count());
     }},
    {"runtime", 0, 0, [](Args& x) { return x.vm.flonum(static_cast<double>(clock_ns()) * 1e-9); }},
};

}  // namespace

void define_number_primitives(Vm& vm) {
  for (const auto& d : kNumberPrimitives) vm.define_primitive(d.name, d.min, d.max, d.function);
}

}  // namespace scheme
