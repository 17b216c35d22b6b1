// Job: pins memgc::copy, fill and clear: what they store, however the stretches overlap; that they shade what they
// overwrite and what they write; that threads may do it to the same fields at once while a collector runs.
//
// Threads: one, attached, per test, but where the test says otherwise.
#include <gtest/gtest.h>
#include <memgc/memgc.h>

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <random>
#include <span>
#include <thread>
#include <vector>

#include "tests/runtime/support.h"

namespace memgc::testing {
namespace {

// Odd words are pointers, even ones numbers.
struct Values {
  static const void* pointer(std::uintptr_t word) noexcept {
    return (word & 1) != 0 ? reinterpret_cast<const void*>(word - 1) : nullptr;
  }
};
using Value = Slot<Values>;

template <class F>
Leaf* leaf_of(const F& field) {
  return static_cast<Leaf*>(const_cast<void*>(field.target()));
}

// What a field of type F holds to refer to `leaf`.
template <class F>
internal::FieldValue<F> naming(Leaf* leaf) {
  if constexpr (internal::IsSlot<F>::value) {
    return leaf == nullptr ? 0 : reinterpret_cast<std::uintptr_t>(leaf) + 1;
  } else {
    return leaf;
  }
}

template <class F>
Array<F>* make_numbered(std::size_t count) {
  Array<F>* fields = make_array<F>(count);
  for (std::size_t i = 0; i < count; ++i) (*fields)[i] = naming<F>(make<Leaf>(i));
  return fields;
}

template <class F>
std::vector<std::uint64_t> ids(const Array<F>& fields) {
  std::vector<std::uint64_t> out;
  for (const F& field : fields) out.push_back(leaf_of(field) == nullptr ? UINT64_MAX : leaf_of(field)->id);
  return out;
}

// A cycle that has begun and cannot go on: this thread has its barrier on, and another one, which has it on as well,
// answers nothing more until finish(): so no stack has been looked at, and nothing is marked.
class HeldCycle {
 public:
  explicit HeldCycle(Mutator& me) : me_(me) {
    late_ = std::thread([this, &heap = me.heap()] {
      Mutator late(heap);
      attached_ = true;
      while (!internal::has_barrier()) late.safepoint();
      stalled_ = true;
      while (!finishing_) std::this_thread::yield();
    });
    while (!attached_) std::this_thread::yield();
    collecting_ = std::thread([&heap = me.heap()] { heap.collect(); });
    // Until the other thread stalls this one answers nothing, lest the cycle pass them both by.
    while (!stalled_) std::this_thread::yield();
    while (!internal::has_barrier()) me.safepoint();
  }
  void finish() {
    const BlockingScope blocked(me_);
    finishing_ = true;
    late_.join();
    collecting_.join();
  }

