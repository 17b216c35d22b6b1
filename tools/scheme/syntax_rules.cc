// Job: syntax-rules: making a Macro from its specification, matching a use, instantiating a template.
//
// How. A match is an association list from pattern variable to what it stands for: a form, or, under n ellipses, a list
// nested n deep. Each identifier that a template puts in becomes an Alias, one per name and use.
// Invariant: a macro never runs Scheme code, so expansion cannot re-enter the run loop.
#include "compiler.h"

namespace scheme {
namespace {

class Matcher {
 public:
  /// For the rule with this pattern, the macro's keyword left out.
  Matcher(Vm& vm, Macro* macro, Value pattern, Value use_scope)
      : vm_(vm), macro_(macro), pattern_(pattern), scope_(use_scope) {}

  bool matches(Value form) { return match(pattern_, form); }

  Value instantiate(Value t) {
    vm_.guard_native_stack("macro expansion");
    if (is_identifier(t)) {
      const Value found = find(t);
      return found != kUndefined ? found : rename(t);
    }
    if (is_vector(t)) return to_vector(instantiate(to_list(t)));
    if (!is_pair(t)) return t;
    if (is_ellipsis(car(t)) && is_pair(cdr(t))) {  // (... template): ellipses mean themselves
      const bool was = escaped_;
      escaped_ = true;
      const Value result = instantiate(cadr(t));
      escaped_ = was;
      return result;
    }
    if (!is_pair(cdr(t)) || !is_ellipsis(cadr(t))) {
      const Value first = instantiate(car(t));
      return vm_.cons(first, instantiate(cdr(t)));
    }
    Value rest = cddr(t);
    int depth = 1;
    for (; is_pair(rest) && is_ellipsis(car(rest)); rest = cdr(rest)) ++depth;
    Value reversed = kNil;
    repeat(car(t), depth, reversed);
    Value result = instantiate(rest);
    for (; reversed != kNil; reversed = cdr(reversed)) result = vm_.cons(car(reversed), result);
    return result;
  }

 private:
  bool match(Value pattern, Value form) {
    vm_.guard_native_stack("macro expansion");
    if (is_identifier(pattern)) return match_identifier(pattern, form);
    if (is_pair(pattern)) {
      if (is_pair(cdr(pattern)) && is_ellipsis(cadr(pattern))) return match_ellipsis(pattern, form);
      return is_pair(form) && match(car(pattern), car(form)) && match(cdr(pattern), cdr(form));
    }
    if (is_vector(pattern)) return is_vector(form) && match(to_list(pattern), to_list(form));
    return equal(vm_, pattern, form);
  }

  bool is_ellipsis(Value v) const {
    if (escaped_ || !is_identifier(v) || is_literal(v)) return false;
    if (v == macro_->ellipsis) return true;
    // The standard one also when another macro's template brought it here.
    return macro_->ellipsis == vm_.symbol("...") && strip_syntax(vm_, v) == macro_->ellipsis;
  }
  bool is_literal(Value id) const {
    for (Value l = macro_->literals; is_pair(l); l = cdr(l)) {
      if (car(l) == id) return true;
    }
    return false;
  }
  bool match_identifier(Value pattern, Value form) {
    if (is_literal(pattern)) {
      return is_identifier(form) && lookup(vm_, form, scope_) == lookup(vm_, pattern, macro_->scope);
    }
    if (strip_syntax(vm_, pattern) != vm_.symbol("_")) bind(pattern, form);
    return true;
  }
  bool match_ellipsis(Value pattern, Value form) {
    const Value tail = cddr(pattern);
    std::size_t after = 0, available = 0;
    for (Value p = tail; is_pair(p); p = cdr(p)) ++after;
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
    collect(car(pattern), matches);
    return match(tail, form);
  }
  /// Binds each variable of `pattern` to the list of what it matched.
  void collect(Value pattern, Value matches) {
    if (is_identifier(pattern)) {
      if (is_literal(pattern) || is_ellipsis(pattern)) return;
      Value all = kNil;
      for (Value m = matches; m != kNil; m = cdr(m)) {
        for (Value b = car(m); b != kNil; b = cdr(b)) {
          if (car(car(b)) == pattern) {
            all = vm_.cons(cdr(car(b)), all);
            break;
          }
        }
      }
      bind(pattern, all);
    } else if (is_pair(pattern)) {
      collect(car(pattern), matches);
      collect(cdr(pattern), matches);
    } else if (is_vector(pattern)) {
      collect(to_list(pattern), matches);
    }
  }
  /// Instances of `t` under `depth` ellipses, latest first.
  void repeat(Value t, int depth, Value& reversed) {
    Value variables = kNil;
    std::size_t longest = 0;
    repeated_variables(t, depth - 1, variables, longest);
    if (variables == kNil) {
      vm_.error("syntax-rules: expected a variable of this depth before ...", vm_.list({strip_syntax(vm_, t)}));
    }
    const Value outer = bindings_;
    for (std::size_t i = 0; i < longest; ++i) {
      bindings_ = outer;
      for (Value v = variables; v != kNil; v = cdr(v)) {
        Value items = cdr(car(v));
        for (std::size_t skip = 0; skip < i; ++skip) items = cdr(items);
        bind(car(car(v)), car(items));
      }
      if (depth > 1) {
        repeat(t, depth - 1, reversed);
      } else {
        reversed = vm_.cons(instantiate(t), reversed);
      }
    }
    bindings_ = outer;
  }
  /// The variables in `t` that this ellipsis repeats, with their lists: those that the `inner` ellipses between it and
  /// them do not use up.
  void repeated_variables(Value t, int inner, Value& found, std::size_t& longest) {
    if (is_identifier(t)) {
      if (remaining_depth(t) <= inner) return;
      const Value items = find(t);
      const std::size_t n = list_length(items);
      if (found != kNil && n != longest) {
        vm_.error("syntax-rules: expected sequences of equal length under one ellipsis",
                  vm_.list({strip_syntax(vm_, t)}));
      }
      longest = n;
      found = vm_.cons(vm_.cons(t, items), found);
    } else if (is_pair(t)) {
      Value rest = cdr(t);
      int more = 0;
      for (; is_pair(rest) && is_ellipsis(car(rest)); rest = cdr(rest)) ++more;
      repeated_variables(car(t), inner + more, found, longest);
      repeated_variables(rest, inner, found, longest);
    } else if (is_vector(t)) {
      repeated_variables(to_list(t), inner, found, longest);
    }
  }
  /// How many ellipses variable `id` is still under: those of the pattern, less the repetitions under way. A match
  /// binds it once, each repetition once more.
  int remaining_depth(Value id) const {
    int bound = 0;
    for (Value b = bindings_; b != kNil; b = cdr(b)) bound += car(car(b)) == id ? 1 : 0;
    return bound == 0 ? 0 : pattern_depth(pattern_, id) - (bound - 1);
  }
  int pattern_depth(Value p, Value id) const {  // -1: not in it
    if (p == id) return 0;
    if (is_vector(p)) return pattern_depth(to_list(p), id);
    if (!is_pair(p)) return -1;
    const int first = pattern_depth(car(p), id);
    if (first >= 0) return first + (is_pair(cdr(p)) && is_ellipsis(cadr(p)) ? 1 : 0);
    return pattern_depth(cdr(p), id);
  }

