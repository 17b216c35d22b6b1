// Job: code for what binds: closures and their captures, loops, let and letrec.
#include "generator.h"

namespace scheme {

/// Which of the running procedure's captures `local` is.
int Generator::captured_index(Local* local) {
  auto& captured = f_->captured;
  for (std::size_t i = 0; i < captured.size(); ++i) {
    if (captured[i] == local) return static_cast<int>(i);
  }
  captured.push_back(local);
  return static_cast<int>(captured.size()) - 1;
}

void Generator::box_parameters(Local* list) {
  for (; list != nullptr; list = list->next) {
    if (!list->assigned) continue;
    use(f_->next);
    emit(Op::kBox, f_->next, list->reg);
    emit(Op::kMove, list->reg, f_->next);
  }
}

/// Makes a closure; returns the register it is in: `target` if it captures nothing, else the next free one.
int Generator::closure(Node* lambda, int target, Local* self, std::vector<Patch>* patches) {
  Function inner;
  inner.self = self;
  Function* const outer = f_;
  const std::uint32_t line = line_;
  f_ = &inner;
  emit(lambda->flag ? Op::kEntryRest : Op::kEntry, lambda->number);
  for (Local* p = lambda->local; p != nullptr; p = p->next) {
    p->home = f_;
    p->reg = take();
  }
  box_parameters(lambda->local);
  compile(lambda->a, 0, Context::kTail);
  const Value constants = finish(inner, lambda->value);
  f_ = outer;
  line_ = line;
  if (inner.captured.empty()) {  // one closure will do for all evaluations
    const Instruction* entry = untag<Code>(slots(constants)[0])->instructions->data();
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
    if (local->home != f_) {
      from = local == f_->self && !local->assigned ? Capture::kSelf : Capture::kFree;
      index = from == Capture::kSelf ? 0 : captured_index(local);
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
  Local* p = lambda->local;
  if (lambda->label < 0) {
    lambda->base = saved;
    for (Node* a = n->b; a != nullptr; a = a->next, p = p->next) {
      compile_value(a, f_->next);
      p->home = f_;
      p->reg = take();
    }
    lambda->label = here();
    box_parameters(lambda->local);
    compile(lambda->a, target, context);
    f_->next = saved;
    return;
  }
  // Evaluate what changes, then move it all at once.
  const auto unchanged = [this](Node* a, Local* parameter) { return in_register(a) && a->local == parameter; };
  Node* first = n->b;
  for (; first != nullptr && unchanged(first, p); first = first->next) p = p->next;
  Node* end = first;
  Local* q = p;
  for (Node* a = first; a != nullptr; a = a->next, q = q->next) {
    if (!unchanged(a, q)) end = a->next;
  }
  int count = 0;
  for (Node* a = first; a != end; a = a->next, ++count) {
    compile_value(a, f_->next);
    take();
  }
  emit(Op::kLoop, p == nullptr ? 0 : p->reg, saved, count);
  const int height = lambda->base + node_count(n->b);
  emit_raw(make_wide(Op::kMove, height, lambda->label - here() - 1));
  f_->next = saved;
}

void Generator::bind_let(Node* n) {
  Local* local = n->local;
  for (Node* init = n->b; init != nullptr; init = init->next, local = local->next) {
    const int reg = f_->next;
    compile_value(init, reg);
    if (local->assigned) emit(Op::kBox, reg, reg);
    local->home = f_;
    local->reg = take();
  }
}

void Generator::bind_letrec(Node* n) {
  int kept = 0;
  for (Local* l = n->local; l != nullptr; l = l->next) kept += l->looped ? 0 : 1;
  for (Local* l = n->local; l != nullptr; l = l->next) {
    if (l->looped) continue;
    const int reg = l->reg = f_->next;
    l->home = f_;
    l->started = l->assigned;
    if (kept == 1 && l->init->kind == NodeKind::kLambda && !l->assigned) {  // itself is all it may refer to
      closure(l->init, reg, l, nullptr);
      take();
      return;
    }
    load_constant(kUndefined, reg);
    if (l->assigned) emit(Op::kBox, reg, reg);
    take();
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
    if (l->assigned) emit(Op::kSetBox, l->reg, value);
    if (!l->assigned) move(l->reg, value);
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

}  // namespace scheme