 private:
  Mutator& me_;
  std::atomic<bool> attached_{false}, stalled_{false}, finishing_{false};
  std::thread late_, collecting_;
};

template <class F>
class RangesTest : public ::testing::Test {};
using FieldTypes = ::testing::Types<Member<Leaf>, Value>;
TYPED_TEST_SUITE(RangesTest, FieldTypes);

// Against the same moves of plain numbers.
template <class F>
void expect_copies_like_memmove(std::size_t size, std::mt19937_64& random) {
  Array<F>* fields = make_numbered<F>(size);
  std::vector<std::uint64_t> numbers = ids(*fields);
  for (int step = 0; step < 40; ++step) {
    const std::size_t count = random() % (size + 1);
    const std::size_t from = random() % (size - count + 1);
    const std::size_t to = random() % (size - count + 1);
    copy(fields->data() + from, fields->data() + from + count, fields->data() + to);
    const std::vector<std::uint64_t> before = numbers;
    for (std::size_t i = 0; i < count; ++i) numbers[to + i] = before[from + i];
    ASSERT_EQ(ids(*fields), numbers) << count << " fields from " << from << " to " << to;
  }
}

TYPED_TEST(RangesTest, CopyMovesOverlappingFieldsRightWhetherOrNotTheBarrierIsOn) {
  const std::uint64_t seed = std::random_device()();
  std::printf("seed %llu\n", static_cast<unsigned long long>(seed));
  std::mt19937_64 random(seed);
  Heap heap(manual_options());
  Mutator me(heap);
  for (const std::size_t size : {1u, 2u, 63u, 64u, 65u, 128u, 200u, 1000u}) {
    expect_copies_like_memmove<TypeParam>(size, random);
    HeldCycle held(me);
    expect_copies_like_memmove<TypeParam>(size, random);
    held.finish();
  }
}

TYPED_TEST(RangesTest, TakesWhateverLiesInOnePiece) {
  Heap heap(manual_options());
  Mutator me(heap);
  Array<TypeParam>* from = make_numbered<TypeParam>(5);
  Array<TypeParam>* to = make_array<TypeParam>(5);
  const Array<TypeParam>& constant = *from;
  copy(constant, to->data());
  EXPECT_EQ(ids(*to), (std::vector<std::uint64_t>{0, 1, 2, 3, 4}));
  copy(from->span().subspan(3), to->data());
  copy(std::span<const TypeParam>(constant.data(), 1), to->data() + 4);
  EXPECT_EQ(ids(*to), (std::vector<std::uint64_t>{3, 4, 2, 3, 0}));
  copy(from->data(), from->data(), to->data());
  EXPECT_EQ(ids(*to), (std::vector<std::uint64_t>{3, 4, 2, 3, 0})) << "nothing is copied";

  std::array<TypeParam, 2> pair;
  TypeParam plain[2];
  copy(from->span().first(2), pair.data());
  copy(pair, plain);
  copy(plain, to->data() + 2);
  EXPECT_EQ(ids(*to), (std::vector<std::uint64_t>{3, 4, 0, 1, 0}));

  fill(to->span().first(2), naming<TypeParam>(leaf_of((*from)[4])));
  fill(to->data() + 4, to->end(), from->data()[2]);
  EXPECT_EQ(ids(*to), (std::vector<std::uint64_t>{4, 4, 0, 1, 2}));
  clear(to->data() + 1, to->data() + 2);
  EXPECT_EQ(ids(*to), (std::vector<std::uint64_t>{4, UINT64_MAX, 0, 1, 2}));
  clear(*to);
  EXPECT_EQ(ids(*to), std::vector<std::uint64_t>(5, UINT64_MAX));
  EXPECT_EQ((*to)[0].get(), internal::FieldValue<TypeParam>{});
}

// Nothing but shading keeps anything here: no root names the arrays, and no stack is scanned. (They may still be used:
// nothing is freed before the cycle has ended.) So what the cycle finds live are the leaves that were shaded.
constexpr std::size_t kLeafCell = 16;

template <class F, class Stores>
std::size_t leaves_kept_by(std::size_t count, Stores stores) {
  Heap heap(precise_options());
  Mutator me(heap);
  Array<F>* from = make_numbered<F>(count);
  Array<F>* to = make_numbered<F>(count);
  HeldCycle held(me);
  stores(*from, *to);
  held.finish();
  EXPECT_EQ(heap.stats().live_bytes % kLeafCell, 0u);
  return heap.stats().live_bytes / kLeafCell;
}

TYPED_TEST(RangesTest, EachOldAndEachNewValueIsShadedWhileMarking) {
  using Fields = Array<TypeParam>;
  EXPECT_EQ(leaves_kept_by<TypeParam>(100, [](Fields&, Fields&) {}), 0u);
  for (const std::size_t count : {1u, 64u, 65u, 1000u}) {
    EXPECT_EQ(leaves_kept_by<TypeParam>(count, [](Fields& from, Fields& to) { copy(from, to.data()); }), 2 * count);
    EXPECT_EQ(leaves_kept_by<TypeParam>(count, [](Fields& from, Fields& to) { copy(to, from.data()); }), 2 * count);
    EXPECT_EQ(leaves_kept_by<TypeParam>(count, [](Fields& from, Fields& to) { fill(to, from[0].get()); }), count + 1);
    EXPECT_EQ(leaves_kept_by<TypeParam>(count, [](Fields&, Fields& to) { clear(to); }), count);
  }
  // Not what is next to a stretch.
  EXPECT_EQ(leaves_kept_by<TypeParam>(
                1000, [](Fields& from, Fields& to) { copy(from.span().subspan(10, 70), to.data() + 900); }),
            140u);
  EXPECT_EQ(leaves_kept_by<TypeParam>(1000, [](Fields&, Fields& to) { clear(to.span().subspan(10, 70)); }), 70u);
}

TYPED_TEST(RangesTest, AFieldThatIsConstructedWithAValueShadesIt) {
  EXPECT_EQ(leaves_kept_by<TypeParam>(1, [](auto& from, auto&) { const TypeParam field(from[0].get()); }), 1u);
  EXPECT_EQ(leaves_kept_by<TypeParam>(1, [](auto& from, auto&) { const TypeParam field(from[0]); }), 1u);
}

// Several threads move and overwrite stretches of the same fields, each leaf of which only these fields refer to, while
// a collector runs all the time. A leaf that was lost is filled with other bytes. (The threads do not look at leaves,
// which others made: that would need an order between them.)
TYPED_TEST(RangesTest, ThreadsMayCopyAndFillTheSameFieldsWhileACollectorRuns) {
  constexpr std::size_t kFields = 300;
  constexpr std::uint64_t kMagic = 0x6d656d6763;
  Options options = manual_options();
  options.debug.clobberfree = true;
  Heap heap(options);
  Root<Array<TypeParam>> fields;
  on_another_thread(heap, [&](Mutator& me) {
    fields = me.make_array<TypeParam>(kFields);
    for (TypeParam& field : *fields) field = naming<TypeParam>(me.make<Leaf>(kMagic));
  });
  const std::uint64_t seed = std::random_device()();
  std::printf("seed %llu\n", static_cast<unsigned long long>(seed));
  std::atomic<unsigned> done{0};
  std::vector<std::thread> threads;
  for (std::uint64_t thread = 0; thread < 2; ++thread) {
    threads.emplace_back([&, thread] {
      Mutator me(heap);
      std::mt19937_64 random(seed + thread);
      for (std::size_t step = 0; step < scaled(20'000); ++step) {
        const std::size_t count = random() % 150;
        TypeParam* from = fields->data() + random() % (kFields - count);
        TypeParam* to = fields->data() + random() % (kFields - count);
        if (step % 32 == 0) {
          fill(to, to + count, naming<TypeParam>(me.make<Leaf>(kMagic)));
        } else if (step % 32 == 1) {
          for (TypeParam* field = to; field != to + count; ++field) *field = naming<TypeParam>(me.make<Leaf>(kMagic));
        } else {
          copy(from, from + count, to);
        }
        me.safepoint();
      }
      ++done;
    });
  }
  while (done < threads.size()) heap.collect();
  for (std::thread& thread : threads) thread.join();
  for (const TypeParam& field : *fields) ASSERT_EQ(leaf_of(field)->id, kMagic);
}

}  // namespace
}  // namespace memgc::testing
