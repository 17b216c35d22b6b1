// Job: the numeric tower: fixnum, bignum and ratnum (both through GMP), flonum.
//
// Invariants: an integer that fits is a fixnum; a ratnum is in lowest terms, its denominator > 1. A bignum is a managed
// leaf array of limbs that GMP reads in place (mpz_roinit_n) and never owns, so numbers need no finalizer.
#pragma once

#include <gmpxx.h>

#include <string>
#include <string_view>

#include "vm.h"

namespace scheme {

inline bool is_bignum(Value v) { return is_type(v, Type::kBignum); }
inline bool is_ratnum(Value v) { return is_type(v, Type::kRatnum); }
inline bool is_exact_integer(Value v) { return is_fixnum(v) || is_bignum(v); }
inline bool is_number(Value v) { return is_fixnum(v) || is_flonum(v) || is_bignum(v) || is_ratnum(v); }

/// An exact integer as GMP sees it, read in place. The Value must stay on this thread's stack while it is used.
class View {
 public:
  explicit View(Value v) {
    const std::int64_t n = is_fixnum(v) ? fixnum_value(v) : 0;
    if (is_fixnum(v)) {
      limb_ = n < 0 ? 0 - static_cast<mp_limb_t>(n) : static_cast<mp_limb_t>(n);
      mpz_roinit_n(z_, &limb_, n < 0 ? -1 : n > 0 ? 1 : 0);
    } else {
      const Object* o = untag<Object>(v);
      const auto limbs = static_cast<mp_size_t>(o->count - 1);
      mpz_roinit_n(z_, reinterpret_cast<const mp_limb_t*>(o + 1), o->aux != 0 ? -limbs : limbs);
    }
  }
  operator mpz_srcptr() const { return z_; }  // NOLINT(google-explicit-constructor)
  mpz_class copy() const { return mpz_class(z_); }

 private:
  mp_limb_t limb_ = 0;
  mpz_t z_;
};

enum class Arithmetic { kAdd, kSubtract, kMultiply, kDivide, kQuotient, kRemainder, kFloorQuotient, kModulo };

Value integer(Vm& vm, std::int64_t n);
Value integer(Vm& vm, const mpz_class& z);
Value arithmetic(Vm& vm, Arithmetic op, Value a, Value b);
int compare(Vm& vm, Value a, Value b);  // -1, 0, 1; 2: a NaN is among them
double to_double(Vm& vm, Value v);
Value to_exact(Vm& vm, Value v);
Value numerator(Value exact);
Value denominator(Value exact);
bool is_integer_value(Value v);      // also 2.0
bool numbers_eqv(Value a, Value b);  // both not fixnums

/// A number, or kFalse if `text` is none.
Value parse_number(Vm& vm, std::string_view text, int radix);
std::string number_text(Vm& vm, Value v, int radix);

}  // namespace scheme
