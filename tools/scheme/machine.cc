// Job: the run loop: one function that executes instructions until the stack is empty.
//
// How. Direct threaded code (labels as values, a GCC and Clang extension). `pc` and `fp` are locals; before anything
// that can allocate, raise or look at the stack, what it needs is stored: top_ (the collector's view of the stack), fp_
// and pc_ (position and catch). Fast paths are for fixnums and well-formed arguments; for all else an instruction calls
// the primitive that it stands for, which does the rest or raises the right error. Safepoints: every allocation, every
// procedure entry and every backward jump. Names of registers: A, B and C are the operands of the instruction under
// way, R(n) is fp[n].
#include "machine.h"

#include <bit>

#include "builtin.h"

namespace scheme {

#if defined(__GNUC__)
#pragma GCC diagnostic ignored "-Wpedantic"  // labels as values
#endif

#define A (pc[-1].a)
#define B (pc[-1].b)
#define C (pc[-1].c)
#define R(n) fp[n]
#define K(n) (slots(closure(fp[-1])->constants)[n].get())
#define NEXT()                    \
  do {                            \
    const Instruction* i_ = pc++; \
    goto* kLabels[i_->op];        \
  } while (0)
#define SAVE() (fp_ = fp, pc_ = pc)
#define ALLOCATES() (top_ = fp + A)

namespace {

/// The global variable that the call before `pc` names, or #f.
Value called_name(const Instruction* pc, const Value* fp) {
  return static_cast<Op>(pc[-1].op) == Op::kMove ? K(pc[-2].a) : kFalse;
}

}  // namespace

Value Vm::execute() {
  static const void* const kLabels[] = {
#define MEMGC_SCHEME_LABEL(name) &&do_##name,
      MEMGC_SCHEME_OPCODES(MEMGC_SCHEME_LABEL)
#undef MEMGC_SCHEME_LABEL
  };
  const Instruction* pc = pc_;
  Value* fp = fp_;
  std::size_t nargs = pending_arguments_;
  Value callee;
  if (pc == nullptr) goto invoke;
  NEXT();

// An instruction that cannot fail; one that fails, by way of the primitive that it stands for, if `wrong`.
#define SIMPLE(label, effect) \
  do_##label : effect;        \
  NEXT();
#define CHECKED(label, wrong, name, effect, ...) \
  do_##label : if (wrong) [[unlikely]] {         \
    SAVE();                                      \
    machine_slow(*this, name, {__VA_ARGS__});    \
  }                                              \
  effect;                                        \
  NEXT();
  SIMPLE(Move, R(A) = R(B))
  SIMPLE(Immediate, R(A) = static_cast<Value>(static_cast<std::int64_t>(wide(pc[-1]))))
  SIMPLE(Constant, R(A) = K(B))
  SIMPLE(DefineGlobal, untag<Symbol>(K(A))->value = R(B))
  SIMPLE(Free, R(A) = closure(fp[-1])->free()[B])
  SIMPLE(FreeUnbox, R(A) = untag<Box>(closure(fp[-1])->free()[B])->value)
  SIMPLE(Self, R(A) = fp[-1])
  SIMPLE(Unbox, R(A) = untag<Box>(R(B))->value)
  SIMPLE(SetBox, untag<Box>(R(A))->value = R(B))
  SIMPLE(Patch, closure(R(A))->free()[B] = R(C))
  SIMPLE(Clear, (R(A) = 0, R(A + 1) = 0))
  SIMPLE(Jump, pc += wide(pc[-1]))
  SIMPLE(JumpIf, if (truthy(R(A))) pc += wide(pc[-1]))
  SIMPLE(JumpIfNot, if (!truthy(R(A))) pc += wide(pc[-1]))
  CHECKED(Car, !is_pair(R(B)), "car", R(A) = car(R(B)), R(B))
  CHECKED(Cdr, !is_pair(R(B)), "cdr", R(A) = cdr(R(B)), R(B))
  CHECKED(SetCar, !is_pair(R(A)), "set-car!", untag<Pair>(R(A))->car = R(B), R(A), R(B))
  CHECKED(SetCdr, !is_pair(R(A)), "set-cdr!", untag<Pair>(R(A))->cdr = R(B), R(A), R(B))
  CHECKED(VectorLength, !is_vector(R(B)), "vector-length", R(A) = count(slot_count(R(B))), R(B))
#define IN_VECTOR(v, i) (is_vector(v) && is_fixnum(i) && (i) < count(slot_count(v)))
#define IN_STRING(s, i) (is_string(s) && is_fixnum(i) && (i) < count(string_length(s)))
  CHECKED(VectorRef, !IN_VECTOR(R(B), R(C)), "vector-ref", R(A) = slots(R(B))[R(C) >> 2], R(B), R(C))
  CHECKED(StringRef, !IN_STRING(R(B), R(C)), "string-ref", R(A) = character(chars(R(B))[R(C) >> 2]), R(B), R(C))
  CHECKED(VectorSet, !IN_VECTOR(R(A), R(B)), "vector-set!", slots(R(A))[R(B) >> 2] = R(C), R(A), R(B), R(C))

do_Global : {
  const Symbol* symbol = untag<Symbol>(K(B));
  const Value v = symbol->value;
  if (v == kUndefined || (is_object(v) && untag<Object>(v)->type() >= Type::kMacro)) [[unlikely]] {
    SAVE();
    machine_unbound(*this, K(B));
  }
  R(A) = v;
  NEXT();
}
do_SetGlobal:
  if (untag<Symbol>(K(A))->value == kUndefined) [[unlikely]] {
    SAVE();
    machine_unbound(*this, K(A));
  }
  untag<Symbol>(K(A))->value = R(B);
  NEXT();
do_Box : {
  ALLOCATES();
  const Value v = R(B);  // a copy: make would take a reference into the part of the stack that nobody scans now
  R(A) = object(me.make<Box>(v));
  NEXT();
}
do_Check:
  if (R(A) == kUndefined) [[unlikely]] {
    SAVE();
    error("expected an initialised variable, got " + utf8(K(B)) + " before its definition");
  }
  NEXT();
do_Closure : {
  ALLOCATES();
  const Instruction* at = pc - 1;
  const Value constants = K(at->b);
  const Value made = make_closure(constants, untag<Code>(slots(constants)[0])->instructions->data(), at->c);
  Slot* to = closure(made)->free();
  for (std::size_t i = 0; i < at->c; ++i, ++pc) {
    const auto from = static_cast<Capture>(pc->op);
    to[i] = from == Capture::kRegister ? R(pc->a)
            : from == Capture::kFree   ? closure(fp[-1])->free()[pc->a].get()
                                       : fp[-1];
  }
  R(at->a) = made;
  NEXT();
}
do_Loop : {
  Value *to = fp + A, *from = fp + B;
  for (std::size_t n = C; n > 0; --n) *to++ = *from++;
  ++pc;
  top_ = fp + A;
  pc += wide(pc[-1]);
  me.safepoint();
  if (limit_.load(std::memory_order_relaxed) == nullptr) [[unlikely]]
    throw Interrupted{};
  NEXT();
}

do_CallGlobal:
  callee = untag<Symbol>(K(A))->value;
  nargs = B;
  ++pc;
  R(A + 1) = callee;
  goto call;
do_Call:
  callee = R(A + 1);
  nargs = B;
call:  // pc[-1] has base and destination
  if (is_closure(callee)) [[likely]] {
    fp += A;
    fp[0] = std::bit_cast<Value>(pc);
    fp += 2;
    pc = closure(callee)->entry;
    NEXT();
  }
  if (is_type(callee, Type::kPrimitive) && untag<Primitive>(callee)->function != nullptr) {
    SAVE();
    R(C) = call_primitive(callee, fp + A + 2, nargs);
    NEXT();
  }
  if (!is_procedure(callee)) [[unlikely]] {
    SAVE();
    machine_not_procedure(*this, callee, called_name(pc, fp));
  }
  fp += A;
  fp[0] = std::bit_cast<Value>(pc);
  fp += 2;
  goto invoke;

do_TailCallGlobal:
  callee = untag<Symbol>(K(A))->value;
  nargs = B;
  ++pc;
  R(A + 1) = callee;
  goto tail_call;
do_TailCall:
  callee = R(A + 1);
  nargs = B;
tail_call:
  if (!is_closure(callee)) [[unlikely]] {
    if (!is_procedure(callee)) {
      SAVE();
      machine_not_procedure(*this, callee, called_name(pc, fp));
    }
    if (is_type(callee, Type::kPrimitive) && untag<Primitive>(callee)->function != nullptr) {
      SAVE();
      callee = call_primitive(callee, fp + A + 2, nargs);
      goto return_value;
    }
  }
  {
    const Value* from = fp + A + 1;
    for (std::size_t i = 0; i <= nargs; ++i) fp[static_cast<std::ptrdiff_t>(i) - 1] = from[i];
  }
  if (is_closure(callee)) [[likely]] {
    pc = closure(callee)->entry;
    NEXT();
  }

invoke:  // the frame of what fp[-1] names, which is no closure or may be none, is set up, with nargs arguments
  for (;;) {
    callee = fp[-1];
    if (is_closure(callee)) {
      pc = closure(callee)->entry;
      NEXT();
    }
    fp_ = fp;
    pc_ = std::bit_cast<const Instruction*>(fp[-2]);
    top_ = fp + nargs;
    pending_arguments_ = nargs;
    if (invoke_special()) {  // fp[-1] is the value to return
      fp = fp_;
      callee = fp[-1];
      goto return_value;
    }
    fp = fp_;
    nargs = pending_arguments_;
  }

do_Return:
  callee = R(A);
return_value : {
  pc = std::bit_cast<const Instruction*>(fp[-2]);
  fp -= A + 2;
  R(C) = callee;
  NEXT();
}
do_Underflow:
  callee = R(0);
  if (!underflow()) return callee;
  fp = fp_;
  goto return_value;

do_EntryRest : {
  if (nargs < A) [[unlikely]]
    goto arity;
  Value rest = kNil;
  top_ = fp + nargs;
  for (std::size_t i = nargs; i > A; --i) rest = cons(R(i - 1), rest);
  R(A) = rest;
  nargs = A + 1u;
  goto entered;
}
do_Entry:
  if (nargs != A) [[unlikely]]
    goto arity;
entered:
  if (fp + B > limit_.load(std::memory_order_relaxed)) [[unlikely]] {
    fp_ = fp;
    pc_ = pc;
    overflow(nargs);
    fp = fp_;
  }
  top_ = fp + nargs;
  me.safepoint();
  NEXT();
arity:
  SAVE();
  machine_arity(*this, fp[-1], nargs);

do_Cons:
  ALLOCATES();
  R(A) = cons(R(B), R(C));
  NEXT();

// A fixnum is its number shifted, so sums need no shifts, and a product one; `operand`: y for that.
#define ARITHMETIC(label, builtin, slow, second, operand)                                            \
  do_##label : {                                                                                     \
    const Value x = R(B), y = second;                                                                \
    std::int64_t result;                                                                             \
    if (both_fixnums(x, y) && !builtin(static_cast<std::int64_t>(x), operand, &result)) [[likely]] { \
      R(A) = static_cast<Value>(result);                                                             \
      NEXT();                                                                                        \
    }                                                                                                \
    ALLOCATES();                                                                                     \
    SAVE();                                                                                          \
    R(A) = machine_arithmetic(*this, slow, x, y);                                                    \
    NEXT();                                                                                          \
  }
