// Job: C++ functions as Scheme procedures. define(vm, "list-tail", [](Vm& vm, Value list, Index n) {...}) is all there
// is to a builtin: the types of the parameters say how many arguments it takes and what each must be; what it returns
// becomes a value. A Vm& in front is optional, std::optional parameters may be left out, a Rest takes all that follow.
//
// Invariant: arguments stay on the VM's stack, and so alive, while the function runs.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <tuple>

#include "number.h"

namespace scheme {

/// The arguments of a builtin, as the run loop hands them over.
class Args {
 public:
  Args(Vm& machine, Value* values, std::size_t n) : vm(machine), values_(values), size_(n) {}
  Vm& vm;
  Value& operator[](std::size_t i) const { return values_[i]; }
  std::size_t size() const { return size_; }

 private:
  Value* values_;
  std::size_t size_;
};

// --- Parameter types that are not the object's own ---

using Rest = std::span<Value>;

/// An exact integer from 0 up.
struct Index {
  std::size_t n;
  operator std::size_t() const { return n; }  // NOLINT(google-explicit-constructor)
};
/// A proper list; any number; an exact integer.
struct List {
  Value value;
};
struct Number {
  Value value;
};
struct Integer {
  Value value;
};

/// Strings, vectors and bytevectors, as one kind of thing: `Element`s that are stored as `Stored`.
template <Type type, class ElementType, class Stored, std::size_t kHead>
struct Sequence {
  using Element = ElementType;
  static constexpr Type kType = type;
  Value value;
  std::size_t size() const { return untag<Object>(value)->count - kHead; }
  Stored* data() const { return reinterpret_cast<Stored*>(untag<char>(value) + sizeof(Object)); }
};
using String = Sequence<Type::kString, char32_t, char32_t, 2>;
using Vector = Sequence<Type::kVector, Value, Slot, 1>;
using Bytevector = Sequence<Type::kBytevector, std::uint8_t, std::uint8_t, 8>;

/// Checks and unwraps one argument, or raises "NAME: expected ..., got ...".
template <class T>
struct Argument;

#define MEMGC_SCHEME_ARGUMENT(T, expected, condition, result) \
  template <>                                                 \
  struct Argument<T> {                                        \
    static T from(Vm& vm, Value v) {                          \
      if (!(condition)) vm.wrong_type(expected, v);           \
      return result;                                          \
    }                                                         \
  };
MEMGC_SCHEME_ARGUMENT(Value, "", (static_cast<void>(vm), true), v)
MEMGC_SCHEME_ARGUMENT(Pair*, "a pair", is_pair(v), untag<Pair>(v))
MEMGC_SCHEME_ARGUMENT(char32_t, "a character", is_char(v), char_value(v))
MEMGC_SCHEME_ARGUMENT(std::int64_t, "a small exact integer", is_fixnum(v), fixnum_value(v))
MEMGC_SCHEME_ARGUMENT(std::uint8_t, "a byte (0 to 255)", is_fixnum(v) && v <= fixnum(255),
                      static_cast<std::uint8_t>(fixnum_value(v)))
MEMGC_SCHEME_ARGUMENT(Index, "an index", is_fixnum(v) && fixnum_value(v) >= 0,
                      {static_cast<std::size_t>(fixnum_value(v))})
MEMGC_SCHEME_ARGUMENT(double, "a number", is_number(v), to_double(vm, v))
MEMGC_SCHEME_ARGUMENT(List, "a list", list_length(v) != SIZE_MAX, {v})
MEMGC_SCHEME_ARGUMENT(Number, "a number", is_number(v), {v})
MEMGC_SCHEME_ARGUMENT(Integer, "an exact integer", is_exact_integer(v), {v})
MEMGC_SCHEME_ARGUMENT(String, "a string", is_string(v), {v})
MEMGC_SCHEME_ARGUMENT(Vector, "a vector", is_vector(v), {v})
MEMGC_SCHEME_ARGUMENT(Bytevector, "a bytevector", is_bytevector(v), {v})
#undef MEMGC_SCHEME_ARGUMENT

/// An object of a class that names its type.
template <class T>
struct Argument<T*> {
  static T* from(Vm& vm, Value v) {
    if (!is_type(v, T::kType)) {
      const std::string name = type_name(T::kType);
      vm.wrong_type((name[0] == 'e' ? "an " : "a ") + name, v);
    }
    return untag<T>(v);
  }
};

// --- Calling ---

/// How a parameter takes its argument: how many it wants at least and at most (-1: any number).
template <class T>
struct Take {
  static constexpr int least = 1, most = 1;
  static T take(Args& x, std::size_t& i) { return Argument<T>::from(x.vm, x[i++]); }
};
template <class T>
struct Take<std::optional<T>> {
  static constexpr int least = 0, most = 1;
  static std::optional<T> take(Args& x, std::size_t& i) {
    return i < x.size() ? std::optional<T>(Argument<T>::from(x.vm, x[i++])) : std::nullopt;
  }
};
template <>
struct Take<Vm&> {
  static constexpr int least = 0, most = 0;
  static Vm& take(Args& x, std::size_t&) { return x.vm; }
};
template <>
struct Take<Rest> {
  static constexpr int least = 0, most = -1;
  static Rest take(Args& x, std::size_t& i) { return {&x[i], x.size() - i}; }
};

inline Value to_value(Vm&, Value v) { return v; }
inline Value to_value(Vm&, const Slot& slot) { return slot; }
inline Value to_value(Vm&, bool b) { return boolean(b); }
inline Value to_value(Vm&, char32_t c) { return character(c); }
inline Value to_value(Vm&, std::uint8_t b) { return fixnum(b); }
inline Value to_value(Vm& vm, double d) { return vm.flonum(d); }
inline Value to_value(Vm& vm, std::int64_t n) { return integer(vm, n); }
inline Value to_value(Vm& vm, const std::string& text) { return vm.string(text); }
template <Type type, class E, class S, std::size_t n>
Value to_value(Vm&, Sequence<type, E, S, n> sequence) {
  return sequence.value;
}
inline Value count(std::size_t n) { return fixnum(static_cast<std::int64_t>(n)); }

template <class F, class Signature>
struct Builtin;
template <class F, class R, class... P>
struct Builtin<F, R (F::*)(P...) const> {
  static constexpr int min = (0 + ... + Take<P>::least);
  static constexpr int max = ((Take<P>::most < 0) || ...) ? -1 : (0 + ... + Take<P>::most);
  static Value call(Args& x) {
    [[maybe_unused]] std::size_t i = 0;
    std::tuple<P...> arguments{Take<P>::take(x, i)...};  // braces: from left to right
    if constexpr (std::is_void_v<R>) {
      std::apply(F{}, arguments);
      return kUnspecified;
    } else {
      return to_value(x.vm, std::apply(F{}, arguments));
    }
  }
};

template <class F>
void define(Vm& vm, std::string_view name, F) {
  using B = Builtin<F, decltype(&F::operator())>;
  vm.define_primitive(name, B::min, B::max, &B::call);
}

// --- Indices ---

/// An index of an existing element; a position between elements.
inline std::size_t element(Vm& vm, Index i, std::size_t size) {
  if (i >= size)
    vm.error(vm.who + (": expected an index below " + std::to_string(size)) + ", got", vm.list({count(i)}));
  return i;
}
inline std::size_t position(Vm& vm, Index i, std::size_t size) {
  if (i > size)
    vm.error(vm.who + (": expected an index of at most " + std::to_string(size)) + ", got", vm.list({count(i)}));
  return i;
}

/// A half-open range of `size` elements, from two optional arguments.
struct Range {
  Range(Vm& vm, std::optional<Index> first, std::optional<Index> end, std::size_t size)
      : to(end ? position(vm, *end, size) : size), from(first ? position(vm, *first, to) : 0) {}
  std::size_t to, from;
  std::size_t size() const { return to - from; }
};

}  // namespace scheme
