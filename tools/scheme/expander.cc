// Job: from forms to the syntax tree: scopes and the primitive expression types. Definitions, bodies and macro uses:
// expander_body.cc; the expression types that are syntax-rules: prelude.scm.
//
// How. A scope maps identifiers to Locals and Macros. An identifier is a symbol, or an Alias that a template put in: an
// alias that nothing binds is looked up again, as the identifier it stands for, where its macro was defined. That is
// all there is to hygiene here. A name at top level is a Symbol, whose value may be a Macro or a SpecialForm. Line
// numbers: lists that the reader made have one in Vm::lines; what a macro made takes that of the macro's use.
#include "compiler.h"

namespace scheme {
namespace {

constexpr const char* kFormNames[] = {
    "quote",      "quasiquote", "lambda", "set!",          "if",         "let",           "letrec",
    "letrec*",    "and",        "or",     "case-lambda",   "let-syntax", "letrec-syntax", "syntax-error",
    "%field",     "begin",      "define", "define-syntax", "include",    "import",        "define-library",
    "cond-expand"};
constexpr const char* kAuxiliaryNames[] = {"else", "=>", "...", "_", "unquote", "unquote-splicing", "syntax-rules"};
static_assert(std::size(kFormNames) == static_cast<std::size_t>(Form::kAuxiliary));

}  // namespace

void define_special_forms(Vm& vm) {
  const auto add = [&](const char* name, std::size_t which) {
    const Value form = object(vm.me.make<Object>(Type::kSpecialForm, static_cast<std::uint32_t>(which)));
    untag<Symbol>(vm.symbol(name))->value = form;
  };
  for (std::size_t i = 0; i < std::size(kFormNames); ++i) add(kFormNames[i], i);
  for (const char* name : kAuxiliaryNames) add(name, static_cast<std::size_t>(Form::kAuxiliary));
}

Value variable(Vm& vm, Value symbol, Value env, bool own) {
  Environment* e = untag<Environment>(env);
  if (e->names == kFalse) return symbol;  // the standard environment itself
  const Value known = table_get(vm, e->names, symbol, kFalse);
  if (known != kFalse) return known;
  const Symbol* standard = untag<Symbol>(symbol);
  if ((standard->aux & kStandardSymbol) != 0 && !own) return symbol;
  const Value made = vm.uninterned(standard->name);
  untag<Symbol>(made)->value = standard->value;
  table_set(vm, e->names, symbol, made);
  return made;
}

Value lookup(Vm& vm, Value id, Value at) {
  for (;;) {
    for (; is_type(at, Type::kScope); at = untag<Scope>(at)->parent) {
      for (Value b = untag<Scope>(at)->bindings; b != kNil; b = cdr(b)) {
        if (car(car(b)) == id) return cdr(car(b));
      }
    }
    if (!is_type(id, Type::kAlias)) return variable(vm, id, at);
    at = untag<Alias>(id)->scope;
    id = untag<Alias>(id)->id;
  }
}

void Expander::fail(std::string_view message, Value form) {
  std::string text(message);
  if (is_pair(form) && is_identifier(car(form))) text = vm_.utf8(strip_syntax(vm_, car(form))) + ": " + text;
  vm_.syntax_error(text, strip_syntax(vm_, form), file_, line_);
}

// --- Making nodes ---

Node* Expander::constant(Value v) {
  Node* n = node(NodeKind::kConstant);
  n->value = v;
  return n;
}

Node* Expander::list_node(NodeKind kind, Node* items) {
  Node* n = node(kind);
  n->b = items;
  return n;
}

Node* Expander::reference(Local* local, bool as_operator) {
  Node* n = node(NodeKind::kReference);
  n->local = local;
  ++local->references;
  if (as_operator) ++local->calls;
  return n;
}

Node* Expander::inlined(std::string_view name, Node* arguments) {
  Node* n = list_node(NodeKind::kInline, arguments);
  while (kInlines[n->number].name != name) ++n->number;
  return n;
}

Node* Expander::call_node(Node* callee, Node* arguments) {
  Node* n = list_node(NodeKind::kCall, arguments);
  n->a = callee;
  return n;
}

Node* Expander::global_call(const char* name, Node* arguments) {
  Node* callee = node(NodeKind::kGlobal);
  callee->value = vm_.symbol(name);
  return call_node(callee, arguments);
}

Node* Expander::if_node(Node* test, Node* then, Node* otherwise) {
  Node* n = node(NodeKind::kIf);
  n->a = test;
  n->b = then;
  n->c = otherwise != nullptr ? otherwise : constant(kUnspecified);
  return n;
}

Value Expander::bind(Value scope, Value id, Value denotation) {
  if (!is_identifier(id)) fail("expected an identifier to bind", id);
  Scope* s = untag<Scope>(scope);
  s->bindings = vm_.cons(vm_.cons(id, denotation), s->bindings);
  return denotation;
}

Local* Expander::bind_local(Value scope, Value id) { return untag<Local>(bind(scope, id, vm_.make<Local>(id))); }

void Expander::name_lambda(Node* n, Value id) {
  if (n->kind == NodeKind::kLambda && n->value == kFalse) n->value = strip_syntax(vm_, id);
}

void Expander::note_line(Value form) {
  const auto known = vm_.lines.find(form);
  if (known != vm_.lines.end()) line_ = known->second;
}

/// Whether `form` is an identifier that means the standard (unshadowed) `name`.
bool Expander::is_keyword(Value form, const char* name, Value env) {
  return is_identifier(form) && lookup(vm_, form, env) == vm_.symbol(name);
}

// --- Expressions ---

Node* Expander::identifier(Value id, Value env, bool as_operator) {
  const Value meaning = lookup(vm_, id, env);
  if (is_type(meaning, Type::kLocal)) return reference(untag<Local>(meaning), as_operator);
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
  const std::uint32_t line = line_;
  const Form which = classify(form, env);
  Node* result;
  if (is_identifier(form)) {
    result = identifier(form, env, false);
  } else if (!is_pair(form)) {
    if (form == kNil) fail("expected an expression, got ()", form);
    result = constant(is_vector(form) ? strip_syntax(vm_, form) : form);
  } else {
    result = which == Form::kNone ? call(form, env) : special(which, form, env);
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
  return list_node(NodeKind::kSequence, expand_list(forms, env));
}

Node* Expander::call(Value form, Value env) {
  const std::size_t n_arguments = list_length(cdr(form));
  if (n_arguments == SIZE_MAX) fail("expected a call, got an improper list", form);
  const Value head = car(form);
  Node* callee = is_identifier(head) ? identifier(head, env, true) : expand(head, env);
  Node* arguments = expand_list(cdr(form), env);
  // ((lambda (x ...) ...) value ...) is a let.
  if (callee->kind == NodeKind::kLambda && !callee->flag && callee->number == static_cast<int>(n_arguments)) {
    return let_node(callee, arguments);
  }
  const std::uint32_t which =
      callee->kind == NodeKind::kGlobal ? untag<Symbol>(callee->value)->aux & kInlineMask : std::uint32_t{0};
  if (which == 0 || kInlines[which - 1].arguments != static_cast<int>(n_arguments)) return call_node(callee, arguments);
  const Inline& what = kInlines[which - 1];
  if (what.kind != InlineKind::kPath) return inlined(what.name, arguments);
  for (std::size_t i = what.name.size() - 2; i > 0; --i)
    arguments = inlined(what.name[i] == 'a' ? "car" : "cdr", arguments);
  return arguments;
}

Node* Expander::special(Form which, Value form, Value env) {
  const std::size_t length = list_length(form);
  require(length != SIZE_MAX, "a proper list", form);
  switch (which) {
    case Form::kQuote:
      require(length == 2, "(quote datum)", form);
      return constant(strip_syntax(vm_, cadr(form)));
    case Form::kQuasiquote:
      require(length == 2, "(quasiquote template)", form);
      return quasiquote(cadr(form), 1, env);
    case Form::kLambda:
      require(length >= 3, "(lambda parameters body ...)", form);
      return lambda(cadr(form), cddr(form), env);
    case Form::kSet:
      return assignment(form, env);
    case Form::kIf: {
      require(length == 3 || length == 4, "(if test consequent [alternative])", form);
      Node* test = expand(cadr(form), env);
      Node* then = expand(car(cddr(form)), env);
      return if_node(test, then, length == 4 ? expand(cadr(cddr(form)), env) : nullptr);
    }
    case Form::kBegin:
      return sequence(cdr(form), env);
    case Form::kLet:
      return let(form, env);
    case Form::kLetrec:
    case Form::kLetrecStar: {
      require(length >= 3, "(letrec ((variable init) ...) body ...)", form);
      const Value scope = new_scope(env);
      Value items = kNil;
      for (Value b = cadr(form); is_pair(b); b = cdr(b)) {
        require(list_length(car(b)) == 2, "bindings of the form (variable init)", form);
        items = vm_.cons(vm_.cons(object(bind_local(scope, car(car(b)))), cadr(car(b))), items);
      }
      return letrec(items, scope, cddr(form), true);
    }
    case Form::kAnd: {
      if (length == 1) return constant(kTrue);
      Node* first = expand(cadr(form), env);
      return length == 2 ? first : if_node(first, special(which, cdr(form), env), constant(kFalse));
    }
    case Form::kOr:
      if (length == 1) return constant(kFalse);
      return length == 2 ? expand(cadr(form), env) : list_node(NodeKind::kOr, expand_list(cdr(form), env));
    case Form::kCaseLambda: {
      ListBuilder<Node> clauses;
      for (Value c = cdr(form); is_pair(c); c = cdr(c)) {
        require(is_pair(car(c)), "clauses of the form (parameters body ...)", form);
        clauses.add(lambda(car(car(c)), cdr(car(c)), env));
      }
      return global_call("%case-lambda", clauses.first());
    }
    case Form::kLetSyntax:
    case Form::kLetrecSyntax:
      return let_syntax(form, env, which == Form::kLetrecSyntax);
    case Form::kInclude:
      return sequence(include(form), env);
    case Form::kField:
      return field(form, env);
    case Form::kSyntaxError:
      require(length >= 2 && is_string(cadr(form)), "(syntax-error message form ...)", form);
      vm_.syntax_error(vm_.utf8(cadr(form)), strip_syntax(vm_, cddr(form)), file_, line_);
    default:
      fail("expected an expression, got a definition or auxiliary syntax", form);
  }
}

Node* Expander::lambda(Value parameters, Value body_forms, Value env, Value name) {
  Node* n = node(NodeKind::kLambda);
  n->value = name;
  const Value scope = new_scope(env);
  ListBuilder<Local> locals;
  const auto add = [&](Value id) {
    for (Value b = untag<Scope>(scope)->bindings; b != kNil; b = cdr(b)) {
      if (car(car(b)) == id) fail("expected distinct variables, got two of this name", id);
    }
    locals.add(bind_local(scope, id));
  };
  for (; is_pair(parameters); parameters = cdr(parameters), ++n->number) add(car(parameters));
  n->flag = parameters != kNil;
  if (n->flag) add(parameters);
  n->local = locals.first();
  n->a = body(body_forms, scope);
  return n;
}

Node* Expander::assignment(Value form, Value env) {
  require(list_length(form) == 3 && is_identifier(cadr(form)), "(set! variable expression)", form);
  const Value meaning = lookup(vm_, cadr(form), env);
  const bool local = is_type(meaning, Type::kLocal);
  if (!local && !is_symbol(meaning)) fail("expected a variable, got a keyword", form);
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

/// A lambda that is called where it stands.
Node* Expander::let_node(Node* lambda, Node* inits) {
  Node* n = list_node(NodeKind::kLet, inits);
  n->local = lambda->local;
  n->a = lambda->a;
  Local* local = n->local;
  for (Node* init = inits; init != nullptr; init = init->next, local = local->next) name_lambda(init, local->name);
  return n;
}

/// A named let is a call, with the inits outside, of a procedure that a letrec binds.
Node* Expander::let(Value form, Value env) {
  const bool named = list_length(form) >= 3 && is_identifier(cadr(form));
  const Value rest = named ? cdr(form) : form;
  require(list_length(rest) >= 3, "(let [name] ((variable init) ...) body ...)", form);
  Value variables = kNil, reversed = kNil, bindings = cadr(rest);
  ListBuilder<Node> inits;
  for (; is_pair(bindings); bindings = cdr(bindings)) {
    require(list_length(car(bindings)) == 2, "bindings of the form (variable init)", form);
    inits.add(expand(cadr(car(bindings)), env));
    reversed = vm_.cons(car(car(bindings)), reversed);
  }
  require(bindings == kNil, "bindings of the form ((variable init) ...)", form);
  for (; reversed != kNil; reversed = cdr(reversed)) variables = vm_.cons(car(reversed), variables);
  if (!named) return let_node(lambda(variables, cddr(rest), env), inits.first());
  const Value scope = new_scope(env);
  Node* n = node(NodeKind::kLetrec);
  n->local = bind_local(scope, cadr(form));
  n->local->init = lambda(variables, cddr(rest), scope, strip_syntax(vm_, cadr(form)));
  n->a = call_node(reference(n->local, true), inits.first());
  mark_loops(n);
  return n;
}

Node* Expander::quasiquote(Value form, int depth, Value env) {
  vm_.guard_native_stack("quasiquote");
  if (is_vector(form)) {
    Node* list = quasiquote(vm_.list_of(form), depth, env);
    return list->kind == NodeKind::kConstant ? constant(strip_syntax(vm_, form)) : global_call("list->vector", list);
  }
  if (!is_pair(form)) return constant(strip_syntax(vm_, form));
  const bool is_two = list_length(form) == 2;
  const Value head = car(form);
  const bool unquotes = is_two && is_keyword(head, "unquote", env);
  if (unquotes && depth == 1) return expand(cadr(form), env);
  if (depth == 1 && is_pair(head) && list_length(head) == 2 && is_keyword(car(head), "unquote-splicing", env)) {
    Node* spliced = expand(cadr(head), env);
    if (cdr(form) == kNil) return spliced;
    spliced->next = quasiquote(cdr(form), depth, env);
    return global_call("append", spliced);
  }
  int inner = depth;
  if (is_two && is_keyword(head, "quasiquote", env)) ++inner;
  if (unquotes || (is_two && is_keyword(head, "unquote-splicing", env))) --inner;
  Node* first = quasiquote(head, depth, env);
  Node* rest = quasiquote(cdr(form), inner, env);
  if (first->kind == NodeKind::kConstant && rest->kind == NodeKind::kConstant) return constant(strip_syntax(vm_, form));
  first->next = rest;
  return inlined("cons", first);
}

/// For define-record-type: (%field name (name ...)) is the place of the first among the others; with an expression
/// behind, that, or #f if the name is not among the others.
Node* Expander::field(Value form, Value env) {
  std::int64_t place = 0;
  Value names = car(cddr(form));
  for (; is_pair(names) && car(names) != cadr(form); names = cdr(names)) ++place;
  const Value expression = cdr(cddr(form));
  if (expression != kNil) return names == kNil ? constant(kFalse) : expand(car(expression), env);
  if (names == kNil) fail("define-record-type: expected a field's name", cadr(form));
  return constant(fixnum(place));
}

}  // namespace scheme
