// Job: what a class calls the fields that it names in `fields`: for those who show a heap to people.
//
// Not for users. A member pointer that is a constant has its name in the compiler's own text for it, so nobody says a
// name twice, and a program that shows nothing pays with a function per type that is never called.
#pragma once

#include <cstddef>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>

#include "memgc/visitor.h"

namespace memgc::internal {

/// One step from an object to a field of it: a name, or without one an index.
struct NameStep {
  const NameStep* outer = nullptr;
  std::string_view name;
  std::size_t index = 0;
};

/// Told of each Member and Slot: where it is, and the last step to it.
struct FieldNameSink {
  void (*tell)(void* context, const void* field, const NameStep& step);
  void* context;
};

template <auto kPointer>
constexpr std::string_view field_name() {
  // "... [with auto kPointer = &Class::name]" (GCC, perhaps with more behind a semicolon) or "... [kPointer = ...]"
  std::string_view text = __PRETTY_FUNCTION__;
  text = text.substr(0, text.find(';', text.find("kPointer = ")));
  if (text.back() == ']') text.remove_suffix(1);
  const std::size_t colon = text.rfind(':');
  return colon == std::string_view::npos ? std::string_view() : text.substr(colon + 1);
}

template <class T, std::size_t kIndex>
concept ConstantField = requires {
  typename std::bool_constant<(std::get<kIndex>(T::fields.pointers) != nullptr)>;
};

template <class T>
void name_fields(const T& object, const FieldNameSink& sink, const NameStep* outer);

template <class F>
void name_field(const F& field, const FieldNameSink& sink, const NameStep& step) {
  if constexpr (std::is_array_v<F> || IsStdArray<F>::value) {
    std::size_t index = 0;
    for (const auto& element : field) name_field(element, sink, NameStep{&step, {}, index++});
  } else if constexpr (IsMember<F>::value || IsSlot<F>::value) {
    sink.tell(sink.context, &field, step);
  } else {
    name_fields(field, sink, &step);
  }
}

/// Tells of all that T has names for. Only addresses are computed: nothing of `object` is read.
template <class T>
void name_fields(const T& object, const FieldNameSink& sink, const NameStep* outer) {
  if constexpr (HasFields<T>) {
    const auto tell_one = [&]<std::size_t kIndex>(std::integral_constant<std::size_t, kIndex>) {
      if constexpr (ConstantField<T, kIndex>) {
        constexpr auto kPointer = std::get<kIndex>(T::fields.pointers);
        name_field(object.*kPointer, sink, NameStep{outer, field_name<kPointer>()});
      }
    };
    [&]<std::size_t... kIndex>(std::index_sequence<kIndex...>) {
      (tell_one(std::integral_constant<std::size_t, kIndex>{}), ...);
    }
    (std::make_index_sequence<std::tuple_size_v<std::remove_cv_t<decltype(T::fields.pointers)>>>{});
  }
}

}  // namespace memgc::internal
