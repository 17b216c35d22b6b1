// Job: equivalence, pairs and lists, symbols, records.
#include <set>

#include "builtin.h"

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
    if (is_string(a) && is_string(b)) return same_elements(String{a}, String{b}, std::equal_to<>());
    if (is_bytevector(a) && is_bytevector(b)) return same_elements(Bytevector{a}, Bytevector{b}, std::equal_to<>());
    return is_vector(a) && is_vector(b) &&
           same_elements(Vector{a}, Vector{b}, [this](Value x, Value y) { return same(x, y); });
  }

 private:
  template <class S, class Same>
  static bool same_elements(S a, S b, Same same) {
    return std::equal(a.data(), a.data() + a.size(), b.data(), b.data() + b.size(), same);
  }

  static constexpr int kPatience = 100000;
  Vm& vm_;
  int steps_ = 0;
  std::set<std::pair<Value, Value>> seen_;
};

/// c[ad]+r: walks the letters of the name under way, from its end.
Value walk(Args& x) {
  const std::string_view name(x.vm.who);
  Value v = x[0];
  for (std::size_t i = name.size() - 2; i > 0; --i) {
    if (!is_pair(v)) x.vm.wrong_type("a pair at each step", x[0]);
    v = name[i] == 'a' ? car(v) : cdr(v);
  }
  return v;
}

void define_walks(Vm& vm, const std::string& letters) {
  for (const char* letter : {"a", "d"}) {
    const std::string longer = letters + letter;
    if (longer.size() > 1) vm.define_primitive("c" + longer + "r", 1, 1, walk);
    if (longer.size() < 4) define_walks(vm, longer);
  }
}

/// All lists but the last copied, the last shared.
Value append(Vm& vm, Rest lists) {
  if (lists.empty()) return kNil;
  Value result = lists.back();
  for (std::size_t i = lists.size() - 1; i > 0; --i) {
    Value reversed = kNil;
    for (Value l = Argument<List>::from(vm, lists[i - 1]).value; is_pair(l); l = cdr(l))
      reversed = vm.cons(car(l), reversed);
    while (is_pair(reversed)) {  // turned around in place
      const Value next = cdr(reversed);
      untag<Pair>(reversed)->cdr = result;
      result = reversed;
      reversed = next;
    }
  }
  return result;
}

/// memq, memv, member, and assq, assv, assoc.
template <class Same>
void define_searches(Vm& vm, const char* member, const char* association) {
  define(vm, member, [](Vm& m, Value key, Value list) {
    Value l = list;
    for (; is_pair(l); l = cdr(l)) {
      if (Same{}(m, key, car(l))) return l;
    }
    if (l != kNil) m.wrong_type("a list", list);
    return kFalse;
  });
  define(vm, association, [](Vm& m, Value key, Value list) {
    for (Value l = list; l != kNil; l = cdr(l)) {
      if (!is_pair(l) || !is_pair(car(l))) m.wrong_type("an association list", list);
      if (Same{}(m, key, car(car(l)))) return car(l);
    }
    return kFalse;
  });
}

struct Eq {
  bool operator()(Vm&, Value a, Value b) const { return a == b; }
};
struct Eqv {
  bool operator()(Vm&, Value a, Value b) const { return eqv(a, b); }
};
struct Equal {
  bool operator()(Vm& vm, Value a, Value b) const { return equal(vm, a, b); }
};

Slot& field(Vm& vm, Value record, RecordType* type, Index i) {
  if (!is_type(record, Type::kRecord) || slots(record)[0] != object(type))
    vm.wrong_type("a record of its type", record);
  return slots(record)[element(vm, i, slot_count(record) - 1) + 1];
}

void define_lists(Vm& vm) {
  define(vm, "pair?", [](Value v) { return is_pair(v); });
  define(vm, "null?", [](Value v) { return v == kNil; });
  define(vm, "list?", [](Value v) { return list_length(v) != SIZE_MAX; });
  define(vm, "cons", [](Vm& m, Value a, Value d) { return m.cons(a, d); });
  define(vm, "car", [](Pair* p) { return p->car.get(); });
  define(vm, "cdr", [](Pair* p) { return p->cdr.get(); });
  define(vm, "set-car!", [](Pair* p, Value v) { p->car = v; });
  define(vm, "set-cdr!", [](Pair* p, Value v) { p->cdr = v; });
  define_walks(vm, "");
  define(vm, "list", [](Vm& m, Rest items) { return m.list(items); });
  define(vm, "cons*", [](Vm& m, Value first, Rest rest) {
    Value v = rest.empty() ? first : rest.back();
    for (std::size_t i = rest.size(); i > 1; --i) v = m.cons(rest[i - 2], v);
    return rest.empty() ? v : m.cons(first, v);
  });
  define(vm, "make-list", [](Vm& m, Index n, std::optional<Value> fill) {
    Value v = kNil;
    for (std::size_t i = 0; i < n; ++i) v = m.cons(fill.value_or(kUnspecified), v);
    return v;
  });
  define(vm, "length", [](List l) { return count(list_length(l.value)); });
  define(vm, "append", [](Vm& m, Rest lists) { return append(m, lists); });
  define(vm, "reverse", [](Vm& m, List l) {
    Value v = kNil;
    for (; is_pair(l.value); l.value = cdr(l.value)) v = m.cons(car(l.value), v);
    return v;
  });
  define(vm, "list-tail", [](Vm& m, Value l, Index n) {
    Value v = l;
    for (std::size_t i = 0; i < n; ++i, v = cdr(v)) {
      if (!is_pair(v)) m.wrong_type("a longer list", l);
    }
    return v;
  });
  define_searches<Eq>(vm, "memq", "assq");
  define_searches<Eqv>(vm, "memv", "assv");
  define_searches<Equal>(vm, "%member", "%assoc");
}

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

void define_data_builtins(Vm& vm) {
  define(vm, "eq?", [](Value a, Value b) { return a == b; });
  define(vm, "eqv?", [](Value a, Value b) { return eqv(a, b); });
  define(vm, "equal?", [](Vm& m, Value a, Value b) { return equal(m, a, b); });
  define(vm, "not", [](Value v) { return v == kFalse; });
  define(vm, "boolean?", [](Value v) { return v == kTrue || v == kFalse; });
  define_lists(vm);
  define(vm, "symbol?", [](Value v) { return is_symbol(v); });
  define(vm, "symbol->string", [](Vm& m, Symbol* s) { return m.string(chars(s->name), string_length(s->name)); });
  define(vm, "string->symbol", [](Vm& m, String s) { return m.intern(s.value); });
  define(vm, "generate-uninterned-symbol", [](Vm& m) { return m.uninterned(m.string("g")); });
  define(vm, "%make-record-type", [](Vm& m, Value name, Value fields) { return m.make<RecordType>(name, fields); });
  define(vm, "%make-record", [](Vm& m, RecordType* type, Rest fields) {
    const Value r = m.make_slots(Type::kRecord, fields.size() + 1, 0);
    slots(r)[0] = object(type);
    for (std::size_t i = 0; i < fields.size(); ++i) slots(r)[i + 1] = fields[i];
    return r;
  });
  define(vm, "%record?", [](Value v, Value type) { return is_type(v, Type::kRecord) && slots(v)[0] == type; });
  define(vm, "%record-ref", [](Vm& m, Value r, RecordType* type, Index i) { return field(m, r, type, i).get(); });
  define(vm, "%record-set!", [](Vm& m, Value r, RecordType* type, Index i, Value v) { field(m, r, type, i) = v; });
}

}  // namespace scheme
