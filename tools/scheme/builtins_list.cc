// Job: pairs and lists, equivalence, symbols.
#include <set>

#include "number.h"

namespace scheme {

bool eqv(Value a, Value b) { return a == b || (!is_fixnum(a) && !is_fixnum(b) && numbers_eqv(a, b)); }

namespace {

/// equal? by recursion on everything but a list's spine. After many steps it remembers the pairs of objects under
/// comparison and takes them for equal when it meets them again: so it ends on circular data.
class Equality {
 public:
  explicit Equality(Vm& vm) : vm_(vm) {}

  bool same(Value a, Value b) {
    vm_.guard_native_stack("equal?");
    for (;;) {
      if (eqv(a, b)) return true;
      if (++steps_ > kPatience && (is_pair(a) || is_vector(a)) && !seen_.emplace(a, b).second) return true;
      if (!is_pair(a) || !is_pair(b)) break;
      if (!same(car(a), car(b))) return false;
      a = cdr(a);
      b = cdr(b);
    }
    if (is_string(a) && is_string(b)) {
      return string_length(a) == string_length(b) && std::equal(chars(a), chars(a) + string_length(a), chars(b));
    }
    if (is_vector(a) && is_vector(b)) {
      if (slot_count(a) != slot_count(b)) return false;
      for (std::size_t i = 0; i < slot_count(a); ++i) {
        if (!same(slots(a)[i], slots(b)[i])) return false;
      }
      return true;
    }
    if (is_bytevector(a) && is_bytevector(b)) {
      return bytevector_length(a) == bytevector_length(b) &&
             std::equal(bytes(a), bytes(a) + bytevector_length(a), bytes(b));
    }
    return false;
  }

