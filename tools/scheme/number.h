// Job: the numeric tower: fixnum, bignum and ratnum (both through GMP), flonum.
//
// Invariants: an integer that fits is a fixnum; a ratnum is in lowest terms, its denominator > 1. A bignum is a managed
// leaf array of limbs that GMP reads in place (mpz_roinit_n) and never owns, so numbers need no finalizer.
#pragma once

#include <string>
#include <string_view>

#include "vm.h"

namespace scheme {

inline bool is_bignum(Value v) { return is_type(v, Type::kBignum); }
inline bool is_exact_integer(Value v) { return is_fixnum(v) || is_bignum(v); }
inline bool is_exact(Value v) { return is_exact_integer(v) || is_type(v, Type::kRatnum); }
inline bool is_number(Value v) { return is_fixnum(v) || is_flonum(v) || is_exact(v); }

Value integer(Vm& vm, std::int64_t n);
Value add(Vm& vm, Value a, Value b);
Value subtract(Vm& vm, Value a, Value b);
Value multiply(Vm& vm, Value a, Value b);
Value divide(Vm& vm, Value a, Value b);
int compare(Vm& vm, Value a, Value b);  // -1, 0, 1; 2: a NaN is among them
enum class Division { kFloorQuotient, kFloorRemainder, kTruncateQuotient, kTruncateRemainder };
Value integer_divide(Vm& vm, Division what, Value a, Value b);
Value gcd(Vm& vm, Value a, Value b);
double to_double(Vm& vm, Value v);
Value to_exact(Vm& vm, Value v);
bool is_integer_value(Value v);      // also 2.0
bool numbers_eqv(Value a, Value b);  // both not fixnums
std::uint64_t number_hash(Vm& vm, Value v);

/// A number, or kFalse if `text` is none.
Value parse_number(Vm& vm, std::string_view text, int radix);
std::string number_text(Vm& vm, Value v, int radix);

}  // namespace scheme
