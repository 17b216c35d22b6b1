// Job: syntax-rules: making a Macro from its specification, matching a use, instantiating a template.
//
// How. A match is an association list from pattern variable to the form it stands for; under an ellipsis, to a Multiple
// of what the repetitions stand for, whose aux is how many ellipses there are. Each identifier that a template puts in
// becomes an Alias, one per name and use. Invariant: a macro never runs Scheme code, so expansion cannot re-enter the
// run loop.
#include "compiler.h"

namespace scheme {
namespace {

class Matcher {
 public:
  Matcher(Vm& vm, Macro* macro, Value use_scope) : vm_(vm), macro_(macro), scope_(use_scope) {}

  bool match(Value pattern, Value form) {
    vm_.guard_native_stack("macro expansion");
    if (is_identifier(pattern)) return match_identifier(pattern, form);
    if (is_vector(pattern)) return is_vector(form) && match(vm_.list_of(pattern), vm_.list_of(form));
    if (!is_pair(pattern)) return equal(vm_, pattern, form);
    if (has_ellipsis(pattern)) return match_ellipsis(pattern, form);
    return is_pair(form) && match(car(pattern), car(form)) && match(cdr(pattern), cdr(form));
  }

  Value instantiate(Value t) {
    vm_.guard_native_stack("macro expansion");
    if (is_identifier(t)) {
      const Value found = find(bindings_, t);
      return found != kUndefined ? found : rename(t);
    }
    if (is_vector(t)) return vm_.vector(instantiate(vm_.list_of(t)));
    if (!is_pair(t)) return t;
    if (is_ellipsis(car(t)) && is_pair(cdr(t))) {  // (... template): ellipses mean themselves
      escaped_ = true;
      const Value result = instantiate(cadr(t));
      escaped_ = false;
      return result;
    }
    if (!has_ellipsis(t)) {
      const Value first = instantiate(car(t));
      return vm_.cons(first, instantiate(cdr(t)));
    }
    Value rest = cddr(t), reversed = kNil;
    std::uint32_t depth = 1;
    for (; is_pair(rest) && is_ellipsis(car(rest)); rest = cdr(rest)) ++depth;
    repeat(car(t), depth, reversed);
    Value result = instantiate(rest);
    for (; reversed != kNil; reversed = cdr(reversed)) result = vm_.cons(car(reversed), result);
    return result;
  }

 private:
  bool is_literal(Value id) const {
    for (Value l = macro_->literals; is_pair(l); l = cdr(l)) {
      if (car(l) == id) return true;
    }
    return false;
  }
  bool is_ellipsis(Value v) const {
    if (escaped_ || !is_identifier(v) || is_literal(v)) return false;
    // The standard one also when another macro's template brought it here.
    return v == macro_->ellipsis || (macro_->ellipsis == vm_.symbol("...") && strip_syntax(vm_, v) == macro_->ellipsis);
  }
  bool has_ellipsis(Value list) const { return is_pair(cdr(list)) && is_ellipsis(cadr(list)); }
  bool match_identifier(Value pattern, Value form) {
    if (is_literal(pattern)) {
      return is_identifier(form) && lookup(vm_, form, scope_) == lookup(vm_, pattern, macro_->scope);
    }
    if (strip_syntax(vm_, pattern) != vm_.symbol("_")) bind(pattern, form);
    return true;
  }
  bool match_ellipsis(Value pattern, Value form) {
    std::size_t after = 0, available = 0;
    for (Value p = cddr(pattern); is_pair(p); p = cdr(p)) ++after;
    for (Value f = form; is_pair(f); f = cdr(f)) ++available;
    if (available < after) return false;
    const Value outer = bindings_;
    Value matches = kNil;  // one association list per repetition, latest first
    for (std::size_t n = available - after; n > 0; --n, form = cdr(form)) {
      bindings_ = kNil;
      if (!match(car(pattern), car(form))) return false;
      matches = vm_.cons(bindings_, matches);
    }
    bindings_ = outer;
    collect(car(pattern), matches, 1);
    return match(cddr(pattern), form);
  }
  /// Binds each variable of `pattern` to what it matched in each repetition.
  void collect(Value pattern, Value matches, std::uint32_t depth) {
    if (is_identifier(pattern)) {
      if (is_literal(pattern) || is_ellipsis(pattern)) return;
      std::size_t i = list_length(matches);
      const Value all = vm_.make_slots(Type::kMultiple, i, 0, depth);
      for (; matches != kNil; matches = cdr(matches)) slots(all)[--i] = find(car(matches), pattern);
      bind(pattern, all);
    } else if (is_pair(pattern)) {
      collect(car(pattern), matches, depth + (has_ellipsis(pattern) ? 1 : 0));
      collect(cdr(pattern), matches, depth);
    } else if (is_vector(pattern)) {
      collect(vm_.list_of(pattern), matches, depth);
    }
  }
  /// Instances of `t` under `depth` ellipses, latest first.
  void repeat(Value t, std::uint32_t depth, Value& reversed) {
    Value variables = kNil;
    repeated_variables(t, depth - 1, variables);
    if (variables == kNil) fail("expected a variable of this depth before ...", t);
    const Value outer = bindings_;
    const std::size_t n = slot_count(cdr(car(variables)));
    for (std::size_t i = 0; i < n; ++i) {
      bindings_ = outer;
      for (Value v = variables; v != kNil; v = cdr(v)) {
        if (slot_count(cdr(car(v))) != n) fail("expected sequences of equal length under one ellipsis", t);
        bind(car(car(v)), slots(cdr(car(v)))[i]);
      }
      if (depth > 1) {
        repeat(t, depth - 1, reversed);
      } else {
        reversed = vm_.cons(instantiate(t), reversed);
      }
    }
    bindings_ = outer;
  }
  /// The variables in `t` that an ellipsis repeats: those that the `inner` ones between it and them do not use up.
  void repeated_variables(Value t, std::uint32_t inner, Value& found) {
    if (is_identifier(t)) {
      const Value items = find(bindings_, t);
      if (is_type(items, Type::kMultiple) && untag<Object>(items)->aux > inner) {
        found = vm_.cons(vm_.cons(t, items), found);
      }
    } else if (is_pair(t)) {
      Value rest = cdr(t);
      std::uint32_t more = 0;
      for (; is_pair(rest) && is_ellipsis(car(rest)); rest = cdr(rest)) ++more;
      repeated_variables(car(t), inner + more, found);
      repeated_variables(rest, inner, found);
    } else if (is_vector(t)) {
      repeated_variables(vm_.list_of(t), inner, found);
    }
  }