#define SHORT_C fixnum(static_cast<std::int16_t>(C))
  ARITHMETIC(Add, __builtin_add_overflow, Arithmetic::kAdd, R(C), static_cast<std::int64_t>(y))
  ARITHMETIC(Sub, __builtin_sub_overflow, Arithmetic::kSubtract, R(C), static_cast<std::int64_t>(y))
  ARITHMETIC(AddImmediate, __builtin_add_overflow, Arithmetic::kAdd, SHORT_C, static_cast<std::int64_t>(y))
  ARITHMETIC(SubImmediate, __builtin_sub_overflow, Arithmetic::kSubtract, SHORT_C, static_cast<std::int64_t>(y))
  ARITHMETIC(Mul, __builtin_mul_overflow, Arithmetic::kMultiply, R(C), fixnum_value(y))
#define DIVISION(label, slow, expression)                                    \
  do_##label : {                                                             \
    const Value x = R(B), y = R(C);                                          \
    if (both_fixnums(x, y) && static_cast<std::int64_t>(y) > 0) [[likely]] { \
      const std::int64_t n = fixnum_value(x), d = fixnum_value(y);           \
      R(A) = fixnum(expression);                                             \
      NEXT();                                                                \
    }                                                                        \
    ALLOCATES();                                                             \
    SAVE();                                                                  \
    R(A) = machine_arithmetic(*this, slow, x, y);                            \
    NEXT();                                                                  \
  }
  DIVISION(Quotient, Arithmetic::kQuotient, n / d)
  DIVISION(Remainder, Arithmetic::kRemainder, n % d)
  DIVISION(Modulo, Arithmetic::kModulo, (n % d + d) % d)

