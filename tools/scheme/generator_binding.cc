// Job: code for what binds: closures and their captures, loops, let and letrec.
#include "generator.h"

namespace scheme {

/// Which of f's captures `local` is; the functions between it and its home capture it too.
int Generator::captured_index(Function& f, Local* local) {
  for (std::size_t i = 0; i < f.captured.size(); ++i) {
    if (f.captured[i] == local) return static_cast<int>(i);
  }
  f.captured.push_back(local);
  return static_cast<int>(f.captured.size()) - 1;
}

/// Makes a closure; returns the register it is in: `target` if that is the next free one, else that one.
int Generator::closure(Node* lambda, int target, Local* self, std::vector<Patch>* patches) {
  Function inner;
  inner.outer = f_;
  inner.lambda = lambda;
  inner.self = self;
  Function* const outer = f_;
  const std::uint32_t line = line_;
  f_ = &inner;
  emit(lambda->flag ? Op::kEntryRest : Op::kEntry, lambda->number);
  for (Local* p = lambda->local; p != nullptr; p = p->next) p->reg = take();
  for (Local* p = lambda->local; p != nullptr; p = p->next) {
    if (p->assigned) box(p->reg);
  }
  compile(lambda->a, 0, Context::kTail);
  const Value constants = finish(inner, lambda->value);
  f_ = outer;
  line_ = line;
  const Instruction* entry = untag<Code>(slots(constants)[0])->instructions->data();
  if (inner.captured.empty()) {  // one closure will do for all evaluations
    load_constant(vm_.make_closure(constants, entry, 0), target);
    return target;
  }
  const int reg = f_->next;
  use(reg);
  // Captures first: naming them may add to this function's own.
  std::vector<Instruction> sources;
  for (Local* local : inner.captured) {
    Capture from = Capture::kRegister;
    int index = local->reg;
    if (local->home != f_->lambda) {
      from = local == f_->self && !local->assigned ? Capture::kSelf : Capture::kFree;
      index = from == Capture::kSelf ? 0 : captured_index(*f_, local);
    } else if (patches != nullptr && !local->started) {
      patches->push_back({self, static_cast<int>(sources.size()), local});
    }
    sources.push_back({static_cast<std::uint16_t>(from), static_cast<std::uint16_t>(index), 0, 0});
  }
  emit(Op::kClosure, reg, constant(constants), static_cast<int>(sources.size()));
  for (const Instruction& source : sources) emit_raw(source);
  return reg;
}

/// A call of a procedure that is a loop: assigns its parameters and jumps, or, the first time, runs into its code.
void Generator::loop_call(Node* n, int target, Context context) {
  Node* lambda = n->a->local->init;
  const int saved = f_->next;
  if (lambda->label < 0) {
    lambda->base = saved;
    Local* p = lambda->local;
    for (Node* a = n->b; a != nullptr; a = a->next, p = p->next) {
      p->reg = f_->next;
      compile_value(a, p->reg);
      take();
    }
    lambda->label = static_cast<int>(f_->code.size());
    for (p = lambda->local; p != nullptr; p = p->next) {
      if (p->assigned) box(p->reg);
    }
    compile(lambda->a, target, context);
    f_->next = saved;
    return;
  }
  // Evaluate what changes, then move it all at once.
  Node* first = n->b;
  Local* p = lambda->local;
  auto unchanged = [](Node* a, Local* parameter) {
    return a->kind == NodeKind::kReference && a->local == parameter && !parameter->assigned;
  };
  for (; first != nullptr && unchanged(first, p); first = first->next) p = p->next;
  Node* end = first;
  Local* q = p;
  for (Node* a = first; a != nullptr; a = a->next, q = q->next) {
    if (!unchanged(a, q)) end = a->next;
  }
  int count = 0;
  if (first != nullptr && end == first->next && first->kind == NodeKind::kInline &&
      kInlines[first->number].kind != InlineKind::kAllocating) {
    compile_value(first, p->reg);
  } else {
    for (Node* a = first; a != end; a = a->next, ++count) {
      compile_value(a, f_->next);
      take();
    }
  }
  emit(Op::kLoop, p == nullptr ? 0 : p->reg, saved, count);
  const int height = lambda->base + node_count(n->b);
  emit_raw(make_wide(Op::kMove, height, lambda->label - static_cast<int>(f_->code.size()) - 1));
  f_->next = saved;
}

void Generator::bind_let(Node* n) {
  Local* local = n->local;
  for (Node* init = n->b; init != nullptr; init = init->next, local = local->next) {
    const int reg = f_->next;
    compile_value(init, reg);
    if (local->assigned) emit(Op::kBox, reg, reg);
    local->reg = take();
  }
}

void Generator::let(Node* n, int target, Context context) {
  const int saved = f_->next;
  bind_let(n);
  compile(n->a, target, context);
  f_->next = saved;
}

void Generator::letrec(Node* n, int target, Context context) {
  const int saved = f_->next;
  Local* only = nullptr;
  int kept = 0;
  for (Local* l = n->local; l != nullptr; l = l->next) {
    if (!l->looped) {
      only = l;
      ++kept;
    }
  }
  if (kept == 1 && only->init->kind == NodeKind::kLambda && !only->assigned) {
    const int reg = f_->next;
    only->reg = reg;
    closure(only->init, reg, only, nullptr);
    take();
  } else if (kept > 0) {
    for (Local* l = n->local; l != nullptr; l = l->next) {
      if (l->looped) continue;
      const int reg = f_->next;
      load_constant(kUndefined, reg);
      if (l->assigned) emit(Op::kBox, reg, reg);
      l->reg = take();
      l->started = l->assigned;
    }
    std::vector<Patch> patches;
    for (Local* l = n->local; l != nullptr; l = l->next) {
      if (l->looped) continue;
      int value = f_->next;
      if (l->init->kind == NodeKind::kLambda) {
        value = closure(l->init, value, l, &patches);
      } else {
        compile_value(l->init, value);
      }
      if (l->assigned) {
        emit(Op::kSetBox, l->reg, value);
      } else {
        move(l->reg, value);
      }
      l->started = true;
      for (const Patch& patch : patches) {
        if (patch.target != l || patch.closure == l) continue;
        int reg = patch.closure->reg;
        if (patch.closure->assigned) emit(Op::kUnbox, reg = value + 1, patch.closure->reg);
        use(reg);
        emit(Op::kPatch, reg, patch.slot, l->reg);
      }
    }
  }
  compile(n->a, target, context);
  f_->next = saved;
}

}  // namespace scheme
