// Job: code for procedures that are instructions, and for tests, which jump instead of making #t or #f.
#include "generator.h"

namespace scheme {

void Generator::inlined(Node* n, int target, Context context) {
  const Inline& what = kInlines[n->number];
  const int saved = f_->next;
  const int reg = context == Context::kValue ? target : saved;
  use(reg);
  switch (what.kind) {
    case InlineKind::kUnary: {
      const int b = operand(n->b);
      emit(what.op, reg, b);
      break;
    }
    case InlineKind::kBinary: {
      const int b = operand(n->b), c = operand(n->b->next);
      emit(what.op, reg, b, c);
      break;
    }
    case InlineKind::kAllocating: {
      Node *left = n->b, *right = n->b->next;
      Op op = what.op;
      int b, c;
      if (op == Op::kAdd && short_constant(left)) std::swap(left, right);
      if ((op == Op::kAdd || op == Op::kSub) && short_constant(right)) {
        op = op == Op::kAdd ? Op::kAddImmediate : Op::kSubImmediate;
        b = operand(left);
        c = static_cast<int>(fixnum_value(right->value));
      } else {
        b = operand(left);
        c = operand(right);
      }
      f_->next = saved;
      use(saved);
      emit(op, saved, b, c);
      if (context == Context::kValue) move(reg, saved);
      break;
    }
    case InlineKind::kEffect: {
      const int a = operand(n->b), b = operand(n->b->next);
      emit(what.op, a, b, what.arguments == 3 ? operand(n->b->next->next) : 0);
      if (context != Context::kEffect) load_constant(kUnspecified, reg);
      break;
    }
    case InlineKind::kRecord: {
      const int record = operand(n->b), type = operand(n->b->next);
      const auto field = static_cast<std::uint16_t>(fixnum_value(n->b->next->next->value) + 1);
      if (what.op == Op::kRecordRef) {
        emit(what.op, reg, record, type);
      } else {
        emit(what.op, record, type, operand(n->b->next->next->next));
      }
      emit_raw({0, field, 0, 0});
      if (what.op == Op::kRecordSet && context != Context::kEffect) load_constant(kUnspecified, reg);
      break;
    }
    case InlineKind::kUnaryTest:
    case InlineKind::kBinaryTest: {
      Label no, end;
      test(n, false, no);
      load_constant(kTrue, reg);
      jump(Op::kJump, 0, end);
      bind(no);
      load_constant(kFalse, reg);
      bind(end);
      break;
    }
  }
  f_->next = saved;
  if (context == Context::kTail) emit(Op::kReturn, reg);
}

void Generator::test(Node* n, bool sense, Label& target) {
  vm_.guard_native_stack("compiling");
  if (n->line != 0) line_ = n->line;
  const int saved = f_->next;
  switch (n->kind) {
    case NodeKind::kConstant:
      if (truthy(n->value) == sense) jump(Op::kJump, 0, target);
      return;
    case NodeKind::kSequence: {
      Node* item = n->a;
      for (; item->next != nullptr; item = item->next) compile(item, 0, Context::kEffect);
      return test(item, sense, target);
    }
    case NodeKind::kLet:
      bind_let(n);
      test(n->a, sense, target);
      f_->next = saved;
      return;
    case NodeKind::kIf: {
      Label otherwise, end;
      test(n->a, false, otherwise);
      test(n->b, sense, target);
      jump(Op::kJump, 0, end);
      bind(otherwise);
      test(n->c, sense, target);
      bind(end);
      return;
    }
    case NodeKind::kAnd:
    case NodeKind::kOr: {
      // Of (and a b), a jumps to the target if it is false and so does the target's sense; else past the end.
      const bool decides = n->kind == NodeKind::kOr;
      Label end;
      Node* item = n->a;
      for (; item->next != nullptr; item = item->next) test(item, decides, decides == sense ? target : end);
      test(item, sense, target);
      bind(end);
      return;
    }
    case NodeKind::kInline:
      if (kInlines[n->number].kind == InlineKind::kUnaryTest || kInlines[n->number].kind == InlineKind::kBinaryTest) {
        test_inline(n, sense, target);
        f_->next = saved;
        return;
      }
      [[fallthrough]];
    default: {
      const int reg = operand(n);
      f_->next = saved;
      jump(sense ? Op::kJumpIf : Op::kJumpIfNot, reg, target);
    }
  }
}

void Generator::test_inline(Node* n, bool sense, Label& target) {
  const Inline& what = kInlines[n->number];
  if (what.op == Op::kJumpIfNot) return test(n->b, !sense, target);  // not
  if (what.kind == InlineKind::kUnaryTest) {
    jump(static_cast<Op>(true_or_false(what.op, sense)), operand(n->b), target);
    return;
  }
  Node *left = n->b, *right = n->b->next;
  Op op = what.op;
  if (op >= Op::kIfEqual && op <= Op::kIfNotGreaterEqual) {
    if (short_constant(left)) {  // (< 1 x) is (> x 1)
      std::swap(left, right);
      op = op == Op::kIfLess           ? Op::kIfGreater
           : op == Op::kIfGreater      ? Op::kIfLess
           : op == Op::kIfLessEqual    ? Op::kIfGreaterEqual
           : op == Op::kIfGreaterEqual ? Op::kIfLessEqual
                                       : op;
    }
    if (short_constant(right)) {
      const int immediate_op =
          true_or_false(op, sense) + static_cast<int>(Op::kIfEqualImmediate) - static_cast<int>(Op::kIfEqual);
      jump_short(static_cast<Op>(immediate_op), operand(left), static_cast<int>(fixnum_value(right->value)), target);
      return;
    }
  }
  const int b = operand(left), c = operand(right);
  jump_short(static_cast<Op>(true_or_false(op, sense)), b, c, target);
}

}  // namespace scheme