 private:
  static constexpr int kPatience = 100000;
  Vm& vm_;
  int steps_ = 0;
  std::set<std::pair<Value, Value>> seen_;
};

/// Walks `path`, the letters of a c[ad]+r, from its end.
template <char... path>
Value walk(Args& x) {
  constexpr char kPath[] = {path...};
  Value v = x[0];
  for (std::size_t i = sizeof...(path); i > 0; --i) {
    if (!is_pair(v)) x.vm.wrong_type("a pair at each step", x[0]);
    v = kPath[i - 1] == 'a' ? car(v) : cdr(v);
  }
  return v;
}

Value list_tail(Args& x) {
  Value v = x[0];
  for (std::int64_t n = x.integer(1); n > 0; --n) {
    if (!is_pair(v)) x.vm.wrong_type("a longer list", x[0]);
    v = cdr(v);
  }
  return v;
}

/// All lists but the last copied, the last shared.
Value append(Args& x) {
  if (x.size() == 0) return kNil;
  Value result = x[x.size() - 1];
  for (std::size_t i = x.size() - 1; i > 0; --i) {
    Value first = kNil, last = kNil;
    for (Value l = x.list(i - 1); is_pair(l); l = cdr(l)) {
      const Value cell = x.vm.cons(car(l), kNil);
      if (first == kNil) {
        first = cell;
      } else {
        untag<Pair>(last)->cdr = cell;
      }
      last = cell;
    }
    if (first == kNil) continue;
    untag<Pair>(last)->cdr = result;
    result = first;
  }
  return result;
}

template <class Same>
Value member(Args& x, Same same) {
  for (Value l = x[1]; l != kNil; l = cdr(l)) {
    if (!is_pair(l)) x.vm.wrong_type("a list", x[1]);
    if (same(x[0], car(l))) return l;
  }
  return kFalse;
}

template <class Same>
Value assoc(Args& x, Same same) {
  for (Value l = x[1]; l != kNil; l = cdr(l)) {
    if (!is_pair(l) || !is_pair(car(l))) x.vm.wrong_type("an association list", x[1]);
    if (same(x[0], car(car(l)))) return car(l);
  }
  return kFalse;
}

Value last_pair(Args& x) {
  Value v = object(x.pair(0)) - kObjectTag + kPairTag;
  while (is_pair(cdr(v))) v = cdr(v);
  return v;
}

const PrimitiveDefinition kListPrimitives[] = {
    {"eq?", 2, 2, [](Args& x) { return boolean(x[0] == x[1]); }},
    {"eqv?", 2, 2, [](Args& x) { return boolean(eqv(x[0], x[1])); }},
    {"equal?", 2, 2, [](Args& x) { return boolean(equal(x.vm, x[0], x[1])); }},
    {"not", 1, 1, [](Args& x) { return boolean(x[0] == kFalse); }},
    {"boolean?", 1, 1, [](Args& x) { return boolean(x[0] == kTrue || x[0] == kFalse); }},
    {"boolean=?", 2, -1,
     [](Args& x) {
       bool all = true;
       for (std::size_t i = 0; i < x.size(); ++i) {
         if (x[i] != kTrue && x[i] != kFalse) x.vm.wrong_type("a boolean", x[i]);
         all = all && x[i] == x[0];
       }
       return boolean(all);
     }},
    {"pair?", 1, 1, [](Args& x) { return boolean(is_pair(x[0])); }},
    {"null?", 1, 1, [](Args& x) { return boolean(x[0] == kNil); }},
    {"list?", 1, 1, [](Args& x) { return boolean(list_length(x[0]) != SIZE_MAX); }},
    {"cons", 2, 2, [](Args& x) { return x.vm.cons(x[0], x[1]); }},
    {"car", 1, 1, [](Args& x) { return x.pair(0)->car.get(); }},
    {"cdr", 1, 1, [](Args& x) { return x.pair(0)->cdr.get(); }},
    {"set-car!", 2, 2,
     [](Args& x) {
       x.pair(0)->car = x[1];
       return kUnspecified;
     }},
    {"set-cdr!", 2, 2,
     [](Args& x) {
       x.pair(0)->cdr = x[1];
       return kUnspecified;
     }},
#define MEMGC_SCHEME_PATH(name, ...) \
  { name, 1, 1, walk<__VA_ARGS__> }
    MEMGC_SCHEME_PATH("caar", 'a', 'a'),
    MEMGC_SCHEME_PATH("cadr", 'a', 'd'),
    MEMGC_SCHEME_PATH("cdar", 'd', 'a'),
    MEMGC_SCHEME_PATH("cddr", 'd', 'd'),
    MEMGC_SCHEME_PATH("caaar", 'a', 'a', 'a'),
    MEMGC_SCHEME_PATH("caadr", 'a', 'a', 'd'),
    MEMGC_SCHEME_PATH("cadar", 'a', 'd', 'a'),
    MEMGC_SCHEME_PATH("caddr", 'a', 'd', 'd'),
    MEMGC_SCHEME_PATH("cdaar", 'd', 'a', 'a'),
    MEMGC_SCHEME_PATH("cdadr", 'd', 'a', 'd'),
    MEMGC_SCHEME_PATH("cddar", 'd', 'd', 'a'),
    MEMGC_SCHEME_PATH("cdddr", 'd', 'd', 'd'),
    MEMGC_SCHEME_PATH("caaaar", 'a', 'a', 'a', 'a'),
    MEMGC_SCHEME_PATH("caaadr", 'a', 'a', 'a', 'd'),
    MEMGC_SCHEME_PATH("caadar", 'a', 'a', 'd', 'a'),
    MEMGC_SCHEME_PATH("caaddr", 'a', 'a', 'd', 'd'),
    MEMGC_SCHEME_PATH("cadaar", 'a', 'd', 'a', 'a'),
    MEMGC_SCHEME_PATH("cadadr", 'a', 'd', 'a', 'd'),
    MEMGC_SCHEME_PATH("caddar", 'a', 'd', 'd', 'a'),
    MEMGC_SCHEME_PATH("cadddr", 'a', 'd', 'd', 'd'),
    MEMGC_SCHEME_PATH("cdaaar", 'd', 'a', 'a', 'a'),
    MEMGC_SCHEME_PATH("cdaadr", 'd', 'a', 'a', 'd'),
    MEMGC_SCHEME_PATH("cdadar", 'd', 'a', 'd', 'a'),
    MEMGC_SCHEME_PATH("cdaddr", 'd', 'a', 'd', 'd'),
    MEMGC_SCHEME_PATH("cddaar", 'd', 'd', 'a', 'a'),
    MEMGC_SCHEME_PATH("cddadr", 'd', 'd', 'a', 'd'),
    MEMGC_SCHEME_PATH("cdddar", 'd', 'd', 'd', 'a'),
    MEMGC_SCHEME_PATH("cddddr", 'd', 'd', 'd', 'd'),
#undef MEMGC_SCHEME_PATH
    {"list", 0, -1,
     [](Args& x) {
       Value v = kNil;
       for (std::size_t i = x.size(); i > 0; --i) v = x.vm.cons(x[i - 1], v);
       return v;
     }},
    {"cons*", 1, -1,
     [](Args& x) {
       Value v = x[x.size() - 1];
       for (std::size_t i = x.size() - 1; i > 0; --i) v = x.vm.cons(x[i - 1], v);
       return v;
     }},
    {"make-list", 1, 2,
     [](Args& x) {
       Value v = kNil;
       for (std::size_t n = x.index(0, SIZE_MAX / 2); n > 0; --n) v = x.vm.cons(x.has(1) ? x[1] : kUnspecified, v);
       return v;
     }},
    {"length", 1, 1, [](Args& x) { return fixnum(static_cast<std::int64_t>(list_length(x.list(0)))); }},
    {"append", 0, -1, append},
    {"append!", 0, -1, append},
    {"reverse", 1, 1,
     [](Args& x) {
       Value v = kNil;
       for (Value l = x.list(0); is_pair(l); l = cdr(l)) v = x.vm.cons(car(l), v);
       return v;
     }},
    {"list-tail", 2, 2, list_tail},
    {"list-ref", 2, 2,
     [](Args& x) {
       const Value tail = list_tail(x);
       if (!is_pair(tail)) x.vm.wrong_type("a longer list", x[0]);
       return car(tail);
     }},
    {"list-set!", 3, 3,
     [](Args& x) {
       const Value tail = list_tail(x);
       if (!is_pair(tail)) x.vm.wrong_type("a longer list", x[0]);
       untag<Pair>(tail)->car = x[2];
       return kUnspecified;
     }},
    {"list-copy", 1, 1,
     [](Args& x) {
       Value reversed = kNil, v = x[0];
       for (; is_pair(v); v = cdr(v)) reversed = x.vm.cons(car(v), reversed);
       for (; reversed != kNil; reversed = cdr(reversed)) v = x.vm.cons(car(reversed), v);
       return v;
     }},
    {"last-pair", 1, 1, last_pair},
    {"last", 1, 1, [](Args& x) { return car(last_pair(x)); }},
    {"memq", 2, 2, [](Args& x) { return member(x, [](Value a, Value b) { return a == b; }); }},
    {"memv", 2, 2, [](Args& x) { return member(x, eqv); }},
    {"%member", 2, 2, [](Args& x) { return member(x, [&](Value a, Value b) { return equal(x.vm, a, b); }); }},
    {"assq", 2, 2, [](Args& x) { return assoc(x, [](Value a, Value b) { return a == b; }); }},
    {"assv", 2, 2, [](Args& x) { return assoc(x, eqv); }},
    {"%assoc", 2, 2, [](Args& x) { return assoc(x, [&](Value a, Value b) { return equal(x.vm, a, b); }); }},
    {"symbol?", 1, 1, [](Args& x) { return boolean(is_symbol(x[0])); }},
    {"symbol->string", 1, 1,
     [](Args& x) {
       const Value name = untag<Symbol>(x.symbol(0))->name;
       return x.vm.string(chars(name), string_length(name));
     }},
    {"string->symbol", 1, 1, [](Args& x) { return x.vm.intern(x.string(0)); }},
    {"intern", 1, 1, [](Args& x) { return x.vm.intern(x.string(0)); }},
    {"string->uninterned-symbol", 1, 1, [](Args& x) { return x.vm.uninterned(x.vm.utf8(x.string(0))); }},
    {"generate-uninterned-symbol", 0, 0, [](Args& x) { return x.vm.uninterned("g"); }},
    {"symbol=?", 1, -1,
     [](Args& x) {
       bool all = true;
       for (std::size_t i = 0; i < x.size(); ++i) all = all && x.symbol(i) == x[0];
       return boolean(all);
     }},
};

}  // namespace

bool equal(Vm& vm, Value a, Value b) { return Equality(vm).same(a, b); }

std::size_t list_length(Value v) {
  std::size_t n = 0;
  Value slow = v;
  for (; is_pair(v); ++n) {
    v = cdr(v);
    if ((n & 1) == 1) slow = cdr(slow);
    if (v == slow) return SIZE_MAX;  // a circle
  }
  return v == kNil ? n : SIZE_MAX;
}

void define_list_primitives(Vm& vm) {
  for (const auto& d : kListPrimitives) vm.define_primitive(d.name, d.min, d.max, d.function);
}

}  // namespace scheme
