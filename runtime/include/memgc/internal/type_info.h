// Job: what the runtime must know of a C++ type: its size and where its pointers are. One constant per type.
//
// Not for users. The layout that a type gets is interned at its first make; until then run_offset is 0, whose run is
// always empty, so the inline path needs no test of its own.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <type_traits>

#include "memgc/internal/export.h"
#include "memgc/internal/field_names.h"
#include "memgc/internal/size_classes.h"
#include "memgc/visitor.h"

namespace memgc::internal {

/// How the collector finds the pointers of a cell.
enum class PointerMap : std::uint8_t {
  kNone,          // a leaf: never read
  kMask,          // word i holds a pointer iff bit i of the mask is set
  kTrace,         // a trace function
  kPointerArray,  // a count, then that many pointers
  kTracedArray,   // a count, then that many elements with a trace function for a range of them
  kConservative,  // every word may hold a pointer
  kWeak,          // one word, which is not followed (WeakCell)
  kEphemeron,     // two words: the second is followed if the object of the first is marked (EphemeronCell)
};

struct WeakCell;
struct EphemeronCell;

using TraceFunction = void (*)(const void* object, Visitor& visitor);
using NameFunction = void (*)(const void* object, const FieldNameSink& sink);
using DestroyFunction = void (*)(void* elements, std::size_t count);
using TraceRangeFunction = void (*)(const void* elements, std::size_t from, std::size_t to, Visitor& visitor);

/// The part of a description that takes run-time addresses: filled in once, at the first make.
struct TypeShape {
  PointerMap map = PointerMap::kNone;
  std::uint64_t mask = 0;
};

struct TypeInfo {
  std::string_view name;
  std::size_t size;  // sizeof
  std::size_t align;
  std::size_t cell_bytes;   // what inline code moves its run's cursor by; 0: too large for a cell
  PointerMap map;           // kNone, kMask or kTrace; an array of this type derives its own
  bool is_pointer;          // a Member: an array of it is a kPointerArray
  std::uint64_t (*mask)();  // for kMask
  TraceFunction trace;      // for kTrace, and for checks; null for a leaf
  TraceRangeFunction trace_range;
  NameFunction name_fields;                          // null for a leaf
  DestroyFunction destroy;                           // null if there is nothing to do
  mutable std::atomic<std::uint32_t> run_offset{0};  // index of the layout's run, in bytes; 0: not interned yet
  mutable std::atomic<std::atomic<std::uint32_t>*> array_layouts{
      nullptr};  // run_offset by size class, for arrays of this
};

template <class T>
constexpr std::string_view type_name() {
  // "... type_name() [with T = Name; std::string_view = ...]" (GCC) or "... [T = Name]" (Clang)
  std::string_view text = __PRETTY_FUNCTION__;
  const std::size_t begin = text.find("T = ") + 4;
  const std::size_t semicolon = text.find(';', begin);
  return text.substr(begin, (semicolon == std::string_view::npos ? text.rfind(']') : semicolon) - begin);
}

inline constexpr std::size_t kMaskWords = 64;

/// Whether a word mask can describe the field types: all of them Members (or arrays of Members, or structs of such).
template <class T>
constexpr bool maskable();

template <class T, class Tuple>
struct FieldsMaskable;
template <class T, class... P>
struct FieldsMaskable<T, std::tuple<P...>> {
  template <class C, class F>
  static constexpr bool one(F C::*) {
    return maskable<F>();
  }
  static constexpr bool value = (true && ... && one(P{}));
};

template <class T>
constexpr bool maskable() {
  if constexpr (std::is_array_v<T>) {
    return maskable<std::remove_all_extents_t<T>>();
  } else if constexpr (IsStdArray<T>::value) {
    return maskable<typename T::value_type>();
  } else if constexpr (IsMember<T>::value) {
    return true;
  } else if constexpr (HasFields<T> && !HasTrace<T>) {
    return FieldsMaskable<T, std::remove_cv_t<decltype(T::fields.pointers)>>::value;
  } else {
    return false;
  }
}

template <class T>
constexpr PointerMap pointer_map_of() {
  if constexpr (std::is_same_v<T, WeakCell>) {
    return PointerMap::kWeak;
  } else if constexpr (std::is_base_of_v<EphemeronCell, T>) {
    return PointerMap::kEphemeron;
  } else if constexpr (!holds_pointers<T>()) {
    return PointerMap::kNone;
  } else if constexpr (maskable<T>() && sizeof(T) <= kMaskWords * sizeof(void*)) {
    return PointerMap::kMask;
  } else {
    return PointerMap::kTrace;
  }
}

/// Collects the word mask of a type whose fields are all Members, by visiting an object of zeros.
MEMGC_EXPORT std::uint64_t mask_by_visiting(std::string_view name, std::size_t size, TraceFunction trace);

template <class T>
inline constexpr std::size_t kCellBytes = cell_bytes_for(sizeof(T), alignof(T));

template <class T>
struct TypeInfoOf {
  static void trace(const void* object, Visitor& visitor) { visitor(*static_cast<const T*>(object)); }
  static void trace_range(const void* elements, std::size_t from, std::size_t to, Visitor& visitor) {
    const T* element = static_cast<const T*>(elements);
    for (std::size_t i = from; i < to; ++i) visitor(element[i]);
  }
  static void name(const void* object, const FieldNameSink& sink) {
    name_fields(*static_cast<const T*>(object), sink, nullptr);
  }
  static std::uint64_t mask() { return mask_by_visiting(type_name<T>(), sizeof(T), &trace); }

  static void destroy(void* elements, std::size_t count) {
    T* element = static_cast<T*>(elements);
    for (std::size_t i = 0; i < count; ++i) element[i].~T();
  }
  static constexpr DestroyFunction destroy_or_null() {
    if constexpr (std::is_trivially_destructible_v<T>) {
      return nullptr;
    } else {
      return &destroy;
    }
  }

  static constexpr TypeInfo make_info() {
    if constexpr (holds_pointers<T>()) {
      return {type_name<T>(), sizeof(T), alignof(T),   kCellBytes<T>, pointer_map_of<T>(), IsMember<T>::value,
              &mask,          &trace,    &trace_range, &name,         destroy_or_null()};
    } else {
      return {type_name<T>(), sizeof(T), alignof(T), kCellBytes<T>, pointer_map_of<T>(), false,
              nullptr,        nullptr,   nullptr,    nullptr,       destroy_or_null()};
    }
  }
};

template <class T>
inline constinit const TypeInfo type_info = TypeInfoOf<T>::make_info();

}  // namespace memgc::internal