#define RECORD(label, record, type, effect)                                                    \
  do_##label : if (!is_type(record, Type::kRecord) || slots(record)[0] != type) [[unlikely]] { \
    SAVE();                                                                                    \
    machine_record(*this, record, type);                                                       \
  }                                                                                            \
  effect;                                                                                      \
  ++pc;                                                                                        \
  NEXT();
  RECORD(RecordRef, R(B), R(C), R(A) = slots(R(B))[pc->a])
  RECORD(RecordSet, R(A), R(B), slots(R(A))[pc->a] = R(C))

#define UNARY_TEST(yes, no, condition)            \
  do_##yes : if (condition) pc += wide(pc[-1]);   \
  NEXT();                                         \
  do_##no : if (!(condition)) pc += wide(pc[-1]); \
  NEXT();
  UNARY_TEST(IfNull, IfNotNull, R(A) == kNil)
  UNARY_TEST(IfPair, IfNotPair, is_pair(R(A)))
#define BINARY_TEST(yes, no, condition) \
  do_##yes : if (condition) pc += A;    \
  NEXT();                               \
  do_##no : if (!(condition)) pc += A;  \
  NEXT();
  BINARY_TEST(IfEq, IfNotEq, R(B) == R(C))
  BINARY_TEST(IfEqv, IfNotEqv, (R(B) == R(C) || eqv(R(B), R(C))))
  BINARY_TEST(IfRecord, IfNotRecord, (is_type(R(B), Type::kRecord) && slots(R(B))[0] == R(C)))

