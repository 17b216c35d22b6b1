// Job: hash tables, for programs (SRFI 69) and for the interpreter's own environments.
//
// How. Open addressing with linear probing in one array of key and value slots. Free and deleted places hold two words
// that no program can get hold of. memgc moves nothing, so an address is a good hash.
#include "number.h"

namespace scheme {
namespace {

constexpr Value kFree = kUndefined, kDeleted = kUndefined + 0x100;

std::uint64_t mix(std::uint64_t h) {
  h *= 0x9e3779b97f4a7c15;
  return h ^ h >> 32;
}

std::uint64_t string_hash(Value s) {
  std::uint64_t h = 0xcbf29ce484222325;
  for (std::size_t i = 0; i < string_length(s); ++i) h = (h ^ chars(s)[i]) * 0x100000001b3;
  return h;
}

std::uint64_t equal_hash(Vm& vm, Value v, int& budget) {
  if (is_string(v)) return string_hash(v);
  if (!is_fixnum(v) && is_number(v)) return number_hash(vm, v);
  std::uint64_t h = 17;
  if (is_pair(v)) {
    for (; is_pair(v) && --budget > 0; v = cdr(v)) h = mix(h + equal_hash(vm, car(v), budget));
    return is_pair(v) ? h : mix(h + equal_hash(vm, v, budget));
  }
  if (is_vector(v)) {
    for (std::size_t i = 0; i < slot_count(v) && --budget > 0; ++i) h = mix(h + equal_hash(vm, slots(v)[i], budget));
    return h;
  }
  if (is_bytevector(v)) {
    for (std::size_t i = 0; i < bytevector_length(v); ++i) h = h * 31 + bytes(v)[i];
    return h;
  }
  return mix(v);
}

std::uint64_t hash_of(Vm& vm, const Table* table, Value key) {
  if (table->aux == Table::kEqv) return !is_fixnum(key) && is_number(key) ? mix(number_hash(vm, key)) : mix(key);
  int budget = 64;
  return mix(equal_hash(vm, key, budget));
}

bool same_key(Vm& vm, const Table* table, Value a, Value b) {
  return a == b || (table->aux == Table::kEqv ? eqv(a, b) : equal(vm, a, b));
}

/// The place of `key`, or the one where it would go: the first deleted one on the way, else a free one.
std::size_t find(Vm& vm, Table* table, Value key, bool& found) {
  Slot* cells = slots(table->entries);
  const std::size_t mask = slot_count(table->entries) / 2 - 1;
  std::size_t grave = SIZE_MAX;
  for (std::size_t i = hash_of(vm, table, key) & mask;; i = (i + 1) & mask) {
    const Value at = cells[2 * i];
    if (at == kFree) {
      found = false;
      return grave != SIZE_MAX ? grave : i;
    }
    if (at == kDeleted) {
      if (grave == SIZE_MAX) grave = i;
    } else if (same_key(vm, table, at, key)) {
      found = true;
      return i;
    }
  }
}

void insert(Vm& vm, Table* table, Value key, Value value) {
  bool found;
  const std::size_t i = find(vm, table, key, found);
  Slot* cells = slots(table->entries);
  if (!found) {
    if (cells[2 * i] == kFree) ++table->used;
    ++table->live;
    cells[2 * i] = key;
  }
  cells[2 * i + 1] = value;
}

void grow(Vm& vm, Table* table) {
  std::size_t size = 8;
  while (size < table->live * 4) size *= 2;
  const Value old = table->entries;
  const Value larger = vm.make_slots(Type::kVector, 2 * size, kFree);
  table->entries = larger;
  table->live = table->used = 0;
  for (std::size_t i = 0; i < slot_count(old); i += 2) {
    vm.me.safepoint();
    const Value key = slots(old)[i];
    if (key != kFree && key != kDeleted) insert(vm, table, key, slots(old)[i + 1]);
  }
}

Table* table_argument(const Args& x) { return untag<Table>(x.of(0, Type::kTable, "a hash table")); }

/// A list of what `pick` makes of each entry.
template <class Pick>
Value collect(const Args& x, Pick pick) {
  Table* table = table_argument(x);
  const Value cells = table->entries;
  Value result = kNil;
  for (std::size_t i = 0; i < slot_count(cells); i += 2) {
    const Value key = slots(cells)[i];
    if (key != kFree && key != kDeleted) result = x.vm.cons(pick(key, slots(cells)[i + 1].get()), result);
  }
  return result;
}

Value copy_table(Args& x) {
  Table* table = table_argument(x);
  const Value copy = make_table(x.vm, table->aux);
  for (std::size_t i = 0; i < slot_count(table->entries); i += 2) {
    const Value key = slots(table->entries)[i];
    if (key != kFree && key != kDeleted) table_set(x.vm, copy, key, slots(table->entries)[i + 1]);
  }
  return copy;
}

const PrimitiveDefinition kTablePrimitives[] = {
    {"%make-table", 1, 1, [](Args& x) { return make_table(x.vm, static_cast<std::uint32_t>(x.integer(0))); }},
    {"hash-table?", 1, 1, [](Args& x) { return boolean(is_type(x[0], Type::kTable)); }},
    {"hash-table-ref/default", 3, 3,
     [](Args& x) {
       table_argument(x);
       return table_get(x.vm, x[0], x[1], x[2]);
     }},
    {"hash-table-set!", 3, 3,
     [](Args& x) {
       table_argument(x);
       table_set(x.vm, x[0], x[1], x[2]);
       return kUnspecified;
     }},
    {"hash-table-delete!", 2, 2,
     [](Args& x) {
       Table* table = table_argument(x);
       bool found;
       const std::size_t i = find(x.vm, table, x[1], found);
       if (found) {
         slots(table->entries)[2 * i] = kDeleted;
         slots(table->entries)[2 * i + 1] = 0;
         --table->live;
       }
       return kUnspecified;
     }},
    {"hash-table-contains?", 2, 2,
     [](Args& x) {
       bool found;
       find(x.vm, table_argument(x), x[1], found);
       return boolean(found);
     }},
    {"hash-table-count", 1, 1, [](Args& x) { return fixnum(static_cast<std::int64_t>(table_argument(x)->live)); }},
    {"hash-table-clear!", 1, 1,
     [](Args& x) {
       Table* table = table_argument(x);
       table->live = 0;
       for (std::size_t i = 0; i < slot_count(table->entries); i += 2) slots(table->entries)[i] = kFree;
       for (std::size_t i = 1; i < slot_count(table->entries); i += 2) slots(table->entries)[i] = 0;
       table->used = 0;
       return kUnspecified;
     }},
    {"hash-table-keys", 1, 1, [](Args& x) { return collect(x, [](Value k, Value) { return k; }); }},
    {"hash-table-values", 1, 1, [](Args& x) { return collect(x, [](Value, Value v) { return v; }); }},
    {"hash-table->alist", 1, 1, [](Args& x) { return collect(x, [&](Value k, Value v) { return x.vm.cons(k, v); }); }},
    {"hash-table-copy", 1, 2, copy_table},
    {"equal-hash", 1, 2,
     [](Args& x) {
       int budget = 64;
       return fixnum(static_cast<std::int64_t>(equal_hash(x.vm, x[0], budget) >> 4) %
                     (x.has(1) ? x.integer(1) : kFixnumMax));
     }},
};

}  // namespace

Value make_table(Vm& vm, std::uint32_t how) { return vm.make<Table>(how, vm.make_slots(Type::kVector, 16, kFree)); }

Value table_get(Vm& vm, Value table, Value key, Value absent) {
  Table* t = untag<Table>(table);
  bool found;
  const std::size_t i = find(vm, t, key, found);
  return found ? slots(t->entries)[2 * i + 1].get() : absent;
}

void table_set(Vm& vm, Value table, Value key, Value value) {
  Table* t = untag<Table>(table);
  if ((t->used + 1) * 2 > slot_count(t->entries) / 2) grow(vm, t);
  insert(vm, t, key, value);
}

void define_table_primitives(Vm& vm) {
  for (const auto& d : kTablePrimitives) vm.define_primitive(d.name, d.min, d.max, d.function);
}

}  // namespace scheme
