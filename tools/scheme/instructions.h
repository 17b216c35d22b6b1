// Job: the instruction set, the frame it works on, and which standard procedures the compiler turns into instructions.
//
// A frame on the VM's stack, as its code sees it through `fp`:
//
//   fp[-2]  where the caller goes on (an Instruction*, even: no pointer to the collector)
//   fp[-1]  the closure that is running: it keeps code and constants alive
//   fp[0..] arguments, then local variables, then temporaries
//
// A call with its frame at `base` puts the callee into fp[base + 1] and the arguments from fp[base + 2] on; the new fp
// is fp + base + 2. The word before a return address is always an instruction with base in `a` and the register that
// wants the result in `c`, so that a return needs nothing else, and a walk over the stack neither.
//
// Invariants:
//   I1  An instruction that may allocate (marked * below) has as its destination `a` the frame's height: what lives is
//       fp[0..a). So the run loop says `top = fp + a` and the collector sees no dead register.
//   I2  At a call, every word below fp[base] has been written since the frame began: continuations copy those words
//   into
//       slots, which are traced as they are. kClear writes the two header words of a call whose arguments call.
#pragma once

#include <cstdint>
#include <string_view>

#include "value.h"

namespace scheme {

// clang-format off
#define MEMGC_SCHEME_OPCODES(X)                                                                                        \
  X(Move)      /* a <- b */                                                                                            \
  X(Immediate) /* a <- the word b|c, sign-extended */                                                                  \
  X(Constant)  /* a <- constant b */                                                                                   \
  X(Global) X(SetGlobal) X(DefineGlobal) /* a <- symbol b; symbol a <- b */                                            \
  X(Free) X(FreeUnbox) X(Self)           /* a <- closure's slot b; its box's value; the closure */                     \
  X(Box) X(Unbox) X(SetBox)              /* *a <- box of b; a <- value of b; box a <- b */                             \
  X(Check)                               /* error if a holds no value yet; b: constant, its name */                    \
  X(Closure) X(Patch)  /* *a <- closure of code b with c captures, listed behind; slot b of closure a <- c */          \
  X(Clear)             /* a, a+1 <- 0 */                                                                               \
  X(Jump) X(JumpIf) X(JumpIfNot)         /* by b|c, if a */                                                            \
  X(Loop)              /* c words from b to a, then jump by the next word's b|c: a safepoint */                        \
  X(Call) X(TailCall)                    /* a: base, b: arguments, c: destination */                                   \
  X(CallGlobal) X(TailCallGlobal)        /* a: symbol, b: arguments; next word: base, -, destination */                \
  X(Return) X(Entry) X(EntryRest)        /* a; a: required arguments, b: frame size */                                 \
  X(Underflow)                           /* the stack's bottom */                                                      \
  X(Car) X(Cdr) X(VectorLength)          /* a <- b */                                                                  \
  X(Cons) X(Add) X(Sub) X(Mul) X(AddImmediate) X(SubImmediate)  /* *a <- b, c */                                       \
  X(Quotient) X(Remainder) X(Modulo)                            /* *a <- b, c */                                       \
  X(VectorRef) X(StringRef)                                     /* a <- b, c */                                        \
  X(SetCar) X(SetCdr) X(VectorSet)                              /* a, b; a, b, c */                                    \
  X(RecordRef) X(RecordSet)              /* a <- b of type c, a of type b <- c; next word a: which field */            \
  X(IfNull) X(IfNotNull) X(IfPair) X(IfNotPair)                 /* a, by b|c */                                        \
  X(IfEq) X(IfNotEq) X(IfEqv) X(IfNotEqv) X(IfRecord) X(IfNotRecord) /* b, c: by a */                               \
  X(IfCharEqual) X(IfNotCharEqual) \
  X(IfEqual) X(IfNotEqual) X(IfLess) X(IfNotLess) X(IfGreater) X(IfNotGreater)                                         \
  X(IfLessEqual) X(IfNotLessEqual) X(IfGreaterEqual) X(IfNotGreaterEqual)                                              \
  X(IfEqualImmediate) X(IfNotEqualImmediate) X(IfLessImmediate) X(IfNotLessImmediate)                                  \
  X(IfGreaterImmediate) X(IfNotGreaterImmediate) X(IfLessEqualImmediate) X(IfNotLessEqualImmediate)                    \
  X(IfGreaterEqualImmediate) X(IfNotGreaterEqualImmediate)
// clang-format on

enum class Op : std::uint16_t {
#define MEMGC_SCHEME_ENUM(name) k##name,
  MEMGC_SCHEME_OPCODES(MEMGC_SCHEME_ENUM)
#undef MEMGC_SCHEME_ENUM
};

/// The 32 bits that `b` and `c` make together.
inline std::int32_t wide(const Instruction& i) {
  return static_cast<std::int32_t>(static_cast<std::uint32_t>(i.b) | static_cast<std::uint32_t>(i.c) << 16);
}
inline Instruction make_wide(Op op, int a, std::int32_t n) {
  return {static_cast<std::uint16_t>(op), static_cast<std::uint16_t>(a), static_cast<std::uint16_t>(n & 0xffff),
          static_cast<std::uint16_t>(static_cast<std::uint32_t>(n) >> 16)};
}

/// Where a new closure finds what it captures: the `op` field of the words behind kClosure.
enum class Capture : std::uint16_t { kRegister, kFree, kSelf };

enum class InlineKind : std::uint8_t { kValue, kAllocating, kEffect, kUnaryTest, kBinaryTest, kRecord, kPath };

/// A standard procedure that is compiled to an instruction while its global variable has not been assigned to.
/// For tests, op jumps if true and the one after it if false; a path is made of kCar and kCdr.
struct Inline {
  std::string_view name;
  int arguments;
  InlineKind kind;
  Op op;
};

inline constexpr Inline kInlines[] = {
    {"car", 1, InlineKind::kValue, Op::kCar},
    {"cdr", 1, InlineKind::kValue, Op::kCdr},
    {"caar", 1, InlineKind::kPath, Op::kMove},
    {"cadr", 1, InlineKind::kPath, Op::kMove},
    {"cdar", 1, InlineKind::kPath, Op::kMove},
    {"cddr", 1, InlineKind::kPath, Op::kMove},
    {"caddr", 1, InlineKind::kPath, Op::kMove},
    {"vector-length", 1, InlineKind::kValue, Op::kVectorLength},
    {"vector-ref", 2, InlineKind::kValue, Op::kVectorRef},
    {"string-ref", 2, InlineKind::kValue, Op::kStringRef},
    {"cons", 2, InlineKind::kAllocating, Op::kCons},
    {"+", 2, InlineKind::kAllocating, Op::kAdd},
    {"-", 2, InlineKind::kAllocating, Op::kSub},
    {"*", 2, InlineKind::kAllocating, Op::kMul},
    {"quotient", 2, InlineKind::kAllocating, Op::kQuotient},
    {"remainder", 2, InlineKind::kAllocating, Op::kRemainder},
    {"modulo", 2, InlineKind::kAllocating, Op::kModulo},
    {"set-car!", 2, InlineKind::kEffect, Op::kSetCar},
    {"set-cdr!", 2, InlineKind::kEffect, Op::kSetCdr},
    {"vector-set!", 3, InlineKind::kEffect, Op::kVectorSet},
    {"null?", 1, InlineKind::kUnaryTest, Op::kIfNull},
    {"pair?", 1, InlineKind::kUnaryTest, Op::kIfPair},
    {"not", 1, InlineKind::kUnaryTest, Op::kJumpIfNot},
    {"eq?", 2, InlineKind::kBinaryTest, Op::kIfEq},
    {"char=?", 2, InlineKind::kBinaryTest, Op::kIfCharEqual},
    {"eqv?", 2, InlineKind::kBinaryTest, Op::kIfEqv},
    {"=", 2, InlineKind::kBinaryTest, Op::kIfEqual},
    {"<", 2, InlineKind::kBinaryTest, Op::kIfLess},
    {">", 2, InlineKind::kBinaryTest, Op::kIfGreater},
    {"<=", 2, InlineKind::kBinaryTest, Op::kIfLessEqual},
    {">=", 2, InlineKind::kBinaryTest, Op::kIfGreaterEqual},
    {"%record?", 2, InlineKind::kBinaryTest, Op::kIfRecord},
    {"%record-ref", 3, InlineKind::kRecord, Op::kRecordRef},
    {"%record-set!", 4, InlineKind::kRecord, Op::kRecordSet},
};

}  // namespace scheme
