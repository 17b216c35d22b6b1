// Job: from forms to the syntax tree: scopes, definitions, the primitive expression types, macro uses.
//
// How. A scope maps identifiers to Locals and Macros. An identifier is a symbol, or an Alias that a template put in: an
// alias that nothing binds is looked up again, as the identifier it stands for, where its macro was defined. That is
// all there is to hygiene here. A name at top level is a Symbol, whose value may be a Macro or a SpecialForm. Line
// numbers: lists that the reader made have one in Vm::lines; what a macro made takes that of the macro's use.
#include "compiler.h"

namespace scheme {
namespace {

Value resolve_top(Vm& vm, Value symbol, Value env) {
  Environment* e = untag<Environment>(env);
  if (e->names == kFalse) return symbol;
  const Value found = table_get(vm, e->names, symbol, kFalse);
  if (found != kFalse) return found;
  // In a library, a name that is neither standard nor imported is its own, even if its definition is yet to come.
  if (e->aux == 0 || (untag<Symbol>(symbol)->aux & kStandardSymbol) != 0) return symbol;
  const Value variable = vm.uninterned(untag<Symbol>(symbol)->name);
  table_set(vm, e->names, symbol, variable);
  return variable;
}

}  // namespace

Value claim(Vm& vm, Value symbol, Value at) {
  while (is_type(at, Type::kScope)) at = untag<Scope>(at)->parent;
  Environment* e = untag<Environment>(at);
  if (e->names == kFalse) return symbol;  // the standard environment itself
  const Value known = table_get(vm, e->names, symbol, kFalse);
  if (known != kFalse) return known;
  const bool standard = (untag<Symbol>(symbol)->aux & kStandardSymbol) != 0;
  if (!standard && e->aux == 0) return symbol;
  const Value variable = vm.uninterned(untag<Symbol>(symbol)->name);
  if (standard) untag<Symbol>(variable)->value = untag<Symbol>(symbol)->value;
  table_set(vm, e->names, symbol, variable);
  return variable;
}

Value lookup(Vm& vm, Value id, Value at) {
  for (;;) {
    while (is_type(at, Type::kScope)) {
      Scope* scope = untag<Scope>(at);
      for (Value b = scope->bindings; b != kNil; b = cdr(b)) {
        if (car(car(b)) == id) return cdr(car(b));
      }
      at = scope->parent;
    }
    if (!is_type(id, Type::kAlias)) return resolve_top(vm, id, at);
    at = untag<Alias>(id)->scope;
    id = untag<Alias>(id)->id;
  }
}

void Expander::fail(std::string_view message, Value form) {
  std::string text(message);
  if (is_pair(form) && is_identifier(car(form))) text = vm_.utf8(strip_syntax(vm_, car(form))) + ": " + text;
  vm_.syntax_error(text, strip_syntax(vm_, form), file_, line_);
}

Node* Expander::constant(Value v) {
  Node* n = node(NodeKind::kConstant);
  n->value = v;
  return n;
}

Node* Expander::reference(Local* local) {
  Node* n = node(NodeKind::kReference);
  n->local = local;
  ++local->references;
  return n;
}

Node* Expander::inlined(std::string_view name, Node* arguments) {
  Node* n = node(NodeKind::kInline);
  while (kInlines[n->number].name != name) ++n->number;
  n->b = arguments;
  return n;
}

Node* Expander::global_call(const char* name, Node* arguments) {
  Node* n = node(NodeKind::kCall);
  n->a = node(NodeKind::kGlobal);
  n->a->value = vm_.symbol(name);
  n->b = arguments;
  return n;
}

Node* Expander::if_node(Node* test, Node* then, Node* otherwise) {
  Node* n = node(NodeKind::kIf);
  n->a = test;
  n->b = then;
  n->c = otherwise != nullptr ? otherwise : constant(kUnspecified);
  return n;
}

Value Expander::core(const char* name) { return vm_.make<Alias>(vm_.symbol(name), vm_.standard_environment()); }

Value Expander::bind(Value scope, Value id, Value denotation) {
  Scope* s = untag<Scope>(scope);
  s->bindings = vm_.cons(vm_.cons(id, denotation), s->bindings);
  return denotation;
}

Local* Expander::bind_local(Value scope, Value id) {
  if (!is_identifier(id)) fail("expected an identifier as variable", id);
  return untag<Local>(bind(scope, id, vm_.make<Local>(id)));
}

/// Whether `form` is an identifier that means the standard (unshadowed) `name`.
bool Expander::is_keyword(Value form, const char* name, Value env) {
  return is_identifier(form) && lookup(vm_, form, env) == vm_.symbol(name);
}

/// Whether `form` is a list whose head is a macro or special form: `meaning`.
bool Expander::keyword_of(Value form, Value env, Value& meaning) {
  if (!is_pair(form) || !is_identifier(car(form))) return false;
  meaning = lookup(vm_, car(form), env);
  if (is_symbol(meaning)) meaning = untag<Symbol>(meaning)->value;
  return is_type(meaning, Type::kMacro) || is_type(meaning, Type::kSpecialForm);
}

Node* Expander::identifier(Value id, Value env, bool as_operator) {
  const Value meaning = lookup(vm_, id, env);
  if (is_type(meaning, Type::kLocal)) {
    Node* n = reference(untag<Local>(meaning));
    if (as_operator) ++n->local->calls;
    return n;
  }
  const Value held = is_symbol(meaning) ? untag<Symbol>(meaning)->value.get() : meaning;
  if (is_type(held, Type::kMacro) || is_type(held, Type::kSpecialForm)) {
    fail("expected an expression, got the keyword " + vm_.utf8(strip_syntax(vm_, id)), kNil);
  }
  Node* n = node(NodeKind::kGlobal);
  n->value = meaning;
  return n;
}

Node* Expander::expand(Value form, Value env) {
  vm_.guard_native_stack("compiling");
  if (is_identifier(form)) return identifier(form, env, false);
  if (!is_pair(form)) {
    if (form == kNil) fail("expected an expression, got ()", form);
    return constant(is_vector(form) ? strip_syntax(vm_, form) : form);
  }
  const std::uint32_t line = line_;
  const auto known = vm_.lines.find(form);
  if (known != vm_.lines.end()) line_ = known->second;
  Node* result;
  Value meaning;
  if (!keyword_of(form, env, meaning)) {
    result = call(form, env);
  } else if (is_type(meaning, Type::kMacro)) {
    result = expand(expand_macro(vm_, untag<Macro>(meaning), form, env, file_, line_), env);
  } else {
    require(list_length(form) != SIZE_MAX, "a proper list", form);
    result = special(static_cast<Form>(untag<Object>(meaning)->aux), form, env);
  }
  line_ = line;
  return result;
}

Node* Expander::expand_list(Value forms, Value env) {
  ListBuilder<Node> nodes;
  for (; is_pair(forms); forms = cdr(forms)) nodes.add(expand(car(forms), env));
  return nodes.first();
}

Node* Expander::sequence(Value forms, Value env) {
  if (forms == kNil) return constant(kUnspecified);
  if (cdr(forms) == kNil) return expand(car(forms), env);
  Node* n = node(NodeKind::kSequence);
  n->a = expand_list(forms, env);
  return n;
}

Node* Expander::call(Value form, Value env) {
  if (list_length(form) == SIZE_MAX) fail("expected a call, got an improper list", form);
  const Value head = car(form);
  Node* callee = is_identifier(head) ? identifier(head, env, true) : expand(head, env);
  const int n_arguments = static_cast<int>(list_length(cdr(form)));
  // ((lambda (x ...) ...) value ...) is a let.
  if (callee->kind == NodeKind::kLambda && !callee->flag && callee->number == n_arguments) {
    Node* n = node(NodeKind::kLet);
    n->local = callee->local;
    n->b = expand_list(cdr(form), env);
    n->a = callee->a;
    return n;
  }
  if (callee->kind == NodeKind::kGlobal) {
    const std::uint32_t inline_op = untag<Symbol>(callee->value)->aux & kInlineMask;
    if (inline_op != 0 && kInlines[inline_op - 1].arguments == n_arguments) {
      Node* n = node(NodeKind::kInline);
      n->number = static_cast<int>(inline_op) - 1;
      n->b = expand_list(cdr(form), env);
      return n;
    }
  }
  Node* n = node(NodeKind::kCall);
  n->a = callee;
  n->b = expand_list(cdr(form), env);
  return n;
}

Node* Expander::special(Form which, Value form, Value env) {
  const std::size_t length = list_length(form);
  switch (which) {
    case Form::kQuote:
      require(length == 2, "(quote datum)", form);
      return constant(strip_syntax(vm_, cadr(form)));
    case Form::kQuasiquote:
      require(length == 2, "(quasiquote template)", form);
      return quasiquote(cadr(form), 1, env);
    case Form::kLambda:
      require(length >= 3, "(lambda parameters body ...)", form);
      return lambda(cadr(form), cddr(form), env, kFalse);
    case Form::kNamedLambda:
      require(length >= 3 && is_pair(cadr(form)), "(named-lambda (name . parameters) body ...)", form);
      return lambda(cdr(cadr(form)), cddr(form), env, strip_syntax(vm_, car(cadr(form))));
    case Form::kSet:
      return assignment(form, env);
    case Form::kIf:
      require(length == 3 || length == 4, "(if test consequent [alternative])", form);
      {
        Node* test = expand(cadr(form), env);
        Node* then = expand(car(cddr(form)), env);
        return if_node(test, then, length == 4 ? expand(cadr(cddr(form)), env) : nullptr);
      }
    case Form::kBegin:
      return sequence(cdr(form), env);
    case Form::kLet:
      return let(form, env);
    case Form::kLetStar: {
      require(length >= 3 && list_length(cadr(form)) != SIZE_MAX, "(let* ((variable init) ...) body ...)", form);
      const Value bindings = cadr(form);
      if (bindings == kNil || cdr(bindings) == kNil) return let(form, env);
      const Value inner = vm_.cons(core("let*"), vm_.cons(cdr(bindings), cddr(form)));
      return let(vm_.list({core("let"), vm_.list({car(bindings)}), inner}), env);
    }
    case Form::kLetrec:
    case Form::kLetrecStar:
      require(length >= 3, "(letrec ((variable init) ...) body ...)", form);
      return letrec(cadr(form), cddr(form), env);
    case Form::kAnd:
    case Form::kOr: {
      if (length == 1) return constant(boolean(which == Form::kAnd));
      if (length == 2) return expand(cadr(form), env);
      Node* n = node(which == Form::kAnd ? NodeKind::kAnd : NodeKind::kOr);
      n->a = expand_list(cdr(form), env);
      return n;
    }
    case Form::kWhen:
    case Form::kUnless: {
      require(length >= 3, "a test and a body", form);
      Node* test = expand(cadr(form), env);
      Node* then = sequence(cddr(form), env);
      return which == Form::kWhen ? if_node(test, then, nullptr) : if_node(test, constant(kUnspecified), then);
    }
    case Form::kCond:
      return cond(cdr(form), env);
    case Form::kCase:
      return case_form(form, env);
    case Form::kDo:
      return do_loop(form, env);
    case Form::kCaseLambda:
      return case_lambda(form, env);
    case Form::kLetSyntax:
    case Form::kLetrecSyntax:
      return let_syntax(form, env, which == Form::kLetrecSyntax);
    case Form::kInclude:
    case Form::kIncludeCi:
    case Form::kCondExpand:
      return expand(rewrite(which, form, env), env);
    case Form::kSyntaxError:
      require(length >= 2 && is_string(cadr(form)), "(syntax-error message form ...)", form);
      vm_.syntax_error(vm_.utf8(cadr(form)), strip_syntax(vm_, cddr(form)), file_, line_);
    case Form::kTheEnvironment:
      return constant(vm_.program_environment());
    default:
      fail("a definition is not allowed where an expression is expected", form);
  }
}

Node* Expander::lambda(Value parameters, Value body_forms, Value env, Value name) {
  Node* n = node(NodeKind::kLambda);
  n->value = name;
  const Value scope = new_scope(env);
  ListBuilder<Local> locals;
  for (; is_pair(parameters); parameters = cdr(parameters)) {
    for (Value b = untag<Scope>(scope)->bindings; b != kNil; b = cdr(b)) {
      if (car(car(b)) == car(parameters)) fail("expected distinct parameters, got two of this name", car(parameters));
    }
    locals.add(bind_local(scope, car(parameters)));
    ++n->number;
  }
  if (parameters != kNil) {
    locals.add(bind_local(scope, parameters));
    n->flag = true;
  }
  n->local = locals.first();
  n->a = body(body_forms, scope);
  return n;
}

Node* Expander::assignment(Value form, Value env) {
  require(list_length(form) == 3 && is_identifier(cadr(form)), "(set! variable expression)", form);
  Value meaning = lookup(vm_, cadr(form), env);
  const bool local = is_type(meaning, Type::kLocal);
  if (!local && !is_symbol(meaning)) fail("expected a variable, got a keyword", form);
  if (!local && (untag<Symbol>(meaning)->aux & kStandardSymbol) != 0) meaning = claim(vm_, meaning, env);
  Node* n = node(local ? NodeKind::kSetLocal : NodeKind::kSetGlobal);
  if (local) {
    n->local = untag<Local>(meaning);
    n->local->assigned = true;
  } else {
    n->value = meaning;
  }
  n->a = expand(car(cddr(form)), env);
  return n;
}

Node* Expander::let(Value form, Value env) {
  require(list_length(form) >= 3, "(let ((variable init) ...) body ...)", form);
  if (is_identifier(cadr(form))) return named_let(form, env);
  Node* n = node(NodeKind::kLet);
  ListBuilder<Local> locals;
  ListBuilder<Node> inits;
  const Value scope = new_scope(env);
  Value bindings = cadr(form);
  for (; is_pair(bindings); bindings = cdr(bindings)) {
    const Value binding = car(bindings);
    require(list_length(binding) == 2, "bindings of the form (variable init)", form);
    Node* init = expand(cadr(binding), env);
    if (init->kind == NodeKind::kLambda && init->value == kFalse) init->value = strip_syntax(vm_, car(binding));
    inits.add(init);
    locals.add(bind_local(scope, car(binding)));
  }
  require(bindings == kNil, "bindings of the form ((variable init) ...)", form);
  n->local = locals.first();
  n->b = inits.first();
  n->a = body(cddr(form), scope);
  return n;
}

/// A call, with the inits outside, of a procedure that a letrec binds.
Node* Expander::named_let(Value form, Value env) {
  require(list_length(form) >= 4 && list_length(car(cddr(form))) != SIZE_MAX,
          "(let name ((variable init) ...) body ...)", form);
  Value variables = kNil;
  ListBuilder<Node> inits;
  Value last = kNil;
  for (Value b = car(cddr(form)); is_pair(b); b = cdr(b)) {
    require(list_length(car(b)) == 2, "bindings of the form (variable init)", form);
    const Value cell = vm_.cons(car(car(b)), kNil);
    if (last == kNil) {
      variables = cell;
    } else {
      untag<Pair>(last)->cdr = cell;
    }
    last = cell;
    inits.add(expand(cadr(car(b)), env));
  }
  const Value scope = new_scope(env);
  Node* n = node(NodeKind::kLetrec);
  n->local = bind_local(scope, cadr(form));
  n->local->init = lambda(variables, cdr(cddr(form)), scope, strip_syntax(vm_, cadr(form)));
  Node* first = node(NodeKind::kCall);
  first->a = reference(n->local);
  ++n->local->calls;
  first->b = inits.first();
  n->a = first;
  return n;
}

Node* Expander::letrec(Value bindings, Value body_forms, Value env) {
  Node* n = node(NodeKind::kLetrec);
  const Value scope = new_scope(env);
  ListBuilder<Local> locals;
  for (Value b = bindings; is_pair(b); b = cdr(b)) {
    require(list_length(car(b)) == 2, "bindings of the form (variable init)", bindings);
    locals.add(bind_local(scope, car(car(b))));
  }
  n->local = locals.first();
  Value b = bindings;
  for (Local* local = locals.first(); local != nullptr; local = local->next, b = cdr(b)) {
    local->init = expand(cadr(car(b)), scope);
    if (local->init->kind == NodeKind::kLambda) local->init->value = strip_syntax(vm_, car(car(b)));
  }
  n->a = body(body_forms, scope);
  return n;
}

Node* Expander::top_level(Value form, Value env) {
  const auto known = vm_.lines.find(form);
  if (known != vm_.lines.end()) line_ = known->second;
  Value meaning;
  if (!keyword_of(form, env, meaning)) return expand(form, env);
  if (is_type(meaning, Type::kMacro)) {
    return top_level(expand_macro(vm_, untag<Macro>(meaning), form, env, file_, line_), env);
  }
  const Form which = static_cast<Form>(untag<Object>(meaning)->aux);
  switch (which) {
    case Form::kBegin: {
      ListBuilder<Node> nodes;
      for (Value f = cdr(form); is_pair(f); f = cdr(f)) nodes.add(top_level(car(f), env));
      if (nodes.first() == nullptr) return constant(kUnspecified);
      Node* n = node(NodeKind::kSequence);
      n->a = nodes.first();
      return n;
    }
    case Form::kDefine:
      return definition(form, env);
    case Form::kDefineSyntax:
      define_syntax(form, env, true);
      return constant(kUnspecified);
    case Form::kDefineRecordType:
    case Form::kDefineValues:
    case Form::kInclude:
    case Form::kIncludeCi:
    case Form::kCondExpand:
      return top_level(rewrite(which, form, env), env);
    case Form::kImport:
      return import(form, env);
    case Form::kDefineLibrary:
      return library(form);
    default:
      return expand(form, env);
  }
}

}  // namespace scheme
