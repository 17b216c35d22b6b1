// Job: from the tree to instructions: expressions and calls. Closures, loops and binding: generator_binding.cc; inlined
// procedures and tests: generator_inline.cc.
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
  const int saved = f_->next, reg = context == Context::kValue ? target : saved;  // where a simple value goes
  switch (n->kind) {
    case NodeKind::kConstant:
      if (context != Context::kEffect) load_constant(n->value, reg);
      break;
    case NodeKind::kReference:
      if (context == Context::kTail && in_register(n)) {
        emit(Op::kReturn, n->local->reg);
        return;
      }
      load_local(n->local, reg);
      break;
    case NodeKind::kGlobal:
      use(reg);
      emit(Op::kGlobal, reg, constant(n->value));
      break;
    case NodeKind::kSetLocal:
    case NodeKind::kSetGlobal:
      assignment(n);
      f_->next = saved;
      if (context != Context::kEffect) load_constant(kUnspecified, reg);
      break;
    case NodeKind::kLambda:
      if (context != Context::kEffect) move(reg, closure(n, reg, nullptr, nullptr));
      break;
    case NodeKind::kInline:
      return inlined(n, target, context);
    case NodeKind::kIf: {
      Label otherwise, end;
      test(n->a, false, otherwise);
      compile(n->b, target, context);
      if (context != Context::kTail) jump(Op::kJump, 0, end);
      bind(otherwise);
      compile(n->c, target, context);
      return bind(end);
    }
    case NodeKind::kSequence: {
      Node* item = n->b;
      for (; item->next != nullptr; item = item->next) compile(item, 0, Context::kEffect);
      return compile(item, target, context);
    }
    case NodeKind::kOr:
      return disjunction(n, target, context);
    case NodeKind::kCall:
      if (n->a->kind == NodeKind::kReference && n->a->local->looped) return loop_call(n, target, context);
      return call(n, reg, context);
    case NodeKind::kLet:
    case NodeKind::kLetrec:
      n->kind == NodeKind::kLet ? bind_let(n) : bind_letrec(n);
      compile(n->a, target, context);
      f_->next = saved;
      return;
  }
  if (context == Context::kTail) emit(Op::kReturn, reg);
}

/// A register that holds n's value: its own if n is a variable of this frame, else the next free one, which is taken.
int Generator::operand(Node* n) {
  if (in_register(n)) return n->local->reg;
  compile_value(n, f_->next);
  return take();
}

void Generator::assignment(Node* n) {
  const int value = operand(n->a);
  if (n->kind == NodeKind::kSetGlobal) {
    emit(n->flag ? Op::kDefineGlobal : Op::kSetGlobal, constant(n->value), value);
    return;
  }
  int box = n->local->reg;
  if (n->local->home != f_) emit(Op::kFree, box = take(), captured_index(n->local));
  emit(Op::kSetBox, box, value);
}

void Generator::disjunction(Node* n, int target, Context context) {
  Label yes, end;
  Node* item = n->b;
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

void Generator::call(Node* n, int target, Context context) {
  const int base = f_->next, arguments = node_count(n->b);
  const bool global = n->a->kind == NodeKind::kGlobal, tail = context == Context::kTail;
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
  use(target);
  if (global) {
    emit(tail ? Op::kTailCallGlobal : Op::kCallGlobal, constant(n->a->value), arguments);
    emit(Op::kMove, base, 0, target);
  } else {
    emit(tail ? Op::kTailCall : Op::kCall, base, arguments, target);
  }
}

/// Whether evaluating `n` may call a procedure, which may copy the frame into a continuation.
bool Generator::may_call(const Node* n) {
  if (n == nullptr || n->kind == NodeKind::kConstant || n->kind == NodeKind::kReference ||
      n->kind == NodeKind::kGlobal || n->kind == NodeKind::kLambda) {
    return false;
  }
  if (n->kind != NodeKind::kIf && n->kind != NodeKind::kInline) return true;
  for (const Node* a = n->b; a != nullptr; a = a->next) {
    if (may_call(a)) return true;
  }
  return may_call(n->a) || may_call(n->c);
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

void Generator::load_local(Local* local, int target) {
  use(target);
  if (local->home == f_) {
    if (local->assigned) emit(Op::kUnbox, target, local->reg);
    if (!local->assigned) move(target, local->reg);
  } else if (local == f_->self && !local->assigned) {
    emit(Op::kSelf, target);
  } else {
    emit(local->assigned ? Op::kFreeUnbox : Op::kFree, target, captured_index(local));
  }
  if (local->checked) emit(Op::kCheck, target, constant(strip_syntax(vm_, local->name)));
}

// --- The code ---

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

int Generator::constant(Value v) {
  const std::size_t n = f_->constant_count;
  for (std::size_t i = n > 64 ? n - 64 : 1; i < n; ++i) {
    if (slots(f_->constants)[i] == v) return static_cast<int>(i);
  }
  if (n > 0xffff) vm_.error("compiling: expected a procedure with fewer than 65536 constants");
  if (n == 1 || n == slot_count(f_->constants)) {
    const Value larger = vm_.make_slots(Type::kVector, n == 1 ? 8 : 2 * n, kFalse);
    for (std::size_t i = 1; i < n; ++i) slots(larger)[i] = slots(f_->constants)[i];
    f_->constants = larger;
  }
  slots(f_->constants)[n] = v;
  return static_cast<int>(f_->constant_count++);
}

void Generator::move(int target, int source) {
  use(target);
  if (target != source) emit(Op::kMove, target, source);
}

void Generator::emit_raw(Instruction i) {
  f_->code.push_back(i);
  f_->lines.push_back(line_);
}

int Generator::emit(Op op, int a, int b, int c) {
  emit_raw({static_cast<std::uint16_t>(op), static_cast<std::uint16_t>(a), static_cast<std::uint16_t>(b),
            static_cast<std::uint16_t>(c)});
  return here() - 1;
}

void Generator::jump(Op op, int reg, Label& target) {
  target.push_back(here());
  emit_raw(make_wide(op, reg, 0));
}

void Generator::bind(const Label& label) {
  for (const int j : label) {
    const int at = j < 0 ? ~j : j, distance = here() - at - 1;
    Instruction& i = f_->code[static_cast<std::size_t>(at)];
    if (j >= 0) {
      i = make_wide(static_cast<Op>(i.op), i.a, distance);
    } else {
      if (distance > 32767) vm_.error("compiling: expected a procedure with shorter branches; split it");
      i.a = static_cast<std::uint16_t>(distance);
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
