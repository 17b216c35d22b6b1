// Job: pins the embedder's check: the first make of a type with a field that is not traced stops the program, and the
// line names the type and the field's offset. Types that trace all they have pass.
//
// Built only where MEMGC_CHECKS is on, for library and test alike. Threads: one; a death test runs in a process of its
// own.
#include <gtest/gtest.h>
#include <memgc/memgc.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <stdexcept>
#include <string>

#include "tests/runtime/support.h"

#if !MEMGC_CHECKS
#error "this test is about builds with MEMGC_CHECKS=1"
#endif

namespace memgc::testing {

struct Values {
  static const void* pointer(std::uintptr_t word) noexcept {
    return (word & 1) != 0 ? reinterpret_cast<const void*>(word - 1) : nullptr;
  }
};

// Each has one hole, at a known offset. (Named outside the anonymous namespace, so that the line shows a plain name.)
struct ForgetsInFields {
  Member<Leaf> shown;
  long number = 0;
  Member<Leaf> forgotten;
  static constexpr auto fields = memgc::fields(&ForgetsInFields::shown);
};
struct ForgetsInTrace {
  Member<Leaf> shown;
  Member<Leaf> forgotten;
  void trace(Visitor& v) const { v(shown); }
};
struct ForgetsASlot {
  Slot<Values> shown;
  long numbers[3] = {};
  Slot<Values> forgotten;
  void trace(Visitor& v) const { v(shown); }
};
struct ForgetsEverything {  // says nothing: taken for a leaf
  long number = 0;
  Member<Leaf> forgotten;
};
struct ForgetsAnElement {
  Member<Leaf> shown[3];
  std::array<Member<Leaf>, 4> forgotten;
  static constexpr auto fields = memgc::fields(&ForgetsAnElement::shown);
};
struct ForgetsHalfAnArray {
  std::array<Member<Leaf>, 4> half;
  void trace(Visitor& v) const { v(half[0], half[1]); }
};
struct Inner {
  Member<Leaf> a;
  Member<Leaf> b;
  static constexpr auto fields = memgc::fields(&Inner::a);
};
struct ForgetsWithinAStruct {
  long number = 0;
  Inner inner;
  static constexpr auto fields = memgc::fields(&ForgetsWithinAStruct::inner);
};
struct Base {
  Member<Leaf> inherited;
  static constexpr auto fields = memgc::fields(&Base::inherited);
};
struct ForgetsItsBase : Base {
  Member<Leaf> own;
  static constexpr auto fields = memgc::fields(&ForgetsItsBase::own);
};
struct InheritsFieldsAndAddsOne : Base {  // `fields` is found, in the base: what is added here is not in it
  Member<Leaf> added;
};
struct HoldsARoot {  // would keep a cycle through it for ever
  Member<Leaf> shown;
  Root<Leaf> kept;
  static constexpr auto fields = memgc::fields(&HoldsARoot::shown);
};

namespace {

class ChecksDeathTest : public ::testing::Test {
 protected:
  void SetUp() override { GTEST_FLAG_SET(death_test_style, "threadsafe"); }
};

// One line: the library's name, the type's, and the offset, as numbers of their own.
std::string pattern(const std::string& type, std::size_t offset) {
  return "memgc: [^\n]*" + type + "[^\n]*[^0-9]" + std::to_string(offset) + "([^0-9]|$)";
}

template <class T>
void make_one() {
  Heap heap(manual_options());
  Mutator me(heap);
  make<T>();
}

TEST_F(ChecksDeathTest, AMemberMissingFromFields) {
  EXPECT_DEATH(make_one<ForgetsInFields>(), pattern("ForgetsInFields", 16));
}
TEST_F(ChecksDeathTest, AMemberMissingFromTrace) {
  EXPECT_DEATH(make_one<ForgetsInTrace>(), pattern("ForgetsInTrace", 8));
}
TEST_F(ChecksDeathTest, ASlotMissingFromTrace) { EXPECT_DEATH(make_one<ForgetsASlot>(), pattern("ForgetsASlot", 32)); }
TEST_F(ChecksDeathTest, ATypeThatDeclaresNothing) {
  EXPECT_DEATH(make_one<ForgetsEverything>(), pattern("ForgetsEverything", 8));
}
TEST_F(ChecksDeathTest, AnArrayMissingFromFields) {
  EXPECT_DEATH(make_one<ForgetsAnElement>(), pattern("ForgetsAnElement", 24));
}
TEST_F(ChecksDeathTest, SomeElementsOfAnArray) {
  EXPECT_DEATH(make_one<ForgetsHalfAnArray>(), pattern("ForgetsHalfAnArray", 16));
}
TEST_F(ChecksDeathTest, AFieldOfAnEmbeddedStruct) {
  EXPECT_DEATH(make_one<ForgetsWithinAStruct>(), pattern("ForgetsWithinAStruct", 16));
}
TEST_F(ChecksDeathTest, AFieldOfABaseClass) { EXPECT_DEATH(make_one<ForgetsItsBase>(), pattern("ForgetsItsBase", 0)); }
TEST_F(ChecksDeathTest, AFieldAddedToInheritedOnes) {
  EXPECT_DEATH(make_one<InheritsFieldsAndAddsOne>(), pattern("InheritsFieldsAndAddsOne", 8));
}
TEST_F(ChecksDeathTest, AnElementOfAnArray) {
  EXPECT_DEATH(
      {
        Heap heap(manual_options());
        Mutator me(heap);
        make_array<ForgetsInFields>(3);
      },
      pattern("ForgetsInFields", 16));
}
TEST_F(ChecksDeathTest, TryMakeChecksToo) {
  EXPECT_DEATH(
      {
        Heap heap(manual_options());
        Mutator me(heap);
        me.try_make<ForgetsInTrace>();
      },
      pattern("ForgetsInTrace", 8));
}
TEST_F(ChecksDeathTest, ARootWithinAnObject) { EXPECT_DEATH(make_one<HoldsARoot>(), pattern("HoldsARoot", 8)); }
TEST_F(ChecksDeathTest, TheSecondTypeIsCheckedAsTheFirst) {
  EXPECT_DEATH(
      {
        Heap heap(manual_options());
        Mutator me(heap);
        make<Node>();
        make<ForgetsInFields>();
      },
      pattern("ForgetsInFields", 16));
}

// --- What must pass.

struct Complete : Base {
  Slot<Values> slot;
  Inner* plain = nullptr;  // an untraced raw pointer cannot be seen by the check
  std::array<Base, 2> bases;
  Member<Leaf> grid[2][2];
  void trace(Visitor& v) const {
    v.visit_object<Base>(*this);
    v(slot, bases, grid);
  }
};

TEST(Checks, ATypeThatShowsAllPasses) {
  Heap heap(manual_options());
  Mutator me(heap);
  EXPECT_NE(make<Complete>(), nullptr);
  EXPECT_NE(make<Node>(), nullptr);
  EXPECT_NE(make<Leaf>(), nullptr);
  EXPECT_EQ(make_array<Complete>(5)->size(), 5u);
}

// Members outside the object, made while it is built, are not its fields.
struct UsesLocals {
  Member<Leaf> leaf;
  static constexpr auto fields = memgc::fields(&UsesLocals::leaf);
  UsesLocals() {
    Member<Leaf> local(make<Leaf>());
    Root<Leaf> root(local.get());
    leaf = root;
  }
};

TEST(Checks, FieldsOfLocalsInAConstructorAreNotTheObjects) {
  Heap heap(manual_options());
  Mutator me(heap);
  EXPECT_NE(make<UsesLocals>()->leaf, nullptr);
}

// A constructor that makes others of other types and of its own: each is checked against its own.
struct Nested {
  Member<Nested> inner;
  Member<Complete> other;
  static constexpr auto fields = memgc::fields(&Nested::inner, &Nested::other);
  explicit Nested(int depth) {
    if (depth > 0) inner = make<Nested>(depth - 1);
    other = make<Complete>();
  }
};

TEST(Checks, ConstructorsThatMakeObjectsPass) {
  Heap heap(manual_options());
  Mutator me(heap);
  EXPECT_NE(make<Nested>(5)->inner->inner, nullptr);
}

struct ThrowsFirst {
  Member<Leaf> leaf;
  static constexpr auto fields = memgc::fields(&ThrowsFirst::leaf);
  explicit ThrowsFirst(bool fail) {
    if (fail) throw std::runtime_error("first");
  }
};

TEST(Checks, AConstructorThatThrowsLeavesNoRecording) {
  Heap heap(manual_options());
  Mutator me(heap);
  EXPECT_THROW(make<ThrowsFirst>(true), std::runtime_error);
  Member<Leaf> local(nullptr);  // would be noted if the recording were still on
  EXPECT_NE(make<ThrowsFirst>(false), nullptr);
  EXPECT_NE(make<Node>(), nullptr);
}

// A Member copied or moved while the object is built is noted once, at its own address.
TEST(Checks, ObjectsMadeFromCopiesPass) {
  Heap heap(manual_options());
  Mutator me(heap);
  Node prototype;
  prototype.payload = 4;
  EXPECT_EQ(make<Node>(prototype)->payload, 4);
}

}  // namespace
}  // namespace memgc::testing