  [[noreturn]] void fail(const char* expected, Value t) {
    vm_.error(std::string("syntax-rules: ") + expected + ", got", vm_.list({strip_syntax(vm_, t)}));
  }
  static Value find(Value bindings, Value id) {
    for (Value b = bindings; b != kNil; b = cdr(b)) {
      if (car(car(b)) == id) return cdr(car(b));
    }
    return kUndefined;
  }
  void bind(Value id, Value form) { bindings_ = vm_.cons(vm_.cons(id, form), bindings_); }
  Value rename(Value id) {
    const Value known = find(renamed_, id);
    if (known != kUndefined) return known;
    const Value alias = vm_.make<Alias>(id, macro_->scope.get());
    renamed_ = vm_.cons(vm_.cons(id, alias), renamed_);
    return alias;
  }

  Vm& vm_;
  Macro* macro_;
  Value scope_;
  Value bindings_ = kNil, renamed_ = kNil;
  bool escaped_ = false;
};

}  // namespace

Value make_macro(Vm& vm, Value spec, Value scope, std::string_view file, std::uint32_t line) {
  Value ellipsis = vm.symbol("..."), rest = cdr(spec);
  if (is_pair(rest) && is_identifier(car(rest))) {
    ellipsis = car(rest);
    rest = cdr(rest);
  }
  bool good = is_pair(rest) && list_length(car(rest)) != SIZE_MAX && list_length(cdr(rest)) != SIZE_MAX;
  for (Value r = good ? cdr(rest) : kNil; is_pair(r); r = cdr(r)) {
    good = good && list_length(car(r)) == 2 && is_pair(car(car(r)));
  }
  if (!good) {
    vm.syntax_error("syntax-rules: expected (syntax-rules (literal ...) (pattern template) ...)",
                    strip_syntax(vm, spec), file, line);
  }
  return vm.make<Macro>(car(rest), cdr(rest), scope, ellipsis);
}

Value expand_macro(Vm& vm, Macro* macro, Value form, Value scope, std::string_view file, std::uint32_t line) {
  for (Value rules = macro->rules; rules != kNil; rules = cdr(rules)) {
    Matcher matcher(vm, macro, scope);
    if (matcher.match(cdr(car(car(rules))), cdr(form))) return matcher.instantiate(cadr(car(rules)));
  }
  vm.syntax_error(vm.utf8(strip_syntax(vm, car(form))) + ": expected a form that matches one of the macro's patterns",
                  strip_syntax(vm, form), file, line);
}

namespace {

/// Ends on circular lists, which a macro cannot make.
bool holds_alias(Vm& vm, Value form) {
  vm.guard_native_stack("quote");
  Value slow = form;
  for (bool step = false; is_pair(form); step = !step) {
    if ((is_pair(car(form)) || is_object(car(form))) && holds_alias(vm, car(form))) return true;
    form = cdr(form);
    if (step) slow = cdr(slow);
    if (form == slow) return false;
  }
  for (std::size_t i = 0; is_vector(form) && i < slot_count(form); ++i) {
    if (holds_alias(vm, slots(form)[i])) return true;
  }
  return is_type(form, Type::kAlias);
}

Value strip_copy(Vm& vm, Value form) {
  if (is_type(form, Type::kAlias)) return strip_copy(vm, untag<Alias>(form)->id);
  if (is_vector(form)) return vm.vector(strip_copy(vm, vm.list_of(form)));
  Value reversed = kNil;
  for (; is_pair(form); form = cdr(form)) reversed = vm.cons(strip_copy(vm, car(form)), reversed);
  Value result = reversed == kNil || form == kNil ? form : strip_copy(vm, form);
  for (; reversed != kNil; reversed = cdr(reversed)) result = vm.cons(car(reversed), result);
  return result;
}

}  // namespace

Value strip_syntax(Vm& vm, Value form) {
  if (is_symbol(form)) return form;
  return holds_alias(vm, form) ? strip_copy(vm, form) : form;
}

}  // namespace scheme