#define TWO_CHARS (is_char(R(B)) && is_char(R(C)))
  CHECKED(IfCharEqual, !TWO_CHARS, "char=?", if (R(B) == R(C)) pc += A, R(B), R(C))
  CHECKED(IfNotCharEqual, !TWO_CHARS, "char=?", if (R(B) != R(C)) pc += A, R(B), R(C))

// The order matters with a NaN: a comparison that is not true is false, whatever the opposite one would say.
#define COMPARE(label, op, second, sense)                                                   \
  do_##label : {                                                                            \
    const Value x = R(B), y = second;                                                       \
    if (both_fixnums(x, y)) [[likely]] {                                                    \
      if ((static_cast<std::int64_t>(x) op static_cast<std::int64_t>(y)) == sense) pc += A; \
      NEXT();                                                                               \
    }                                                                                       \
    SAVE();                                                                                 \
    const int order = machine_compare(*this, #op, x, y);                                    \
    if ((order != 2 && order op 0) == sense) pc += A;                                       \
    NEXT();                                                                                 \
  }
#define COMPARISONS(name, op)                     \
  COMPARE(If##name, op, R(C), true)               \
  COMPARE(IfNot##name, op, R(C), false)           \
  COMPARE(If##name##Immediate, op, SHORT_C, true) \
  COMPARE(IfNot##name##Immediate, op, SHORT_C, false)
  COMPARISONS(Equal, ==)
  COMPARISONS(Less, <)
  COMPARISONS(Greater, >)
  COMPARISONS(LessEqual, <=)
  COMPARISONS(GreaterEqual, >=)
}

}  // namespace scheme
