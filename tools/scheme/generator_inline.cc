// Job: code for procedures that are instructions, and for tests, which jump instead of making #t or #f.
#include "generator.h"

namespace scheme {
namespace {

bool is_short(const Node* n) {
  return n->kind == NodeKind::kConstant && is_fixnum(n->value) && fixnum_value(n->value) >= -32768 &&
         fixnum_value(n->value) <= 32767;
}
int short_value(const Node* n) { return static_cast<int>(fixnum_value(n->value)); }

bool is_test(const Node* n) {
  return n->kind == NodeKind::kInline &&
         (kInlines[n->number].kind == InlineKind::kUnaryTest || kInlines[n->number].kind == InlineKind::kBinaryTest);
}

Op shifted(Op op, int by) { return static_cast<Op>(static_cast<int>(op) + by); }

}  // namespace

void Generator::inlined(Node* n, int target, Context context) {
  const int saved = f_->next, reg = context == Context::kValue ? target : saved;
  use(reg);
  if (is_test(n)) {
    Label no, end;
    test(n, false, no);
    load_constant(kTrue, reg);
    jump(Op::kJump, 0, end);
    bind(no);
    load_constant(kFalse, reg);
    bind(end);
  } else {
    inlined_value(n, reg, context);
  }
  f_->next = saved;
  if (context == Context::kTail) emit(Op::kReturn, reg);
}

void Generator::inlined_value(Node* n, int reg, Context context) {
  const Inline& what = kInlines[n->number];
  const int saved = f_->next;
  Node *left = n->b, *right = n->b->next;
  Op op = what.op;
  switch (what.kind) {
    case InlineKind::kValue: {
      const int b = operand(left), c = right != nullptr ? operand(right) : 0;
      emit(op, reg, b, c);
      break;
    }
    case InlineKind::kAllocating: {
      if (op == Op::kAdd && is_short(left)) std::swap(left, right);
      const bool immediate = (op == Op::kAdd || op == Op::kSub) && is_short(right);
      const int b = operand(left), c = immediate ? short_value(right) : operand(right);
      if (immediate) op = op == Op::kAdd ? Op::kAddImmediate : Op::kSubImmediate;
      f_->next = saved;
      use(saved);
      emit(op, saved, b, c);
      if (context == Context::kValue) move(reg, saved);
      break;
    }
    case InlineKind::kRecord: {
      const int record = operand(left), type = operand(right);
      Node* const place = right->next;
      if (op == Op::kRecordRef) emit(op, reg, record, type);
      if (op == Op::kRecordSet) emit(op, record, type, operand(place->next));
      emit(Op::kMove, short_value(place) + 1);
      if (op == Op::kRecordSet && context != Context::kEffect) load_constant(kUnspecified, reg);
      break;
    }
    default: {  // an effect
      const int a = operand(left), b = operand(right);
      emit(op, a, b, what.arguments == 3 ? operand(right->next) : 0);
      if (context != Context::kEffect) load_constant(kUnspecified, reg);
    }
  }
}

/// Jumps to `target` if n's truth is `sense`, else falls through.
void Generator::test(Node* n, bool sense, Label& target) {
  vm_.guard_native_stack("compiling");
  if (n->line != 0) line_ = n->line;
  const int saved = f_->next;
  Label end;
  switch (n->kind) {
    case NodeKind::kConstant:
      if (truthy(n->value) == sense) jump(Op::kJump, 0, target);
      return;
    case NodeKind::kSequence:
    case NodeKind::kOr: {  // an or jumps out at the first item that is true
      Node* item = n->b;
      for (; item->next != nullptr; item = item->next) {
        if (n->kind == NodeKind::kOr) test(item, true, sense ? target : end);
        if (n->kind == NodeKind::kSequence) compile(item, 0, Context::kEffect);
      }
      test(item, sense, target);
      return bind(end);
    }
    case NodeKind::kLet:
      bind_let(n);
      test(n->a, sense, target);
      f_->next = saved;
      return;
    case NodeKind::kIf: {
      if (n->c->kind == NodeKind::kConstant) {  // an and
        test(n->a, false, truthy(n->c->value) == sense ? target : end);
        test(n->b, sense, target);
        return bind(end);
      }
      Label otherwise;
      test(n->a, false, otherwise);
      test(n->b, sense, target);
      jump(Op::kJump, 0, end);
      bind(otherwise);
      test(n->c, sense, target);
      return bind(end);
    }
    default:
      if (is_test(n)) return test_inline(n, sense, target);
      const int reg = operand(n);
      f_->next = saved;
      jump(sense ? Op::kJumpIf : Op::kJumpIfNot, reg, target);
  }
}

void Generator::test_inline(Node* n, bool sense, Label& target) {
  const Inline& what = kInlines[n->number];
  const int saved = f_->next, negated = sense ? 0 : 1;
  Node *left = n->b, *right = n->b->next;
  Op op = what.op;
  if (op == Op::kJumpIfNot) return test(left, !sense, target);  // not
  if (what.kind == InlineKind::kUnaryTest) {
    const int a = operand(left);
    jump(shifted(op, negated), a, target);
    f_->next = saved;
    return;
  }
  const bool compares = op >= Op::kIfEqual && op <= Op::kIfNotGreaterEqual;
  if (compares && is_short(left)) {  // (< 1 x) is (> x 1)
    std::swap(left, right);
    op = op == Op::kIfLess           ? Op::kIfGreater
         : op == Op::kIfGreater      ? Op::kIfLess
         : op == Op::kIfLessEqual    ? Op::kIfGreaterEqual
         : op == Op::kIfGreaterEqual ? Op::kIfLessEqual
                                     : op;
  }
  const bool immediate = compares && is_short(right);
  const int b = operand(left), c = immediate ? short_value(right) : operand(right);
  if (immediate) op = shifted(op, static_cast<int>(Op::kIfEqualImmediate) - static_cast<int>(Op::kIfEqual));
  jump_short(shifted(op, negated), b, c, target);
  f_->next = saved;
}

}  // namespace scheme
