// Job: the derived forms that are worth doing in C++: quasiquote, cond, case, do, case-lambda, records, cond-expand.
// The others are syntax-rules in prelude.scm.
//
// How. Expressions become tree nodes at once; definitions are rewritten to simpler definitions, whose keywords are
// aliases of the standard ones (core()), so that nothing in scope can capture them.
#include <algorithm>

#include "compiler.h"
#include "reader.h"

namespace scheme {

Node* Expander::quasiquote(Value form, int depth, Value env) {
  vm_.guard_native_stack("quasiquote");
  if (is_vector(form)) {
    Value items = kNil;
    for (std::size_t i = slot_count(form); i > 0; --i) items = vm_.cons(slots(form)[i - 1], items);
    Node* list = quasiquote(items, depth, env);
    if (list->kind == NodeKind::kConstant) return constant(strip_syntax(vm_, form));
    return global_call("list->vector", list);
  }
  if (!is_pair(form)) return constant(strip_syntax(vm_, form));
  const bool is_two = list_length(form) == 2;
  if (is_two && is_keyword(car(form), "unquote", env) && depth == 1) return expand(cadr(form), env);
  const Value head = car(form);
  if (depth == 1 && is_pair(head) && list_length(head) == 2 && is_keyword(car(head), "unquote-splicing", env)) {
    Node* spliced = expand(cadr(head), env);
    if (cdr(form) == kNil) return spliced;
    spliced->next = quasiquote(cdr(form), depth, env);
    return global_call("append", spliced);
  }
  int inner = depth;
  if (is_two && is_keyword(head, "quasiquote", env)) ++inner;
  if (is_two && (is_keyword(head, "unquote", env) || is_keyword(head, "unquote-splicing", env))) --inner;
  Node* first = quasiquote(head, depth, env);
  Node* rest = quasiquote(cdr(form), inner, env);
  if (first->kind == NodeKind::kConstant && rest->kind == NodeKind::kConstant) return constant(strip_syntax(vm_, form));
  first->next = rest;
  return inlined("cons", first);
}

Node* Expander::cond(Value clauses, Value env) {
  if (clauses == kNil) return constant(kUnspecified);
  const Value clause = car(clauses);
  if (!is_pair(clause) || list_length(clause) == SIZE_MAX) fail("cond: expected a clause (test expression ...)", kNil);
  if (is_keyword(car(clause), "else", env)) return sequence(cdr(clause), env);
  Node* test = expand(car(clause), env);
  if (cdr(clause) == kNil) {
    Node* n = node(NodeKind::kOr);
    n->a = test;
    test->next = cond(cdr(clauses), env);
    return n;
  }
  if (is_keyword(cadr(clause), "=>", env)) {
    if (list_length(clause) != 3) fail("cond: expected a clause (test => procedure)", kNil);
    Node* let = node(NodeKind::kLet);
    let->b = test;
    Local* local = vm_.me.make<Local>(kFalse);
    let->local = local;
    Node* call = node(NodeKind::kCall);
    call->a = expand(car(cddr(clause)), env);
    call->b = reference(local);
    Node* seen = reference(local);
    let->a = if_node(seen, call, cond(cdr(clauses), env));
    return let;
  }
  Node* then = sequence(cdr(clause), env);
  return if_node(test, then, cond(cdr(clauses), env));
}

Node* Expander::case_form(Value form, Value env) {
  require(list_length(form) >= 2, "(case key ((datum ...) expression ...) ...)", form);
  Node* let = node(NodeKind::kLet);
  let->b = expand(cadr(form), env);
  Local* key = vm_.me.make<Local>(kFalse);
  let->local = key;
  let->a = case_clauses(cddr(form), key, env);
  return let;
}

Node* Expander::case_clauses(Value clauses, Local* key, Value env) {
  if (clauses == kNil) return constant(kUnspecified);
  const Value clause = car(clauses);
  if (!is_pair(clause) || !is_pair(cdr(clause))) fail("case: expected a clause ((datum ...) expression ...)", kNil);
  Node* then;
  if (is_keyword(cadr(clause), "=>", env)) {
    then = node(NodeKind::kCall);
    then->a = expand(car(cddr(clause)), env);
    then->b = reference(key);
  } else {
    then = sequence(cdr(clause), env);
  }
  if (is_keyword(car(clause), "else", env)) return then;
  Node* any = node(NodeKind::kOr);
  ListBuilder<Node> tests;
  if (list_length(car(clause)) == SIZE_MAX) fail("case: expected a list of data in a clause", kNil);
  for (Value d = car(clause); is_pair(d); d = cdr(d)) {
    Node* arguments = reference(key);
    arguments->next = constant(strip_syntax(vm_, car(d)));
    tests.add(inlined("eqv?", arguments));
  }
  any->a = tests.first();
  return if_node(tests.first() == nullptr ? constant(kFalse) : any, then, case_clauses(cdr(clauses), key, env));
}

/// (do ((variable init step) ...) (test result ...) command ...): a letrec-bound procedure, found to be a loop later.
Node* Expander::do_loop(Value form, Value env) {
  require(list_length(form) >= 3 && list_length(cadr(form)) != SIZE_MAX && is_pair(car(cddr(form))),
          "(do ((variable init [step]) ...) (test expression ...) command ...)", form);
  const Value scope = new_scope(env);
  Node* letrec = node(NodeKind::kLetrec);
  Local* loop = vm_.me.make<Local>(kFalse);
  letrec->local = loop;
  Node* body = node(NodeKind::kLambda);
  loop->init = body;
  ListBuilder<Node> inits, steps;
  ListBuilder<Local> locals;
  for (Value b = cadr(form); is_pair(b); b = cdr(b)) {
    const std::size_t n = list_length(car(b));
    require(n == 2 || n == 3, "bindings of the form (variable init [step])", form);
    inits.add(expand(cadr(car(b)), env));
    locals.add(bind_local(scope, car(car(b))));
    ++body->number;
  }
  body->local = locals.first();
  Local* local = locals.first();
  const Value exit = car(cddr(form));
  Node* test = expand(car(exit), scope);
  Node* result = sequence(cdr(exit), scope);
  Node* again = node(NodeKind::kSequence);
  ListBuilder<Node> commands;
  for (Value c = cdr(cddr(form)); is_pair(c); c = cdr(c)) commands.add(expand(car(c), scope));
  for (Value b = cadr(form); is_pair(b); b = cdr(b), local = local->next) {
    steps.add(cddr(car(b)) == kNil ? reference(local) : expand(car(cddr(car(b))), scope));
  }
  Node* jump = node(NodeKind::kCall);
  jump->a = reference(loop);
  jump->b = steps.first();
  commands.add(jump);
  again->a = commands.first();
  body->a = if_node(test, result, again);
  Node* enter = node(NodeKind::kCall);
  enter->a = reference(loop);
  enter->b = inits.first();
  loop->calls = 2;
  letrec->a = enter;
  return letrec;
}

Node* Expander::case_lambda(Value form, Value env) {
  Node* n = node(NodeKind::kCaseLambda);
  ListBuilder<Node> clauses;
  for (Value c = cdr(form); is_pair(c); c = cdr(c)) {
    require(is_pair(car(c)), "clauses of the form (parameters body ...)", form);
    clauses.add(lambda(car(car(c)), cdr(car(c)), env, kFalse));
  }
  n->a = clauses.first();
  return n;
}

Value Expander::rewrite(Form which, Value form, Value env) {
  switch (which) {
    case Form::kDefineRecordType:
      return record_definitions(form, env);
    case Form::kDefineValues:
      return value_definitions(form, env);
    case Form::kCondExpand:
      return cond_expand(form, env);
    default:
      return include(form, which == Form::kIncludeCi);
  }
}

Value Expander::record_definitions(Value form, Value env) {
  require(list_length(form) >= 4, "(define-record-type name (constructor field ...) predicate field ...)", form);
  Value fields = kNil, definitions = kNil;
  const Value type = is_pair(cadr(form)) ? car(cadr(form)) : cadr(form), constructor = car(cddr(form));
  const Value predicate = cadr(cddr(form)), specs = cddr(cddr(form));
  for (Value s = specs; is_pair(s); s = cdr(s)) fields = vm_.cons(is_pair(car(s)) ? car(car(s)) : car(s), fields);
  std::int64_t index = static_cast<std::int64_t>(list_length(specs)) - 1;
  const Value define = core("define"), lambda = core("lambda"), quote = core("quote"), r = core("r"), v = core("v");
  auto add = [&](Value name, Value parameters, Value body) {
    definitions = vm_.cons(vm_.list({define, name, vm_.list({lambda, parameters, body})}), definitions);
  };
  Value names = kNil;
  for (Value f = fields; f != kNil; f = cdr(f), --index) {
    names = vm_.cons(car(f), names);
    Value spec = specs;
    for (std::int64_t i = 0; i < index; ++i) spec = cdr(spec);
    spec = car(spec);
    if (!is_pair(spec) || cdr(spec) == kNil) continue;
    const Value at = fixnum(index);
    add(cadr(spec), vm_.list({r}), vm_.list({core("%record-ref"), r, type, at}));
    if (cddr(spec) == kNil) continue;
    add(car(cddr(spec)), vm_.list({r, v}), vm_.list({core("%record-set!"), r, type, at, v}));
  }
  if (is_identifier(predicate)) add(predicate, vm_.list({r}), vm_.list({core("%record?"), r, type}));
  if (constructor != kFalse) {
    const Value parameters = is_pair(constructor) ? cdr(constructor) : names;
    Value values = kNil;
    for (Value f = fields; f != kNil; f = cdr(f)) {
      bool given = false;
      for (Value p = parameters; is_pair(p); p = cdr(p)) given = given || car(p) == car(f);
      values = vm_.cons(given ? car(f) : kFalse, values);
    }
    for (Value p = parameters; is_pair(p); p = cdr(p)) {
      bool known = false;
      for (Value f = fields; f != kNil; f = cdr(f)) known = known || car(p) == car(f);
      if (!known) fail("expected the constructor's parameters to be fields", form);
    }
    add(is_pair(constructor) ? car(constructor) : constructor, parameters,
        vm_.cons(core("%make-record"), vm_.cons(type, values)));
  }
  static_cast<void>(env);
  const Value make = vm_.list({core("%make-record-type"), vm_.list({quote, type}), vm_.list({quote, names})});
  return vm_.cons(core("begin"), vm_.cons(vm_.list({define, type, make}), definitions));
}

/// (define-values (a b . c) e): definitions, then assignments from temporaries that stand for a, b and c.
Value Expander::value_definitions(Value form, Value env) {
  require(list_length(form) == 3, "(define-values (variable ...) expression)", form);
  Value definitions = kNil, assignments = kNil, temporaries = kNil, formals = cadr(form);
  auto add = [&](Value id) {
    const Value temporary = vm_.make<Alias>(id, env);
    definitions = vm_.cons(vm_.list({core("define"), id, kFalse}), definitions);
    assignments = vm_.cons(vm_.list({core("set!"), id, temporary}), assignments);
    return temporary;
  };
  Value reversed = kNil;
  for (; is_pair(formals); formals = cdr(formals)) reversed = vm_.cons(add(car(formals)), reversed);
  if (formals != kNil) temporaries = add(formals);
  for (; reversed != kNil; reversed = cdr(reversed)) temporaries = vm_.cons(car(reversed), temporaries);
  if (assignments == kNil) assignments = vm_.list({kUnspecified});
  const Value producer = vm_.list({core("lambda"), kNil, car(cddr(form))});
  const Value consumer = vm_.cons(core("lambda"), vm_.cons(temporaries, assignments));
  definitions = vm_.cons(vm_.list({core("call-with-values"), producer, consumer}), definitions);
  Value result = kNil;
  for (; definitions != kNil; definitions = cdr(definitions)) result = vm_.cons(car(definitions), result);
  return vm_.cons(core("begin"), result);
}

Value Expander::include(Value form, bool) {
  Value forms = kNil;
  for (Value f = cdr(form); is_pair(f); f = cdr(f)) {
    require(is_string(car(f)), "(include \"file\" ...)", form);
    std::string path = vm_.utf8(car(f));
    const std::size_t slash = file_.rfind('/');
    if (path[0] != '/' && slash != std::string_view::npos) path.insert(0, file_.substr(0, slash + 1));
    for (Value v = vm_.read_file(path); v != kNil; v = cdr(v)) forms = vm_.cons(car(v), forms);
  }
  Value result = kNil;
  for (; forms != kNil; forms = cdr(forms)) result = vm_.cons(car(forms), result);
  return vm_.cons(core("begin"), result);
}

bool Expander::feature(Value requirement, Value env) {
  if (is_identifier(requirement)) {
    static constexpr std::string_view kFeatures[] = {"r7rs",   "exact-closed", "ieee-float",   "full-unicode",
                                                     "ratios", "memgc",        "memgc-scheme", "else"};
    const std::string name = vm_.utf8(strip_syntax(vm_, requirement));
    return std::find(std::begin(kFeatures), std::end(kFeatures), name) != std::end(kFeatures);
  }
  if (!is_pair(requirement)) return false;
  const std::string head = vm_.utf8(strip_syntax(vm_, car(requirement)));
  if (head == "library") return is_known_library(vm_, strip_syntax(vm_, cadr(requirement)));
  if (head == "not") return !feature(cadr(requirement), env);
  for (Value r = cdr(requirement); is_pair(r); r = cdr(r)) {
    if (feature(car(r), env) != (head == "and")) return head == "or";
  }
  return head == "and";
}

Value Expander::cond_expand(Value form, Value env) {
  for (Value c = cdr(form); is_pair(c); c = cdr(c)) {
    require(is_pair(car(c)), "clauses of the form (feature form ...)", form);
    if (feature(car(car(c)), env)) return vm_.cons(core("begin"), cdr(car(c)));
  }
  return vm_.list({core("begin")});
}

}  // namespace scheme
