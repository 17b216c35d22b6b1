// Job: definitions: bodies of procedures, the top level, the binding of macros; loops.
//
// A body is a letrec* of its definitions. Its forms are looked at twice: first for what they define, macro uses
// expanded as far as is needed to know; when all is known, for their inits and expressions.
//
// Boxes. A variable that is assigned to lives in a Box, whether captured or not: a continuation that is entered twice
// must find the latest value, and frames are copied. Closures capture values. A letrec-bound variable to which an init
// refers that may run before its own is boxed too, and checked at each reference. Procedures that refer to later ones
// of the same run need neither: nothing runs until all are made, and the generator patches the earlier ones (kPatch).
//
// Loops. A letrec-bound procedure all of whose uses are calls in tail position with respect to its letrec needs no
// closure: all its calls go on to the same place, so they are jumps, its parameters are registers of the frame around
// it, and the code stands where the first call from outside is. This is what named let and do become. Inner letrecs
// come first, so that the jump of an outer loop may stand in an inner one.
#include <algorithm>

#include "compiler.h"

namespace scheme {
namespace {

/// Whether every use of `local` in `n` is a fitting call in tail position, `n` itself being in one if `tail`.
bool only_jumped_to(const Node* n, const Local* local, bool tail) {
  if (n == nullptr) return true;
  const NodeKind kind = n->kind;
  if (kind == NodeKind::kReference) return n->local != local;
  const bool jump = kind == NodeKind::kCall && n->a->kind == NodeKind::kReference && n->a->local == local;
  if (jump && (!tail || node_count(n->b) != local->init->number)) return false;
  if (!jump && !only_jumped_to(n->a, local, tail && (kind == NodeKind::kLet || kind == NodeKind::kLetrec)))
    return false;
  const bool ends = tail && (kind == NodeKind::kIf || kind == NodeKind::kSequence || kind == NodeKind::kOr);
  for (const Node* item = n->b; item != nullptr; item = item->next) {
    if (!only_jumped_to(item, local, ends && item->next == nullptr)) return false;
  }
  for (const Local* l = kind == NodeKind::kLetrec ? n->local.get() : nullptr; l != nullptr; l = l->next) {
    if (!only_jumped_to(l->looped ? l->init->a : l->init, local, tail && l->looped)) return false;
  }
  return only_jumped_to(n->c, local, tail);
}

void claim_all(Vm& vm, Value names, Value env) {
  for (; is_pair(names); names = cdr(names)) claim_all(vm, car(names), env);
  if (is_symbol(names) && (untag<Symbol>(names)->aux & kStandardSymbol) != 0) variable(vm, names, env, true);
}

void claim_assigned(Vm& vm, Value form, Value env) {
  vm.guard_native_stack("compiling");
  if (is_pair(form) && car(form) == vm.symbol("set!") && is_pair(cdr(form))) claim_all(vm, cadr(form), env);
  if (is_pair(form) && car(form) == vm.symbol("quote")) return;
  for (; is_pair(form); form = cdr(form)) {
    if (is_pair(car(form))) claim_assigned(vm, car(form), env);
  }
}

}  // namespace

void mark_loops(Node* letrec) {
  for (Local* local = letrec->local; local != nullptr; local = local->next) {
    Node* init = local->init;
    if (init->kind != NodeKind::kLambda || init->flag || local->assigned || local->references != local->calls) continue;
    bool looped = only_jumped_to(letrec->a, local, true) && only_jumped_to(init->a, local, true);
    for (const Local* other = letrec->local; looped && other != nullptr; other = other->next) {
      looped = other == local || only_jumped_to(other->looped ? other->init->a : other->init, local, other->looped);
    }
    // Something must enter it from the letrec's body; what is never entered stays a closure.
    local->looped = looped && !only_jumped_to(letrec->a, local, false);
  }
}

void claim_definitions(Vm& vm, Value form, Value env) {
  if (!is_pair(form) || !is_pair(cdr(form)) || list_length(form) == SIZE_MAX) return;
  const Value head = car(form);
  if (head == vm.symbol("begin")) {
    for (Value f = cdr(form); is_pair(f); f = cdr(f)) claim_definitions(vm, car(f), env);
  } else if (head == vm.symbol("define") || head == vm.symbol("define-syntax")) {
    Value name = cadr(form);
    while (is_pair(name)) name = car(name);
    claim_all(vm, name, env);
  } else if (head == vm.symbol("define-values")) {
    claim_all(vm, cadr(form), env);
  } else if (head == vm.symbol("define-record-type")) {
    claim_all(vm, cdr(form), env);
  } else if (head == vm.symbol("define-library")) {
    return;
  }
  claim_assigned(vm, form, env);
}

/// Expands macro uses until `form` is none; what it is then.
Form Expander::classify(Value& form, Value env) {
  for (;;) {
    note_line(form);
    if (!is_pair(form) || !is_identifier(car(form))) return Form::kNone;
    Value meaning = lookup(vm_, car(form), env);
    if (is_symbol(meaning)) meaning = untag<Symbol>(meaning)->value;
    const bool is_form = is_type(meaning, Type::kSpecialForm), is_macro = is_type(meaning, Type::kMacro);
    const Form which = is_form ? static_cast<Form>(untag<Object>(meaning)->aux) : Form::kNone;
    if (!is_macro && which != Form::kCondExpand) return which;
    form = is_macro ? expand_macro(vm_, untag<Macro>(meaning), form, env, file_, line_) : cond_expand(form);
    if (is_pair(form)) vm_.lines.emplace(form, line_);
  }
}

Value Expander::macro(Value spec, Value env) {
  static_cast<void>(classify(spec, env));
  if (is_pair(spec) && is_keyword(car(spec), "syntax-rules", env)) return make_macro(vm_, spec, env, file_, line_);
  Value meaning = is_identifier(spec) ? lookup(vm_, spec, env) : kFalse;  // (define-syntax a b): another name for b
  if (is_symbol(meaning)) meaning = untag<Symbol>(meaning)->value;
  if (is_type(meaning, Type::kMacro) || is_type(meaning, Type::kSpecialForm)) return meaning;
  fail("expected (syntax-rules ...) or the name of a macro", spec);
}

void Expander::define_syntax(Value form, Value env) {
  require(list_length(form) == 3 && is_identifier(cadr(form)), "(define-syntax name (syntax-rules ...))", form);
  const Value m = macro(car(cddr(form)), env);
  if (is_type(env, Type::kScope)) {
    bind(env, cadr(form), m);
  } else {
    untag<Symbol>(variable(vm_, strip_syntax(vm_, cadr(form)), env, true))->value = m;
  }
}

Node* Expander::let_syntax(Value form, Value env, bool recursive) {
  require(list_length(form) >= 3, "(let-syntax ((name (syntax-rules ...)) ...) body ...)", form);
  const Value scope = new_scope(env);
  for (Value b = cadr(form); is_pair(b); b = cdr(b)) {
    require(list_length(car(b)) == 2, "bindings of the form (name (syntax-rules ...))", form);
    bind(scope, car(car(b)), macro(cadr(car(b)), recursive ? scope : env));
  }
  return body(cddr(form), scope);
}

/// The forms of the files named.
Value Expander::include(Value form) {
  Value lists = kNil;
  for (Value f = cdr(form); is_pair(f); f = cdr(f)) {
    require(is_string(car(f)), "(include \"file\" ...)", form);
    std::string path = vm_.utf8(car(f));
    const std::size_t slash = file_.rfind('/');
    if (path[0] != '/' && slash != std::string_view::npos) path.insert(0, file_.substr(0, slash + 1));
    for (Value v = vm_.read_file(path); v != kNil; v = cdr(v)) lists = vm_.cons(car(v), lists);
  }
  Value forms = kNil;
  for (; lists != kNil; lists = cdr(lists)) forms = vm_.cons(car(lists), forms);
  return forms;
}

bool Expander::has_feature(Value requirement) {
  static constexpr const char* kFeatures[] = {"r7rs",   "exact-closed", "ieee-float", "full-unicode",
                                              "ratios", "memgc",        "else"};
  const auto is = [&](const char* name) { return requirement == vm_.symbol(name); };
  if (!is_pair(requirement)) return std::any_of(std::begin(kFeatures), std::end(kFeatures), is);
  const std::string head = to_text(vm_, car(requirement));
  if (head == "library") return has_feature(cadr(requirement));
  if (head == "scheme" || head == "srfi") return true;
  for (requirement = cdr(requirement); is_pair(requirement); requirement = cdr(requirement)) {
    const bool has = has_feature(car(requirement));
    if (head == "not" || has != (head == "and")) return has != (head == "not");
  }
  return head == "and";
}

/// The forms of the first clause whose requirement is met, behind a begin.
Value Expander::cond_expand(Value form) {
  const Value begin = vm_.make<Alias>(vm_.symbol("begin"), vm_.standard_environment());
  for (Value c = cdr(form); is_pair(c); c = cdr(c)) {
    require(is_pair(car(c)), "clauses of the form (feature form ...)", form);
    if (has_feature(strip_syntax(vm_, car(car(c))))) return vm_.cons(begin, cdr(car(c)));
  }
  return vm_.list({begin});
}

/// The identifier that a definition defines, and its init.
Value Expander::definition(Value form, Value& init) {
  require(list_length(form) >= 2 && list_length(form) != SIZE_MAX, "(define variable expression)", form);
  Value target = cadr(form), rest = cddr(form);
  if (!is_pair(target)) {
    require(rest == kNil || cdr(rest) == kNil, "(define variable expression)", form);
    init = rest == kNil ? kUnspecified : car(rest);
  }
  const Value lambda = is_pair(target) ? vm_.make<Alias>(vm_.symbol("lambda"), vm_.standard_environment()) : kFalse;
  for (; is_pair(target); target = car(target)) {  // (define ((f a) b) ...): f returns a procedure
    init = vm_.cons(lambda, vm_.cons(cdr(target), rest));
    vm_.lines.emplace(init, line_);
    rest = vm_.list({init});
  }
  if (!is_identifier(target)) fail("expected an identifier to define", form);
  return target;
}

/// One form of a body. A definition is entered into `scope` and its init kept in `items` (latest first, as (local .
/// form)) to be expanded when all are known; an expression is kept as (#f . form). Whether it was a definition.
bool Expander::body_form(Value form, Value scope, Value& queue, Value& items) {
  switch (classify(form, scope)) {
    case Form::kBegin:
    case Form::kInclude: {
      const bool begin = is_keyword(car(form), "begin", scope);
      Value reversed = kNil;
      for (Value f = begin ? cdr(form) : include(form); is_pair(f); f = cdr(f)) reversed = vm_.cons(car(f), reversed);
      for (; reversed != kNil; reversed = cdr(reversed)) queue = vm_.cons(car(reversed), queue);
      return true;
    }
    case Form::kDefineSyntax:
      define_syntax(form, scope);
      return true;
    case Form::kDefine: {
      Value init = kUnspecified;
      const Value id = definition(form, init);
      for (Value i = items; i != kNil; i = cdr(i)) {
        if (car(car(i)) != kFalse && untag<Local>(car(car(i)))->name == id) {
          fail("expected one definition of each variable in a body", form);
        }
      }
      items = vm_.cons(vm_.cons(object(bind_local(scope, id)), init), items);
      return true;
    }
    default:
      items = vm_.cons(vm_.cons(kFalse, form), items);
      return false;
  }
}

Node* Expander::body(Value forms, Value env) {
  require(is_pair(forms), "a body with at least one expression", forms);
  const std::uint32_t line = line_;
  const Value scope = new_scope(env);
  Value queue = forms, items = kNil, expressions = kNil;
  while (is_pair(queue)) {
    const Value form = car(queue);
    queue = cdr(queue);
    body_form(form, scope, queue, items);
  }
  line_ = line;
  for (; items != kNil && car(car(items)) == kFalse; items = cdr(items)) {
    expressions = vm_.cons(cdr(car(items)), expressions);
  }
  require(expressions != kNil, "an expression after the definitions of a body", forms);
  return items == kNil ? sequence(expressions, scope) : letrec(items, scope, expressions, false);
}

/// Of items as body_form() makes them.
Node* Expander::letrec(Value items, Value scope, Value body_forms, bool is_body) {
  Node* n = node(NodeKind::kLetrec);
  ListBuilder<Local> locals;
  Value ordered = kNil;
  for (; items != kNil; items = cdr(items)) ordered = vm_.cons(car(items), ordered);
  for (Value i = ordered; i != kNil; i = cdr(i)) {
    Pair* item = untag<Pair>(car(i));
    if (item->car == kFalse) item->car = vm_.make<Local>(kFalse);  // an expression between definitions
    locals.add(untag<Local>(item->car));
  }
  n->local = locals.first();
  for (Value i = ordered; i != kNil; i = cdr(i)) {
    Local* local = untag<Local>(car(car(i)));
    Node* init = expand(cdr(car(i)), scope);
    local->init = init;
    name_lambda(init, local->name);
    if (init->kind == NodeKind::kLambda || init->kind == NodeKind::kConstant) continue;
    for (Local* later = local; later != nullptr; later = later->next) {
      if (later->references > 0) later->assigned = later->checked = true;
    }
  }
  n->a = is_body ? body(body_forms, scope) : sequence(body_forms, scope);
  mark_loops(n);
  return n;
}

Node* Expander::top_level(Value form, Value env) {
  const Form which = classify(form, env);
  switch (which) {
    case Form::kBegin:
    case Form::kInclude: {
      ListBuilder<Node> nodes;
      for (Value f = which == Form::kBegin ? cdr(form) : include(form); is_pair(f); f = cdr(f)) {
        claim_definitions(vm_, car(f), env);
        nodes.add(top_level(car(f), env));
      }
      return nodes.first() == nullptr ? constant(kUnspecified) : list_node(NodeKind::kSequence, nodes.first());
    }
    case Form::kDefine: {
      Value init = kUnspecified;
      const Value id = definition(form, init);
      Node* n = node(NodeKind::kSetGlobal);
      n->flag = true;
      n->value = variable(vm_, strip_syntax(vm_, id), env, true);
      n->a = expand(init, env);
      name_lambda(n->a, id);
      return n;
    }
    case Form::kDefineSyntax:
      define_syntax(form, env);
      return constant(kUnspecified);
    case Form::kImport:
    case Form::kDefineLibrary: {
      Node* arguments = constant(strip_syntax(vm_, cdr(form)));
      arguments->next = constant(env);
      return global_call(which == Form::kImport ? "%import" : "%define-library", arguments);
    }
    default:
      return expand(form, env);
  }
}

}  // namespace scheme