  Value find(Value id) const {
    for (Value b = bindings_; b != kNil; b = cdr(b)) {
      if (car(car(b)) == id) return cdr(car(b));
    }
    return kUndefined;
  }
  void bind(Value id, Value form) { bindings_ = vm_.cons(vm_.cons(id, form), bindings_); }
  Value rename(Value id) {
    for (Value r = renamed_; r != kNil; r = cdr(r)) {
      if (car(car(r)) == id) return cdr(car(r));
    }
    const Value alias = vm_.make<Alias>(id, macro_->scope.get());
    renamed_ = vm_.cons(vm_.cons(id, alias), renamed_);
    return alias;
  }
  Value to_list(Value vector) const {
    Value items = kNil;
    for (std::size_t i = slot_count(vector); i > 0; --i) items = vm_.cons(slots(vector)[i - 1], items);
    return items;
  }
  Value to_vector(Value items) const {
    const Value v = vm_.make_slots(Type::kVector, list_length(items), kFalse);
    for (std::size_t i = 0; items != kNil; items = cdr(items)) slots(v)[i++] = car(items);
    return v;
  }

  Vm& vm_;
  Macro* macro_;
  Value pattern_;
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
    Matcher matcher(vm, macro, cdr(car(car(rules))), scope);
    if (matcher.matches(cdr(form))) return matcher.instantiate(cadr(car(rules)));
  }
  vm.syntax_error(vm.utf8(strip_syntax(vm, car(form))) + ": expected a form that matches one of the macro's patterns",
                  strip_syntax(vm, form), file, line);
}

namespace {

/// Ends on circular lists, which a macro cannot make.
bool holds_alias(Vm& vm, Value form) {
  if (is_type(form, Type::kAlias)) return true;
  if (is_vector(form)) {
    vm.guard_native_stack("quote");
    for (std::size_t i = 0; i < slot_count(form); ++i) {
      if (holds_alias(vm, slots(form)[i])) return true;
    }
    return false;
  }
  if (!is_pair(form)) return false;
  vm.guard_native_stack("quote");
  Value slow = form;
  for (bool step = false; is_pair(form); step = !step) {
    if ((is_pair(car(form)) || is_object(car(form))) && holds_alias(vm, car(form))) return true;
    form = cdr(form);
    if (step) slow = cdr(slow);
    if (form == slow) return false;
  }
  return holds_alias(vm, form);
}

Value strip_copy(Vm& vm, Value form) {
  if (is_type(form, Type::kAlias)) return strip_copy(vm, untag<Alias>(form)->id);
  if (is_pair(form)) {
    Value reversed = kNil;
    for (; is_pair(form); form = cdr(form)) reversed = vm.cons(strip_copy(vm, car(form)), reversed);
    Value result = strip_copy(vm, form);
    for (; reversed != kNil; reversed = cdr(reversed)) result = vm.cons(car(reversed), result);
    return result;
  }
  if (!is_vector(form)) return form;
  const Value copy = vm.make_slots(Type::kVector, slot_count(form), kFalse);
  for (std::size_t i = 0; i < slot_count(form); ++i) slots(copy)[i] = strip_copy(vm, slots(form)[i]);
  return copy;
}

}  // namespace

Value strip_syntax(Vm& vm, Value form) {
  if (is_symbol(form)) return form;
  return holds_alias(vm, form) ? strip_copy(vm, form) : form;
}

}  // namespace scheme
