// Job: vectors, bytevectors, UTF-8 conversion, records.
#include <algorithm>
#include <cstring>

#include "number.h"

namespace scheme {
namespace {

Value vector_copy(const Args& x) {
  const Range r(x, 1, slot_count(x.vector(0)));
  const Value copy = x.vm.make_slots(Type::kVector, r.size(), 0);
  for (std::size_t i = 0; i < r.size(); ++i) slots(copy)[i] = slots(x[0])[r.from + i];
  return copy;
}

Value vector_copy_to(const Args& x) {
  const std::size_t at = x.index(1, slot_count(x.vector(0)));
  const Range r(x, 3, slot_count(x.vector(2)));
  if (r.size() > slot_count(x[0]) - at) x.vm.error("vector-copy!: expected a target with room for the source");
  Slot *to = slots(x[0]) + at, *from = slots(x[2]) + r.from;
  if (to < from) {
    std::copy(from, from + r.size(), to);
  } else {
    std::copy_backward(from, from + r.size(), to + r.size());
  }
  return kUnspecified;
}

Value list_to_vector(Args& x) {
  const Value v = x.vm.make_slots(Type::kVector, list_length(x.list(0)), 0);
  std::size_t i = 0;
  for (Value l = x[0]; is_pair(l); l = cdr(l)) slots(v)[i++] = car(l);
  return v;
}

std::size_t element(const Args& x, std::size_t size) {
  const std::size_t i = x.index(1, size);
  if (i == size) x.vm.wrong_type("an index within the vector", x[1]);
  return i;
}

Value bytevector_part(const Args& x) {
  const Range r(x, 1, bytevector_length(x.bytevector(0)));
  const Value copy = x.vm.bytevector(r.size(), 0);
  std::copy_n(bytes(x[0]) + r.from, r.size(), bytes(copy));
  return copy;
}

Value record_type(const Args& x, std::size_t i) { return x.of(i, Type::kRecordType, "a record type"); }

const PrimitiveDefinition kVectorPrimitives[] = {
    {"vector?", 1, 1, [](Args& x) { return boolean(is_vector(x[0])); }},
    {"make-vector", 1, 2,
     [](Args& x) { return x.vm.make_slots(Type::kVector, x.index(0, SIZE_MAX / 16), x.has(1) ? x[1] : fixnum(0)); }},
    {"vector", 0, -1,
     [](Args& x) {
       const Value v = x.vm.make_slots(Type::kVector, x.size(), 0);
       for (std::size_t i = 0; i < x.size(); ++i) slots(v)[i] = x[i];
       return v;
     }},
    {"vector-length", 1, 1, [](Args& x) { return fixnum(static_cast<std::int64_t>(slot_count(x.vector(0)))); }},
    {"vector-ref", 2, 2, [](Args& x) { return slots(x[0])[element(x, slot_count(x.vector(0)))].get(); }},
    {"vector-set!", 3, 3,
     [](Args& x) {
       slots(x[0])[element(x, slot_count(x.vector(0)))] = x[2];
       return kUnspecified;
     }},
    {"vector->list", 1, 3,
     [](Args& x) {
       const Range r(x, 1, slot_count(x.vector(0)));
       Value v = kNil;
       for (std::size_t i = r.to; i > r.from; --i) v = x.vm.cons(slots(x[0])[i - 1], v);
       return v;
     }},
    {"list->vector", 1, 1, list_to_vector},
    {"vector->string", 1, 3,
     [](Args& x) {
       const Range r(x, 1, slot_count(x.vector(0)));
       const Value s = x.vm.make_string(r.size(), 0);
       for (std::size_t i = 0; i < r.size(); ++i) {
         const Value c = slots(x[0])[r.from + i];
         if (!is_char(c)) x.vm.wrong_type("a vector of characters", x[0]);
         chars(s)[i] = char_value(c);
       }
       return s;
     }},
    {"vector-copy", 1, 3, [](Args& x) { return vector_copy(x); }},
    {"subvector", 3, 3, [](Args& x) { return vector_copy(x); }},
    {"vector-head", 2, 2,
     [](Args& x) {
       Value with_start[] = {x[0], fixnum(0), x[1]};
       return vector_copy(Args(x.vm, with_start, 3));
     }},
    {"vector-tail", 2, 2, [](Args& x) { return vector_copy(x); }},
    {"vector-copy!", 3, 5, [](Args& x) { return vector_copy_to(x); }},
    {"vector-fill!", 2, 4,
     [](Args& x) {
       const Range r(x, 2, slot_count(x.vector(0)));
       for (std::size_t i = r.from; i < r.to; ++i) slots(x[0])[i] = x[1];
       return kUnspecified;
     }},
    {"vector-append", 0, -1,
     [](Args& x) {
       std::size_t n = 0;
       for (std::size_t i = 0; i < x.size(); ++i) n += slot_count(x.vector(i));
       const Value v = x.vm.make_slots(Type::kVector, n, 0);
       Slot* to = slots(v);
       for (std::size_t i = 0; i < x.size(); ++i) to = std::copy_n(slots(x[i]), slot_count(x[i]), to);
       return v;
     }},
    {"vector-grow", 2, 2,
     [](Args& x) {
       const std::size_t n = x.index(1, SIZE_MAX / 16);
       if (n < slot_count(x.vector(0))) x.vm.wrong_type("a length that is not smaller", x[1]);
       const Value v = x.vm.make_slots(Type::kVector, n, fixnum(0));
       std::copy_n(slots(x[0]), slot_count(x[0]), slots(v));
       return v;
     }},
    {"bytevector?", 1, 1, [](Args& x) { return boolean(is_bytevector(x[0])); }},
    {"make-bytevector", 1, 2,
     [](Args& x) { return x.vm.bytevector(x.index(0, SIZE_MAX / 2), x.has(1) ? x.byte(1) : std::uint8_t{0}); }},
    {"bytevector", 0, -1,
     [](Args& x) {
       const Value v = x.vm.bytevector(x.size(), 0);
       for (std::size_t i = 0; i < x.size(); ++i) bytes(v)[i] = x.byte(i);
       return v;
     }},
    {"bytevector-length", 1, 1,
     [](Args& x) { return fixnum(static_cast<std::int64_t>(bytevector_length(x.bytevector(0)))); }},
    {"bytevector-u8-ref", 2, 2,
     [](Args& x) { return fixnum(bytes(x[0])[element(x, bytevector_length(x.bytevector(0)))]); }},
    {"bytevector-u8-set!", 3, 3,
     [](Args& x) {
       bytes(x[0])[element(x, bytevector_length(x.bytevector(0)))] = x.byte(2);
       return kUnspecified;
     }},
    {"bytevector-copy", 1, 3, [](Args& x) { return bytevector_part(x); }},
    {"bytevector-copy!", 3, 5,
     [](Args& x) {
       const std::size_t at = x.index(1, bytevector_length(x.bytevector(0)));
       const Range r(x, 3, bytevector_length(x.bytevector(2)));
       if (r.size() > bytevector_length(x[0]) - at)
         x.vm.error("bytevector-copy!: expected a target with room for the source");
       std::memmove(bytes(x[0]) + at, bytes(x[2]) + r.from, r.size());
       return kUnspecified;
     }},
    {"bytevector-fill!", 2, 4,
     [](Args& x) {
       const Range r(x, 2, bytevector_length(x.bytevector(0)));
       std::fill_n(bytes(x[0]) + r.from, r.size(), x.byte(1));
       return kUnspecified;
     }},
    {"bytevector-append", 0, -1,
     [](Args& x) {
       std::size_t n = 0;
       for (std::size_t i = 0; i < x.size(); ++i) n += bytevector_length(x.bytevector(i));
       const Value v = x.vm.bytevector(n, 0);
       std::uint8_t* to = bytes(v);
       for (std::size_t i = 0; i < x.size(); ++i) to = std::copy_n(bytes(x[i]), bytevector_length(x[i]), to);
       return v;
     }},
    {"utf8->string", 1, 3,
     [](Args& x) {
       const Range r(x, 1, bytevector_length(x.bytevector(0)));
       return x.vm.string(std::string(reinterpret_cast<const char*>(bytes(x[0])) + r.from, r.size()));
     }},
    {"string->utf8", 1, 3,
     [](Args& x) {
       const Range r(x, 1, string_length(x.string(0)));
       std::string text;
       for (std::size_t i = r.from; i < r.to; ++i) append_utf8(text, chars(x[0])[i]);
       const Value v = x.vm.bytevector(text.size(), 0);
       std::copy(text.begin(), text.end(), bytes(v));
       return v;
     }},
    {"%make-record-type", 2, 2, [](Args& x) { return x.vm.make<RecordType>(x[0], x[1]); }},
    {"%make-record", 1, -1,
     [](Args& x) {
       record_type(x, 0);
       const Value r = x.vm.make_slots(Type::kRecord, x.size(), 0);
       for (std::size_t i = 0; i < x.size(); ++i) slots(r)[i] = x[i];
       return r;
     }},
    {"%record?", 2, 2, [](Args& x) { return boolean(is_type(x[0], Type::kRecord) && slots(x[0])[0] == x[1]); }},
    {"%record-ref", 3, 3,
     [](Args& x) {
       if (slots(x.of(0, Type::kRecord, "a record"))[0] != record_type(x, 1))
         x.vm.wrong_type("a record of its type", x[0]);
       return slots(x[0])[x.index(2, slot_count(x[0]) - 2) + 1].get();
     }},
    {"%record-set!", 4, 4,
     [](Args& x) {
       if (slots(x.of(0, Type::kRecord, "a record"))[0] != record_type(x, 1))
         x.vm.wrong_type("a record of its type", x[0]);
       slots(x[0])[x.index(2, slot_count(x[0]) - 2) + 1] = x[3];
       return kUnspecified;
     }},
};

}  // namespace

void define_vector_primitives(Vm& vm) {
  for (const auto& d : kVectorPrimitives) vm.define_primitive(d.name, d.min, d.max, d.function);
}

}  // namespace scheme
