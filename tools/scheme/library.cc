// Job: libraries: define-library, import, and which standard ones there are; the table of special forms.
//
// How. All standard procedures and keywords are in the global environment from the start, so importing a standard
// library checks its name and is done, unless names change. A library of the program's has an Environment of its own,
// in which a defined name stands for a symbol that no text can spell. An import enters (name . variable) pairs into the
// importer.
#include <algorithm>

#include "compiler.h"

namespace scheme {
namespace {

constexpr const char* kFormNames[] = {"quote",
                                      "quasiquote",
                                      "lambda",
                                      "named-lambda",
                                      "define",
                                      "set!",
                                      "if",
                                      "begin",
                                      "let",
                                      "let*",
                                      "letrec",
                                      "letrec*",
                                      "and",
                                      "or",
                                      "when",
                                      "unless",
                                      "cond",
                                      "case",
                                      "do",
                                      "case-lambda",
                                      "define-syntax",
                                      "let-syntax",
                                      "letrec-syntax",
                                      "syntax-error",
                                      "define-record-type",
                                      "define-values",
                                      "include",
                                      "include-ci",
                                      "cond-expand",
                                      "import",
                                      "define-library",
                                      "the-environment"};
static_assert(std::size(kFormNames) == static_cast<std::size_t>(Form::kCount));

bool is_standard(const std::string& name) {
  static constexpr std::string_view kStandard[] = {"(scheme base)",
                                                   "(scheme case-lambda)",
                                                   "(scheme char)",
                                                   "(scheme complex)",
                                                   "(scheme cxr)",
                                                   "(scheme eval)",
                                                   "(scheme file)",
                                                   "(scheme inexact)",
                                                   "(scheme lazy)",
                                                   "(scheme load)",
                                                   "(scheme process-context)",
                                                   "(scheme r5rs)",
                                                   "(scheme read)",
                                                   "(scheme repl)",
                                                   "(scheme time)",
                                                   "(scheme write)",
                                                   "(scheme list)",
                                                   "(scheme sort)",
                                                   "(scheme hash-table)",
                                                   "(srfi 1)",
                                                   "(srfi 6)",
                                                   "(srfi 8)",
                                                   "(srfi 9)",
                                                   "(srfi 11)",
                                                   "(srfi 16)",
                                                   "(srfi 23)",
                                                   "(srfi 26)",
                                                   "(srfi 30)",
                                                   "(srfi 39)",
                                                   "(srfi 62)",
                                                   "(srfi 69)",
                                                   "(srfi 87)",
                                                   "(srfi 95)",
                                                   "(memgc)"};
  return std::find(std::begin(kStandard), std::end(kStandard), name) != std::end(kStandard);
}

/// The program's libraries: an association list from written name to Environment, in a global of the interpreter's.
Symbol* libraries(Vm& vm) {
  Symbol* symbol = untag<Symbol>(vm.symbol("%libraries"));
  if (symbol->value == kUndefined) symbol->value = kNil;
  return symbol;
}

Value find_library(Vm& vm, Value name) {
  for (Value l = libraries(vm)->value; is_pair(l); l = cdr(l)) {
    if (equal(vm, car(car(l)), name)) return cdr(car(l));
  }
  return kFalse;
}

void claim_name(Vm& vm, Value name, Value env) {
  while (is_pair(name)) name = car(name);
  if (is_symbol(name) && (untag<Symbol>(name)->aux & kStandardSymbol) != 0) claim(vm, name, env);
}

void claim_assigned(Vm& vm, Value form, Value env) {
  vm.guard_native_stack("compiling");
  for (; is_pair(form); form = cdr(form)) {
    const Value head = car(form);
    if (is_pair(head)) {
      claim_assigned(vm, head, env);
    } else if (head == vm.symbol("set!") && is_pair(cdr(form))) {
      claim_name(vm, cadr(form), env);
    } else if (head == vm.symbol("quote") || head == vm.symbol("define-library")) {
      return;
    }
  }
}

void claim_defined(Vm& vm, Value form, Value env) {
  if (!is_pair(form) || !is_pair(cdr(form))) return;
  const Value head = car(form);
  if (head == vm.symbol("begin")) {
    for (Value f = cdr(form); is_pair(f); f = cdr(f)) claim_defined(vm, car(f), env);
  } else if (head == vm.symbol("define") || head == vm.symbol("define-syntax")) {
    claim_name(vm, cadr(form), env);
  } else if (head == vm.symbol("define-values")) {
    for (Value f = cadr(form); is_pair(f); f = cdr(f)) claim_name(vm, car(f), env);
  } else if (head == vm.symbol("define-record-type")) {
    claim_name(vm, cadr(form), env);
    for (Value f = cddr(form); is_pair(f); f = cdr(f)) {
      // The constructor, in front; the predicate; (field accessor modifier).
      if (!is_pair(car(f)) || f == cddr(form)) {
        claim_name(vm, car(f), env);
      } else {
        for (Value n = cdr(car(f)); is_pair(n); n = cdr(n)) claim_name(vm, car(n), env);
      }
    }
  }
}

}  // namespace

void claim_definitions(Vm& vm, Value form, Value env) {
  if (list_length(form) == SIZE_MAX) return;
  claim_defined(vm, form, env);
  claim_assigned(vm, form, env);
}

bool is_known_library(Vm& vm, Value name) { return is_standard(to_text(vm, name)) || find_library(vm, name) != kFalse; }

Value Expander::import_set(Value set) {
  require(list_length(set) != SIZE_MAX && set != kNil, "a library name or import set", set);
  const std::string head = is_symbol(car(set)) ? vm_.utf8(car(set)) : "";
  const bool modifies = is_pair(cdr(set)) && is_pair(cadr(set));
  if (!modifies || (head != "only" && head != "except" && head != "prefix" && head != "rename")) {
    const Value library = find_library(vm_, set);
    Value names = kNil;
    if (library != kFalse) {
      const Value cells = untag<Table>(untag<Environment>(library)->exports)->entries;
      for (std::size_t i = 0; i < slot_count(cells); i += 2) {
        if (is_symbol(slots(cells)[i])) names = vm_.cons(vm_.cons(slots(cells)[i], slots(cells)[i + 1]), names);
      }
      return names;
    }
    if (!is_standard(to_text(vm_, set))) fail("import: expected the name of a library, got " + to_text(vm_, set), kNil);
    return kTrue;  // every standard name, unchanged
  }
  Value names = import_set(cadr(set));
  if (names == kTrue) {
    if (head == "only" || head == "except") return names;
    names = kNil;
    vm_.each_symbol([&](Value s) {
      if ((untag<Symbol>(s)->aux & kStandardSymbol) != 0) names = vm_.cons(vm_.cons(s, s), names);
    });
  }
  Value result = kNil;
  const auto exported = [&](Value name) {
    for (Value n = names; n != kNil; n = cdr(n)) {
      if (car(car(n)) == name) return cdr(car(n));
    }
    fail("import: expected a name that the library exports, got " + to_text(vm_, name), kNil);
  };
  if (head == "only") {
    for (Value n = cddr(set); is_pair(n); n = cdr(n)) result = vm_.cons(vm_.cons(car(n), exported(car(n))), result);
    return result;
  }
  for (Value n = cddr(set); head != "prefix" && is_pair(n); n = cdr(n))
    exported(is_pair(car(n)) ? car(car(n)) : car(n));
  for (Value n = names; n != kNil; n = cdr(n)) {
    Value name = car(car(n));
    if (head == "prefix") {
      name = vm_.symbol(vm_.utf8(car(cddr(set))) + vm_.utf8(name));
    } else {
      bool dropped = false;
      for (Value m = cddr(set); is_pair(m); m = cdr(m)) {
        if (is_pair(car(m)) && car(car(m)) == name) {
          name = cadr(car(m));
          break;
        }
        dropped = dropped || car(m) == name;
      }
      if (dropped) continue;
    }
    result = vm_.cons(vm_.cons(name, cdr(car(n))), result);
  }
  return result;
}

Node* Expander::import(Value form, Value env) {
  Environment* e = untag<Environment>(env);
  for (Value s = cdr(form); is_pair(s); s = cdr(s)) {
    Value names = import_set(strip_syntax(vm_, car(s)));
    if (names == kTrue) continue;
    if (e->names == kFalse) e->names = make_table(vm_, Table::kEqv);
    for (; names != kNil; names = cdr(names)) {
      if (car(car(names)) != cdr(car(names))) table_set(vm_, e->names, car(car(names)), cdr(car(names)));
    }
  }
  return constant(kUnspecified);
}

Node* Expander::library(Value form) {
  require(list_length(form) >= 2 && is_pair(cadr(form)), "(define-library (name ...) declaration ...)", form);
  const Value env = vm_.environment(make_table(vm_, Table::kEqv), make_table(vm_, Table::kEqv), true);
  ListBuilder<Node> code;
  Value exports = kNil;
  library_declarations(cddr(form), env, code, exports);
  for (; exports != kNil; exports = cdr(exports)) {
    const Value spec = car(exports), inner = is_pair(spec) ? cadr(spec) : spec,
                outer = is_pair(spec) ? car(cddr(spec)) : spec;
    table_set(vm_, untag<Environment>(env)->exports, outer, lookup(vm_, inner, env));
  }
  libraries(vm_)->value = vm_.cons(vm_.cons(strip_syntax(vm_, cadr(form)), env), libraries(vm_)->value);
  code.add(constant(kUnspecified));
  Node* n = node(NodeKind::kSequence);
  n->a = code.first();
  return n;
}

/// Imports and exports first, whatever their order; then the bodies.
void Expander::library_declarations(Value forms, Value env, ListBuilder<Node>& code, Value& exports) {
  for (const bool bodies : {false, true}) {
    for (Value f = forms; is_pair(f); f = cdr(f)) {
      const Value declaration = car(f);
      require(is_pair(declaration) && is_symbol(car(declaration)), "a library declaration", declaration);
      const std::string head = vm_.utf8(car(declaration));
      const bool is_body = head == "begin" || head == "include" || head == "include-ci" || head == "cond-expand";
      if (head == "cond-expand") {
        const Value chosen = cdr(cond_expand(declaration, env));
        if (bodies) library_declarations(chosen, env, code, exports);
      } else if (head == "include-library-declarations") {
        if (bodies) library_declarations(cdr(include(declaration, false)), env, code, exports);
      } else if (is_body != bodies) {
        continue;
      } else if (head == "export") {
        for (Value e = cdr(declaration); is_pair(e); e = cdr(e)) exports = vm_.cons(car(e), exports);
      } else if (head == "import") {
        import(declaration, env);
      } else if (is_body) {
        Value body = head == "begin" ? cdr(declaration) : cdr(include(declaration, head == "include-ci"));
        // Its own definition of a standard name counts from the first use on.
        for (Value b = body; is_pair(b); b = cdr(b)) claim_definitions(vm_, car(b), env);
        for (; is_pair(body); body = cdr(body)) code.add(top_level(car(body), env));
      } else {
        fail("define-library: expected export, import, begin, include or cond-expand, got " + head, kNil);
      }
    }
  }
}

void define_special_forms(Vm& vm) {
  for (std::size_t i = 0; i < std::size(kFormNames); ++i) {
    const Value form = object(vm.me.make<Object>(Type::kSpecialForm, static_cast<std::uint32_t>(i)));
    untag<Symbol>(vm.symbol(kFormNames[i]))->value = form;
  }
  for (const char* keyword : {"else", "=>", "...", "_", "unquote", "unquote-splicing", "syntax-rules"}) {
    untag<Symbol>(vm.symbol(keyword))->aux |= kStandardSymbol;
  }
}

}  // namespace scheme
