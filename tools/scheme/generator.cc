// Job: from the tree to instructions: expressions and calls. Closures, loops and binding:
// generator_binding.cc; inlined procedures and tests: generator_inline.cc.
//
// How. compile(n, target, context) puts n's value into register `target` (kValue), nowhere (kEffect), or returns it
// (kTail). Registers are a stack: `next` is the first free one, and what is below it has been written (I2).
// Instructions that allocate want next as their destination (I1), so they are followed by a move where that is not the
// target. `target` may hold a variable that the expression still reads: it is written last.
#include "generator.h"

namespace scheme {

Value generate(Vm& vm, Node* root, Value file) { return Generator(vm, file).top_level(root); }

Value Generator::top_level(Node* root) {
  Function f;
  f_ = &f;
  emit(Op::kEntry);
  compile_value(root, 0);  // its calls are not tail calls: the frame stays, to tell where they came from
  emit(Op::kReturn, 0);
  const Value constants = finish(f, kFalse);
  return vm_.make_closure(constants, untag<Code>(slots(constants)[0])->instructions->data(), 0);
}

void Generator::compile(Node* n, int target, Context context) {
  vm_.guard_native_stack("compiling");
  if (n->line != 0) line_ = n->line;
  const int reg = context == Context::kValue ? target : f_->next;  // where a simple value goes
  switch (n->kind) {
    case NodeKind::kConstant:
      if (context == Context::kEffect) return;
      load_constant(n->value, reg);
      break;
    case NodeKind::kReference:
      if (context == Context::kTail && n->local->home == f_->lambda && !n->local->assigned && !n->flag) {
        emit(Op::kReturn, n->local->reg);
        return;
      }
      load_local(n, reg);
      break;
    case NodeKind::kGlobal:
      use(reg);
      emit(Op::kGlobal, reg, constant(n->value));
      break;
    case NodeKind::kSetLocal: {
      const int saved = f_->next, value = operand(n->a);
      int holder = n->local->reg;
      if (n->local->home != f_->lambda) {
        holder = take();
        emit(Op::kFree, holder, captured_index(*f_, n->local));
      }
      emit(Op::kSetBox, holder, value);
      f_->next = saved;
      if (context == Context::kEffect) return;
      load_constant(kUnspecified, reg);
      break;
    }
    case NodeKind::kSetGlobal:
    case NodeKind::kDefine: {
      const int saved = f_->next, value = operand(n->a);
      emit(n->kind == NodeKind::kDefine ? Op::kDefineGlobal : Op::kSetGlobal, constant(n->value), value);
      f_->next = saved;
      if (context == Context::kEffect) return;
      load_constant(kUnspecified, reg);
      break;
    }
    case NodeKind::kIf:
      return conditional(n, target, context);
    case NodeKind::kSequence:
      return sequence(n->a, target, context);
    case NodeKind::kAnd: {
      Label no, end;
      Node* item = n->a;
      for (; item->next != nullptr; item = item->next) test(item, false, no);
      compile(item, target, context);
      if (context == Context::kValue) jump(Op::kJump, 0, end);
      bind(no);
      if (context != Context::kEffect) load_constant(kFalse, reg);
      if (context == Context::kTail) emit(Op::kReturn, reg);
      bind(end);
      return;
    }
    case NodeKind::kOr:
      return disjunction(n, target, context);
    case NodeKind::kCall:
      if (n->a->kind == NodeKind::kReference && n->a->local->looped) return loop_call(n, target, context);
      return call(n, reg, context);
    case NodeKind::kInline:
      return inlined(n, target, context);
    case NodeKind::kLambda:
      if (context == Context::kEffect) return;
      move(reg, closure(n, reg, nullptr, nullptr));
      break;
    case NodeKind::kCaseLambda:
      return case_lambda(n, reg, context);
    case NodeKind::kLet:
      return let(n, target, context);
    case NodeKind::kLetrec:
      return letrec(n, target, context);
  }
  if (context == Context::kTail) emit(Op::kReturn, reg);
}

/// A register that holds n's value: its own if n is a variable of this frame, else the next free one, which is taken.
int Generator::operand(Node* n) {
  if (n->kind == NodeKind::kReference && n->local->home == f_->lambda && !n->local->assigned && !n->flag) {
    return n->local->reg;
  }
  const int reg = f_->next;
  compile_value(n, reg);
  return take();
}

void Generator::sequence(Node* list, int target, Context context) {
  for (; list->next != nullptr; list = list->next) compile(list, 0, Context::kEffect);
  compile(list, target, context);
}

void Generator::conditional(Node* n, int target, Context context) {
  Label otherwise, end;
  test(n->a, false, otherwise);
  compile(n->b, target, context);
  if (context != Context::kTail) jump(Op::kJump, 0, end);
  bind(otherwise);
  compile(n->c, target, context);
  bind(end);
}

void Generator::disjunction(Node* n, int target, Context context) {
  Label yes, end;
  Node* item = n->a;
  const int saved = f_->next;
  for (; item->next != nullptr; item = item->next) {
    if (context == Context::kEffect) {
      test(item, true, yes);
    } else {  // not into target, which the other items may read
      compile_value(item, saved);
      jump(Op::kJumpIf, saved, yes);
    }
  }
  compile(item, target, context);
  if (context == Context::kValue) jump(Op::kJump, 0, end);
  bind(yes);
  if (context == Context::kValue) move(target, saved);
  if (context == Context::kTail) emit(Op::kReturn, saved);
  bind(end);
}

void Generator::load_constant(Value v, int target) {
  use(target);
  const auto word = static_cast<std::int64_t>(v);
  if ((v & 1) == 0 && word == static_cast<std::int32_t>(word)) {
    emit_raw(make_wide(Op::kImmediate, target, static_cast<std::int32_t>(word)));
  } else {
    emit(Op::kConstant, target, constant(v));
  }
}

void Generator::load_local(Node* reference, int target) {
  Local* local = reference->local;
  use(target);
  if (local->home == f_->lambda) {
    if (local->assigned) {
      emit(Op::kUnbox, target, local->reg);
    } else {
      move(target, local->reg);
    }
  } else if (local == f_->self && !local->assigned) {
    emit(Op::kSelf, target);
  } else {
    emit(local->assigned ? Op::kFreeUnbox : Op::kFree, target, captured_index(*f_, local));
  }
  if (reference->flag) emit(Op::kCheck, target, constant(strip_syntax(vm_, local->name)));
}

Value Generator::finish(Function& f, Value name) {
  f.code[0].b = static_cast<std::uint16_t>(f.size);
  auto* instructions = vm_.me.make_array<Instruction>(f.code.size());
  std::copy(f.code.begin(), f.code.end(), instructions->begin());
  auto* lines = vm_.me.make_array<std::uint32_t>(f.lines.size());
  std::copy(f.lines.begin(), f.lines.end(), lines->begin());
  Code* code = vm_.me.make<Code>();
  code->instructions = instructions;
  code->lines = lines;
  code->name = name;
  code->file = file_;
  const Value constants = vm_.make_slots(Type::kVector, f.constant_count, kFalse);
  for (std::size_t i = 1; i < f.constant_count; ++i) slots(constants)[i] = slots(f.constants)[i];
  slots(constants)[0] = object(code);
  return constants;
}

void Generator::call(Node* n, int target, Context context) {
  const int base = f_->next, arguments = node_count(n->b);
  const bool global = n->a->kind == NodeKind::kGlobal;
  bool calls = !global && may_call(n->a);
  for (Node* a = n->b; a != nullptr; a = a->next) calls = calls || may_call(a);
  if (calls) emit(Op::kClear, base);
  use(base + 2 + arguments);
  f_->next = base + 2;
  if (!global) compile_value(n->a, base + 1);
  for (Node* a = n->b; a != nullptr; a = a->next) {
    compile_value(a, f_->next);
    take();
  }
  f_->next = base;
  if (n->line != 0) line_ = n->line;
  const bool tail = context == Context::kTail;
  use(target);
  if (global) {
    emit(tail ? Op::kTailCallGlobal : Op::kCallGlobal, constant(n->a->value), arguments);
    emit_raw({0, static_cast<std::uint16_t>(base), 0, static_cast<std::uint16_t>(target)});
  } else {
    emit(tail ? Op::kTailCall : Op::kCall, base, arguments, target);
  }
}

void Generator::case_lambda(Node* n, int target, Context context) {
  Node* call_node = vm_.me.make<Node>(NodeKind::kCall, line_);
  call_node->a = vm_.me.make<Node>(NodeKind::kGlobal, line_);
  call_node->a->value = vm_.symbol("%case-lambda");
  call_node->b = n->a;
  n->b = call_node;  // keeps it
  call(call_node, target, context);
}

void Generator::box(int reg) {
  const int temporary = f_->next;
  use(temporary);
  emit(Op::kBox, temporary, reg);
  emit(Op::kMove, reg, temporary);
}

void Generator::move(int target, int source) {
  use(target);
  if (target != source) emit(Op::kMove, target, source);
}

/// Whether evaluating `n` may call a procedure, which may copy the frame into a continuation.
bool Generator::may_call(Node* n) {
  if (n == nullptr) return false;
  switch (n->kind) {
    case NodeKind::kConstant:
    case NodeKind::kReference:
    case NodeKind::kGlobal:
    case NodeKind::kLambda:
      return false;
    case NodeKind::kIf:
      return may_call(n->a) || may_call(n->b) || may_call(n->c);
    case NodeKind::kInline:
      for (Node* a = n->b; a != nullptr; a = a->next) {
        if (may_call(a)) return true;
      }
      return false;
    default:
      return true;
  }
}

int Generator::constant(Value v) {
  if (f_->constants == kFalse) f_->constants = vm_.make_slots(Type::kVector, 8, kFalse);
  const std::size_t oldest = f_->constant_count > 64 ? f_->constant_count - 64 : 1;
  for (std::size_t i = oldest; i < f_->constant_count; ++i) {
    if (slots(f_->constants)[i] == v) return static_cast<int>(i);
  }
  if (f_->constant_count == slot_count(f_->constants)) {
    const Value larger = vm_.make_slots(Type::kVector, 2 * f_->constant_count, kFalse);
    for (std::size_t i = 1; i < f_->constant_count; ++i) slots(larger)[i] = slots(f_->constants)[i];
    f_->constants = larger;
  }
  if (f_->constant_count > 0xffff) vm_.error("compiling: expected a procedure with fewer than 65536 constants");
  slots(f_->constants)[f_->constant_count] = v;
  return static_cast<int>(f_->constant_count++);
}

void Generator::emit_raw(Instruction i) {
  f_->code.push_back(i);
  f_->lines.push_back(line_);
}

int Generator::emit(Op op, int a, int b, int c) {
  emit_raw({static_cast<std::uint16_t>(op), static_cast<std::uint16_t>(a), static_cast<std::uint16_t>(b),
            static_cast<std::uint16_t>(c)});
  return static_cast<int>(f_->code.size()) - 1;
}

void Generator::jump(Op op, int reg, Label& target) {
  emit_raw(make_wide(op, reg, 0));
  target.jumps.push_back(static_cast<int>(f_->code.size()) - 1);
}

void Generator::jump_short(Op op, int b, int c, Label& target) { target.jumps.push_back(-emit(op, 0, b, c) - 1); }

void Generator::bind(Label& label) {
  const int here = static_cast<int>(f_->code.size());
  for (const int j : label.jumps) {
    if (j >= 0) {
      f_->code[static_cast<std::size_t>(j)] = make_wide(static_cast<Op>(f_->code[static_cast<std::size_t>(j)].op),
                                                        f_->code[static_cast<std::size_t>(j)].a, here - j - 1);
    } else {
      const int at = -j - 1, distance = here - at - 1;
      if (distance > 32767) vm_.error("compiling: expected a procedure with shorter branches; split it");
      f_->code[static_cast<std::size_t>(at)].a = static_cast<std::uint16_t>(distance);
    }
  }
}

int Generator::take() {
  use(f_->next);
  return f_->next++;
}

void Generator::use(int reg) {
  if (reg >= 60000) vm_.error("compiling: expected an expression with fewer variables and temporaries");
  if (reg >= f_->size) f_->size = reg + 1;
}

}  // namespace scheme
