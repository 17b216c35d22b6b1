// Job: memgc::copy, memgc::fill and memgc::clear, for stretches of Members or Slots: what std::copy, std::fill and
// memmove are for plain words.
//
// Invariant: as Member's, a stretch at a time: the values that are overwritten and those that are written are all
// shaded before the first is stored, and what is stored is what was shaded, whatever other threads do to the source
// meanwhile. None of these is a safepoint. Threads: as for Member; each field is read and written atomically, the
// stretch as a whole is not.
//
// Cost: while nobody marks, one flag test, then a load and a store per field. While marking, one call of the barrier
// for every 64 fields.
#pragma once

#include <algorithm>
#include <concepts>
#include <cstddef>
#include <functional>
#include <iterator>
#include <type_traits>
#include <utility>

#include "memgc/internal/thread_state.h"
#include "memgc/member.h"
#include "memgc/slot.h"
#include "memgc/visitor.h"

namespace memgc {

namespace internal {

template <class F>
concept Field = IsMember<F>::value || IsSlot<F>::value;

/// What a field holds: a T* or a word.
template <Field F>
using FieldValue = decltype(std::declval<const F&>().get());

/// Anything that lies in one piece and has std::data and std::size: Array, std::span, std::vector, a C array.
template <class R>
using RangeElement = std::remove_pointer_t<decltype(std::data(std::declval<R&>()))>;
template <class R>
concept FieldRange = Field<std::remove_const_t<RangeElement<R>>> && requires(R& range) {
  std::size(range);
};
template <class R, class F>
concept RangeOf = FieldRange<R> && std::same_as<std::remove_const_t<RangeElement<R>>, F>;

/// Stores without a barrier, for those who have shaded already.
struct RawFields {
  template <Field F>
  static void store(F& field, FieldValue<F> value) noexcept {
    field.store(value);
  }
  template <Field F>
  static const void* target_of(FieldValue<F> value) noexcept {
    return F::target_of(value);
  }
};

inline constexpr std::size_t kShadedAtOnce = 64;

/// `count` fields, in the order in which they overlap safely.
template <Field F>
void copy_shaded(const F* from, F* to, std::size_t count, bool backwards) noexcept {
  FieldValue<F> values[kShadedAtOnce];
  const void* targets[2 * kShadedAtOnce];
  for (std::size_t done = 0; done < count;) {
    const std::size_t n = std::min(kShadedAtOnce, count - done);
    const std::size_t first = backwards ? count - done - n : done;
    for (std::size_t i = 0; i < n; ++i) {
      values[i] = from[first + i].get();
      targets[2 * i] = to[first + i].target();
      targets[2 * i + 1] = RawFields::target_of<F>(values[i]);
    }
    shade_all(to + first, n * sizeof(F), targets, 2 * n);
    for (std::size_t i = 0; i < n; ++i) RawFields::store(to[first + i], values[i]);
    done += n;
  }
}

template <Field F>
void fill_shaded(F* begin, F* end, FieldValue<F> value) noexcept {
  const void* targets[kShadedAtOnce + 1];
  while (begin != end) {
    const std::size_t n = std::min(kShadedAtOnce, static_cast<std::size_t>(end - begin));
    for (std::size_t i = 0; i < n; ++i) targets[i] = begin[i].target();
    targets[n] = RawFields::target_of<F>(value);
    shade_all(begin, n * sizeof(F), targets, n + 1);
    for (F* stop = begin + n; begin != stop; ++begin) RawFields::store(*begin, value);
  }
}

}  // namespace internal

/// Copies the fields [from_begin, from_end) to those from `to` on, as if through a copy of its own: the two may
/// overlap.
template <internal::Field F>
void copy(const F* from_begin, const F* from_end, F* to) noexcept {
  const auto count = static_cast<std::size_t>(from_end - from_begin);
  const bool backwards = std::less<const F*>()(from_begin, to);
  if (internal::has_barrier()) [[unlikely]] {
    internal::copy_shaded(from_begin, to, count, backwards);
  } else if (backwards) {
    for (std::size_t i = count; i-- > 0;) internal::RawFields::store(to[i], from_begin[i].get());
  } else {
    for (std::size_t i = 0; i < count; ++i) internal::RawFields::store(to[i], from_begin[i].get());
  }
}
/// The same, of all that `from` holds.
template <class From, internal::Field F>
requires internal::RangeOf<const From, F>
void copy(const From& from, F* to) noexcept {
  const F* begin = std::data(from);
  copy(begin, begin + std::size(from), to);
}

/// Stores `value` to each field of [begin, end).
template <internal::Field F>
void fill(F* begin, F* end, std::type_identity_t<internal::FieldValue<F>> value) noexcept {
  if (internal::has_barrier()) [[unlikely]] {
    internal::fill_shaded(begin, end, value);
  } else {
    for (; begin != end; ++begin) internal::RawFields::store(*begin, value);
  }
}
/// The same, to all that `range` holds.
template <class Range>
requires internal::FieldRange<Range>
void fill(Range&& range, internal::FieldValue<internal::RangeElement<Range>> value) noexcept {
  auto* begin = std::data(range);
  fill(begin, begin + std::size(range), value);
}

/// Makes each field what it was when made: null, or the word 0.
template <internal::Field F>
void clear(F* begin, F* end) noexcept {
  fill(begin, end, {});
}
/// The same, all that `range` holds.
template <class Range>
requires internal::FieldRange<Range>
void clear(Range&& range) noexcept { fill(range, {}); }

}  // namespace memgc
