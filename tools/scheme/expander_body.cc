// Job: definitions: bodies of procedures, top-level definitions, and the binding of macros.
//
// A body is a letrec* of its definitions. Its forms are looked at twice: first for what they define, macro uses
// expanded as far as is needed to know; when all is known, for their inits and expressions.
#include "compiler.h"

namespace scheme {

Value Expander::macro(Value spec, Value env) {
  Value meaning;
  if (is_identifier(spec)) {  // (define-syntax a b): another name for b
    meaning = lookup(vm_, spec, env);
    if (is_symbol(meaning)) meaning = untag<Symbol>(meaning)->value;
    if (is_type(meaning, Type::kMacro) || is_type(meaning, Type::kSpecialForm)) return meaning;
  } else if (is_pair(spec) && is_identifier(car(spec))) {
    if (is_keyword(car(spec), "syntax-rules", env)) return make_macro(vm_, spec, env, file_, line_);
    if (keyword_of(spec, env, meaning) && is_type(meaning, Type::kMacro)) {
      return macro(expand_macro(vm_, untag<Macro>(meaning), spec, env, file_, line_), env);
    }
  }
  fail("expected (syntax-rules ...) or the name of a macro", spec);
}

void Expander::define_syntax(Value form, Value env, bool at_top) {
  require(list_length(form) == 3 && is_identifier(cadr(form)), "(define-syntax name (syntax-rules ...))", form);
  const Value m = macro(car(cddr(form)), env);
  if (at_top) {
    untag<Symbol>(define_target(cadr(form), env))->value = m;
  } else {
    bind(env, cadr(form), m);
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

/// One form of a body. A definition is entered into `scope` and its init kept in `items` (latest first, as
/// (local . form)) to be expanded when all are known; an expression is kept as (#f . form).
bool Expander::body_form(Value form, Value scope, Value& queue, Value& items) {
  Value meaning;
  while (keyword_of(form, scope, meaning) && is_type(meaning, Type::kMacro)) {
    const auto known = vm_.lines.find(form);
    if (known != vm_.lines.end()) line_ = known->second;
    const Value expanded = expand_macro(vm_, untag<Macro>(meaning), form, scope, file_, line_);
    if (is_pair(expanded)) vm_.lines.emplace(expanded, line_);
    form = expanded;
  }
  const Form which =
      is_pair(form) && keyword_of(form, scope, meaning) ? static_cast<Form>(untag<Object>(meaning)->aux) : Form::kCount;
  const auto known = vm_.lines.find(form);
  if (known != vm_.lines.end()) line_ = known->second;
  switch (which) {
    case Form::kBegin: {
      Value reversed = kNil;
      for (Value f = cdr(form); is_pair(f); f = cdr(f)) reversed = vm_.cons(car(f), reversed);
      for (; reversed != kNil; reversed = cdr(reversed)) queue = vm_.cons(car(reversed), queue);
      return false;
    }
    case Form::kDefineRecordType:
    case Form::kDefineValues:
    case Form::kInclude:
    case Form::kIncludeCi:
    case Form::kCondExpand:
      queue = vm_.cons(rewrite(which, form, scope), queue);
      return false;
    case Form::kDefineSyntax:
      define_syntax(form, scope, false);
      return false;
    case Form::kDefine: {
      require(list_length(form) >= 2, "(define variable expression)", form);
      Value target = cadr(form), init;
      if (is_pair(target)) {
        while (is_pair(car(target))) {  // (define ((f a) b) ...): f returns a procedure
          form = vm_.list({car(form), car(target), vm_.cons(core("lambda"), vm_.cons(cdr(target), cddr(form)))});
          target = cadr(form);
        }
        init = vm_.cons(core("lambda"), vm_.cons(cdr(target), cddr(form)));
        vm_.lines.emplace(init, line_);
        target = car(target);
      } else {
        require(list_length(form) <= 3, "(define variable expression)", form);
        init = cddr(form) == kNil ? kUnspecified : car(cddr(form));
      }
      Value bound = kFalse;
      for (Value b = untag<Scope>(scope)->bindings; b != kNil && bound == kFalse; b = cdr(b)) {
        if (car(car(b)) == target) bound = cdr(car(b));
      }
      for (Value i = items; i != kNil; i = cdr(i)) {
        if (bound != kFalse && car(car(i)) == bound) fail("expected one definition of each variable in a body", form);
      }
      items = vm_.cons(vm_.cons(object(bind_local(scope, target)), init), items);
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
  Value queue = forms, items = kNil;
  std::size_t since_definition = 0;  // expressions behind the last definition
  while (is_pair(queue)) {
    const Value form = car(queue), before = items;
    queue = cdr(queue);
    if (body_form(form, scope, queue, items)) {
      since_definition = 0;
    } else if (items != before) {
      ++since_definition;
    }
  }
  line_ = line;
  require(since_definition > 0, "an expression after the definitions of a body", forms);
  Value expressions = kNil;
  for (; since_definition > 0; --since_definition, items = cdr(items))
    expressions = vm_.cons(cdr(car(items)), expressions);
  if (items == kNil) return sequence(expressions, scope);
  Value ordered = kNil;
  for (; items != kNil; items = cdr(items)) ordered = vm_.cons(car(items), ordered);
  Node* n = node(NodeKind::kLetrec);
  ListBuilder<Local> locals;
  for (Value i = ordered; i != kNil; i = cdr(i)) {
    Value local = car(car(i));
    if (local == kFalse) local = vm_.make<Local>(kFalse);  // an expression between definitions
    untag<Local>(local)->init = expand(cdr(car(i)), scope);
    Node* init = untag<Local>(local)->init;
    if (init->kind == NodeKind::kLambda && init->value == kFalse) {
      init->value = strip_syntax(vm_, untag<Local>(local)->name);
    }
    locals.add(untag<Local>(local));
  }
  n->local = locals.first();
  n->a = sequence(expressions, scope);
  return n;
}

Value Expander::define_target(Value id, Value env) {
  if (!is_identifier(id)) fail("expected an identifier to define", id);
  return claim(vm_, strip_syntax(vm_, id), env);
}

Node* Expander::definition(Value form, Value env) {
  Value scratch = kNil, items = kNil;
  const Value scope = new_scope(env);
  body_form(form, scope, scratch, items);  // checks the syntax; (local . init)
  const Value id = untag<Local>(car(car(items)))->name, init = cdr(car(items));
  Node* n = node(NodeKind::kDefine);
  n->value = define_target(id, env);
  n->a = expand(init, env);
  if (n->a->kind == NodeKind::kLambda && n->a->value == kFalse) n->a->value = strip_syntax(vm_, id);
  return n;
}

}  // namespace scheme
