// Job: arithmetic that the run loop's fixnum paths do not finish: see number.h.
#include "number.h"

#include <cmath>

namespace scheme {
namespace {

/// A GMP integer of our own, for results.
class Mpz {
 public:
  Mpz() { mpz_init(z_); }
  ~Mpz() { mpz_clear(z_); }
  Mpz(const Mpz&) = delete;
  Mpz& operator=(const Mpz&) = delete;
  operator mpz_ptr() { return z_; }  // NOLINT(google-explicit-constructor)

 private:
  mpz_t z_;
};

/// An exact integer as GMP sees it, read in place. The Value must stay on this thread's stack while it is used.
class View {
 public:
  explicit View(Value v) {
    if (is_fixnum(v)) {
      const std::int64_t n = fixnum_value(v);
      limb_ = n < 0 ? 0 - static_cast<mp_limb_t>(n) : static_cast<mp_limb_t>(n);
      mpz_roinit_n(z_, &limb_, n < 0 ? -1 : n > 0 ? 1 : 0);
    } else {
      const Object* o = untag<Object>(v);
      const mp_size_t n = static_cast<mp_size_t>(o->count - 1);
      mpz_roinit_n(z_, reinterpret_cast<const mp_limb_t*>(o + 1), o->aux != 0 ? -n : n);
    }
  }
  operator mpz_srcptr() const { return z_; }  // NOLINT(google-explicit-constructor)

