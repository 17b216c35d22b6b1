// Job: how an object shows its pointer fields to the collector.
//
// A type says where its pointers are in one of two ways; a type that says nothing is a leaf and is never read.
//
//   static constexpr auto fields = memgc::fields(&Node::left, &Node::right);   // fixed layout: marked by a word mask
//   void trace(memgc::Visitor& v) const { v(left, right); }                    // anything else: called for each object
//
// A type that has both is visited by both. trace() is called by the collector's thread, possibly while the object's
// own constructor still runs: it must accept an object of zeros, must not allocate, lock, throw or write, and must not
// keep the Visitor.
#pragma once

#include <array>
#include <atomic>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <span>
#include <tuple>
#include <type_traits>

#include "memgc/internal/export.h"

namespace memgc {

template <class T>
class Member;
template <class Policy>
class Slot;

/// The pointer fields of a fixed layout. Made by memgc::fields().
template <class... FieldPointers>
struct Fields {
  std::tuple<FieldPointers...> pointers;
};

/// Names the pointer fields of a class: Members, Slots, arrays of them, or embedded structs that have fields
/// themselves.
template <class... FieldPointers>
constexpr Fields<FieldPointers...> fields(FieldPointers... pointers) {
  return {{pointers...}};
}

class Visitor;

namespace internal {

template <class T>
concept HasFields = requires {
  std::tuple_size<decltype(T::fields.pointers)>::value;
};
template <class T>
concept HasTrace = requires(const T& object, Visitor& visitor) {
  object.trace(visitor);
};

template <class T>
struct IsMember : std::false_type {};
template <class T>
struct IsMember<Member<T>> : std::true_type {};
template <class T>
struct IsSlot : std::false_type {};
template <class P>
struct IsSlot<Slot<P>> : std::true_type {};
template <class T>
struct IsStdArray : std::false_type {};
template <class T, std::size_t N>
struct IsStdArray<std::array<T, N>> : std::true_type {};

/// Whether a T holds anything that the collector must see.
template <class T>
constexpr bool holds_pointers() {
  if constexpr (std::is_array_v<T>) {
    return holds_pointers<std::remove_all_extents_t<T>>();
  } else if constexpr (IsStdArray<T>::value) {
    return holds_pointers<typename T::value_type>();
  } else {
    return IsMember<T>::value || IsSlot<T>::value || HasFields<T> || HasTrace<T>;
  }
}

}  // namespace internal

/// Receives the pointers of an object. Made by the collector only; one thread at a time uses one Visitor.
class MEMGC_EXPORT Visitor {
 public:
  Visitor(const Visitor&) = delete;
  Visitor& operator=(const Visitor&) = delete;

  /// Shows fields: Members, Slots, C arrays, std::array and std::span of them, embedded structs with `fields` or
  /// `trace`.
  template <class... T>
  void operator()(const T&... field) {
    (visit(field), ...);
  }

  /// Shows every aligned word of [begin, end), each of which may or may not hold a pointer.
  void conservative(const void* begin, const void* end) { visit_words(begin, end); }

 protected:
  // What a visited field is reported to: marking takes its target, the checks and the tools take the field's address.
  using RecordField = void (*)(void* context, const void* field, const void* target);

  Visitor() = default;
  ~Visitor() = default;

  const void** cursor_ = nullptr;  // where the next target goes
  const void** limit_ = nullptr;
  RecordField record_ = nullptr;  // when set, targets go here instead
  void* context_ = nullptr;

  virtual void flush() = 0;  // makes room: moves cursor_ and limit_
  virtual void visit_words(const void* begin, const void* end) = 0;

 private:
  template <class T>
  void visit(const T& field) {
    if constexpr (std::is_array_v<T>) {
      for (const auto& element : field) visit(element);
    } else if constexpr (internal::IsStdArray<T>::value) {
      for (const auto& element : field) visit(element);
    } else if constexpr (internal::IsMember<T>::value || internal::IsSlot<T>::value) {
      target(&field, field.target());
    } else {
      static_assert(
          internal::HasFields<T> || internal::HasTrace<T>,
          "memgc: this field is neither a Member, a Slot, an array of them, nor a struct with fields or trace");
      visit_object(field);
    }
  }
  template <class T>
  void visit(const std::span<T>& elements) {
    for (const auto& element : elements) visit(element);
  }

  void target(const void* field, const void* pointer) {
    if (record_ != nullptr) [[unlikely]] {
      record_(context_, field, pointer);
      return;
    }
    if (pointer == nullptr) return;
    if (cursor_ == limit_) [[unlikely]]
      flush();
    *cursor_++ = pointer;
  }

 public:
  /// Shows all that `object` declares. For containers that hold other people's types.
  template <class T>
  void visit_object(const T& object) {
    if constexpr (internal::HasFields<T>) {
      std::apply([&](auto... pointer) { (visit(object.*pointer), ...); }, T::fields.pointers);
    }
    if constexpr (internal::HasTrace<T>) object.trace(*this);
  }
};

}  // namespace memgc
