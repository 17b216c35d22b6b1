// Job: pins Member and Slot: what they convert to and from, what they keep alive, in every place a field can stand.
//
// Threads: one, attached, per test.
#include <gtest/gtest.h>
#include <memgc/memgc.h>

#include <array>
#include <concepts>
#include <cstdint>
#include <type_traits>

#include "tests/runtime/support.h"

namespace memgc::testing {
namespace {

struct Base {
  std::uint64_t base_id = 1;
};
struct Second {
  std::uint64_t second_id = 2;
};
struct Derived : Base, Second {
  std::uint64_t derived_id = 3;
};

static_assert(sizeof(Member<Node>) == sizeof(void*));
static_assert(std::is_trivially_destructible_v<Member<Node>>);
static_assert(std::is_constructible_v<Member<Base>, Derived*>);
static_assert(std::is_constructible_v<Member<Base>, Member<Derived>>);
static_assert(std::is_constructible_v<Member<const Base>, Member<Base>>);
static_assert(!std::is_constructible_v<Member<Derived>, Member<Base>>, "no implicit downcast");
static_assert(!std::is_constructible_v<Member<Derived>, Base*>, "no implicit downcast");
static_assert(!std::is_constructible_v<Member<Base>, Member<const Base>>, "const is kept");
static_assert(std::is_assignable_v<Member<Base>&, Member<Derived>>);
static_assert(std::is_assignable_v<Member<Base>&, Derived*>);
static_assert(std::is_assignable_v<Member<Base>&, std::nullptr_t>);
static_assert(std::is_convertible_v<Member<Derived>, Base*>);

class MemberTest : public ::testing::Test {
 protected:
  Heap heap{manual_options()};
  Mutator me{heap};
};

TEST_F(MemberTest, IsNullWhenMade) {
  Node* node = make<Node>();
  EXPECT_EQ(node->left.get(), nullptr);
  EXPECT_FALSE(node->left);
  EXPECT_TRUE(!node->left);
  EXPECT_TRUE(node->left == nullptr);
  EXPECT_EQ(node->left.target(), nullptr);
}

TEST_F(MemberTest, BehavesLikeAPointer) {
  Node* parent = make<Node>();
  Node* child = make<Node>();
  child->payload = 17;
  parent->left = child;
  EXPECT_EQ(parent->left.get(), child);
  EXPECT_EQ(parent->left->payload, 17);
  EXPECT_EQ((*parent->left).payload, 17);
  EXPECT_EQ(&*parent->left, child);
  EXPECT_TRUE(parent->left);
  EXPECT_TRUE(parent->left != nullptr);
  EXPECT_TRUE(parent->left == child);
  EXPECT_TRUE(child == parent->left);
  EXPECT_EQ(parent->left.target(), child);
  Node* raw = parent->left;
  EXPECT_EQ(raw, child);
  parent->right = parent->left;
  EXPECT_TRUE(parent->left == parent->right);
  parent->left = nullptr;
  EXPECT_TRUE(parent->left != parent->right);
  EXPECT_EQ(parent->left, nullptr);
  parent->right->left = parent;
  EXPECT_EQ(parent->right->left->right, child);
}

TEST_F(MemberTest, CopiesReferToTheSameObject) {
  Node* a = make<Node>();
  a->left = make<Node>();
  a->left->payload = 5;
  Node* b = make<Node>(*a);  // copies Members as an ordinary class would
  EXPECT_EQ(b->left, a->left);
  *b = Node{};
  EXPECT_EQ(b->left, nullptr);
  *b = *a;
  EXPECT_EQ(b->left->payload, 5);
  Member<Node>& self = b->left;
  b->left = self;
  EXPECT_EQ(b->left->payload, 5);
}

TEST_F(MemberTest, CompareExchangeReplacesOnlyTheExpected) {
  Node* node = make<Node>();
  Node* first = make<Node>();
  Node* second = make<Node>();
  Node* expected = nullptr;
  EXPECT_TRUE(node->left.compare_exchange(expected, first));
  EXPECT_EQ(node->left, first);
  EXPECT_FALSE(node->left.compare_exchange(expected, second));
  EXPECT_EQ(expected, first) << "a failure tells what was there";
  EXPECT_EQ(node->left, first);
  EXPECT_TRUE(node->left.compare_exchange(expected, second));
  EXPECT_EQ(node->left, second);
  expected = second;
  EXPECT_TRUE(node->left.compare_exchange(expected, nullptr));
  EXPECT_EQ(node->left, nullptr);
}

struct Holder {
  Member<Base> base;
  Member<Second> second;
  Member<const Second> constant;
  static constexpr auto fields = memgc::fields(&Holder::base, &Holder::second, &Holder::constant);
};

struct DerivedHolder {
  Member<Derived> derived;
  static constexpr auto fields = memgc::fields(&DerivedHolder::derived);
};

TEST_F(MemberTest, ConvertsFromDerivedToBase) {
  Holder* holder = make<Holder>();
  DerivedHolder* source = make<DerivedHolder>();
  source->derived = make<Derived>();
  holder->base = source->derived;
  holder->second = source->derived;
  holder->constant = holder->second;
  EXPECT_EQ(holder->base->base_id, 1u);
  EXPECT_EQ(holder->second->second_id, 2u);
  EXPECT_EQ(holder->constant->second_id, 2u);
  EXPECT_EQ(static_cast<Derived*>(holder->second.get())->derived_id, 3u);
  Member<Base> copied = source->derived;
  EXPECT_EQ(copied, holder->base);
}

// A pointer to a second base points into the middle of the object.
TEST(MemberLiveness, APointerToABaseSubobjectKeepsTheWholeObject) {
  Heap heap(manual_options());
  Root<Holder> holder;
  on_another_thread(heap, [&](Mutator& me) {
    holder = me.make<Holder>();
    Derived* derived = me.make<Derived>();
    derived->base_id = 11;
    derived->derived_id = 13;
    holder->second = derived;
    ASSERT_NE(static_cast<void*>(holder->second.get()), static_cast<void*>(derived));
  });
  for (int i = 0; i < 3; ++i) {
    heap.collect();
    on_another_thread(heap, [&](Mutator& me) {
      for (int j = 0; j < 1000; ++j) me.make<Derived>();
    });
  }
  auto* derived = static_cast<Derived*>(holder->second.get());
  EXPECT_EQ(derived->base_id, 11u);
  EXPECT_EQ(derived->derived_id, 13u);
}

struct Values {
  static const void* pointer(std::uintptr_t word) noexcept {
    return (word & 7) == 1 ? reinterpret_cast<const void*>(word - 1) : nullptr;
  }
  static std::uintptr_t word(const void* object) { return reinterpret_cast<std::uintptr_t>(object) + 1; }
};
using Value = Slot<Values>;

static_assert(sizeof(Value) == sizeof(std::uintptr_t));
static_assert(std::is_trivially_destructible_v<Value>);

struct Pair {
  Member<Leaf> first, second;
  static constexpr auto fields = memgc::fields(&Pair::first, &Pair::second);
};
struct TracedPair {
  Member<Leaf> first;
  Value second;
  void trace(Visitor& v) const { v(first, second); }
};

// Every place that a field can stand in. Each is given a leaf of its own; all must live.
struct MaskFields {
  Member<Leaf> one;
  long number = 0;
  Member<Leaf> row[3];
  std::array<Member<Leaf>, 2> fixed;
  Member<Leaf> grid[2][2];
  Pair pair;
  Pair pairs[2];
  std::array<Pair, 2> fixed_pairs;
  static constexpr auto fields =
      memgc::fields(&MaskFields::one, &MaskFields::row, &MaskFields::fixed, &MaskFields::grid, &MaskFields::pair,
                    &MaskFields::pairs, &MaskFields::fixed_pairs);
  template <class F>
  void each(F f) {
    f(one);
    for (auto& m : row) f(m);
    for (auto& m : fixed) f(m);
    for (auto& line : grid) {
      for (auto& m : line) f(m);
    }
    for (Pair* p : {&pair, &pairs[0], &pairs[1], &fixed_pairs[0], &fixed_pairs[1]}) {
      f(p->first);
      f(p->second);
    }
  }
};
static_assert(internal::pointer_map_of<MaskFields>() == internal::PointerMap::kMask);

// The same places named by a trace function, with Slots among them.
struct TracedFields {
  Value slot;
  Member<Leaf> one;
  Value slots[2];
  std::array<Value, 2> fixed_slots;
  TracedPair pair;
  std::array<TracedPair, 2> pairs;
  void trace(Visitor& v) const {
    v(slot, one, slots);
    v(fixed_slots);
    v(pair, pairs);
  }
  template <class F>
  void each(F f) {
    f(slot);
    f(one);
    for (auto& s : slots) f(s);
    for (auto& s : fixed_slots) f(s);
    for (TracedPair* p : {&pair, &pairs[0], &pairs[1]}) {
      f(p->first);
      f(p->second);
    }
  }
};

// Too long for a word mask.
struct ManyFields {
  long number = 0;
  Member<Leaf> row[100];
  static constexpr auto fields = memgc::fields(&ManyFields::row);
  template <class F>
  void each(F f) {
    for (auto& m : row) f(m);
  }
};
static_assert(internal::pointer_map_of<ManyFields>() == internal::PointerMap::kTrace);

// Both ways at once, and an inherited part.
struct DerivedFields : Pair {
  Member<Leaf> third;
  Member<Leaf> fourth;
  static constexpr auto fields = memgc::fields(&DerivedFields::third);
  void trace(Visitor& v) const {
    v.visit_object<Pair>(*this);
    v(fourth);
  }
  template <class F>
  void each(F f) {
    f(first);
    f(second);
    f(third);
    f(fourth);
  }
};

// A pointer to a member of a base class has the base's class in its type.
struct InheritedFields : Pair {
  Member<Leaf> third;
  static constexpr auto fields =
      memgc::fields(&InheritedFields::first, &InheritedFields::second, &InheritedFields::third);
  template <class F>
  void each(F f) {
    f(first);
    f(second);
    f(third);
  }
};

// Words of which the type itself does not know what they are.
struct ConservativeFields {
  std::array<std::uintptr_t, 4> words{};
  void trace(Visitor& v) const { v.conservative(words.data(), words.data() + words.size()); }
  template <class F>
  void each(F f) {
    for (auto& word : words) f(word);
  }
};

void point_at(Member<Leaf>& field, Leaf* leaf) { field = leaf; }
void point_at(Value& field, Leaf* leaf) { field = Values::word(leaf); }
void point_at(std::uintptr_t& field, Leaf* leaf) { field = reinterpret_cast<std::uintptr_t>(leaf); }
Leaf* pointee(const Member<Leaf>& field) { return field; }
Leaf* pointee(const Value& field) { return static_cast<Leaf*>(const_cast<void*>(Values::pointer(field))); }
Leaf* pointee(std::uintptr_t field) { return reinterpret_cast<Leaf*>(field); }

template <class T>
class FieldPlaces : public ::testing::Test {};
using Places =
    ::testing::Types<MaskFields, TracedFields, ManyFields, DerivedFields, InheritedFields, ConservativeFields>;
TYPED_TEST_SUITE(FieldPlaces, Places);

TYPED_TEST(FieldPlaces, EachFieldKeepsItsObjectAndNoneKeepsMore) {
  Heap heap(manual_options());
  Root<TypeParam> object;
  std::uint64_t count = 0;
  on_another_thread(heap, [&](Mutator& me) {
    object = me.make<TypeParam>();
    object->each([&](auto& field) { point_at(field, me.make<Leaf>(++count)); });
  });
  const std::uint64_t full = live_after_collect(heap);
  on_another_thread(heap, [&](Mutator& me) {  // whatever was freed by mistake is overwritten now
    for (int i = 0; i < 100'000; ++i) me.make<Leaf>(std::uint64_t{0xbad});
  });
  EXPECT_EQ(live_after_collect(heap), full) << "the garbage is gone again";

  std::uint64_t seen = 0;
  object->each([&](auto& field) { EXPECT_EQ(pointee(field)->id, ++seen); });
  EXPECT_EQ(seen, count);

  on_another_thread(heap, [&](Mutator&) { object->each([](auto& field) { point_at(field, nullptr); }); });
  // (A null Value is the word 1, which names nothing that could live.)
  const std::uint64_t empty = live_after_collect(heap);
  EXPECT_EQ((full - empty) % count, 0u);
  EXPECT_GE((full - empty) / count, sizeof(Leaf)) << "each field's leaf went with its reference";
}

TEST_F(MemberTest, ASlotHoldsAnyWord) {
  TracedPair* object = make<TracedPair>();
  EXPECT_EQ(object->second.get(), 0u);
  EXPECT_EQ(object->second.target(), nullptr);
  object->second = 0x7fff'ffff'ffff'fff0u;
  EXPECT_EQ(object->second, 0x7fff'ffff'ffff'fff0u);
  EXPECT_EQ(object->second.target(), nullptr);
  Leaf* leaf = make<Leaf>();
  object->second = Values::word(leaf);
  EXPECT_EQ(object->second.target(), leaf);
  Value copy = object->second;
  EXPECT_EQ(copy.get(), object->second.get());
  heap.collect();
  EXPECT_EQ(object->second.target(), leaf);
}

}  // namespace
}  // namespace memgc::testing