 private:
  mp_limb_t limb_ = 0;
  mpz_t z_;
};

Value from_mpz(Vm& vm, mpz_srcptr z) {
  if (mpz_fits_slong_p(z) != 0 && fits_fixnum(mpz_get_si(z))) return fixnum(mpz_get_si(z));
  const std::size_t n = mpz_size(z);
  auto* limbs = vm.me.make_array<mp_limb_t>(n + 1);
  (*limbs)[0] = head_word(Type::kBignum, mpz_sgn(z) < 0 ? 1 : 0);
  mpn_copyi(limbs->data() + 1, mpz_limbs_read(z), static_cast<mp_size_t>(n));
  return object(limbs);
}

Value numerator(Value v) { return is_type(v, Type::kRatnum) ? untag<Ratnum>(v)->numerator.get() : v; }
Value denominator(Value v) { return is_type(v, Type::kRatnum) ? untag<Ratnum>(v)->denominator.get() : fixnum(1); }

void require_number(Vm& vm, Value v) {
  if (!is_number(v)) vm.wrong_type("a number", v);
}

Value ratio(Vm& vm, Value n, Value d) {
  if (d == fixnum(0)) vm.error(std::string(vm.who) + ": expected a divisor other than 0");
  const Value g = gcd(vm, n, d);
  if (g != fixnum(1)) {
    n = integer_divide(vm, Division::kTruncateQuotient, n, g);
    d = integer_divide(vm, Division::kTruncateQuotient, d, g);
  }
  if (compare(vm, d, fixnum(0)) < 0) {
    n = subtract(vm, fixnum(0), n);
    d = subtract(vm, fixnum(0), d);
  }
  return d == fixnum(1) ? n : vm.make<Ratnum>(n, d);
}

enum class Exactness { kIntegers, kRatios, kFlonums };

Exactness classify(Vm& vm, Value a, Value b) {
  require_number(vm, a);
  require_number(vm, b);
  if (is_flonum(a) || is_flonum(b)) return Exactness::kFlonums;
  return is_exact_integer(a) && is_exact_integer(b) ? Exactness::kIntegers : Exactness::kRatios;
}

}  // namespace

Value integer(Vm& vm, std::int64_t n) {
  if (fits_fixnum(n)) return fixnum(n);
  Mpz z;
  mpz_set_si(z, n);
  return from_mpz(vm, z);
}

Value add(Vm& vm, Value a, Value b) {
  if (is_flonum(a) && is_flonum(b)) return vm.flonum(flonum_value(a) + flonum_value(b));
  if (both_fixnums(a, b)) return integer(vm, fixnum_value(a) + fixnum_value(b));
  switch (classify(vm, a, b)) {
    case Exactness::kFlonums:
      return vm.flonum(to_double(vm, a) + to_double(vm, b));
    case Exactness::kIntegers: {
      Mpz z;
      mpz_add(z, View(a), View(b));
      return from_mpz(vm, z);
    }
    default: {
      const Value x = multiply(vm, numerator(a), denominator(b)), y = multiply(vm, numerator(b), denominator(a));
      return ratio(vm, add(vm, x, y), multiply(vm, denominator(a), denominator(b)));
    }
  }
}

Value subtract(Vm& vm, Value a, Value b) {
  if (is_flonum(a) && is_flonum(b)) return vm.flonum(flonum_value(a) - flonum_value(b));
  if (both_fixnums(a, b)) return integer(vm, fixnum_value(a) - fixnum_value(b));
  switch (classify(vm, a, b)) {
    case Exactness::kFlonums:
      return vm.flonum(to_double(vm, a) - to_double(vm, b));
    case Exactness::kIntegers: {
      Mpz z;
      mpz_sub(z, View(a), View(b));
      return from_mpz(vm, z);
    }
    default: {
      const Value x = multiply(vm, numerator(a), denominator(b)), y = multiply(vm, numerator(b), denominator(a));
      return ratio(vm, subtract(vm, x, y), multiply(vm, denominator(a), denominator(b)));
    }
  }
}

Value multiply(Vm& vm, Value a, Value b) {
  if (is_flonum(a) && is_flonum(b)) return vm.flonum(flonum_value(a) * flonum_value(b));
  switch (classify(vm, a, b)) {
    case Exactness::kFlonums:
      return vm.flonum(to_double(vm, a) * to_double(vm, b));
    case Exactness::kIntegers: {
      std::int64_t product;
      if (both_fixnums(a, b) && !__builtin_mul_overflow(fixnum_value(a), fixnum_value(b), &product)) {
        return integer(vm, product);
      }
      Mpz z;
      mpz_mul(z, View(a), View(b));
      return from_mpz(vm, z);
    }
    default:
      return ratio(vm, multiply(vm, numerator(a), numerator(b)), multiply(vm, denominator(a), denominator(b)));
  }
}

Value divide(Vm& vm, Value a, Value b) {
  if (classify(vm, a, b) == Exactness::kFlonums) {
    if (b == fixnum(0)) vm.error("/: expected a divisor other than 0");
    return vm.flonum(to_double(vm, a) / to_double(vm, b));
  }
  return ratio(vm, multiply(vm, numerator(a), denominator(b)), multiply(vm, denominator(a), numerator(b)));
}

int compare(Vm& vm, Value a, Value b) {
  if (both_fixnums(a, b)) return static_cast<std::int64_t>(a) < static_cast<std::int64_t>(b) ? -1 : a != b;
  switch (classify(vm, a, b)) {
    case Exactness::kFlonums: {
      if (is_flonum(a) && is_flonum(b)) {
        const double x = flonum_value(a), y = flonum_value(b);
        return x < y ? -1 : x > y ? 1 : x == y ? 0 : 2;
      }
      const double d = flonum_value(is_flonum(a) ? a : b);
      if (std::isnan(d)) return 2;
      if (std::isinf(d)) return (d > 0) == is_flonum(a) ? 1 : -1;
      return compare(vm, to_exact(vm, a), to_exact(vm, b));  // exactly: a double is a ratio
    }
    case Exactness::kIntegers: {
      const int c = mpz_cmp(View(a), View(b));
      return c < 0 ? -1 : c > 0 ? 1 : 0;
    }
    default:
      return compare(vm, multiply(vm, numerator(a), denominator(b)), multiply(vm, numerator(b), denominator(a)));
  }
}

Value integer_divide(Vm& vm, Division what, Value a, Value b) {
  if (is_flonum(a) || is_flonum(b)) {
    if (!is_integer_value(a)) vm.wrong_type("an integer", a);
    if (!is_integer_value(b)) vm.wrong_type("an integer", b);
    const double x = to_double(vm, a), y = to_double(vm, b);
    if (y == 0) vm.error(std::string(vm.who) + ": expected a divisor other than 0");
    const bool floored = what == Division::kFloorQuotient || what == Division::kFloorRemainder;
    const double q = floored ? std::floor(x / y) : std::trunc(x / y);
    if (what == Division::kFloorQuotient || what == Division::kTruncateQuotient) return vm.flonum(q);
    const double r = std::fmod(x, y);
    return vm.flonum(floored && r != 0 && (r < 0) != (y < 0) ? r + y : r);
  }
  if (!is_exact_integer(a)) vm.wrong_type("an integer", a);
  if (!is_exact_integer(b)) vm.wrong_type("an integer", b);
  if (b == fixnum(0)) vm.error(std::string(vm.who) + ": expected a divisor other than 0");
  if (both_fixnums(a, b)) {
    const std::int64_t x = fixnum_value(a), y = fixnum_value(b), q = x / y, r = x % y;
    const bool adjust = r != 0 && (r < 0) != (y < 0);
    switch (what) {
      case Division::kTruncateQuotient:
        return integer(vm, q);
      case Division::kTruncateRemainder:
        return fixnum(r);
      case Division::kFloorQuotient:
        return integer(vm, adjust ? q - 1 : q);
      case Division::kFloorRemainder:
        return fixnum(adjust ? r + y : r);
    }
  }
  Mpz z;
  switch (what) {
    case Division::kTruncateQuotient:
      mpz_tdiv_q(z, View(a), View(b));
      break;
    case Division::kTruncateRemainder:
      mpz_tdiv_r(z, View(a), View(b));
      break;
    case Division::kFloorQuotient:
      mpz_fdiv_q(z, View(a), View(b));
      break;
    case Division::kFloorRemainder:
      mpz_fdiv_r(z, View(a), View(b));
      break;
  }
  return from_mpz(vm, z);
}

Value gcd(Vm& vm, Value a, Value b) {
  if (is_flonum(a) || is_flonum(b)) return vm.flonum(to_double(vm, gcd(vm, to_exact(vm, a), to_exact(vm, b))));
  if (!is_exact_integer(a)) vm.wrong_type("an integer", a);
  if (!is_exact_integer(b)) vm.wrong_type("an integer", b);
  Mpz z;
  mpz_gcd(z, View(a), View(b));
  return from_mpz(vm, z);
}

double to_double(Vm& vm, Value v) {
  if (is_fixnum(v)) return static_cast<double>(fixnum_value(v));
  if (is_flonum(v)) return flonum_value(v);
  require_number(vm, v);
  if (is_bignum(v)) {
    // mpz_get_d truncates; round to nearest, ties to even, from the top 64 bits and whether more follow.
    const View z(v);
    const std::size_t bits = mpz_sizeinbase(z, 2);
    if (bits <= 64) return static_cast<double>(mpz_getlimbn(z, 0)) * (mpz_sgn(static_cast<mpz_srcptr>(z)) < 0 ? -1 : 1);
    Mpz top;
    mpz_tdiv_q_2exp(top, z, bits - 64);
    mp_limb_t limb = mpz_getlimbn(top, 0);
    if (mpz_scan1(z, 0) < bits - 64) limb |= 1;
    const double d = std::ldexp(static_cast<double>(limb), static_cast<int>(std::min<std::size_t>(bits - 64, 4096)));
    return mpz_sgn(static_cast<mpz_srcptr>(z)) < 0 ? -d : d;
  }
  // A ratio: scale so that the integer quotient has 64 bits or more, then round once.
  const Value n = numerator(v), d = denominator(v);
  const std::size_t n_bits = mpz_sizeinbase(View(n), 2), d_bits = mpz_sizeinbase(View(d), 2);
  const long shift = static_cast<long>(d_bits) - static_cast<long>(n_bits) + 66;
  Mpz scaled, quotient, rest;
  if (shift >= 0) {
    mpz_mul_2exp(scaled, View(n), static_cast<mp_bitcnt_t>(shift));
    mpz_tdiv_qr(quotient, rest, scaled, View(d));
  } else {
    mpz_mul_2exp(scaled, View(d), static_cast<mp_bitcnt_t>(-shift));
    mpz_tdiv_qr(quotient, rest, View(n), scaled);
  }
  if (mpz_sgn(static_cast<mpz_ptr>(rest)) != 0 && mpz_even_p(static_cast<mpz_ptr>(quotient)) != 0) {
    if (compare(vm, n, fixnum(0)) < 0) {
      mpz_sub_ui(quotient, quotient, 1);
    } else {
      mpz_add_ui(quotient, quotient, 1);
    }
  }
  return std::ldexp(to_double(vm, from_mpz(vm, quotient)), static_cast<int>(-shift));
}

Value to_exact(Vm& vm, Value v) {
  if (!is_flonum(v)) {
    require_number(vm, v);
    return v;
  }
  const double d = flonum_value(v);
  if (!std::isfinite(d)) vm.wrong_type("a finite number", v);
  int exponent;
  const double fraction = std::frexp(d, &exponent);  // d = (fraction * 2^53) * 2^(exponent - 53)
  Mpz n;
  mpz_set_d(n, std::ldexp(fraction, 53));
  exponent -= 53;
  if (exponent >= 0) {
    mpz_mul_2exp(n, n, static_cast<mp_bitcnt_t>(exponent));
    return from_mpz(vm, n);
  }
  Mpz denominator;
  mpz_set_ui(denominator, 1);
  mpz_mul_2exp(denominator, denominator, static_cast<mp_bitcnt_t>(-exponent));
  const Value numerator = from_mpz(vm, n);
  return ratio(vm, numerator, from_mpz(vm, denominator));
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
  if (is_type(a, Type::kRatnum) && is_type(b, Type::kRatnum)) {
    return eqv(numerator(a), numerator(b)) && eqv(denominator(a), denominator(b));
  }
  return false;
}

std::uint64_t number_hash(Vm& vm, Value v) {
  const double d = to_double(vm, v);
  return std::hash<double>()(d) + (is_flonum(v) ? 1 : 0);
}

}  // namespace scheme
