// Job: hash tables, for programs (SRFI 69) and for the interpreter's own environments; ephemerons.
//
// How. Open addressing with linear probing in one array of key and value slots. Free and deleted places hold two words
// that no program can get hold of. memgc moves nothing, so an address is a good hash. A weak table holds, in place of
// each key that is an object, an ephemeron of key and value: when nothing else keeps the key, memgc drops both, and the
// place counts as deleted.
#include "builtin.h"

namespace scheme {
namespace {

constexpr Value kFree = kUndefined, kDeleted = kUndefined + 0x100;

std::uint64_t mix(std::uint64_t h) {
  h *= 0x9e3779b97f4a7c15;
  return h ^ h >> 32;
}

/// Equal numbers hash alike, exactness apart; so do equal strings, lists, vectors, of which the start is looked at.
std::uint64_t equal_hash(Vm& vm, Value v, int& budget) {
  std::uint64_t h = 17;
  if (is_string(v)) {
    for (std::size_t i = 0; i < string_length(v); ++i) h = (h ^ chars(v)[i]) * 0x100000001b3;
  } else if (is_bytevector(v)) {
    for (std::size_t i = 0; i < bytevector_length(v); ++i) h = (h ^ bytes(v)[i]) * 0x100000001b3;
  } else if (!is_fixnum(v) && is_number(v)) {
    h = std::hash<double>()(to_double(vm, v));
  } else if (is_pair(v)) {
    for (; is_pair(v) && --budget > 0; v = cdr(v)) h = mix(h + equal_hash(vm, car(v), budget));
  } else if (is_vector(v)) {
    for (std::size_t i = 0; i < slot_count(v) && --budget > 0; ++i) h = mix(h + equal_hash(vm, slots(v)[i], budget));
  } else {
    h = v;
  }
  return mix(h);
}

std::uint64_t hash_of(Vm& vm, const Table* table, Value key) {
  int budget = 64;
  const bool by_address = (table->aux & Table::kEqual) == 0 && (is_fixnum(key) || !is_number(key));
  return by_address ? mix(key) : equal_hash(vm, key, budget);
}

bool is_free(Value key) { return key == kFree || key == kDeleted; }

/// The key and the value at place i.
std::pair<Value, Value> entry(const Table* table, std::size_t i) {
  const Value key = slots(table->entries)[2 * i];
  if ((table->aux & Table::kWeak) == 0 || !is_object(key)) return {key, slots(table->entries)[2 * i + 1]};
  const EphemeronObject* e = untag<EphemeronObject>(key);
  return e->key() == kFalse ? std::pair{kDeleted, kFalse} : std::pair{e->key(), e->value()};
}

void set_entry(Vm& vm, Table* table, std::size_t i, Value key, Value value) {
  const bool weak = (table->aux & Table::kWeak) != 0 && (key & 1) != 0;
  const Value kept = weak ? make_ephemeron(vm, key, value) : key;
  slots(table->entries)[2 * i] = kept;
  slots(table->entries)[2 * i + 1] = weak ? kFalse : value;
}

/// The place of `key`, or the one where it would go: the first deleted one on the way, else a free one.
std::size_t find(Vm& vm, Table* table, Value key, bool& found) {
  const std::size_t mask = slot_count(table->entries) / 2 - 1;
  std::size_t grave = SIZE_MAX;
  for (std::size_t i = hash_of(vm, table, key) & mask;; i = (i + 1) & mask) {
    const Value at = entry(table, i).first;
    found = at == key || (!is_free(at) && ((table->aux & Table::kEqual) != 0 ? equal(vm, at, key) : eqv(at, key)));
    if (found) return i;
    if (at == kFree) return grave != SIZE_MAX ? grave : i;
    if (at == kDeleted && grave == SIZE_MAX) grave = i;
  }
}

template <class Visit>
void each_entry(Vm& vm, const Table* table, Visit visit) {
  const Value cells = table->entries;
  for (std::size_t i = 0; i < slot_count(cells) / 2; ++i) {
    vm.me.safepoint();
    const auto [key, value] = entry(table, i);
    if (!is_free(key)) visit(key, value);
  }
}

void clear(Vm& vm, Table* table, std::size_t size) {
  table->entries = vm.make_slots(Type::kVector, 2 * size, kFree);
  table->used = table->live = 0;
}

std::size_t live(Vm& vm, const Table* table) {
  if ((table->aux & Table::kWeak) == 0) return table->live;
  std::size_t n = 0;
  each_entry(vm, table, [&](Value, Value) { ++n; });
  return n;
}

}  // namespace

Value make_ephemeron(Vm& vm, Value key, Value value) {
  Box* box = vm.me.make<Box>(value);
  auto* cell = vm.me.make<EphemeronObject::Cell>(untag<Object>(key), box);
  return vm.make<EphemeronObject>(static_cast<std::uint32_t>(key & kTagMask), cell);
}

Value make_table(Vm& vm, std::uint32_t how) { return vm.make<Table>(how, vm.make_slots(Type::kVector, 16, kFree)); }

Value table_get(Vm& vm, Value table, Value key, Value absent) {
  bool found;
  const std::size_t i = find(vm, untag<Table>(table), key, found);
  return found ? entry(untag<Table>(table), i).second : absent;
}

void table_set(Vm& vm, Value table, Value key, Value value) {
  Table* t = untag<Table>(table);
  if ((t->used + 1) * 2 > slot_count(t->entries) / 2) {
    const Value old = vm.make<Table>(t->aux, t->entries.get());
    std::size_t size = 8;
    while (size < live(vm, t) * 4) size *= 2;
    clear(vm, t, size);
    each_entry(vm, untag<Table>(old), [&](Value k, Value v) { table_set(vm, table, k, v); });
  }
  bool found;
  const std::size_t i = find(vm, t, key, found);
  if (!found && slots(t->entries)[2 * i] == kFree) ++t->used;
  if (!found) ++t->live;
  set_entry(vm, t, i, key, value);
}

void define_table_builtins(Vm& vm) {
  define(vm, "%make-table", [](Vm& m, Index how) { return make_table(m, static_cast<std::uint32_t>(how)); });
  define(vm, "hash-table?", [](Value v) { return is_type(v, Type::kTable); });
  define(vm, "hash-table-ref/default",
         [](Vm& m, Table* t, Value key, Value absent) { return table_get(m, object(t), key, absent); });
  define(vm, "hash-table-set!", [](Vm& m, Table* t, Value key, Value v) { table_set(m, object(t), key, v); });
  define(vm, "hash-table-delete!", [](Vm& m, Table* t, Value key) {
    bool found;
    const std::size_t i = find(m, t, key, found);
    if (!found) return;
    set_entry(m, t, i, kDeleted, kFalse);
    --t->live;
  });
  define(vm, "hash-table-contains?", [](Vm& m, Table* t, Value key) {
    bool found;
    find(m, t, key, found);
    return found;
  });
  define(vm, "hash-table-count", [](Vm& m, Table* t) { return count(live(m, t)); });
  define(vm, "hash-table-clear!", [](Vm& m, Table* t) { clear(m, t, 8); });
  define(vm, "hash-table->alist", [](Vm& m, Table* t) {
    Value result = kNil;
    each_entry(m, t, [&](Value key, Value value) { result = m.cons(m.cons(key, value), result); });
    return result;
  });
  define(vm, "hash-table-copy", [](Vm& m, Table* t, std::optional<Value>) {
    const Value copy = make_table(m, t->aux);
    each_entry(m, t, [&](Value key, Value value) { table_set(m, copy, key, value); });
    return copy;
  });
  define(vm, "equal-hash", [](Vm& m, Value v, std::optional<Index> bound) {
    int budget = 64;
    return fixnum(static_cast<std::int64_t>(equal_hash(m, v, budget) >> 4) %
                  (bound ? static_cast<std::int64_t>(*bound) : kFixnumMax));
  });
  define(vm, "make-ephemeron", [](Vm& m, Value key, Value value) {
    if ((key & 1) == 0) m.wrong_type("a key that is an object of the heap", key);
    return make_ephemeron(m, key, value);
  });
  define(vm, "ephemeron?", [](Value v) { return is_type(v, Type::kEphemeron); });
  define(vm, "ephemeron-broken?", [](EphemeronObject* e) { return e->key() == kFalse; });
  define(vm, "ephemeron-key", [](EphemeronObject* e) { return e->key(); });
  define(vm, "ephemeron-value", [](EphemeronObject* e) { return e->value(); });
}

}  // namespace scheme
